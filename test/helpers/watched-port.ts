/** What a watched port has, for tests: events, and models made of them. */
import type {
	EndName,
	SocketsEvent,
	WatchedConnection,
	WatchedEnd,
} from '../../source/event/port-event.js';
import {
	createPortModel,
	reducePort,
	type PortModel,
	type PortModelEvent,
} from '../../source/store/port-model.js';
import type {SegmentCount} from '../../source/tcp/segment-counts.js';
import type {Call, Step, TcpState} from '../../source/tcp/tcp.js';

export const watchedAddress = '127.0.0.1:5001';
export const watchedPeer = '127.0.0.1:41306';

export const watchedEnd = (changes: Partial<WatchedEnd> = {}): WatchedEnd => ({
	state: 'ESTABLISHED',
	unreadBytes: 0,
	sendQueueBytes: 0,
	timer: undefined,
	program: undefined,
	pid: undefined,
	call: undefined,
	...changes,
});

export const watchedConnection = (
	changes: Partial<WatchedConnection> = {},
): WatchedConnection => ({
	peer: watchedPeer,
	isAccepted: true,
	local: watchedEnd({program: 'python3', pid: 11, call: 'recv(1024)'}),
	remote: watchedEnd({program: 'python3', pid: 12}),
	...changes,
});

export const listed = (changes: Partial<SocketsEvent> = {}): SocketsEvent => ({
	type: 'sockets',
	at: 0,
	isReadable: true,
	address: watchedAddress,
	listening: [
		{
			address: watchedAddress,
			waiting: 0,
			backlog: 1,
			program: 'python3',
			pid: 11,
			call: undefined,
		},
	],
	connections: [watchedConnection()],
	more: 0,
	...changes,
});

export const stepOfCall = (
	call: Call,
	end: EndName,
	peer: string | undefined = watchedPeer,
	at = 1,
): PortModelEvent => ({
	type: 'step',
	step: {kind: 'call', call, end, evidence: 'inferred', peer, at} as Step,
});

export const stepOfState = (
	state: TcpState,
	end: EndName,
	peer: string | undefined = watchedPeer,
	at = 1,
): PortModelEvent => ({
	type: 'step',
	step: {kind: 'state', state, end, evidence: 'read', peer, at},
});

export const counted = (
	from: EndName,
	bytes: number,
	{at = 1, ...segments}: Partial<SegmentCount> & {readonly at?: number} = {},
): PortModelEvent => ({
	type: 'data',
	from,
	bytes,
	...segments,
	peer: watchedPeer,
	at,
});

export const exited = (
	end: EndName,
	peers = [watchedPeer],
): Extract<PortModelEvent, {type: 'process'}> => ({
	type: 'process',
	state: 'ended',
	pid: 12,
	program: 'python3',
	end,
	peers,
	at: 2,
});

export const portModel = (...events: readonly PortModelEvent[]): PortModel =>
	reducePort(createPortModel(watchedAddress, false), events);
