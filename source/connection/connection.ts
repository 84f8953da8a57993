/**
 * A client's connection: its phases, its events and its effects. Times are
 * milliseconds of a monotonic clock: a jump of the wall clock can't cause a
 * timeout.
 */
import type {SockchatError} from '../errors.js';

/** Kept across failed attempts. */
export type WithAttempt = {
	readonly since: number;
	/** Counts from 1; starts over after `healthyAfterMs`. */
	readonly attempt: number;
};

export type WithHeartbeat = WithAttempt & {
	readonly heartbeatMs: number;
	readonly lastHeardAt: number;
};

export type Connection =
	/** `connect()` was called; the kernel has not answered yet. */
	| (WithAttempt & {readonly phase: 'connecting'})
	/** Connected, hello sent: the kernel has answered, the server hasn't yet. */
	| (WithAttempt & {readonly phase: 'handshaking'})
	| (WithHeartbeat & {readonly phase: 'open'; readonly lastPingAt: number})
	/** Presumed half-open until a frame arrives (RFC 9293, 3.5.1). */
	| (WithHeartbeat & {readonly phase: 'silent'; readonly openSince: number})
	| (WithAttempt & {
			readonly phase: 'waiting';
			readonly retryAt: number;
			readonly cause: SockchatError;
			/** Whether the last attempt got a welcome. */
			readonly wasOpen: boolean;
	  })
	/** Sent bye and FIN; waiting for the peer's FIN. */
	| {
			readonly phase: 'draining';
			readonly since: number;
			readonly deadline: number;
	  }
	| {
			readonly phase: 'closed';
			readonly since: number;
			/** Undefined when it was closed on purpose. */
			readonly cause: SockchatError | undefined;
	  };

export type Phase = Connection['phase'];

export type ConnectionEvent =
	| {readonly type: 'connected'; readonly at: number}
	| {
			readonly type: 'welcomed';
			readonly at: number;
			readonly heartbeatMs: number;
	  }
	/** A frame arrived. */
	| {readonly type: 'heard'; readonly at: number; readonly heartbeatMs?: number}
	/** The deadline of `wakeAt` has passed. */
	| {
			readonly type: 'tick';
			readonly at: number;
			readonly random: number;
			/** How long connect(), and then the welcome, may take. */
			readonly patienceMs?: number | undefined;
	  }
	/** This process was stopped for a while and couldn't hear the peer. */
	| {readonly type: 'resumed'; readonly at: number}
	| {
			readonly type: 'lost';
			readonly at: number;
			readonly cause: SockchatError;
			readonly isFinal: boolean;
			/** From 0 up to 1, for the jitter of the next attempt. */
			readonly random: number;
			/** The wait before the next attempt, instead of the back-off. */
			readonly retryInMs?: number | undefined;
	  }
	/** While waiting: the next attempt is due at another time. */
	| {
			readonly type: 'rescheduled';
			readonly at: number;
			readonly retryAt: number;
	  }
	| {readonly type: 'leave'; readonly at: number}
	/** The socket is gone after a bye. */
	| {readonly type: 'ended'; readonly at: number};

export type ConnectionEffect =
	| {readonly type: 'dial'}
	| {readonly type: 'hello'}
	| {readonly type: 'resend'}
	| {readonly type: 'ping'}
	| {readonly type: 'bye'}
	/** Give up on the peer: destroy the socket and report it as lost. */
	| {readonly type: 'abandon'; readonly cause: SockchatError}
	| {readonly type: 'destroy'};
