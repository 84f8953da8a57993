import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import type {SocketEvent} from '../../source/event/event.js';
import {reduce} from '../../source/store/reduce.js';
import {
	emptySocketView,
	keptSteps,
	reduceSocketView,
	type SocketView,
} from '../../source/store/socket-view.js';
import {maxWireChunks} from '../../source/store/wire.js';
import {chunkOf} from '../helpers/chunks.js';
import {
	connections,
	kernelSocket,
	listeningOf,
	modelOf,
	peerRow,
} from '../helpers/models.js';
import type {Step} from '../../source/tcp/tcp.js';
import {called, inferred, read} from '../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const nothing = {bytesIn: 0, bytesOut: 0};

const pair = {local: kernelSocket(), remote: undefined};

const kernelAt = (at: number): SocketEvent => ({type: 'kernel', at, pair});

/** A client's readings: when, and what it had counted until then. */
const readings = (
	...all: ReadonlyArray<readonly [at: number, bytesIn: number, out?: number]>
): SocketView => {
	let view = emptySocketView;
	for (const [at, bytesIn, bytesOut = 0] of all) {
		view = reduceSocketView(view, kernelAt(at), {bytesIn, bytesOut});
	}

	return view;
};

test('socket view: a rate is the bytes since the last one over the time since', () => {
	const {rates} = readings([1000, 500, 10], [2000, 2500, 10], [4000, 2500, 50]);
	assert.deepEqual(rates, {
		at: 4000,
		bytesIn: 2500,
		bytesOut: 50,
		ins: [2000, 0],
		outs: [0, 20],
	});
});

test('socket view: bytes before the first reading make no rate', () => {
	assert.deepEqual(readings([1000, 1e9]).rates.ins, []);
});

test('socket view: readings close to each other make one rate', () => {
	const {rates} = readings(
		[1000, 0],
		[1020, 5000],
		[1050, 5000],
		[1899, 6000],
		[2000, 8000],
	);
	assert.deepEqual(rates.ins, [8000]);
});

test('socket view: after a clock was set back, no rate is negative', () => {
	const {rates} = readings(
		[100_000, 0],
		[101_000, 1000],
		[50_000, 1500],
		[51_000, 1800],
	);
	assert.deepEqual(rates.ins, [1000, 300]);
});

test('socket view: a clock set forward costs one rate, not the next', () => {
	const {rates} = readings([1000, 0], [3_601_000, 7200], [3_602_000, 8200]);
	assert.deepEqual(rates.ins, [2, 1000]);
});

test('socket view: a new connection with a lower count makes no negative rate', () => {
	assert.deepEqual(readings([1000, 9000], [2000, 10]).rates.ins, [0]);
});

test('socket view: rates are finite, never negative and 60 at most, whatever the clock', () => {
	const anyReading = fc.tuple(
		fc.integer({min: -1e15, max: 1e15}),
		fc.nat({max: 2 ** 53}),
		fc.nat({max: 2 ** 53}),
	);
	fc.assert(
		fc.property(fc.array(anyReading, {maxLength: 100}), all => {
			const {ins, outs} = readings(...all).rates;
			assert.ok(ins.length <= 60);
			assert.equal(ins.length, outs.length);
			for (const rate of [...ins, ...outs]) {
				assert.ok(Number.isFinite(rate) && rate >= 0, String(rate));
			}
		}),
		{numRuns: runs},
	);
	const many = Array.from(
		{length: 100},
		(_reading, index) => [index * 1000, index * index] as const,
	);
	const {ins} = readings(...many).rates;
	assert.equal(ins.length, 60);
	assert.equal(ins.at(-1), 99 ** 2 - 98 ** 2, 'the newest are kept');
});

const peersAt = (at: number, ...bytesIn: number[]): SocketEvent => ({
	type: 'peers',
	at,
	rows: bytesIn.map(bytes => peerRow({bytesIn: bytes, bytesOut: 2 * bytes})),
	listening: undefined,
	backlog: 511,
	refused: 0,
});

test("socket view: a server's bytes are those of its peers, past ones included", () => {
	const first = reduceSocketView(
		emptySocketView,
		peersAt(1000, 100, 200),
		nothing,
	);
	assert.equal(first.rates.bytesIn, 300);
	assert.equal(first.rates.bytesOut, 600);
	const gone = {bytesIn: 250, bytesOut: 400};
	const {rates} = reduceSocketView(first, peersAt(2000, 150), gone);
	assert.equal(rates.bytesIn, 400);
	assert.deepEqual([rates.ins, rates.outs], [[100], [100]]);
});

test('socket view: keeps the last readings unchanged', () => {
	const event = peersAt(1000, 1);
	const listening = kernelSocket({state: 'LISTEN'});
	const view = reduceSocketView(
		readings([900, 0]),
		{...event, listening} as SocketEvent,
		nothing,
	);
	assert.partialDeepStrictEqual(view.kernel, {at: 900, pair});
	assert.deepEqual(view.peers, {
		at: 1000,
		rows: [peerRow({bytesIn: 1, bytesOut: 2})],
		listening,
		backlog: 511,
		refused: 0,
		unreadBytes: 0,
	});
	const unread: SocketEvent = {type: 'kernel', at: 2000, pair: undefined};
	assert.partialDeepStrictEqual(
		reduceSocketView(view, unread, nothing).kernel,
		{
			at: 2000,
			pair: undefined,
		},
	);
});

