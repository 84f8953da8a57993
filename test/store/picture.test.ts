import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {ChatEvent} from '../../source/event/event.js';
import type {Model} from '../../source/store/model.js';
import {
	isSamePicture,
	leastShownRate,
	type Looking,
	steadyRtt,
} from '../../source/store/picture.js';
import {reduce} from '../../source/store/reduce.js';
import {anyModel} from '../helpers/any-model.js';
import {chunkOf} from '../helpers/chunks.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	modelOf,
	peerRow,
	socketOf,
} from '../helpers/models.js';
import {read} from '../helpers/steps.js';

const chat: Looking = {
	isResting: false,
	isWireShown: false,
	arePeersShown: false,
};
const resting = {...chat, isResting: true};

const rtt = (rttMs: number): ChatEvent => ({type: 'rtt', at: 0, rttMs});

const kernel = (changes = {}): ChatEvent => ({
	type: 'kernel',
	at: 0,
	pair: {local: kernelSocket(changes), remote: kernelSocket()},
});

const traffic = (bytesIn: number, queuedBytes = 0): ChatEvent => ({
	type: 'traffic',
	at: 0,
	bytesIn,
	bytesOut: bytesIn,
	queuedBytes,
});

const peers = (changes = {}): ChatEvent => ({
	type: 'peers',
	at: 0,
	rows: [peerRow(changes)],
	listening: kernelSocket({state: 'LISTEN'}),
	backlog: 511,
	refused: 0,
});

const open = reduce(modelOf({connection: connections.open}), [
	rtt(900),
	rtt(0.3),
	traffic(20_000),
	kernel(),
]);
const serving = reduce(modelOf({listening: listeningOf()}), [peers()]);

const isSameAfter = (
	events: readonly ChatEvent[],
	looking = chat,
	before: Model = open,
) => isSamePicture(before, reduce(before, events), looking);

test('picture: heartbeats and samples that find the same change nothing', () => {
	let client = open;
	let server = reduce(serving, [peers({rttMs: 0.2})]);
	const first = server;
	for (let beat = 0; beat < 100; beat++) {
		client = reduce(client, [
			rtt(0.2 + (beat % 7) / 10),
			traffic(20_000 + beat * 30),
			{...kernel(), at: beat * 1000},
		]);
		server = reduce(server, [
			{...peers({rttMs: 0.3, bytesIn: beat * 5}), at: beat * 1000},
		] as ChatEvent[]);
		assert.ok(isSamePicture(open, client, chat));
		assert.ok(isSamePicture(first, server, {...chat, arePeersShown: true}));
	}
});

test('picture: in raw mode, which has no heartbeats, each byte counts', () => {
	const raw = {...open, mode: 'raw'} as const;
	const rawServing = {...serving, mode: 'raw'} as const;
	assert.ok(isSameAfter([traffic(20_000)], chat, raw));
	assert.ok(!isSameAfter([traffic(20_001)], chat, raw));
	assert.ok(isSameAfter([traffic(20_001)], resting, raw));
	const lookingAtPeers = {...chat, arePeersShown: true};
	const more = [peers({bytesIn: peerRow().bytesIn + 1})];
	assert.ok(isSameAfter([peers()], lookingAtPeers, rawServing));
	assert.ok(!isSameAfter(more, lookingAtPeers, rawServing));
	assert.ok(
		isSameAfter(more, {...lookingAtPeers, isResting: true}, rawServing),
	);
	assert.ok(isSameAfter(more, lookingAtPeers, serving));
});

