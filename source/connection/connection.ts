/**
 * A client's connection: one union of phases, what happens to it, and what is
 * to be done then. Times are milliseconds of a monotonic clock, so that a jump
 * of the wall clock can't fake a time-out.
 */
import type {SockchatError} from '../errors.js';

/** What a connection keeps over its failures. */
export type Trying = {
	readonly since: number;
	/** The attempt that this is, from 1; it starts again after some health. */
	readonly attempt: number;
};

export type Beating = Trying & {
	readonly heartbeatMs: number;
	readonly lastHeardAt: number;
};

export type Connection =
	/** `connect()` was called; the kernel has not answered yet. */
	| (Trying & {readonly phase: 'connecting'})
	/** Connected and hello sent: a kernel answered, a server not yet. */
	| (Trying & {readonly phase: 'handshaking'})
	| (Beating & {readonly phase: 'open'; readonly lastPingAt: number})
	/** Half-open until a frame says otherwise (RFC 9293, 3.5.1). */
	| (Beating & {readonly phase: 'silent'; readonly openSince: number})
	| (Trying & {
			readonly phase: 'waiting';
			readonly retryAt: number;
			readonly cause: SockchatError;
			/** False where the last attempt did not come to a welcome. */
			readonly wasOpen: boolean;
	  })
	/** bye and FIN are sent; the peer's FIN is awaited. */
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
	/** Any frame came. */
	| {readonly type: 'heard'; readonly at: number; readonly heartbeatMs?: number}
	/** A deadline that `wakeAt` named has come. */
	| {readonly type: 'tick'; readonly at: number; readonly random: number}
	/** This process itself was stopped for a while, and heard nobody. */
	| {readonly type: 'resumed'; readonly at: number}
	| {
			readonly type: 'lost';
			readonly at: number;
			readonly cause: SockchatError;
			readonly isFinal: boolean;
			/** From 0 up to 1, for the jitter of the next attempt. */
			readonly random: number;
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
	/** The peer is given up on: destroy the socket and report it as lost. */
	| {readonly type: 'abandon'; readonly cause: SockchatError}
	| {readonly type: 'destroy'};
