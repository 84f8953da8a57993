/**
 * Time as an argument: the net layer reads it from here and from nowhere else,
 * so that a test can own it.
 */
import process from 'node:process';

export type Clock = {
	/** Milliseconds that only go forward, whatever the wall clock does. */
	readonly monotonicMs: () => number;
	/** Milliseconds since the epoch, for people to read. */
	readonly wallMs: () => number;
	/** Calls back once after the delay. @returns A way to call it off. */
	readonly setTimer: (callback: () => void, delayMs: number) => () => void;
};

export const systemClock: Clock = {
	// It takes as long as performance.now(), for which Node would load perf_hooks
	// first: 1 ms of a start.
	monotonicMs() {
		const [seconds, nanoseconds] = process.hrtime();
		return seconds * 1000 + nanoseconds / 1e6;
	},
	wallMs: () => Date.now(),
	setTimer(callback, delayMs) {
		const timer = setTimeout(callback, delayMs);
		return () => {
			clearTimeout(timer);
		};
	},
};
