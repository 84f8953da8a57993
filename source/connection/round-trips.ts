/**
 * The round trip to show of those that were measured: on a busy machine single
 * answers are slow, so it is the middle one of the last five. Pure.
 */

const steadyOver = 5;

/**
 * The last five, from the quickest on.
 *
 * @param rtts All since the connection began, or the newest; oldest first.
 */
export const lastRoundTrips = (rtts: readonly number[]): readonly number[] =>
	rtts
		// The first round trip also waited for both ends to start up.
		.slice(1)
		.slice(-steadyOver)
		.toSorted((a, b) => a - b);

/** @returns Undefined before a second one was measured. */
export const steadyRoundTrip = (
	rtts: readonly number[],
): number | undefined => {
	const last = lastRoundTrips(rtts);
	return last[Math.floor(last.length / 2)];
};

/** Adds one to those that the steady one is computed from, and drops the rest. */
export const keepRoundTrip = (
	rtts: readonly number[],
	rttMs: number,
): readonly number[] => [...rtts, rttMs].slice(-steadyOver - 1);
