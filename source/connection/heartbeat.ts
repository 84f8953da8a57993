/**
 * When to ping a peer, and when to give it up.
 *
 * TCP keepalive can't tell: the kernel of a stopped process still acknowledges,
 * so only a frame from the peer itself is a sign of life.
 */

/** Heartbeat frames per second that a server allows in total. */
const heartbeatFramesPerSecond = 500;

/** A ping and its pong. */
const framesPerBeat = 2;

const shortestHeartbeatMs = 2000;

/**
 * The heartbeat that keeps the pings of all members within that limit.
 *
 * @param leastMs What was asked for; many members make it longer.
 */
export const heartbeatFor = (
	members: number,
	leastMs = shortestHeartbeatMs,
): number =>
	Math.max(
		leastMs,
		Math.ceil((members * framesPerBeat * 1000) / heartbeatFramesPerSecond),
	);

/** A ping is due after one heartbeat without a frame. */
export const pingDueAfterMs = (heartbeatMs: number): number => heartbeatMs;

/**
 * The server waits a little longer: a client pings by itself, and two pings that
 * cross would be twice the work.
 */
export const serverPingDueAfterMs = (heartbeatMs: number): number =>
	1.25 * heartbeatMs;

/** How many round trips the server takes of a new peer, one a heartbeat. */
const firstRoundTrips = 2;

const heartbeatsPerRoundTrip = 15;

/**
 * After how long the server pings a peer that is not quiet, too, as it can't
 * tell the round trip from the peer's own pings.
 *
 * @param pings How often it has pinged this peer.
 */
export const roundTripDueAfterMs = (
	pings: number,
	heartbeatMs: number,
): number =>
	pings < firstRoundTrips ? heartbeatMs : heartbeatsPerRoundTrip * heartbeatMs;

/** Half a heartbeat after an unanswered ping, show the peer as silent. */
export const silentAfterMs = (heartbeatMs: number): number => 1.5 * heartbeatMs;

/** Three heartbeats: a closed laptop, a stopped process, a dead machine. */
export const lostAfterMs = (heartbeatMs: number): number => 3 * heartbeatMs;
