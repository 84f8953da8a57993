import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {ladderOf, type LadderSteps} from '../../source/tcp/ladder.js';
import type {SegmentStep} from '../../source/tcp/captured.js';
import {isPassing, type Rung} from '../../source/tcp/rungs.js';
import {PcapReader, tcpPacketOf} from '../../source/tcp/pcap.js';
import {SegmentCounter} from '../../source/tcp/segment.js';
import {seenBy, withTime} from '../../source/tcp/step-time.js';
import type {Call, Step} from '../../source/tcp/tcp.js';
import {ofServer} from '../../source/watch/segment-owners.js';
import {
	anyAcknowledgement,
	anyCounted,
	anySegment,
	anyStep,
	anyTransfer,
} from '../helpers/any-model.js';
import {conversation, ethernet, ipv4, pcapOf} from '../helpers/packets.js';
import {called, inferred, read, received} from '../helpers/steps.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const signs = {captured: '─', read: '┄', inferred: '·'} as const;

const sideOf = (step: Step | undefined): string =>
	step === undefined
		? ''
		: step.kind === 'call'
			? step.call
			: step.kind === 'state'
				? step.state
				: '';

/** One line each: the client, the arrow, the server. */
const drawn = (rungs: readonly Rung[]): string[] =>
	rungs.map(({client, arrow, server}) => {
		const sign = arrow && signs[arrow.evidence];
		const label = arrow?.name ?? 'data';
		const middle =
			arrow === undefined
				? '|'
				: arrow.from === 'client'
					? `${sign!} ${label} ▸`
					: `◂ ${label} ${sign!}`;
		return `${sideOf(client)} ${middle} ${sideOf(server)}`.trim();
	});

const transfer = (
	direction: 'in' | 'out',
	offset: number,
	length: number,
	at: number,
	peer?: string,
	order?: number,
): Step => ({
	kind: 'call',
	call: direction === 'in' ? 'recv(65536)' : `send(${length})`,
	result: String(length),
	offset,
	text: 'x',
	at,
	peer,
	order,
});

const acknowledged = (ack: number, at: number, peer?: string): Step => ({
	kind: 'segment',
	segment: 'ACK',
	evidence: 'read',
	direction: 'in',
	ack,
	at,
	peer,
});

const idOf = (step: Step, at: number) => withTime(step, {at}) as Step;

const client: LadderSteps = {
	steps: [
		called('socket()', {at: 1}),
		called('connect(127.0.0.1:5001)', {at: 1}),
		inferred('SYN-SENT', {at: 1}),
		inferred('ESTABLISHED', {at: 2}),
		read('ESTABLISHED', {at: 3, end: 'remote'}),
		called('shutdown(SHUT_WR)', {at: 9}),
		read('FIN-WAIT-2', {at: 10}),
		read('CLOSE-WAIT', {at: 10, end: 'remote'}),
		received('FIN', {at: 11}),
		inferred('TIME-WAIT', {at: 11}),
		called('close()', {at: 12}),
	],
	transfers: [transfer('out', 0, 6, 4), transfer('in', 0, 3, 5)],
	segments: [],
};

const peer = '127.0.0.1:41306';

/** A call of another program's. */
const watched = (
	call: Call,
	end: 'local' | 'remote',
	at: number,
	changes: Partial<Extract<Step, {kind: 'call'}>> = {},
): Step =>
	({
		kind: 'call',
		call,
		end,
		evidence: 'inferred',
		at,
		peer,
		...changes,
	}) as Step;

const sentBy = (
	end: 'local' | 'remote',
	offset: number,
	length: number,
	at: number,
): Step => watched('send()', end, at, {offset, result: String(length)});

/** What `watch` sees of the tutorial's pair. */
const pair: readonly Step[] = [
	watched('listen()', 'local', 1, {peer: undefined}),
	watched('accept()', 'local', 2, {
		evidence: 'read',
		isBlocked: true,
		peer: undefined,
	}),
	watched('connect()', 'remote', 3),
	inferred('SYN-SENT', {at: 3, end: 'remote', peer}),
	read('ESTABLISHED', {at: 3, end: 'remote', peer}),
	read('ESTABLISHED', {at: 3, peer}),
	watched('accept()', 'local', 3, {result: peer, peer: undefined}),
	watched('recv(1024)', 'local', 4, {evidence: 'read', isBlocked: true}),
	sentBy('remote', 0, 5, 5),
	watched('recv(1024)', 'local', 6, {evidence: 'read'}),
	watched('recv(1024)', 'remote', 6, {evidence: 'read', isBlocked: true}),
	sentBy('local', 0, 2, 8),
	watched('recv(1024)', 'remote', 9, {evidence: 'read'}),
	watched('close()', 'remote', 10),
	inferred('FIN-WAIT-1', {at: 10, end: 'remote', peer}),
	read('CLOSE-WAIT', {at: 10, peer}),
];

test("ladder: another program's calls stand at its own side", () => {
	const none = {steps: pair, transfers: [], segments: []};
	assert.deepEqual(drawn(ladderOf(none, {side: 'server'})), [
		'| listen()',
		'| accept()',
		'connect() |',
		'SYN-SENT · SYN ▸',
		'ESTABLISHED ◂ SYN+ACK ┄',
		'┄ ACK ▸ ESTABLISHED',
		'| accept()',
		'| recv(1024)',
		'send() ┄ data ▸ recv(1024)',
		'recv(1024) |',
		'recv(1024) ◂ data ┄ send()',
		'close() |',
		'FIN-WAIT-1 ┄ FIN ▸ CLOSE-WAIT',
	]);
});

test('ladder: a close() that made the kernel send RST stands before it', () => {
	const steps = [
		read('ESTABLISHED', {at: 2, end: 'remote', peer}),
		read('ESTABLISHED', {at: 2, peer}),
		watched('close()', 'local', 6),
		read('CLOSED', {at: 6, peer}),
		read('CLOSED', {at: 6, end: 'remote', peer}),
	];
	const segments = [
		segment('SYN', 'client', 1),
		segment('SYN+ACK', 'server', 1, {ack: 1}),
		segment('ACK', 'client', 1, {seq: 1, ack: 1}),
		segment('PSH', 'client', 3, {seq: 1, ack: 1, length: 5}),
		segment('RST', 'server', 5, {seq: 1, ack: 6}),
	];
	const all = {steps, transfers: [], segments};
	assert.deepEqual(drawn(ladderOf(all, {side: 'server'})).slice(-3), [
		'─ PSH ▸',
		'| close()',
		'CLOSED ◂ RST ─ CLOSED',
	]);
});

