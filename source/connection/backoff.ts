/**
 * How long to wait before the next attempt: full jitter over a doubling bound,
 * so that the clients of a server that restarts don't return as one.
 */

// Of 200 clients that lose one server at once, within a bound of 250 ms two in
// five would come in the same 100 ms; within a second it is one in ten.
const firstBoundMs = 1000;
const longestMs = 10_000;

/** After this long in health the next loss starts from the beginning. */
export const healthyAfterMs = 10_000;

/**
 * @param attempt How many attempts have failed in a row, from 1.
 * @param random From 0 up to, but not including, 1.
 */
export const backoffMs = (attempt: number, random: number): number =>
	Math.round(
		random * Math.min(longestMs, firstBoundMs * 2 ** Math.min(attempt - 1, 16)),
	);
