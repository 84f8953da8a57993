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

/** Half a heartbeat after an unanswered ping, show the peer as silent. */
export const silentAfterMs = (heartbeatMs: number): number => 1.5 * heartbeatMs;

/** Three heartbeats: a closed laptop, a stopped process, a dead machine. */
export const lostAfterMs = (heartbeatMs: number): number => 3 * heartbeatMs;
