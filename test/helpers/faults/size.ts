/** The size of the faults: `FAULTS=full` is what the docs promise. */
import {env} from 'node:process';

export const isFull = env['FAULTS'] === 'full';

/** A value for the full run, and one for everyday runs. */
export const sized = <Value>(full: Value, reduced: Value): Value =>
	isFull ? full : reduced;

/** Long enough for the full run, and for a slow machine. */
export const deadlineMs = sized(180_000, 60_000);

/** Numbers from 0 up to 1 that are the same in each run (mulberry32). */
export const createRandom = (seed: number): (() => number) => {
	let state = seed;
	return () => {
		state = Math.trunc((state + 0x6d_2b_79_f5) % 2 ** 32);
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
};