test('ladder: an RST that nobody saw stays inferred, and is the one that was captured', () => {
	const rst = {
		kind: 'segment',
		segment: 'RST',
		evidence: 'inferred',
		peer,
		notBefore: 4,
		seenAt: 6,
	} as const;
	const stepsWith = (step: Partial<Step>) => [
		read('ESTABLISHED', {at: 2, end: 'remote', peer}),
		read('ESTABLISHED', {at: 2, peer}),
		{...rst, ...step} as Step,
		read('CLOSED', {at: 6, peer}),
		read('CLOSED', {at: 6, end: 'remote', peer}),
	];
	const segments = [
		segment('SYN', 'client', 1),
		segment('SYN+ACK', 'server', 1, {ack: 1}),
		segment('ACK', 'client', 1, {seq: 1, ack: 1}),
		segment('RST', 'server', 5, {seq: 1, ack: 1}),
	];
	for (const step of [
		{reason: 'unknown'},
		{reason: 'unread', direction: 'out'},
	] as const) {
		const steps = stepsWith(step);
		const last = ladderOf(
			{steps, transfers: [], segments: []},
			{side: 'server'},
		).at(-1);
		assert.equal(last?.arrow?.reason, step.reason);
		assert.equal(last?.arrow?.evidence, 'inferred');
		assert.equal(sideOf(last?.client), 'CLOSED');
		assert.equal(sideOf(last?.server), 'CLOSED');
		assert.deepEqual(
			drawn(ladderOf({steps, transfers: [], segments}, {side: 'server'})).slice(
				-2,
			),
			['─ ACK ▸ ESTABLISHED', 'CLOSED ◂ RST ─ CLOSED'],
		);
	}
});

test('ladder: what a program sent before it was seen to block stands above that call', () => {
	const opened = [
		segment('SYN', 'client', 1),
		segment('SYN+ACK', 'server', 1, {ack: 1}),
		segment('ACK', 'client', 1, {seq: 1, ack: 1}),
	];
	const question = segment('PSH', 'client', 4, {seq: 1, ack: 1, length: 5});
	const answer = segment('PSH', 'server', 9, {seq: 1, ack: 6, length: 2});
	const steps = [
		read('ESTABLISHED', {at: 2, end: 'remote', peer}),
		read('ESTABLISHED', {at: 2, peer}),
		watched('recv(1024)', 'remote', 6, {evidence: 'read', isBlocked: true}),
	];
	// It was counted after that.
	const transfers = [sentBy('remote', 0, 5, 8)];
	const none = {steps, transfers, segments: [...opened, question]};
	const above = ['send() ─ PSH ▸', 'recv(1024) |'];
	assert.deepEqual(drawn(ladderOf(none, {side: 'server'})).slice(3), above);
	const answered = {
		steps: [...steps, watched('recv(1024)', 'remote', 10, {evidence: 'read'})],
		transfers: [...transfers, sentBy('local', 0, 2, 10)],
		segments: [...opened, question, answer],
	};
	assert.deepEqual(drawn(ladderOf(answered, {side: 'server'})).slice(3), [
		...above,
		'recv(1024) ◂ PSH ─ send()',
	]);
	// The other end read only much later, as far as known.
	const read4 = watched('recv()', 'local', 12, {taken: 4});
	const late = {...answered, steps: [...answered.steps, read4]};
	assert.deepEqual(drawn(ladderOf(late, {side: 'server'})).slice(3), [
		'send() ─ PSH ▸ recv()',
		'recv(1024) |',
		'recv(1024) ◂ PSH ─ send()',
	]);
	// The answer came before it was seen to block, so it did before that.
	const quick = {
		...answered,
		segments: [...opened, question, idOf(answer, 5)],
	};
	assert.deepEqual(drawn(ladderOf(quick, {side: 'server'})).slice(3), [
		...above,
		'recv(1024) ◂ PSH ─ send()',
	]);
});

test('ladder: accept() stands above what its connection sent, though it was seen after that was counted', () => {
	const steps = [
		read('ESTABLISHED', {at: 2, end: 'remote', peer}),
		read('ESTABLISHED', {at: 2, peer}),
		watched('accept()', 'local', 8, {result: peer, peer: undefined}),
	];
	const segments = [
		segment('SYN', 'client', 1),
		segment('SYN+ACK', 'server', 1, {ack: 1}),
		segment('ACK', 'client', 1, {seq: 1, ack: 1}),
		segment('PSH', 'server', 4, {seq: 1, ack: 1, length: 5}),
	];
	const all = {steps, transfers: [sentBy('local', 0, 5, 6)], segments};
	assert.deepEqual(drawn(ladderOf(all, {side: 'server', peer})).slice(3), [
		'| accept()',
		'◂ PSH ─ send()',
	]);
});

test("ladder: the server's part of the opening stands above what it let through, however late it was seen", () => {
	const drawnFrom = (openSince: number, acceptSince: number) => {
		const seen = (step: Step, notBefore: number) =>
			withTime(step, {notBefore, seenAt: 90}) as Step;
		const opened = read('ESTABLISHED', {end: 'remote'});
		const accept = {
			...called('accept()'),
			end: 'remote',
			evidence: 'inferred',
		} as Step;
		const steps = [
			called('connect(127.0.0.1:5001)', {at: 1}),
			inferred('SYN-SENT', {at: 1}),
			read('ESTABLISHED', {at: 2}),
			seen(opened, openSince),
			seen(accept, acceptSince),
		];
		const transfers = [
			transfer('out', 0, 6, 40),
			acknowledged(7, 41),
			transfer('in', 0, 3, 50),
		];
		const all = {steps, transfers, segments: []};
		return drawn(ladderOf(all, {side: 'client'})).slice(3);
	};

	assert.deepEqual(drawnFrom(2, 2), [
		'┄ ACK ▸ ESTABLISHED',
		'send(6) · data ▸',
		'| accept()',
		'recv(65536) ◂ data ·',
	]);
	// The backlog was full: its SYN+ACK was answered, but its end not open yet.
	assert.deepEqual(drawnFrom(45, 45), [
		'send(6) · data ▸',
		'┄ ACK ▸ ESTABLISHED',
		'| accept()',
		'recv(65536) ◂ data ·',
	]);
});

test('ladder: bytes that were counted late stand where they were received', () => {
	const steps = [
		watched('recv(1024)', 'local', 1, {evidence: 'read', isBlocked: true}),
		watched('recv(1024)', 'local', 2, {evidence: 'read'}),
		watched('recv(1024)', 'remote', 3, {evidence: 'read', isBlocked: true}),
		sentBy('remote', 0, 5, 4),
	];
	const none = {steps, transfers: [], segments: []};
	assert.deepEqual(drawn(ladderOf(none, {side: 'server'})), [
		'| recv(1024)',
		'send() ┄ data ▸ recv(1024)',
		'recv(1024) |',
	]);
});

test('ladder: bytes that were counted late stand where they were received, whatever followed', () => {
	for (const [call, extra] of [
		['recv(512)', {evidence: 'read'}],
		['recv()', {taken: 5}],
	] as const) {
		const steps = [
			watched(call, 'local', 2, extra),
			watched('shutdown(SHUT_WR)', 'local', 3),
			read('FIN-WAIT-2', {at: 3, peer}),
			watched('recv(8)', 'local', 3, {evidence: 'read', isBlocked: true}),
		];
		const drawnWith = (sent: Step) =>
			drawn(
				ladderOf(
					{steps: [...steps, sent], transfers: [], segments: []},
					{side: 'server'},
				),
			);
		assert.equal(
			drawnWith(sentBy('remote', 0, 5, 4))[0],
			`send() ┄ data ▸ ${call}`,
		);
		// What was sent later it didn't take.
		const {at: _at, ...later} = sentBy('remote', 0, 5, 4);
		assert.equal(
			drawnWith({...later, notBefore: 3, seenAt: 4}).at(-1),
			'send() ┄ data ▸',
		);
	}
});

