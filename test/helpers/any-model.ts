/** Arbitrary models, steps and peers, for property tests. */
import fc from 'fast-check';
import type {Connection} from '../../source/connection/connection.js';
import type {
	KernelPair,
	KernelSocket,
	Step,
	TcpState,
} from '../../source/tcp/tcp.js';
import type {Model} from '../../source/store/model.js';
import type {PeerRow} from '../../source/event/peer-row.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	modelOf,
	now,
	peerRow,
	socketOf,
	wallNow,
} from './models.js';

/** Names and addresses that peers may choose. */
const anyWord = fc.oneof(
	fc.string({unit: 'grapheme', maxLength: 40}),
	fc.string({unit: fc.constantFrom('漢', 'é', '👩‍👩‍👧', 'a'), maxLength: 40}),
	fc.constantFrom('otter', '127.0.0.1:53122', '[::1]:53122', '/tmp/x.sock'),
);
const orUndefined = <Value>(value: fc.Arbitrary<Value>) =>
	fc.option(value, {nil: undefined});
const anyCount = fc.oneof(fc.nat(), fc.nat({max: 2 ** 53}), fc.constant(0));
const anyState = fc.constantFrom<TcpState>(
	'LISTEN',
	'SYN-SENT',
	'SYN-RECEIVED',
	'ESTABLISHED',
	'FIN-WAIT-1',
	'FIN-WAIT-2',
	'CLOSE-WAIT',
	'CLOSING',
	'LAST-ACK',
	'TIME-WAIT',
	'CLOSED',
);
const anySocket: fc.Arbitrary<KernelSocket> = fc
	.record({
		state: anyState,
		sendQueueBytes: anyCount,
		receiveQueueBytes: anyCount,
	})
	.map(changes => kernelSocket(changes));
const anyPair: fc.Arbitrary<KernelPair> = fc.record({
	local: orUndefined(anySocket),
	remote: orUndefined(anySocket),
});

const stepBase = {
	at: fc.nat({max: 2 ** 41}),
	peer: orUndefined(anyWord),
};

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
	fc.record({
		...stepBase,
		kind: fc.constant('call' as const),
		call: fc.constantFrom('connect()', 'accept()', 'pause()', 'close()'),
	}),
	fc.record({
		...stepBase,
		kind: fc.constant('segment' as const),
		segment: fc.constantFrom('FIN', 'RST'),
	}),
	fc.record({
		...stepBase,
		kind: fc.constant('state' as const),
		end: fc.constantFrom('local', 'remote'),
		state: anyState,
		evidence: fc.constantFrom('read', 'inferred'),
	}),
);

/** A send() or a recv(). */
export const anyTransfer: fc.Arbitrary<Step> = fc
	.record({
		...stepBase,
		isOut: fc.boolean(),
		length: fc.nat({max: 100_000}),
		offset: fc.nat({max: 100_000}),
		text: anyWord,
	})
	.map(({isOut, length, ...step}): Step => ({
		kind: 'call',
		call: isOut ? `send(${length})` : 'recv(65536)',
		result: String(length),
		...step,
	}));

/** Segments that were counted. */
export const anyCounted: fc.Arbitrary<Step> = fc.record({
	...stepBase,
	kind: fc.constant('segment' as const),
	segment: fc.constant('ACK' as const),
	evidence: fc.constant('read' as const),
	direction: fc.constantFrom('in', 'out'),
	seq: fc.nat({max: 100_000}),
	length: fc.nat({max: 200_000}),
	count: fc.integer({min: 1, max: 1000}),
	retransmitted: orUndefined(fc.nat({max: 9})),
});

/** That bytes were acknowledged, as a queue shows. */
export const anyAcknowledgement: fc.Arbitrary<Step> = fc.record({
	...stepBase,
	kind: fc.constant('segment' as const),
	segment: fc.constant('ACK' as const),
	evidence: fc.constant('read' as const),
	direction: fc.constant('in' as const),
	ack: fc.nat({max: 200_000}),
});

