/**
 * Time as an argument. Code that deals with sockets reads the time only from
 * here, so tests can control it.
 */
import process from 'node:process';

export type Clock = {
	/** Milliseconds that never go back, even if the wall clock does. */
	readonly monotonicMs: () => number;
	/** Milliseconds since the epoch, for display. */
	readonly wallMs: () => number;
	/** Calls back once after the delay. @returns A function that cancels it. */
	readonly setTimer: (callback: () => void, delayMs: number) => () => void;
};

export const systemClock: Clock = {
	// As fast as performance.now(), but without loading perf_hooks, which takes
	// 1 ms at startup.
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