test('ladder: what left of a send() at a time that nobody saw stands above what was received meanwhile', () => {
	const counted = (
		direction: 'in' | 'out',
		[seq, length]: readonly [number, number],
		[notBefore, seenAt]: readonly [number, number],
	): Step => ({
		kind: 'segment',
		segment: 'ACK',
		evidence: 'read',
		direction,
		seq,
		length,
		count: 2,
		peer: undefined,
		notBefore,
		seenAt,
	});
	const transfers = [
		transfer('out', 0, 9000, 4),
		counted('out', [1, 5000], [3, 5]),
		transfer('in', 0, 3, 6),
		transfer('in', 3, 3, 8),
		counted('in', [1, 3], [5, 9]),
		counted('in', [4, 3], [7, 10]),
		counted('out', [5001, 4000], [7, 20]),
	];
	const steps = [...client.steps.slice(0, 5), called('resume()', {at: 9})];
	const rungs = ladderOf({steps, transfers, segments: []}, {side: 'client'});
	assert.deepEqual(drawn(rungs).slice(-7), [
		'┄ data ▸',
		'◂ data ┄',
		'recv(65536) |',
		'┄ data ▸',
		'◂ data ┄',
		'recv(65536) |',
		'resume() |',
	]);
});

test('ladder: what was called before connect() has no time after its SYN', () => {
	const dial = (at: number) => [
		called('socket()', {at}),
		called('setsockopt(SO_REUSEADDR, 1)', {at}),
		called('bind(127.0.0.1:5002)', {at}),
		called('connect(127.0.0.1:5001)', {at}),
		called('setsockopt(TCP_NODELAY, 1)', {at: at + 2}),
	];
	const opened = (at: number) => {
		const own = {peer: undefined};
		return [
			segment('SYN', 'client', at, {...own, direction: 'out'}),
			segment('SYN+ACK', 'server', at, {...own, direction: 'in', ack: 1}),
		];
	};

	const rungs = ladderOf(
		{
			steps: [...dial(1006), ...dial(2006)],
			transfers: [],
			segments: [...opened(1000), ...opened(2000)],
		},
		{side: 'client'},
	);
	assert.deepEqual(
		rungs.map(({time, client: made, arrow}) => [
			arrow?.name ?? (made?.kind === 'call' && made.call.split('(')[0]),
			time.at ?? time.seenAt,
		]),
		[1000, 2000].flatMap(at => [
			['socket', at],
			['setsockopt', at],
			['bind', at],
			['connect', at],
			['SYN', at],
			['SYN+ACK', at],
			['setsockopt', at + 8],
		]),
	);
	assert.equal(rungs[0]?.time.at, undefined);
});

test('ladder: a recv() that came later than its bytes has a row of its own', () => {
	const bounded = (notBefore: number, seenAt: number) =>
		({at: undefined, notBefore, seenAt}) as const;
	for (const call of [
		watched('recv()', 'local', 0, {taken: 9, ...bounded(30, 40)}),
		watched('recv(1024)', 'local', 0, {evidence: 'read', ...bounded(30, 40)}),
	]) {
		const row = `| ${String(Reflect.get(call, 'call'))}`;
		const steps = [{...sentBy('remote', 0, 9, 0), ...bounded(9, 11)}, call];
		const segments = [
			segment('SYN', 'client', 1),
			segment('SYN+ACK', 'server', 1, {ack: 1}),
			segment('ACK', 'client', 1, {seq: 1, ack: 1}),
			segment('PSH', 'client', 10, {seq: 1, ack: 1, length: 9}),
			segment('ACK', 'server', 10, {seq: 1, ack: 10}),
		];
		const watch = {steps, transfers: []};
		assert.deepEqual(
			drawn(ladderOf({...watch, segments: []}, {side: 'server'})),
			['send() ┄ data ▸', row],
		);
		assert.deepEqual(
			drawn(ladderOf({...watch, segments}, {side: 'server'})).slice(3),
			['send() ─ PSH ▸', '◂ ACK ─', row],
		);
		const answer = segment('PSH', 'server', 35, {seq: 1, ack: 10, length: 7});
		const rungs = ladderOf(
			{...watch, segments: [...segments, answer]},
			{side: 'server'},
		).slice(5);
		assert.deepEqual(drawn(rungs), [row, '◂ PSH ─']);
		assert.deepEqual(rungs[0]?.time, {notBefore: 30, seenAt: 40});
		// It may have taken what came after that, too, and then sent nothing first.
		const more = segment('PSH', 'client', 37, {seq: 10, ack: 8, length: 3});
		const unsure = {...watch, segments: [...segments, answer, more]};
		assert.deepEqual(
			drawn(ladderOf(unsure, {side: 'server'})).slice(5),
			'taken' in call
				? ['◂ PSH ─', '─ PSH ▸', row]
				: ['◂ PSH ─', '─ PSH ▸ recv(1024)'],
		);
		const ends = [
			segment('FIN', 'client', 50, {seq: 10, ack: 1}),
			segment('FIN', 'server', 51, {seq: 1, ack: 11}),
		];
		const closed = [...steps, watched('close()', 'remote', 55)];
		assert.deepEqual(
			drawn(
				ladderOf(
					{steps: closed, transfers: [], segments: [...segments, ...ends]},
					{side: 'server'},
				),
			).slice(5),
			[row, 'close() |', '─ FIN ▸', '◂ FIN ─'],
		);
		const late = {...call, ...bounded(30, 60)} as Step;
		const ended = [
			steps[0]!,
			late,
			watched('close()', 'remote', 61),
			watched('close()', 'local', 61),
		];
		assert.deepEqual(
			drawn(
				ladderOf(
					{steps: ended, transfers: [], segments: [...segments, ...ends]},
					{side: 'server'},
				),
			).slice(5),
			// With nothing counted it may as well be the end that it returned.
			'taken' in call
				? [row, 'close() |', '─ FIN ▸', '| close()', '◂ FIN ─']
				: ['close() |', '─ FIN ▸', row, '| close()', '◂ FIN ─'],
		);
	}
});

test('ladder: a recv() that never blocked stands where its bytes came', () => {
	const taken = (count: number, at: number) =>
		watched('recv()', 'local', at, {taken: count});
	const end = watched('recv()', 'local', 12, {result: '0'});
	const fin = read('CLOSE-WAIT', {at: 10, peer});
	const steps = [
		sentBy('remote', 0, 5, 1),
		sentBy('remote', 5, 5, 2),
		taken(5, 3),
		taken(8, 4),
		// Before it was counted what was sent.
		taken(12, 5),
		sentBy('remote', 10, 2, 6),
		fin,
		end,
	];
	const none = {transfers: [], segments: []};
	assert.deepEqual(drawn(ladderOf({...none, steps}, {side: 'server'})), [
		'send() ┄ data ▸ recv()',
		'send() ┄ data ▸ recv()',
		'send() ┄ data ▸ recv()',
		'┄ FIN ▸ CLOSE-WAIT',
		'| recv()',
	]);
	const one = [sentBy('remote', 0, 5, 1), taken(2, 3), taken(5, 4)];
	assert.deepEqual(drawn(ladderOf({...none, steps: one}, {side: 'server'})), [
		'send() ┄ data ▸ recv()',
		'| recv()',
	]);
	const segments = [
		segment('SYN', 'client', 0.1),
		segment('SYN+ACK', 'server', 0.1, {ack: 1}),
		segment('ACK', 'client', 0.1, {seq: 1, ack: 1}),
		segment('PSH', 'client', 0.9, {seq: 1, ack: 1, length: 5}),
		segment('PSH', 'client', 1.9, {seq: 6, ack: 1, length: 5}),
		segment('FIN', 'client', 9, {seq: 11, ack: 1}),
	];
	assert.deepEqual(
		drawn(
			ladderOf(
				{
					steps: [...steps.slice(0, 4), fin, end],
					transfers: [],
					segments,
				},
				{side: 'server'},
			),
		).slice(3),
		[
			'send() ─ PSH ▸ recv()',
			'send() ─ PSH ▸ recv()',
			'─ FIN ▸ CLOSE-WAIT',
			'| recv()',
		],
	);
});

