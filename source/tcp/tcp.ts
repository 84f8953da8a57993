/**
 * The vocabulary of TCP: the states of RFC 9293, 3.3.2, and one end of a
 * connection as the kernel reports it.
 */

import type {SegmentFacts, SegmentName} from './segment.js';

export type TcpState =
	| 'LISTEN'
	| 'SYN-SENT'
	| 'SYN-RECEIVED'
	| 'ESTABLISHED'
	| 'FIN-WAIT-1'
	| 'FIN-WAIT-2'
	| 'CLOSE-WAIT'
	| 'CLOSING'
	| 'LAST-ACK'
	| 'TIME-WAIT'
	| 'CLOSED';

/**
 * A timer of the kernel's. retransmit: what is in flight is sent again. persist:
 * a closed window is probed; nothing is in flight. keepalive: a silent peer is
 * probed. fin-wait-2: a closed socket is given up. time-wait: the addresses are
 * free again.
 */
export type KernelTimer = {
	readonly name:
		'retransmit' | 'keepalive' | 'fin-wait-2' | 'time-wait' | 'persist';
	/** When it fires, from the time of reading. */
	readonly inMs: number;
};

/** One row of the kernel's table of TCP sockets. */
export type KernelSocket = {
	/** Such as 127.0.0.1:5001 or [::1]:5001. */
	readonly local: string;
	readonly remote: string;
	readonly state: TcpState;
	/** Bytes written but not acknowledged, those not sent yet among them. */
	readonly sendQueueBytes: number;
	/**
	 * Bytes received but not read; for a listening socket, connections waiting for
	 * accept().
	 */
	readonly receiveQueueBytes: number;
	/** The owner's uid; 0 in TIME-WAIT, when no process owns it. */
	readonly uid: number;
	/** Left out if none is set. */
	readonly timer?: KernelTimer;
	/** What `ss` knows more of its send queue, while that stands. */
	readonly sending?: Sending;
};

/** Why a send queue stands. */
export type Sending = {
	/** Of the queue: not sent yet. */
	readonly notSentBytes: number;
	/** In flight. */
	readonly unackedSegments: number;
	/** How long, in all, the other end's window has held it up. */
	readonly windowLimitedMs: number;
};

/**
 * What of a send queue isn't sent yet; undefined if unknown. While a closed
 * window is probed, nothing is in flight.
 */
export const notSentOf = ({
	sendQueueBytes,
	sending,
	timer,
}: KernelSocket): number | undefined => {
	if (sendQueueBytes === 0) {
		return 0;
	}

	return (
		sending?.notSentBytes ??
		(timer?.name === 'persist' ? sendQueueBytes : undefined)
	);
};

/** Both ends of one connection; an end missing from the kernel's table is undefined. */
export type KernelPair = {
	readonly local: KernelSocket | undefined;
	/** The other end; on loopback it is in the same table. */
	readonly remote: KernelSocket | undefined;
};

/**
 * When a step happened, in milliseconds since the epoch. Either the time is
 * known, or there are bounds: what was read from the kernel's tables happened at
 * some time before it was seen.
 */
export type StepTime =
	| {
			readonly at: number;
			readonly notBefore?: undefined;
			readonly seenAt?: undefined;
	  }
	| {
			readonly at?: undefined;
			readonly notBefore: number;
			readonly seenAt: number;
	  };

/**
 * One thing that happened to a connection: a call made here, a segment received,
 * or a state that one end reached.
 */
