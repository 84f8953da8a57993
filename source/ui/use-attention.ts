/**
 * Whether the reader looks at the newest items: only while the chat is shown,
 * is not scrolled, its window has the focus, and the program is not suspended.
 */
import {useCallback, useEffect, useRef} from 'react';
import type {Attention} from '../store/reading.js';

/** The signs that the screen has by itself. */
type Shown = {
	readonly isShown: boolean;
	readonly isFollowing: boolean;
	/** Whether the terminal's window is in front, if it reports that. */
	readonly isFocused: boolean;
};

type Signs = Shown & {readonly isSuspended: boolean};

/**
 * @param report Called at once when a sign changes: a program that is being
 * suspended doesn't render again.
 * @returns Takes a sign that isn't a state of the screen.
 */
export const useAttention = (
	{isShown, isFollowing, isFocused}: Shown,
	report: (attention: Attention) => void,
): ((part: Partial<Signs>) => void) => {
	const signs = useRef<Signs>({
		isShown: true,
		isFollowing: true,
		isFocused: true,
		isSuspended: false,
	});
	const attention = useRef<Attention>({isLooking: true, isFollowing: true});
	const change = useCallback(
		(part: Partial<Signs>) => {
			signs.current = {...signs.current, ...part};
			const now = signs.current;
			const isLooking = now.isShown && now.isFocused && !now.isSuspended;
			const next = {isLooking, isFollowing: now.isFollowing};
			const last = attention.current;
			if (
				next.isLooking !== last.isLooking ||
				next.isFollowing !== last.isFollowing
			) {
				attention.current = next;
				report(next);
			}
		},
		[report],
	);
	useEffect(() => {
		change({isShown, isFollowing, isFocused});
	}, [change, isShown, isFollowing, isFocused]);
	return change;
};