test("ladder: what listens is everybody's, what it accepted is not", () => {
	const other = '127.0.0.1:5';
	const none = {
		steps: [
			...pair,
			watched('accept()', 'local', 11, {result: other, peer: undefined}),
		],
		transfers: [],
		segments: [],
	};
	assert.equal(
		ladderOf(none, {side: 'server', peer}).length,
		ladderOf({...none, steps: pair}, {side: 'server', peer}).length,
	);
	assert.deepEqual(drawn(ladderOf(none, {side: 'server', peer: other})), [
		'| listen()',
		'| accept()',
		'| accept()',
	]);
});

const segment = (
	name: SegmentStep['segment'],
	from: 'client' | 'server',
	at: number,
	changes: Partial<SegmentStep> = {},
): Step =>
	({
		kind: 'segment',
		segment: name,
		evidence: 'captured',
		direction: from === 'client' ? 'in' : 'out',
		seq: 0,
		length: 0,
		at,
		peer,
		...changes,
	}) as Step;

test("ladder: another program's calls stand with the captured segments", () => {
	const segments = [
		segment('SYN', 'client', 2.9),
		segment('SYN+ACK', 'server', 2.9, {ack: 1}),
		segment('ACK', 'client', 2.9, {seq: 1, ack: 1}),
		segment('PSH', 'client', 4.8, {seq: 1, ack: 1, length: 5}),
		segment('ACK', 'server', 4.8, {seq: 1, ack: 6}),
		segment('PSH', 'server', 7.8, {seq: 1, ack: 6, length: 2}),
		segment('ACK', 'client', 7.8, {seq: 6, ack: 3}),
		segment('FIN', 'client', 9.8, {seq: 6, ack: 3}),
	];
	const all = {steps: pair, transfers: [], segments};
	assert.deepEqual(drawn(ladderOf(all, {side: 'server'})), [
		'| listen()',
		'| accept()',
		'connect() |',
		'SYN-SENT ─ SYN ▸',
		'ESTABLISHED ◂ SYN+ACK ─',
		'─ ACK ▸ ESTABLISHED',
		'| accept()',
		'| recv(1024)',
		'send() ─ PSH ▸ recv(1024)',
		'◂ ACK ─',
		'recv(1024) |',
		'recv(1024) ◂ PSH ─ send()',
		'─ ACK ▸',
		'close() |',
		'FIN-WAIT-1 ─ FIN ▸ CLOSE-WAIT',
	]);
});

test('ladder: without a capture each call and state has the segment it implies', () => {
	assert.deepEqual(drawn(ladderOf(client, {side: 'client'})), [
		'socket() |',
		'connect(127.0.0.1:5001) |',
		'SYN-SENT · SYN ▸',
		'ESTABLISHED ◂ SYN+ACK ·',
		'┄ ACK ▸ ESTABLISHED',
		'send(6) · data ▸',
		'recv(65536) ◂ data ·',
		'shutdown(SHUT_WR) |',
		'FIN-WAIT-2 ◂ ACK ┄',
		'┄ FIN ▸ CLOSE-WAIT',
		'TIME-WAIT ◂ FIN ·',
		'close() |',
	]);
});

test('ladder: a server has seen the handshake only in what followed it', () => {
	const steps = [
		called('listen(1)', {at: 1}),
		inferred('ESTABLISHED', {at: 2, end: 'remote', peer}),
		read('ESTABLISHED', {at: 2, peer}),
		called('accept()', {at: 2, peer}),
		received('FIN', {at: 5, peer}),
		inferred('CLOSE-WAIT', {at: 5, peer}),
		called('shutdown(SHUT_WR)', {at: 6, peer}),
		inferred('LAST-ACK', {at: 6, peer}),
		read('TIME-WAIT', {at: 7, end: 'remote', peer}),
		read('CLOSED', {at: 8, peer}),
	];
	const rungs = ladderOf(
		{...client, steps, transfers: []},
		{side: 'server', peer},
	);
	assert.deepEqual(drawn(rungs), [
		'| listen(1)',
		'· SYN ▸',
		'ESTABLISHED ◂ SYN+ACK ·',
		'┄ ACK ▸ ESTABLISHED',
		'| accept()',
		'· FIN ▸ CLOSE-WAIT',
		'| shutdown(SHUT_WR)',
		'TIME-WAIT ◂ FIN ┄ LAST-ACK',
		'┄ ACK ▸ CLOSED',
	]);
	const other = ladderOf({...client, steps}, {side: 'server', peer: 'x:1'});
	assert.ok(drawn(other).includes('| listen(1)'));
	assert.ok(!drawn(other).includes('| accept()'));
});

test('ladder: a refused or a reset connection has its RST, once', () => {
	const refused = [
		called('connect(127.0.0.1:1)', {at: 1}),
		inferred('SYN-SENT', {at: 1}),
		received('RST', {at: 2}),
		inferred('CLOSED', {at: 2}),
	];
	assert.deepEqual(
		drawn(
			ladderOf({...client, steps: refused, transfers: []}, {side: 'client'}),
		),
		['connect(127.0.0.1:1) |', 'SYN-SENT · SYN ▸', 'CLOSED ◂ RST ·'],
	);
	const reset = [
		inferred('ESTABLISHED', {at: 1}),
		called('setsockopt(SO_LINGER, 0)', {at: 2}),
		inferred('CLOSED', {at: 2}),
		called('close()', {at: 2}),
	];
	assert.deepEqual(
		drawn(
			ladderOf({...client, steps: reset, transfers: []}, {side: 'client'}),
		).slice(2),
		['setsockopt(SO_LINGER, 0) |', 'CLOSED · RST ▸', 'close() |'],
	);
});

/** The tutorial's conversation, at 1000 to 1007 ms. */
const captured: readonly Step[] = new PcapReader()
	.push(pcapOf(conversation.map(made => ethernet(ipv4(made)))))
	.flatMap(packet => tcpPacketOf(packet) ?? [])
	.map(
		(
			counter => packet =>
				ofServer(counter.count(packet), 5001)
		)(new SegmentCounter()),
	);