export type Step = StepTime &
	(
		| {
				readonly kind: 'call';
				readonly call: Call;
				/** What it returned, such as the address of accept(). */
				readonly result?: string | undefined;
				/** Why the call failed, such as EADDRINUSE. */
				readonly errno?: string | undefined;
				/** On a server, the peer concerned; undefined on a client. */
				readonly peer: string | undefined;
				/**
				 * Of this process: how many calls it had reported before. They are
				 * reported as they are made, and several in a millisecond.
				 */
				readonly order?: number | undefined;
				/** Of send() and recv(): the bytes before its own, in this direction. */
				readonly offset?: number | undefined;
				/** Of send() and recv(): its first bytes as text. */
				readonly text?: string | undefined;
				/**
				 * Of send() and recv(): how many before it were not kept; of a heartbeat,
				 * how many of these.
				 */
				readonly unkept?: number | undefined;
				/**
				 * Of another process's recv(): how many bytes had left the receive queue
				 * by then, at least.
				 */
				readonly taken?: number | undefined;
				/** Of another process: in how many segments its bytes were sent. */
				readonly segments?: number | undefined;
				/** How many of these segments were sent again. */
				readonly retransmitted?: number | undefined;
				/** Of close(): bytes that were received, and that nobody had read. */
				readonly unreadBytes?: number | undefined;
				/** Of another process: whose socket it is about. */
				readonly end?: 'local' | 'remote' | undefined;
				/**
				 * Of another process. read: the process was seen in it, so it blocked.
				 * inferred: what was seen has no other cause.
				 */
				readonly evidence?: 'read' | 'inferred' | undefined;
				/** Whether the process is still in it. */
				readonly isBlocked?: true | undefined;
				/**
				 * Of another process, which has ended meanwhile: it may have left the
				 * call to the kernel.
				 */
				readonly isOrExit?: true | undefined;
				/** Of another process: its id, if it can be read. */
				readonly pid?: number | undefined;
		  }
		| ({
				readonly kind: 'segment';
				/** One that was received, unless `direction` says otherwise. */
				readonly segment: SegmentName;
				readonly peer: string | undefined;
				/**
				 * Undefined: Node has reported it. inferred: no other segment follows from
				 * what the process did. read: counted, from the kernel's figures.
				 */
				readonly evidence?: 'captured' | 'inferred' | 'read' | undefined;
				/** Of an RST: what the process's call failed with, such as ECONNREFUSED. */
				readonly errno?: string | undefined;
				/**
				 * Of an RST which nobody saw. unread: an end was closed with unread bytes.
				 * answer: bytes came for one that was closed. unknown: nothing else ends
				 * both ends at once; which one sent it isn't known either, so it has no
				 * direction. uncounted: no RST, but a time of which it isn't known what
				 * either end sent.
				 */
				readonly reason?:
					'unread' | 'answer' | 'unknown' | 'uncounted' | undefined;
				/** Counted: how many had data; `length` is the bytes of all. */
				readonly count?: number | undefined;
				/** Counted: how many had none besides, such as acknowledgements. */
				readonly withoutData?: number | undefined;
				/** Counted: how many of `count` were sent again; captured: 1 if it was. */
				readonly retransmitted?: number | undefined;
		  } & Partial<Omit<SegmentFacts, 'evidence' | 'retransmitted'>>)
		| {
				readonly kind: 'state';
				/** The end that reached the state. */
				readonly end: 'local' | 'remote';
				readonly state: TcpState;
				/**
				 * read: read from the kernel. inferred: follows from a call, a segment or
				 * another state, and can't be read, or hasn't been yet.
				 */
				readonly evidence: 'read' | 'inferred';
				readonly peer: string | undefined;
				/**
				 * Of TIME-WAIT, as read: when the kernel's timer ends it, in milliseconds
				 * since the epoch.
				 */
				readonly endsAt?: number | undefined;
		  }
	);

/**
 * A call that a process made, as in the sockets API, with the arguments that
 * say what it did; those of another process may be unknown. pause() and resume()
 * are no calls of it: they say that recv() is not called until further notice.
 */
export type Call =
	| 'socket()'
	| `setsockopt(${string})`
	| `bind(${string})`
	| `listen(${number | ''})`
	| 'accept()'
	| `connect(${string})`
	| `${'recv' | 'send' | 'read' | 'write'}(${string})`
	| 'recvmsg()'
	| 'sendmsg()'
	| 'shutdown(SHUT_WR)'
	| 'close()'
	| 'pause()'
	| 'resume()';

export const callNames = [
	'socket',
	'setsockopt',
	'bind',
	'listen',
	'accept',
	'connect',
	'recv',
	'send',
	'read',
	'write',
	'recvmsg',
	'sendmsg',
	'shutdown',
	'close',
	'pause',
	'resume',
] as const;

export type CallName = (typeof callNames)[number];

/** Its name, without the arguments. */
export const nameOfCall = (call: Call): CallName =>
	call.slice(0, call.indexOf('(')) as CallName;

/** Makes close() discard what is unsent and send RST: `struct linger` {1, 0}. */
export const lingerZero = 'setsockopt(SO_LINGER, 0)';