test('picture: an rtt counts once the last five have doubled, or four of them halved', () => {
	const at10 = reduce(open, [rtt(10)]);
	const after = (...rtts: number[]) =>
		isSameAfter(
			rtts.map(rttMs => rtt(rttMs)),
			chat,
			at10,
		);
	assert.ok(after(19, 19, 19, 19, 19));
	assert.ok(after(6, 6, 6));
	assert.ok(after(10, 80, 10), 'one slow answer');
	assert.ok(after(80, 80, 19, 80, 80), 'one quick answer');
	assert.ok(after(21, 21, 21, 21));
	assert.ok(!after(21, 21, 21, 21, 21));
	assert.ok(!after(5, 5, 5));
	const at80 = reduce(at10, [rtt(80), rtt(80), rtt(80), rtt(80), rtt(80)]);
	assert.ok(isSameAfter([rtt(1), rtt(1), rtt(1)], chat, at80));
	assert.ok(
		!isSameAfter([rtt(1), rtt(1), rtt(80), rtt(1), rtt(1)], chat, at80),
	);
	assert.ok(isSameAfter(Array.from({length: 5}, () => rtt(0.9))), 'below 1 ms');
	assert.ok(
		isSameAfter(
			Array.from({length: 5}, () => rtt(30)),
			resting,
		),
	);
});

test('picture: a second rtt counts, also while the gauges rest, the first never', () => {
	const none = modelOf({connection: connections.open});
	const started = reduce(none, [rtt(900)]);
	assert.equal(steadyRtt(started), undefined);
	assert.equal(steadyRtt(reduce(started, [rtt(0.1)])), 0.1);
	for (const looking of [chat, resting]) {
		assert.ok(isSameAfter([rtt(900)], looking, none));
		assert.ok(!isSameAfter([rtt(0.1)], looking, started));
	}

	const {waiting} = connections;
	const lost = {...reduce(started, [rtt(0.1)]), connection: waiting};
	assert.equal(steadyRtt(lost), undefined, 'that of a lost connection is old');
});

test('picture: a rate that is shown is never one that has ended', () => {
	fc.assert(
		fc.property(fc.double({min: leastShownRate, max: 1e9}), rate => {
			const at = (value: number) =>
				modelOf(
					socketOf({
						rates: {at: 0, bytesIn: 0, bytesOut: 0, ins: [value], outs: []},
					}),
				);
			assert.ok(!isSamePicture(at(rate), at(0), chat));
		}),
	);
});

test('picture: states, queues, steps and words count exactly, even at rest', () => {
	for (const looking of [chat, resting]) {
		for (const event of [
			kernel({state: 'CLOSE-WAIT'}),
			// A queue is one that stands in two reads; see socket-view.ts.
			[kernel({sendQueueBytes: 1}), kernel({sendQueueBytes: 1})],
			traffic(20_000, 1),
			{type: 'step', at: 0, step: read('CLOSE-WAIT')},
			{type: 'notice', at: 0, tone: 'info', text: 'news'},
			{type: 'queued', at: 0, n: 1, text: 'x', to: undefined},
			{
				type: 'connection',
				at: 0,
				connection: connections.silent,
				local: undefined,
				remote: undefined,
			},
		] as Array<ChatEvent | ChatEvent[]>) {
			const events = [event].flat();
			assert.ok(!isSameAfter(events, looking), events[0]!.type);
		}
	}
});

test('picture: a heartbeat that a read of the kernel saw on its way counts as nothing', () => {
	assert.ok(isSameAfter([kernel({sendQueueBytes: 24})]));
	assert.ok(isSameAfter([kernel({receiveQueueBytes: 24}), kernel()]));
});

test('picture: no timer counts that is not shown, such as that of a heartbeat on its way', () => {
	const fresh = kernel({timer: {name: 'retransmit', inMs: 200}});
	for (const looking of [chat, resting]) {
		assert.ok(isSameAfter([fresh], looking));
		assert.ok(isSameAfter([kernel()], looking, reduce(open, [fresh])));
	}

	const closed = {...kernelSocket({state: 'FIN-WAIT-2'})};
	const waiting = {name: 'fin-wait-2', inMs: 60_000} as const;
	assert.ok(
		isSameAfter(
			[kernel({...closed, timer: waiting})],
			chat,
			reduce(open, [kernel(closed)]),
		),
	);
});