test('socket view: keeps the newest steps, each state once', () => {
	const steps = [called('connect()'), inferred('SYN-SENT'), read('SYN-SENT')];
	let view = emptySocketView;
	for (const step of steps) {
		view = reduceSocketView(view, {type: 'step', at: 1, step}, nothing);
	}

	assert.deepEqual(view.steps, [called('connect()'), read('SYN-SENT')]);
	for (let at = 0; at < 2 * keptSteps; at++) {
		const step = called('pause()', {at});
		view = reduceSocketView(view, {type: 'step', at, step}, nothing);
	}

	assert.equal(view.steps.length, keptSteps);
	assert.equal(view.steps.at(-1)?.at, 2 * keptSteps - 1);
});

test('socket view: counts the steps and the calls that it dropped', () => {
	let view = emptySocketView;
	const add = (step: Step) => {
		view = reduceSocketView(view, {type: 'step', at: 1, step}, nothing);
	};

	const call = {
		kind: 'call',
		call: 'accept()',
		peer: undefined,
		at: 1,
	} as const;
	for (let index = 0; index < keptSteps; index++) {
		add(call);
	}

	assert.equal(view.droppedSteps, 0);
	add({...call, call: 'close()'});
	add({...call, call: 'close()'});
	assert.equal(view.droppedSteps, 2);
	const sent = {
		...call,
		call: 'send(1)',
		result: '1',
		offset: 5,
		text: 'x',
	} as const;
	add(sent);
	assert.deepEqual(view.keptSince, {});
	add({...sent, at: 7, unkept: 5});
	const text = '{"type":"ping","id":1}\n';
	add({...sent, text, result: String(text.length), at: 9, unkept: 2});
	assert.deepEqual(view.keptSince, {calls: 7, beats: 9});
});

test('socket view: keeps a bounded number of chunks, without their event type', () => {
	const chunk = chunkOf('hello');
	const event = {type: 'wire', ...chunk} as const;
	let view = reduceSocketView(emptySocketView, event, nothing);
	assert.deepEqual(view.wire.chunks, [chunk]);
	for (let more = 0; more < maxWireChunks; more++) {
		view = reduceSocketView(view, event, nothing);
	}

	assert.equal(view.wire.chunks.length, maxWireChunks);
	assert.equal(view.wire.dropped, 1);
});

test('socket view: of a send queue no more is unsent than was there in two reads', () => {
	const sending = {notSentBytes: 4000, unackedSegments: 1, windowLimitedMs: 0};
	let view = emptySocketView;
	const shown = [0, 5000, 100, 5000].map(sendQueueBytes => {
		const local = kernelSocket({sendQueueBytes, sending});
		view = reduceSocketView(
			view,
			{type: 'kernel', at: 0, pair: {local, remote: undefined}},
			nothing,
		);
		const {local: end} = view.kernel!.pair!;
		return [end!.sendQueueBytes, end!.sending?.notSentBytes];
	});
	assert.deepEqual(shown.slice(1), [
		[0, undefined],
		[100, 100],
		[100, 100],
	]);
});

test('socket view: a queue is shown once it was there in two reads', () => {
	const shown: unknown[] = [];
	let view = emptySocketView;
	for (const [sendQueueBytes, receiveQueueBytes] of [
		[0, 0],
		[24, 0],
		[0, 24],
		[0, 100],
		[0, 90],
		[0, 0],
	] as const) {
		const queues = {sendQueueBytes, receiveQueueBytes};
		view = reduceSocketView(
			view,
			{
				type: 'kernel',
				at: 0,
				pair: {local: kernelSocket(queues), remote: kernelSocket(queues)},
			},
			nothing,
		);
		const {local, remote} = view.kernel!.pair!;
		assert.deepEqual(local, remote);
		shown.push([local!.sendQueueBytes, local!.receiveQueueBytes]);
	}

	assert.deepEqual(shown, [
		[0, 0],
		[0, 0],
		[0, 0],
		[0, 24],
		[0, 90],
		[0, 0],
	]);
});

test('store: a member that becomes the host keeps the steps of its server alone', () => {
	const connected = reduce(
		modelOf({connection: connections.silent}),
		[
			called('socket()'),
			called('connect(127.0.0.1:5001)'),

			called('close()'),
			called('socket()'),
			called('bind(127.0.0.1:5001)'),
			called('listen(1)'),
		].map(step => ({type: 'step', at: 1, step}) as const),
	);
	const hosting = reduce(connected, [
		{
			type: 'listening',
			at: 2,
			state: listeningOf().state,
			place: {host: '127.0.0.1', port: 5001},
		},
	]);
	assert.deepEqual(hosting.socket.steps, [
		called('socket()'),
		called('bind(127.0.0.1:5001)'),
		called('listen(1)'),
	]);
});