/** What the server itself saw of it, each so many ms too late. */
const server = (late: (step: number) => number): LadderSteps => ({
	steps: [
		called('listen(1)', {at: 900}),
		inferred('ESTABLISHED', {at: 1002 + late(0), end: 'remote', peer}),
		inferred('ESTABLISHED', {at: 1002 + late(0), peer}),
		called('accept()', {at: 1002 + late(0), peer}),
		received('FIN', {at: 1005 + late(2), peer}),
		inferred('CLOSE-WAIT', {at: 1005 + late(2), peer}),
		called('shutdown(SHUT_WR)', {at: 1006 + late(2), peer}),
		inferred('LAST-ACK', {at: 1006 + late(2), peer}),
		called('close()', {at: 1007 + late(3), peer}),
		read('TIME-WAIT', {at: 1007 + late(4), end: 'remote', peer}),
		read('CLOSED', {at: 1007 + late(4), peer}),
	],
	transfers: [transfer('in', 0, 6, 1003 + late(1), peer)],
	segments: captured,
});

const segmentOf = (
	name: 'SYN' | 'SYN+ACK' | 'ACK' | 'PSH' | 'FIN' | 'RST',
	[at, seq, ack, length]: readonly [number, number, number?, number?],
	direction: 'in' | 'out' = 'out',
	ofPeer?: string,
): Step => ({
	kind: 'segment',
	segment: name,
	evidence: 'captured',
	direction,
	seq,
	ack,
	length: length ?? 0,
	at,
	peer: ofPeer,
});

test('ladder: a captured segment that was sent again is marked so', () => {
	const first = segmentOf('PSH', [1, 1, 1, 6]);
	const again = {...segmentOf('PSH', [2, 1, 1, 6]), retransmitted: 1} as Step;
	const rungs = ladderOf(
		{steps: [], transfers: [], segments: [first, again]},
		{side: 'client'},
	);
	assert.deepEqual(
		rungs.map(({arrow}) => arrow?.retransmitted),
		[undefined, 1],
	);
});