test('picture: a queue that stands as it stood changes nothing', () => {
	const standing = (windowLimitedMs: number) =>
		kernel({
			sendQueueBytes: 9000,
			sending: {notSentBytes: 4000, unackedSegments: 1, windowLimitedMs},
		});
	const before = reduce(open, [standing(0), standing(0)]);
	assert.ok(isSameAfter([standing(0)], chat, before));
	assert.ok(!isSameAfter([standing(1000)], chat, before));
});

test('picture: bytes count once they have doubled', () => {
	assert.ok(isSameAfter([traffic(39_000)]));
	assert.ok(!isSameAfter([traffic(41_000)]));
	assert.ok(isSameAfter([traffic(41_000)], resting));
});

test('picture: the wire and the peers count only while they are shown', () => {
	const wire = {...chunkOf('x'), type: 'wire'} as const;
	assert.ok(isSameAfter([wire]));
	assert.ok(!isSameAfter([wire], {...chat, isWireShown: true}));
	assert.ok(isSameAfter([wire], {...resting, isWireShown: true}));
	const lagging = peers({lagEntries: 3});
	assert.ok(isSameAfter([lagging], chat, serving));
	const shown = {...chat, arePeersShown: true};
	assert.ok(!isSameAfter([lagging], shown, serving));
});

test('picture: a server counts its peers', () => {
	const accepted = {type: 'accepted', at: 0, peer: '127.0.0.1:1'} as const;
	assert.ok(!isSameAfter([accepted], resting, serving));
});

test('picture: any model looks like itself, and like its copy', () => {
	fc.assert(
		fc.property(anyModel, model => {
			for (const looking of [chat, resting]) {
				assert.ok(isSamePicture(model, model, looking));
				assert.ok(isSamePicture(model, {...model}, looking));
			}
		}),
	);
});

test('picture: what stands unread on a server is a change, in two readings', () => {
	const row = (receiveQueueBytes: number) =>
		peers({
			kernel: {local: kernelSocket({receiveQueueBytes}), remote: undefined},
		});
	const quiet = reduce(open, [row(0), row(0)]);
	assert.ok(isSamePicture(quiet, reduce(quiet, [row(6)]), chat), 'on its way');
	const standing = reduce(quiet, [row(6), row(6)]);
	assert.ok(!isSamePicture(quiet, standing, chat));
	assert.equal(standing.socket.peers?.unreadBytes, 6);
	const closed = reduce(quiet, [
		peers({
			kernel: {
				local: kernelSocket({timer: {name: 'persist', inMs: 9}}),
				remote: undefined,
			},
		}),
	]);
	assert.ok(!isSamePicture(quiet, closed, chat));
});

test("picture: a peer's keepalive timer is one when it is set, and reads differently", () => {
	const at = (inMs?: number) =>
		reduce(serving, [
			peers({
				kernel: {
					local: kernelSocket(),
					remote: kernelSocket(
						inMs === undefined ? {} : {timer: {name: 'keepalive', inMs}},
					),
				},
			}),
		]);
	assert.ok(!isSamePicture(at(), at(900), chat));
	assert.ok(isSamePicture(at(900), at(500), chat));
	assert.ok(!isSamePicture(at(900), at(1900), chat));
});

test('picture: a timer that is counted down is no change, a persist timer is', () => {
	const at = (
		name: 'time-wait' | 'keepalive' | 'persist' | 'retransmit',
		inMs: number,
	) => reduce(open, [kernel({timer: {name, inMs}})]);
	for (const name of ['time-wait', 'retransmit'] as const) {
		assert.ok(isSamePicture(at(name, 2000), at(name, 1000), chat), name);
	}

	assert.ok(!isSamePicture(at('persist', 2000), at('persist', 1000), chat));
	assert.ok(!isSamePicture(at('keepalive', 1), at('persist', 1), chat));
	assert.ok(
		isSamePicture(at('keepalive', 7e6), at('keepalive', 7e6 - 1), chat),
	);
	assert.ok(!isSamePicture(at('keepalive', 2000), at('keepalive', 900), chat));
	assert.ok(!isSamePicture(open, at('time-wait', 1), chat));
});
