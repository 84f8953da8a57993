import assert from 'node:assert/strict';
import {test} from 'node:test';
import {ladderOf} from '../../source/tcp/ladder.js';
import {Acknowledged} from '../../source/tcp/acknowledged.js';
import {noSegments, SegmentCounts} from '../../source/tcp/segment-counts.js';
import type {Step} from '../../source/tcp/tcp.js';
import {called, inferred, read} from '../helpers/steps.js';

const moved = (
	direction: 'in' | 'out',
	offset: number,
	length: number,
	at: number,
): Step => ({
	kind: 'call',
	call: direction === 'in' ? 'recv(65536)' : `send(${length})`,
	result: String(length),
	offset,
	text: 'x',
	at,
	peer: undefined,
});

test('segment counts: what two readings differ in, with its bounds', () => {
	const counts = new SegmentCounts(100);
	const first = {
		...noSegments,
		sentBytes: 12_000,
		dataSegmentsOut: 3,
		segmentsOut: 5,
	};
	assert.deepEqual(counts.take(first, {begunAt: 150, at: 160}, undefined), [
		{
			kind: 'segment',
			segment: 'ACK',
			evidence: 'read',
			direction: 'out',
			seq: 1,
			length: 12_000,
			count: 3,
			withoutData: 2,
			peer: undefined,
			notBefore: 100,
			seenAt: 160,
		},
	]);
	assert.deepEqual(counts.take(first, {begunAt: 170, at: 180}, undefined), []);
	const again = {
		...first,
		dataSegmentsOut: 5,
		segmentsOut: 7,
		sentBytes: 12_005,
		retransmitted: 1,
		retransmittedBytes: 5,
		receivedBytes: 3,
		dataSegmentsIn: 1,
		segmentsIn: 4,
	};
	const steps = counts.take(again, {begunAt: 190, at: 200}, undefined);
	assert.deepEqual(
		steps.map(({direction, seq, length, count, retransmitted, ...step}) => [
			direction,
			seq,
			length,
			count,
			retransmitted,
			step.notBefore,
		]),
		[
			['out', 12_001, 5, 2, 1, 170],
			['in', 1, 3, 1, undefined, 170],
		],
	);
});

test('segment counts: a SYN that was sent again is no data that was', () => {
	const counts = new SegmentCounts(100);
	const figures = {
		...noSegments,
		sentBytes: 5,
		dataSegmentsOut: 1,
		segmentsOut: 4,
		retransmitted: 1,
	};
	const [step] = counts.take(figures, {begunAt: 150, at: 160}, undefined);
	assert.equal(step?.count, 1);
	assert.equal(step?.withoutData, 3);
	assert.equal(step?.retransmitted, undefined);
});

const drawn = (transfers: readonly Step[], steps: readonly Step[] = []) =>
	ladderOf({steps, transfers, segments: []}, {side: 'client'}).map(
		({client, arrow}) => [
			client?.kind === 'call' ? client.call : undefined,
			arrow && `${arrow.from} ${arrow.evidence}`,
			arrow?.count,
		],
	);

const counted = (
	direction: 'in' | 'out',
	[seq, length, count]: readonly [number, number, number],
	seenAt: number,
): Step => ({
	kind: 'segment',
	segment: 'ACK',
	evidence: 'read',
	direction,
	seq,
	length,
	count,
	peer: undefined,
	notBefore: 0,
	seenAt,
});

test('segment counts: one segment of one call is beside it, and was read', () => {
	assert.deepEqual(
		drawn([
			moved('out', 0, 6, 10),
			moved('in', 0, 3, 11),
			counted('out', [1, 6, 1], 20),
			counted('in', [1, 3, 1], 20),
		]),
		[
			['send(6)', 'client read', undefined],
			['recv(65536)', 'server read', undefined],
		],
	);
});

test('segment counts: how others were cut is not said, and effects follow', () => {
	assert.deepEqual(
		drawn([
			moved('out', 0, 4000, 10),
			moved('out', 4000, 8000, 11),
			moved('in', 0, 3, 12),
			moved('in', 3, 3, 13),
			counted('out', [1, 12_000, 3], 20),
			counted('in', [1, 6, 1], 20),
			moved('out', 12_000, 1, 21),
		]),
		[
			['send(4000)', undefined, undefined],
			['send(8000)', undefined, undefined],
			[undefined, 'client read', 3],
			[undefined, 'server read', 1],
			['recv(65536)', undefined, undefined],
			['recv(65536)', undefined, undefined],
			['send(1)', undefined, undefined],
		],
	);
});