/** One that was captured. */
export const anySegment: fc.Arbitrary<Step> = fc.record({
	...stepBase,
	kind: fc.constant('segment' as const),
	segment: fc.constantFrom('SYN', 'SYN+ACK', 'ACK', 'PSH', 'FIN', 'RST'),
	evidence: fc.constant('captured' as const),
	direction: fc.constantFrom('in', 'out'),
	seq: fc.nat({max: 2 ** 32 - 1}),
	ack: orUndefined(fc.nat({max: 2 ** 32 - 1})),
	length: fc.nat({max: 65_536}),
	window: orUndefined(fc.nat({max: 2 ** 30})),
	flags: fc.constant([]),
	text: anyWord,
});

export const anyPeerRow: fc.Arbitrary<PeerRow> = fc
	.record({
		peer: anyWord,
		nick: orUndefined(anyWord),
		dialect: fc.constantFrom(undefined, 'framed', 'plain', 'raw'),
		phase: fc.constantFrom(
			'accepted',
			'greeting',
			'open',
			'half-closed',
			'draining',
			'closed',
		),
		since: fc.double({min: 0, max: now, noNaN: true}),
		rttMs: orUndefined(fc.double({min: 0, max: 1e7, noNaN: true})),
		bytesIn: anyCount,
		queuedBytes: anyCount,
		lagEntries: anyCount,
		isPaused: fc.boolean(),
		kernel: orUndefined(anyPair),
	})
	.map(row => peerRow(row));

const anyRates = fc.array(fc.double({min: 0, max: 1e15, noNaN: true}), {
	maxLength: 60,
});

const anySocketView: fc.Arbitrary<Pick<Model, 'socket'>> = fc
	.record({
		steps: fc.array(anyStep, {maxLength: 30}),
		kernel: orUndefined(
			fc.record({at: fc.constant(wallNow - 400), pair: orUndefined(anyPair)}),
		),
		peers: orUndefined(
			fc.record({
				at: fc.constant(wallNow),
				rows: fc.array(anyPeerRow, {maxLength: 3}),
				listening: orUndefined(anySocket),
				backlog: anyCount,
				refused: anyCount,
			}),
		),
		rates: fc.record({
			at: fc.constant(wallNow),
			bytesIn: anyCount,
			bytesOut: anyCount,
			ins: anyRates,
			outs: anyRates,
		}),
	})
	.map(changes => socketOf(changes));

const anyConnection: fc.Arbitrary<Connection> = fc
	.tuple(fc.constantFrom(...Object.values(connections)), fc.nat({max: 1e6}))
	.map(([connection, attempt]) =>
		'attempt' in connection ? {...connection, attempt} : connection,
	);

const anyListening = fc
	.tuple(
		fc.constantFrom('binding', 'listening', 'draining', 'closed'),
		fc.record({peers: anyCount, accepted: anyCount, turnedAway: anyCount}),
	)
	.map(([phase, counts]) => listeningOf(phase, counts));

/** Any model, of a client or a server, in any phase. */
export const anyModel: fc.Arbitrary<Model> = fc
	.record({
		mode: fc.constantFrom('room', 'raw'),
		where: anyWord,
		local: orUndefined(anyWord),
		remote: orUndefined(anyWord),
		connection: orUndefined(anyConnection),
		listening: orUndefined(anyListening),
		presence: fc
			.tuple(fc.array(anyWord, {maxLength: 40}), fc.nat({max: 5000}))
			.map(([names, more]) => ({
				members: {count: names.length + more, names},
				replayHead: 0,
			})),
		traffic: fc.record({
			bytesIn: anyCount,
			bytesOut: anyCount,
			queuedBytes: anyCount,
			heardAt: orUndefined(anyCount),
		}),
		rtts: fc.array(fc.double({min: 0, max: 1e7, noNaN: true}), {
			maxLength: 60,
		}),
		socket: anySocketView.map(({socket}) => socket),
	})
	.map(changes => modelOf(changes));
