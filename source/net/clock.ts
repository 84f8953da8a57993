/**
 * Time as an argument: the net layer reads it from here and from nowhere else,
 * so that a test can own it.
 */

export type Clock = {
	/** Milliseconds that only go forward, whatever the wall clock does. */
	readonly monotonicMs: () => number;
	/** Milliseconds since the epoch, for people to read. */
	readonly wallMs: () => number;
	/** Calls back once after the delay. @returns A way to call it off. */
	readonly setTimer: (callback: () => void, delayMs: number) => () => void;
};

export const systemClock: Clock = {
	monotonicMs: () => performance.now(),
	wallMs: () => Date.now(),
	setTimer(callback, delayMs) {
		const timer = setTimeout(callback, delayMs);
		return () => {
			clearTimeout(timer);
		};
	},
};
