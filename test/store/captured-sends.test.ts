import assert from 'node:assert/strict';
import {test} from 'node:test';
import {uncountedSends} from '../../source/store/captured-sends.js';
import {
	createPortModel,
	ladderSource,
	reducePort,
	type PortModelEvent,
} from '../../source/store/port-model.js';
import {lastOf} from '../../source/store/newest.js';
import {ladderOf} from '../../source/tcp/ladder.js';
import type {Step} from '../../source/tcp/tcp.js';

const peer = '127.0.0.1:40000';

const segment = (
	direction: 'in' | 'out',
	seq: number,
	length: number,
	at: number,
): Step => ({
	kind: 'segment',
	segment: length > 0 ? 'PSH' : seq === 0 ? 'SYN' : 'ACK',
	evidence: 'captured',
	direction,
	seq,
	length,
	peer,
	at,
});

const told = (steps: readonly Step[], counted = 0) =>
	uncountedSends(steps, () => counted).map(
		({end, offset, result, notBefore, seenAt}) => ({
			end,
			offset,
			result,
			notBefore,
			seenAt,
		}),
	);

const syn = segment('in', 0, 0, 1000);

test('captured sends: what nothing has counted was sent by a call', () => {
	const steps = [
		syn,
		segment('in', 1, 3, 1010),
		segment('in', 4, 5, 1011),
		segment('in', 4, 5, 1300),
		segment('out', 1, 1, 1012),
	];
	assert.deepEqual(told(steps), [
		{end: 'remote', offset: 0, result: '8', notBefore: 1000, seenAt: 1010},
		{end: 'local', offset: 0, result: '1', notBefore: 1000, seenAt: 1012},
	]);
	assert.deepEqual(told(steps, 3), [
		{end: 'remote', offset: 3, result: '5', notBefore: 1000, seenAt: 1011},
	]);
	assert.deepEqual(told(steps, 8), []);
});

test('captured sends: of a connection that began before, nothing is known', () => {
	assert.deepEqual(told([segment('in', 1, 3, 1010)]), []);
});

test('captured sends: a port that is used again has the bytes of its last connection', () => {
	assert.deepEqual(
		told([
			syn,
			segment('in', 1, 300, 1010),
			segment('in', 0, 0, 2000),
			segment('in', 1, 2, 2001),
		]),
		[{end: 'remote', offset: 0, result: '2', notBefore: 2000, seenAt: 2001}],
	);
});

test('captured sends: the ladder has each byte once, counted before or later', () => {
	const calls = (events: readonly PortModelEvent[]) => {
		const model = reducePort(createPortModel('127.0.0.1:5001', false), events);
		return lastOf(ladderSource(model).transfers).map(step =>
			step.kind === 'call' ? [step.offset, step.result] : [],
		);
	};

	const captured: PortModelEvent = {
		type: 'segments',
		steps: [syn, segment('in', 1, 3, 1010), segment('in', 4, 5, 1011)],
	};
	const counted: PortModelEvent = {
		type: 'data',
		peer,
		from: 'remote',
		bytes: 3,
		count: 1,
		notBefore: 1000,
		seenAt: 1020,
	};
	assert.deepEqual(calls([captured]), [[0, '8']]);
	for (const events of [
		[captured, counted],
		[counted, captured],
	]) {
		assert.deepEqual(
			calls(events).toSorted(([one], [other]) => Number(one) - Number(other)),
			[
				[0, '3'],
				[3, '5'],
			],
		);
	}

	assert.deepEqual(calls([captured, {...counted, bytes: 8}]), [[0, '8']]);
});

test('captured sends: what a closed window kept back was sent before shutdown()', () => {
	const call = (name: 'connect()' | 'shutdown(SHUT_WR)', seenAt: number) =>
		({
			type: 'step',
			step: {
				kind: 'call',
				call: name,
				end: 'remote',
				evidence: 'inferred',
				peer,
				notBefore: seenAt - 5,
				seenAt,
			},
		}) as const;
	const events: readonly PortModelEvent[] = [
		{type: 'capture', program: 'tcpdump'},
		{type: 'segments', steps: [syn, segment('in', 1, 3, 1010)]},
		call('connect()', 1002),
		{
			type: 'data',
			peer,
			from: 'remote',
			bytes: 3,
			count: 1,
			notBefore: 1000,
			seenAt: 1012,
		},
		call('shutdown(SHUT_WR)', 1020),
		{type: 'segments', steps: [segment('in', 4, 5, 1100)]},
	];
	const model = reducePort(createPortModel('127.0.0.1:5001', false), events);
	const {steps, transfers, segments} = ladderSource(model);
	const rungs = ladderOf(
		{steps, transfers: lastOf(transfers), segments: lastOf(segments)},
		{side: 'server', peer},
	);
	assert.deepEqual(
		rungs.map(({arrow, client}) => [
			client?.kind === 'call' ? client.call : '',
			arrow?.seq,
		]),
		[
			['connect()', undefined],
			['', 0],
			['send()', 1],
			['send()', undefined],
			['shutdown(SHUT_WR)', undefined],
			['', 4],
		],
	);
});
