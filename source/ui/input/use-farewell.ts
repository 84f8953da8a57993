/**
 * The question before leaving: for a host whose members stay, and for anybody
 * with lines that are not stored yet.
 */
import {useEffect, useReducer, useRef} from 'react';
import {unstoredTexts} from '../../chat/ending.js';
import {farewellTexts} from '../../chat/farewell.js';
import type {Company} from '../../server/hub.js';

export type Farewell = {
	/** Shown instead of the empty draft; empty if nothing is asked. */
	readonly texts: readonly string[];
	/** Asks, or leaves if that was asked already or nothing would be lost. */
	readonly leave: () => void;
	/** Another key: the draft is shown again, and a second /quit still leaves. */
	readonly hide: () => void;
	/** Takes the question back. @returns Whether it was being asked. */
	readonly stay: () => boolean;
};

type Phase = 'none' | 'shown' | 'hidden' | 'left';

export type Leaving = {
	/** Of a host; a member's leaving ends nothing for others. */
	readonly company: () => Company | undefined;
	/** How many of one's own lines may be lost. */
	readonly unstored: () => number;
	readonly onLeave: () => void;
};

export const useFarewell = ({
	company,
	unstored,
	onLeave,
}: Leaving): Farewell => {
	const [, render] = useReducer((count: number) => count + 1, 0);
	// All keys of one read arrive before React renders again.
	const phase = useRef<Phase>('none');
	const go = (next: Phase) => {
		if (phase.current !== next) {
			phase.current = next;
			render();
		}
	};

	const texts = () => {
		const ofCompany = farewellTexts(company() ?? {others: 0, heirs: []});
		return ofCompany.length > 0 ? ofCompany : unstoredTexts(unstored());
	};

	useEffect(() => {
		// What was asked about is stored, or gone: a line followed at once by
		// /quit isn't even seen to wait.
		if (phase.current === 'shown' && texts().length === 0) {
			phase.current = 'left';
			onLeave();
		}
	});
	return {
		texts: phase.current === 'shown' ? texts() : [],
		leave() {
			if (phase.current === 'none' && texts().length > 0) {
				go('shown');
			} else {
				go('left');
				onLeave();
			}
		},
		hide() {
			if (phase.current === 'shown') {
				go('hidden');
			}
		},
		stay() {
			const wasShown = phase.current === 'shown';
			if (phase.current !== 'left') {
				go('none');
			}

			return wasShown;
		},
	};
};
