/**
 * How long to wait before the next attempt: full jitter over a doubling bound, to
 * spread out the clients of a restarted server.
 */

// Of 200 clients that lose a server at once, two in five would reconnect within
// the same 100 ms with a bound of 250 ms; with one second it is one in ten.
const firstBoundMs = 1000;
const longestMs = 10_000;

/**
 * After being open this long, the next loss starts over from the first bound. A
 * server that ends what it welcomes has to be spared; a room that a member opened
 * a moment ago, and that goes over to the next, has not.
 */
export const healthyAfterMs = 1000;

/**
 * @param attempt How many attempts have failed in a row, from 1.
 * @param random From 0 up to, but not including, 1.
 */
export const backoffMs = (attempt: number, random: number): number =>
	Math.round(
		random * Math.min(longestMs, firstBoundMs * 2 ** Math.min(attempt - 1, 16)),
	);
