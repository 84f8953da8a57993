/**
 * What is seen of the sockets on a port that other programs hold.
 *
 * `local` is the end that has the watched port, the server's; `remote` is the
 * other, the client's. `peer` is the client's address.
 */
import type {SegmentCount} from '../tcp/segment-counts.js';
import {timeOf} from '../tcp/step-time.js';
import type {Call, Step, StepTime, TcpState, KernelTimer} from '../tcp/tcp.js';

export type EndName = 'local' | 'remote';

/** One socket, as it is now. */
export type WatchedEnd = {
	readonly state: TcpState;
	/** Bytes received and not read by its program. */
	readonly unreadBytes: number;
	/** Bytes that its program wrote: unsent, or not acknowledged yet. */
	readonly sendQueueBytes: number;
	readonly timer: KernelTimer | undefined;
	/** The program that holds it, if that can be read. */
	readonly program: string | undefined;
	readonly pid: number | undefined;
	/** The call on it that blocks, if that can be read. */
	readonly call: Call | undefined;
	/** Whether the program is stopped, as by SIGSTOP; then no call goes on. */
	readonly isStopped?: true | undefined;
};

export type WatchedListener = {
	readonly address: string;
	/** Connections that accept() has not returned yet. */
	readonly waiting: number;
	/** How many may wait; undefined without ss. */
	readonly backlog: number | undefined;
	readonly program: string | undefined;
	readonly pid: number | undefined;
	readonly call: Call | undefined;
	readonly isStopped?: true | undefined;
};

export type WatchedConnection = {
	readonly peer: string;
	/** Whether accept() has returned it. */
	readonly isAccepted: boolean;
	readonly local: WatchedEnd | undefined;
	readonly remote: WatchedEnd | undefined;
};

/** A FIN of its client changes its state, and leaves it in the backlog. */
export const isInBacklog = ({isAccepted, local}: WatchedConnection): boolean =>
	!isAccepted &&
	(local?.state === 'ESTABLISHED' || local?.state === 'CLOSE-WAIT');

/** All sockets on the port; long lists are cut. */
export type SocketsEvent = {
	readonly type: 'sockets';
	readonly at: number;
	/** Whether the kernel's table could be read. */
	readonly isReadable: boolean;
	readonly address: string;
	readonly listening: readonly WatchedListener[];
	readonly connections: readonly WatchedConnection[];
	/** Connections that are not in the list. */
	readonly more: number;
};

/** Bytes that went from one end to the other, as they were counted. */
export type DataEvent = StepTime &
	// Without ss's newer figures, only the bytes are known.
	Partial<SegmentCount> & {
		readonly type: 'data';
		readonly peer: string;
		readonly from: EndName;
		readonly bytes: number;
	};

/**
 * What a connection has sent, either way, in the time before its end is not
 * known: nothing was counted then, and the kernel has forgotten it.
 */
export type UncountedEvent = {
	readonly type: 'uncounted';
	readonly peer: string;
	readonly notBefore: number;
	readonly seenAt: number;
};

export type PortEvent =
	| {readonly type: 'step'; readonly step: Step}
	| DataEvent
	| UncountedEvent
	/** What became of a program that holds one of the sockets. */
	| (StepTime & {
			readonly type: 'process';
			readonly state: 'stopped' | 'running' | 'ended';
			readonly pid: number;
			readonly program: string;
			/** Its end of the connections. */
			readonly end: EndName;
			/** Whose connections it holds, or held until now. */
			readonly peers: readonly string[];
	  })
	| SocketsEvent;

/** Where segments may have gone, for a ladder. */
export const gapOf = (
	event: UncountedEvent,
): Extract<Step, {kind: 'segment'}> => ({
	kind: 'segment',
	segment: 'ACK',
	evidence: 'inferred',
	reason: 'uncounted',
	peer: event.peer,
	...timeOf(event),
});

/**
 * Bytes that were counted: somebody called send() for them.
 *
 * @param offset How many that end had sent before.
 */
export const sendOf = (
	data: DataEvent,
	offset: number,
): Extract<Step, {kind: 'call'}> => ({
	kind: 'call',
	call: 'send()',
	end: data.from,
	evidence: 'inferred',
	result: String(data.bytes),
	offset,
	...(data.count !== undefined && {segments: data.count}),
	...(data.retransmitted !== undefined && {
		retransmitted: data.retransmitted,
	}),
	peer: data.peer,
	...timeOf(data),
});
