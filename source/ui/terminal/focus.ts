/**
 * Whether the terminal's window is in front, by its own reports (DECSET 1004):
 * CSI I when it gets the focus, CSI O when it loses it. Many terminals never
 * report it, and tmux only with `focus-events on`.
 *
 * The reports are watched on their way to Ink, which drops them as it does
 * every sequence that isn't a key: none of them reaches the draft.
 */
import {withMethods} from '../../keyboard/with-methods.js';

export const focusReportsOn = '\u001B[?1004h';
export const focusReportsOff = '\u001B[?1004l';

const escape = '\u001B';

/** Finds the reports in what the terminal sends, wherever its chunks end. */
export class FocusReports {
	/** The part of a sequence that ended the last chunk. */
	#start = '';

	/** @returns The last report; undefined if there is none. */
	read(chunk: string): boolean | undefined {
		const text = this.#start + chunk;
		this.#start = text.endsWith(escape)
			? escape
			: text.endsWith(`${escape}[`)
				? `${escape}[`
				: '';
		const gained = text.lastIndexOf(`${escape}[I`);
		const lost = text.lastIndexOf(`${escape}[O`);
		return gained === lost ? undefined : gained > lost;
	}
}

export type InputWatch = {
	readonly onFocus: (isFocused: boolean) => void;
	/** Something else was read: keys, a paste, an answer of the terminal. */
	readonly onInput: () => void;
};

/** The same stdin; what is read from it is watched. */
export const watchInput = (
	stdin: NodeJS.ReadStream,
	{onFocus, onInput}: InputWatch,
): NodeJS.ReadStream => {
	const reports = new FocusReports();
	const read = (size?: number): unknown => {
		const chunk: unknown = stdin.read(size);
		if (typeof chunk === 'string') {
			const isFocused = reports.read(chunk);
			if (isFocused === undefined) {
				onInput();
			} else {
				onFocus(isFocused);
			}
		}

		return chunk;
	};

	return withMethods(stdin, {read});
};

/** Whether the window is in front, for those who wait for a change. */
export type Focus = {
	readonly isFocused: () => boolean;
	readonly subscribe: (listener: () => void) => () => void;
};

/** A window that reports nothing is taken to be in front. */
export const createFocus = (): Focus & {
	readonly set: (isFocused: boolean) => void;
} => {
	const listeners = new Set<() => void>();
	let isFocused = true;
	return {
		isFocused: () => isFocused,
		subscribe(listener) {
			listeners.add(listener);
			return () => {
				listeners.delete(listener);
			};
		},
		set(next) {
			isFocused = next;
			for (const listener of listeners) {
				listener();
			}
		},
	};
};
