/**
 * When to ask, and when to believe that nobody is there.
 *
 * TCP keepalive does not answer this: the kernel of a stopped process goes on
 * acknowledging, so only a frame of the peer's own is a sign of life.
 */

/** Frames of heartbeat a second that a server allows in all. */
const heartbeatFramesPerSecond = 500;

/** What one member's ping costs: the ping and its pong. */
const framesPerBeat = 2;

export const shortestHeartbeatMs = 2000;

/** A heartbeat that keeps all members' pings within the server's allowance. */
export const heartbeatFor = (members: number): number =>
	Math.max(
		shortestHeartbeatMs,
		Math.ceil((members * framesPerBeat * 1000) / heartbeatFramesPerSecond),
	);

/** A ping is due once nothing was heard for one heartbeat. */
export const pingDueAfterMs = (heartbeatMs: number): number => heartbeatMs;

/** One lost ping is noise; half a heartbeat later it is worth showing. */
export const silentAfterMs = (heartbeatMs: number): number => 1.5 * heartbeatMs;

/** Three heartbeats: a closed laptop, a stopped process, a dead machine. */
export const lostAfterMs = (heartbeatMs: number): number => 3 * heartbeatMs;