test('segment counts: bytes that waited to be read stand where they were seen to have come', () => {
	const resume = {
		...called('resume()', {at: 30}),
		end: 'local',
	} as Step;
	assert.deepEqual(
		drawn(
			[
				counted('in', [1, 5, 3], 20),
				moved('in', 0, 3, 31),
				moved('in', 3, 4, 32),
			],
			[resume],
		),
		[
			[undefined, 'server read', 3],
			['resume()', undefined, undefined],
			['recv(65536)', undefined, undefined],
			['recv(65536)', 'server inferred', undefined],
		],
	);
	// A single segment of a single call did not come later, either.
	assert.deepEqual(
		drawn([counted('in', [1, 3, 1], 20), moved('in', 0, 3, 31)], [resume]),
		[
			[undefined, 'server read', 1],
			['resume()', undefined, undefined],
			['recv(65536)', undefined, undefined],
		],
	);
});

test('segment counts: the next connection counts from 0 again', () => {
	const steps = [
		called('connect(127.0.0.1:5001)', {at: 5}),
		inferred('ESTABLISHED', {at: 6}),
		called('connect(127.0.0.1:5001)', {at: 30}),
		inferred('ESTABLISHED', {at: 31}),
	];
	const rows = drawn(
		[
			moved('out', 0, 6, 10),
			counted('out', [1, 6, 1], 20),
			moved('out', 0, 6, 40),
		],
		steps,
	);
	assert.deepEqual(
		rows.filter(([call]) => call === 'send(6)').map(([, arrow]) => arrow),
		['client read', undefined],
	);
});

const acknowledged = (ack: number, seenAt: number): Step => ({
	kind: 'segment',
	segment: 'ACK',
	evidence: 'read',
	direction: 'in',
	ack,
	peer: undefined,
	notBefore: 0,
	seenAt,
});

test('acknowledged: what is acknowledged was sent, and no more', () => {
	const sends = [moved('out', 0, 6, 10), moved('out', 6, 4, 11)];
	const arrows = (...transfers: readonly Step[]) =>
		drawn(transfers).map(([, arrow]) => arrow);
	// The kernel has taken them: it may keep them, as the window is closed.
	assert.deepEqual(arrows(...sends), [undefined, undefined]);
	assert.deepEqual(arrows(...sends, acknowledged(7, 20)), [
		'client inferred',
		undefined,
	]);
	assert.deepEqual(arrows(...sends, acknowledged(8, 20)), [
		'client inferred',
		undefined,
	]);
	assert.deepEqual(
		arrows(...sends, acknowledged(7, 20), acknowledged(11, 30)),
		['client inferred', 'client inferred'],
	);
	assert.deepEqual(
		arrows(
			...sends,
			counted('out', [1, 6, 1], 20),
			moved('in', 0, 3, 21),
			acknowledged(11, 30),
		),
		['client read', 'client inferred', 'server inferred'],
	);
});

test('acknowledged: a FIN that arrived came after all bytes', () => {
	const arrows = (...states: readonly Step[]) =>
		drawn(
			[moved('out', 0, 6, 10)],
			[called('shutdown(SHUT_WR)', {at: 11}), ...states],
		).find(([call]) => call === 'send(6)')?.[1];
	assert.equal(arrows(read('FIN-WAIT-1', {at: 12})), undefined);
	assert.equal(arrows(read('FIN-WAIT-2', {at: 12})), 'client inferred');
	assert.equal(arrows(read('TIME-WAIT', {at: 12})), 'client inferred');
	assert.equal(
		arrows(read('CLOSE-WAIT', {at: 12, end: 'remote'})),
		'client inferred',
	);
	assert.equal(arrows(read('CLOSE-WAIT', {at: 12})), undefined);
	assert.equal(arrows(read('CLOSED', {at: 12})), undefined);
	// Of the connection before, or of the next one.
	const again = [
		called('connect(127.0.0.1:5001)', {at: 5}),
		read('TIME-WAIT', {at: 6}),
		called('connect(127.0.0.1:5001)', {at: 8}),
		called('connect(127.0.0.1:5001)', {at: 20}),
		read('TIME-WAIT', {at: 21}),
	];
	assert.equal(
		drawn([moved('out', 0, 6, 10)], again).find(
			([call]) => call === 'send(6)',
		)?.[1],
		undefined,
	);
});

test('acknowledged: each reading that shows more is a step', () => {
	const seen = new Acknowledged(100);
	const acks = (bytes: number, at: number) =>
		seen.take(bytes, at, undefined).map(step => [step.ack, step.seenAt]);
	assert.deepEqual(acks(0, 110), []);
	assert.deepEqual(acks(6, 120), [[7, 120]]);
	assert.deepEqual(acks(6, 130), []);
	assert.deepEqual(acks(5, 140), []);
	assert.deepEqual(seen.take(10, 150, 'otter'), [
		{...acknowledged(11, 150), peer: 'otter', notBefore: 100},
	]);
});