test('ladder: a FIN that was lost leads its other end nowhere', () => {
	const rungs = ladderOf(
		{
			steps: [
				called('shutdown(SHUT_WR)', {at: 3}),
				read('FIN-WAIT-1', {at: 3}),
				read('CLOSE-WAIT', {at: 250, end: 'remote'}),
				read('FIN-WAIT-2', {at: 250}),
			],
			transfers: [],
			segments: [
				segmentOf('FIN', [3, 7, 1]),
				segmentOf('FIN', [200, 7, 1]),
				segmentOf('ACK', [201, 1, 8], 'in'),
				// Its ACK was lost.
				segmentOf('FIN', [400, 7, 1]),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs), [
		'shutdown(SHUT_WR) |',
		'FIN-WAIT-1 ─ FIN ▸',
		'─ FIN ▸ CLOSE-WAIT',
		'FIN-WAIT-2 ◂ ACK ─',
		'─ FIN ▸',
	]);
});

test('ladder: a socket that is connected to itself has each captured segment once', () => {
	const both = [
		inferred('FIN-WAIT-1', {at: 7}),
		inferred('FIN-WAIT-1', {at: 7, end: 'remote'}),
		received('FIN', {at: 7}),
		called('close()', {at: 8}),
		read('TIME-WAIT', {at: 9}),
		read('TIME-WAIT', {at: 9, end: 'remote'}),
	];
	const rungs = ladderOf(
		{
			steps: [
				called('connect(127.0.0.1:5001)', {at: 1}),
				inferred('SYN-SENT', {at: 1}),
				read('ESTABLISHED', {at: 4}),
				read('ESTABLISHED', {at: 4, end: 'remote'}),
				called('shutdown(SHUT_WR)', {at: 7}),
				...both,
			],
			transfers: [transfer('out', 0, 5, 5), transfer('in', 0, 5, 6)],
			segments: [
				segmentOf('SYN', [1, 0]),
				segmentOf('SYN+ACK', [2, 0, 1]),
				segmentOf('ACK', [3, 1, 1]),
				segmentOf('PSH', [5, 1, 1, 5]),
				segmentOf('FIN', [7, 6, 6]),
				segmentOf('ACK', [8, 7, 7]),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs), [
		'connect(127.0.0.1:5001) |',
		'SYN-SENT ─ SYN ▸',
		'ESTABLISHED ─ SYN+ACK ▸',
		'─ ACK ▸ ESTABLISHED',
		'send(5) ─ PSH ▸',
		'recv(65536) |',
		'shutdown(SHUT_WR) |',
		'FIN-WAIT-1 ─ FIN ▸ FIN-WAIT-1',
		'TIME-WAIT ─ ACK ▸ TIME-WAIT',
		'close() |',
	]);
});

test('ladder: a send() that failed stands below those that did not', () => {
	const rungs = ladderOf(
		{
			steps: [
				called('connect(127.0.0.1:5001)', {at: 1}),
				{...called('send()', {at: 6}), errno: 'EPIPE'} as Step,
				called('close()', {at: 7}),
			],
			transfers: [transfer('out', 0, 17, 4)],
			segments: [
				segmentOf('SYN', [1, 0]),
				segmentOf('SYN+ACK', [2, 0, 1], 'in'),
				segmentOf('ACK', [3, 1, 1]),
				segmentOf('PSH', [4, 1, 1, 17]),
				segmentOf('RST', [5, 1], 'in'),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs).slice(-4), [
		'send(17) ─ PSH ▸',
		'◂ RST ─',
		'send() |',
		'close() |',
	]);
});

test('ladder: what was sent in one segment with the FIN stands above its shutdown()', () => {
	const rungs = ladderOf(
		{
			steps: [
				called('connect(127.0.0.1:5001)', {at: 1}),
				called('shutdown(SHUT_WR)', {at: 5}),
				inferred('FIN-WAIT-1', {at: 5}),
			],
			transfers: [transfer('out', 0, 15, 4)],
			segments: [
				segmentOf('SYN', [1, 0]),
				segmentOf('SYN+ACK', [2, 0, 1], 'in'),
				segmentOf('ACK', [3, 1, 1]),
				segmentOf('FIN', [5, 1, 1, 15]),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs).slice(-3), [
		'send(15) |',
		'shutdown(SHUT_WR) |',
		'FIN-WAIT-1 ─ FIN ▸',
	]);
});

test('ladder: a shutdown() stands below the send() before it, in the same millisecond', () => {
	const rungs = ladderOf(
		{
			steps: [
				called('connect(127.0.0.1:5001)', {at: 1}),
				called('shutdown(SHUT_WR)', {at: 4}),
				inferred('FIN-WAIT-1', {at: 4}),
			],
			transfers: [transfer('out', 0, 15, 4)],
			segments: [
				segmentOf('SYN', [1, 0]),
				segmentOf('SYN+ACK', [2, 0, 1], 'in'),
				segmentOf('ACK', [3, 1, 1]),
				segmentOf('PSH', [4.1, 1, 1, 15]),
				segmentOf('FIN', [4.7, 16, 1]),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs).slice(-3), [
		'send(15) ─ PSH ▸',
		'shutdown(SHUT_WR) |',
		'FIN-WAIT-1 ─ FIN ▸',
	]);
});

test('ladder: it does so, too, if the accept() of the other end was seen late', () => {
	const rungs = ladderOf(
		{
			steps: [
				called('connect(127.0.0.1:5001)', {at: 1, order: 0}),
				called('shutdown(SHUT_WR)', {at: 6, order: 3}),
				watched('accept()', 'remote', 9, {peer: undefined, result: peer}),
			],
			transfers: [
				transfer('in', 0, 7, 5, undefined, 1),
				transfer('out', 0, 15, 6, undefined, 2),
				transfer('in', 7, 3, 8, undefined, 4),
			],
			segments: [
				segmentOf('SYN', [1, 0]),
				segmentOf('SYN+ACK', [2, 0, 1], 'in'),
				segmentOf('ACK', [3, 1, 1]),
				segmentOf('PSH', [4, 1, 1, 7], 'in'),
				segmentOf('PSH', [6.1, 1, 8, 15]),
				segmentOf('FIN', [6.7, 16, 8]),
				segmentOf('PSH', [7, 8, 17, 3], 'in'),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs).slice(-4), [
		'send(15) ─ PSH ▸',
		'shutdown(SHUT_WR) |',
		'─ FIN ▸',
		'recv(65536) ◂ PSH ─',
	]);
});

test('ladder: a shutdown() stands below the send() before it, though the bytes waited', () => {
	const rungs = ladderOf(
		{
			steps: [
				called('connect(127.0.0.1:5001)', {at: 1, order: 0}),
				called('shutdown(SHUT_WR)', {at: 5, order: 2}),
			],
			transfers: [transfer('out', 0, 15, 4, undefined, 1)],
			segments: [
				segmentOf('SYN', [1, 0]),
				segmentOf('SYN+ACK', [2, 0, 1], 'in'),
				segmentOf('ACK', [3, 1, 1]),
				segmentOf('ACK', [7, 1, 1], 'in'),
				segmentOf('PSH', [8, 1, 1, 15]),
				segmentOf('FIN', [9, 16, 1]),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs).slice(-4), [
		'◂ ACK ─',
		'send(15) ─ PSH ▸',
		'shutdown(SHUT_WR) |',
		'─ FIN ▸',
	]);
});

test('ladder: what was read after a later send() stands below that', () => {
	const rungs = ladderOf(
		{
			steps: [called('connect(127.0.0.1:5001)', {at: 1})],
			transfers: [transfer('out', 0, 5, 5), transfer('in', 0, 7, 9)],
			segments: [
				segmentOf('SYN', [1, 0]),
				segmentOf('SYN+ACK', [2, 0, 1], 'in'),
				segmentOf('ACK', [3, 1, 1]),
				segmentOf('PSH', [4, 1, 1, 7], 'in'),
				segmentOf('PSH', [5, 1, 8, 5]),
			],
		},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs).slice(-3), [
		'◂ PSH ─',
		'send(5) ─ PSH ▸',
		'recv(65536) |',
	]);
});

test('ladder: a server closes what listens before its peers are told', () => {
	const rungs = ladderOf(
		{
			steps: [called('close()', {at: 5})],
			transfers: [transfer('out', 0, 35, 5, peer)],
			segments: [],
		},
		{side: 'server'},
	);
	assert.deepEqual(
		rungs.map(({server: own}) => own?.kind === 'call' && own.call),
		['close()', 'send(35)'],
	);
});

test('ladder: what a server sent before it closed what listens stands above that', () => {
	const given = {
		steps: [called('close()', {at: 5, order: 1})],
		transfers: [
			transfer('out', 0, 23, 5, peer, 0),
			transfer('out', 23, 35, 5, peer, 2),
		],
	};
	const segments = [
		segmentOf('SYN', [1, 0], 'in', peer),
		segmentOf('SYN+ACK', [2, 0, 1], 'out', peer),
		segmentOf('ACK', [3, 1, 1], 'in', peer),
		segmentOf('PSH', [5.2, 1, 1, 23], 'out', peer),
		segmentOf('PSH', [5.6, 24, 1, 35], 'out', peer),
	];
	for (const shown of [[], segments]) {
		const rungs = ladderOf({...given, segments: shown}, {side: 'server'});
		assert.deepEqual(
			rungs.flatMap(({server: own}) => (own?.kind === 'call' ? own.call : [])),
			['send(23)', 'close()', 'send(35)'],
		);
	}
});

test('ladder: what was read after shutdown() in its millisecond stands below that', () => {
	const rungs = ladderOf(
		{
			steps: [called('shutdown(SHUT_WR)', {at: 5, order: 1, peer})],
			transfers: [
				transfer('out', 0, 35, 5, peer, 0),
				transfer('in', 0, 23, 5, peer, 2),
			],
			segments: [
				segmentOf('SYN', [1, 0], 'in', peer),
				segmentOf('SYN+ACK', [2, 0, 1], 'out', peer),
				segmentOf('ACK', [3, 1, 1], 'in', peer),
				segmentOf('PSH', [4.1, 1, 1, 23], 'in', peer),
				segmentOf('PSH', [5.2, 1, 24, 35], 'out', peer),
				segmentOf('FIN', [5.4, 36, 24], 'out', peer),
			],
		},
		{side: 'server'},
	);
	assert.deepEqual(
		rungs.flatMap(({server: own}) => (own?.kind === 'call' ? own.call : [])),
		['send(35)', 'shutdown(SHUT_WR)', 'recv(65536)'],
	);
});

test('ladder: what was captured replaces what is inferred', () => {
	assert.deepEqual(
		drawn(
			ladderOf(
				server(() => 0),
				{side: 'server'},
			),
		),
		[
			'| listen(1)',
			'─ SYN ▸',
			'ESTABLISHED ◂ SYN+ACK ─',
			'─ ACK ▸ ESTABLISHED',
			'| accept()',
			'─ PSH ▸ recv(65536)',
			'◂ ACK ─',
			'─ FIN ▸ CLOSE-WAIT',
			'| shutdown(SHUT_WR)',
			'TIME-WAIT ◂ FIN ─ LAST-ACK',
			'─ ACK ▸ CLOSED',
			'| close()',
		],
	);
});

test('ladder: a FIN that acknowledges the other FIN leads to TIME-WAIT at once', () => {
	// In RFC 9293, 3.10.7.4, FIN-WAIT-2 lasts until the same segment's FIN is
	// processed; its figure 5 leaves it out.
	const remote = {end: 'remote', peer} as const;
	const {steps, ...others} = server(() => 0);
	const unseen = inferred('FIN-WAIT-2', {at: 1007, ...remote});
	const last = steps.findIndex(
		step => step.kind === 'state' && step.state === 'TIME-WAIT',
	);
	assert.deepEqual(
		drawn(
			ladderOf(
				{...others, steps: steps.toSpliced(last, 0, unseen)},
				{side: 'server'},
			),
		).slice(-4),
		[
			'| shutdown(SHUT_WR)',
			'TIME-WAIT ◂ FIN ─ LAST-ACK',
			'─ ACK ▸ CLOSED',
			'| close()',
		],
	);
});

test('ladder: without a capture the same, if only the FIN is known', () => {
	const remote = {end: 'remote', peer} as const;
	const steps = [
		inferred('FIN-WAIT-1', {at: 1, ...remote}),
		inferred('CLOSE-WAIT', {at: 1, peer}),
		inferred('LAST-ACK', {at: 2, peer}),
		inferred('FIN-WAIT-2', {at: 3, ...remote}),
		read('TIME-WAIT', {at: 3, ...remote}),
	];
	assert.deepEqual(
		drawn(ladderOf({...client, steps, transfers: []}, {side: 'server'})),
		['FIN-WAIT-1 · FIN ▸ CLOSE-WAIT', 'TIME-WAIT ◂ FIN ┄ LAST-ACK'],
	);
});

test('ladder: a FIN that waits behind unsent bytes has no arrow until it arrives', () => {
	const bounds = (notBefore: number, seenAt: number) => ({
		at: undefined,
		notBefore,
		seenAt,
	});
	const stuck = [
		{...read('FIN-WAIT-1', {end: 'remote', peer}), ...bounds(10, 20)},
	] as Step[];
	const rowsOf = (steps: readonly Step[]) =>
		ladderOf({steps, transfers: [], segments: []}, {side: 'server'});
	assert.deepEqual(drawn(rowsOf(stuck)), ['FIN-WAIT-1 |']);
	const arrived = [
		...stuck,
		called('resume()', {at: 500, peer}),
		{...read('CLOSE-WAIT', {peer}), ...bounds(490, 510)},
		{...read('FIN-WAIT-2', {end: 'remote', peer}), ...bounds(490, 510)},
	] as Step[];
	assert.deepEqual(drawn(rowsOf(arrived)), [
		'FIN-WAIT-1 |',
		'| resume()',
		'┄ FIN ▸ CLOSE-WAIT',
		'FIN-WAIT-2 ◂ ACK ┄',
	]);
	// One reading showed both: nothing tells that the FIN had to wait.
	const atOnce = [
		...stuck,
		{...read('CLOSE-WAIT', {peer}), ...bounds(10, 20)},
	] as Step[];
	assert.deepEqual(drawn(rowsOf(atOnce)), ['FIN-WAIT-1 ┄ FIN ▸ CLOSE-WAIT']);
});

test('ladder: a FIN that the own end keeps back has no arrow, either', () => {
	const stuck = [
		called('close()', {at: 5}),
		read('FIN-WAIT-1', {at: 6}),
	] as Step[];
	const rowsOf = (steps: readonly Step[]) =>
		ladderOf({steps, transfers: [], segments: []}, {side: 'client'});
	assert.deepEqual(drawn(rowsOf(stuck)), ['close() |', 'FIN-WAIT-1 |']);
	assert.deepEqual(drawn(rowsOf([...stuck, received('RST', {at: 9})])), [
		'close() |',
		'FIN-WAIT-1 |',
		'◂ RST ·',
	]);
	assert.deepEqual(
		drawn(
			rowsOf([called('shutdown(SHUT_WR)', {at: 5}), read('LAST-ACK', {at: 6})]),
		),
		['shutdown(SHUT_WR) |', 'LAST-ACK |'],
	);
});

test('ladder: what was read after a pause stands after it, among captured segments', () => {
	const {segments, ...others} = server(() => 0);
	const carrier = segments.find(
		step => step.kind === 'segment' && step.segment === 'PSH',
	);
	const at = seenBy(carrier!);
	const steps = [
		...others.steps.filter(step => seenBy(step) < at),
		called('pause()', {at: at - 1, peer}),
		called('resume()', {at: at + 2000, peer}),
	];
	for (const readAt of [at + 2000, at + 2001]) {
		const transfers = others.transfers.map(step => idOf(step, readAt));
		const rungs = ladderOf({steps, transfers, segments}, {side: 'server'});
		const times = rungs.map(({time}) => seenBy(time));
		assert.deepEqual(
			times.filter((time, index) => time < (times[index - 1] ?? 0)),
			[],
		);
		assert.deepEqual(drawn(rungs).slice(-2), ['| resume()', '| recv(65536)']);
	}
});

test('ladder: bytes that were read late came before, at a time that has bounds', () => {
	const sized = (offset: number, length: number, at: number) =>
		transfer('in', offset, length, at, peer);
	const timesOf = (rungs: readonly Rung[]) =>
		rungs.flatMap(({arrow, time}) => (arrow ? [time] : []));
	const paused = [
		called('pause()', {at: 10, peer}),
		called('resume()', {at: 50, peer}),
	];
	const transfers = [
		sized(0, 5, 5),
		sized(5, 65_536, 51),
		sized(65_541, 7, 52),
		sized(65_548, 5, 60),
	];
	assert.deepEqual(
		timesOf(
			ladderOf({steps: paused, transfers, segments: []}, {side: 'server'}),
		),
		[
			{at: 5},
			{notBefore: 10, seenAt: 51},
			{notBefore: 10, seenAt: 52},
			// The one before it had emptied the queue.
			{at: 60},
		],
	);
	const steps = [
		paused[0]!,
		received('FIN', {at: 40, peer}),
		read('CLOSE-WAIT', {at: 40, peer}),
		paused[1]!,
	];
	assert.deepEqual(
		drawn(
			ladderOf(
				{steps, transfers: [sized(0, 5, 51)], segments: []},
				{side: 'server'},
			),
		),
		[
			'| pause()',
			'┄ FIN ▸ CLOSE-WAIT',
			'| resume()',
			// Its bytes came before the FIN.
			'| recv(65536)',
		],
	);
});

test('ladder: a send() whose bytes still wait has no arrow', () => {
	const counted = (length: number, at: number): Step => ({
		kind: 'segment',
		segment: 'ACK',
		evidence: 'read',
		direction: 'out',
		seq: 1,
		length,
		count: 3,
		peer: undefined,
		at,
	});
	const sends = [0, 1, 2, 3].map(index => transfer('out', index * 10, 10, 5));
	const rowsOf = (...transfers: readonly Step[]) =>
		drawn(ladderOf({steps: [], transfers, segments: []}, {side: 'client'}));
	assert.deepEqual(
		rowsOf(...sends, counted(25, 6), transfer('out', 40, 9, 9)),
		[
			'send(10) |',
			'send(10) |',
			'┄ data ▸',
			'send(10) |',
			'send(10) |',
			// The bytes before it still wait, too.
			'send(9) |',
		],
	);
	// Not counted yet: nothing says that it has left.
	const next = [
		...sends.slice(0, 2),
		counted(20, 6),
		transfer('out', 20, 9, 9),
	];
	const before = ['send(10) |', 'send(10) |', '┄ data ▸'];
	assert.deepEqual(rowsOf(...next), [...before, 'send(9) |']);
	assert.deepEqual(rowsOf(...next, acknowledged(30, 10)), [
		...before,
		'send(9) · data ▸',
	]);
});

test('ladder: the order is that of causes, however late a step was seen', () => {
	const anyDelays = fc.array(fc.nat({max: 40}), {minLength: 5, maxLength: 5});
	fc.assert(
		fc.property(anyDelays, delays => {
			// The clock of steps has whole milliseconds.
			let total = -0.9;
			const sums = delays.map(delay => {
				total += delay;
				return total;
			});
			const rungs = ladderOf(
				server(step => sums[step]!),
				{side: 'server'},
			);
			const placeOf = (call: Call) =>
				rungs.findIndex(
					({server: step}) => step?.kind === 'call' && step.call === call,
				);
			const arrowOf = (name: string, from: string) =>
				rungs.findIndex(
					({arrow}) => arrow?.name === name && arrow.from === from,
				);
			const order = [
				placeOf('listen(1)'),
				arrowOf('SYN', 'client'),
				arrowOf('SYN+ACK', 'server'),
				arrowOf('ACK', 'client'),
				placeOf('accept()'),
				placeOf('shutdown(SHUT_WR)'),
				arrowOf('FIN', 'server'),
				placeOf('close()'),
			];
			assert.deepEqual(
				order,
				order.toSorted((a, b) => a - b),
			);
			assert.equal(placeOf('recv(65536)'), arrowOf('PSH', 'client'));
			assert.ok(arrowOf('FIN', 'client') < placeOf('shutdown(SHUT_WR)'));
			// What caused a segment didn't happen after it.
			const shutdown = rungs[placeOf('shutdown(SHUT_WR)')]!;
			assert.ok(seenBy(shutdown.time) <= 1006);
		}),
	);
});

test('ladder: each step and each segment stands there once, segments in order', () => {
	fc.assert(
		fc.property(
			fc.array(anyStep, {maxLength: 30}),
			fc.array(fc.oneof(anyTransfer, anyCounted, anyAcknowledgement), {
				maxLength: 15,
			}),
			fc.array(anySegment, {maxLength: 30}),
			fc.constantFrom('client' as const, 'server' as const),
			(some, moved, segments, side) => {
				// A time of its own for each.
				const steps = some.map((step, index) => idOf(step, index * 3));
				const transfers = moved.map((step, index) =>
					idOf(step, index * 5 + 0.3),
				);
				const all = segments.map((step, index) => idOf(step, index * 4 + 0.6));
				const rungs = ladderOf({steps, transfers, segments: all}, {side});
				const shown = rungs.flatMap(rung =>
					[rung.client, rung.server, rung.segment].filter(
						step => step !== undefined,
					),
				);
				assert.equal(new Set(shown).size, shown.length);
				assert.deepEqual(
					shown.filter(
						step => step.kind === 'segment' && step.evidence === 'captured',
					),
					all,
				);
				// A FIN that was read may be one that was captured, or inferred; a
				// FIN-WAIT-2 may have been over with the segment that began it.
				const kept = new Set(shown);
				for (const step of [...steps, ...transfers]) {
					assert.ok(
						step.kind === 'segment' || isPassing(step) || kept.has(step),
					);
				}
			},
		),
		{numRuns: runs},
	);
});

test('ladder: of other programs, calls stand at the side of the one that made them', () => {
	const times = {notBefore: 1, seenAt: 2};
	const sent = (end: 'local' | 'remote', result: string): Step => ({
		kind: 'call',
		call: 'send()',
		result,
		offset: 0,
		end,
		evidence: 'inferred',
		peer: 'p',
		...times,
	});
	const made = (call: Call, end: 'local' | 'remote'): Step => ({
		kind: 'call',
		call,
		end,
		evidence: 'inferred',
		peer: 'p',
		...times,
	});
	const steps = [made('connect()', 'remote'), made('accept()', 'local')];
	const transfers = [sent('remote', '5'), sent('local', '2')];
	const rungs = ladderOf({steps, transfers, segments: []}, {side: 'server'});
	const lines = drawn(rungs);
	assert.deepEqual(
		new Set(lines),
		new Set([
			'connect() |',
			'| accept()',
			'send() ┄ data ▸',
			'◂ data ┄ send()',
		]),
	);
});

/** Seen at some time up to then, and alone on its rung. */
const seen = (step: Step, seenAt: number): Step =>
	withTime(step, {notBefore: 0, seenAt}) as Step;

const opened = [
	segment('SYN', 'client', 1),
	segment('SYN+ACK', 'server', 1, {ack: 1}),
	segment('ACK', 'client', 1, {seq: 1, ack: 1}),
];

const halfClosed = (): LadderSteps => ({
	steps: [
		seen(watched('socket()', 'remote', 0), 2),
		seen(watched('connect()', 'remote', 0), 2),
		read('ESTABLISHED', {at: 2, end: 'remote', peer}),
		read('ESTABLISHED', {at: 2, peer}),
		seen(watched('shutdown(SHUT_WR)', 'remote', 0), 7),
		read('FIN-WAIT-2', {at: 7, end: 'remote', peer}),
	],
	// Counted after the FIN was seen.
	transfers: [seen(sentBy('remote', 0, 5, 0), 8)],
	segments: [
		...opened,
		segment('PSH', 'client', 3, {seq: 1, ack: 1, length: 5}),
		segment('ACK', 'server', 3, {seq: 1, ack: 6}),
		segment('FIN', 'client', 6, {seq: 6, ack: 1}),
		segment('ACK', 'server', 6, {seq: 1, ack: 7}),
	],
});

test('ladder: what caused a later segment stands no earlier than it', () => {
	assert.deepEqual(drawn(ladderOf(halfClosed(), {side: 'server'})), [
		'socket() |',
		'connect() |',
		'─ SYN ▸',
		'ESTABLISHED ◂ SYN+ACK ─',
		'─ ACK ▸ ESTABLISHED',
		'send() ─ PSH ▸',
		'◂ ACK ─',
		'shutdown(SHUT_WR) |',
		'─ FIN ▸',
		'FIN-WAIT-2 ◂ ACK ─',
	]);
});

test('ladder: a socket was there before its SYN', () => {
	const [socket, connect] = ladderOf(halfClosed(), {side: 'server'});
	const time = {notBefore: 0, seenAt: 1};
	assert.deepEqual([socket!.time, connect!.time], [time, time]);
});

test('ladder: a recv() that an RST or a FIN ended returned after it', () => {
	for (const [name, mark] of [
		['RST', '◂ RST ─'],
		['FIN', '◂ FIN ─'],
	] as const) {
		const rungs = ladderOf(
			{
				steps: [
					read('ESTABLISHED', {at: 2, end: 'remote', peer}),
					read('ESTABLISHED', {at: 2, peer}),
					// It returned after the table was read that it was seen with.
					seen(watched('recv(9)', 'remote', 0, {evidence: 'read'}), 7),
					seen(watched('close()', 'local', 0), 8),
				],
				transfers: [],
				segments: [...opened, segment(name, 'server', 6, {seq: 1, ack: 1})],
			},
			{side: 'server'},
		);
		assert.deepEqual(drawn(rungs).slice(-3), ['| close()', mark, 'recv(9) |']);
	}
});

test('ladder: an end that was not seen in FIN-WAIT-2 got no ACK but the FIN', () => {
	const remote = {end: 'remote'} as const;
	const steps = [
		inferred('FIN-WAIT-1', {at: 1}),
		inferred('FIN-WAIT-2', {at: 1}),
		inferred('CLOSE-WAIT', {at: 1, ...remote}),
		inferred('LAST-ACK', {at: 1, ...remote}),
		read('TIME-WAIT', {at: 1}),
		read('CLOSED', {at: 1, ...remote}),
	];
	const rungs = ladderOf(
		{steps, transfers: [], segments: []},
		{side: 'client'},
	);
	assert.deepEqual(drawn(rungs), [
		'FIN-WAIT-1 · FIN ▸ CLOSE-WAIT',
		'FIN-WAIT-2 |',
		'TIME-WAIT ◂ FIN ┄ LAST-ACK',
		'┄ ACK ▸ CLOSED',
	]);
});
