/**
 * How long to wait before the next attempt: full jitter over a doubling bound,
 * so that the clients of a server that restarts don't return as one.
 */

const firstBoundMs = 250;
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
