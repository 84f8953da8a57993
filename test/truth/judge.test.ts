/** What the truth tests hold the claims against, where segments don't tell all. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type {TcpState} from '../../source/tcp/tcp.js';
import {judge, type Verdict} from '../helpers/truth/claims.js';
import type {Segment} from '../helpers/truth/pcap.js';
import {
	canJudge,
	isRight,
	parseHoles,
	parseReadings,
} from '../helpers/truth/queues.js';
import {
	askedFins,
	entriesOf,
	withAskedFins,
	withQueuedFins,
	type Entry,
} from '../helpers/truth/tcp-model.js';

const server = '127.0.0.1:5001';
const client = '127.0.0.1:40000';

const segment = (
	at: number,
	[from, to]: readonly [string, string],
	flags: Partial<Segment>,
): Segment => ({
	at,
	from,
	to,
	sequence: 1,
	acknowledgment: 1,
	length: 0,
	isSyn: false,
	isAck: true,
	isFin: false,
	isRst: false,
	...flags,
});

const up = [client, server] as const;
const down = [server, client] as const;

/** The server sends FIN; then the client sends what it had queued, and FIN. */
const closing = (at: number): readonly Segment[] => [
	segment(at, up, {isSyn: true, isAck: false, sequence: 0}),
	segment(at, down, {isSyn: true, sequence: 0}),
	segment(at, up, {}),
	segment(at + 100, down, {isFin: true}),
	segment(at + 101, up, {acknowledgment: 2, length: 9}),
	segment(at + 102, up, {acknowledgment: 2, sequence: 10, isFin: true}),
	segment(at + 103, down, {acknowledgment: 11, sequence: 2}),
];

const seen = (state: TcpState, from: number, to: number): Entry => ({
	end: `${client} ${server}`,
	state,
	from,
	to,
});

const startJudge =
	(segments: readonly Segment[], polled: readonly Entry[]) =>
	(state: TcpState, notBefore: number, seenAt: number): Verdict | undefined => {
		const entries = [...withQueuedFins(entriesOf(segments), polled), ...polled];
		const time = {notBefore, seenAt};
		const step = {
			kind: 'state',
			end: 'remote',
			state,
			evidence: 'read',
			peer: client,
			...time,
		} as const;
		const claim = {step, local: server, remote: client};
		return judge([claim], entries, segments, [])[0]?.verdict;
	};

test('judge: an end that was seen in CLOSING had sent its FIN before', () => {
	const verdictOn = startJudge(closing(1000), [
		seen('ESTABLISHED', 999, 1001),
		seen('CLOSING', 1095, 1102),
		seen('TIME-WAIT', 1102, 1104),
	]);
	assert.equal(verdictOn('FIN-WAIT-1', 1090, 1099), 'right');
	// The poll saw that it was still open.
	assert.equal(verdictOn('FIN-WAIT-1', 1040, 1080), 'late');
	assert.equal(verdictOn('CLOSING', 1095, 1102), 'right');
	assert.equal(verdictOn('TIME-WAIT', 1102, 1104), 'right');
	// These are what its segments alone would mean.
	assert.equal(verdictOn('CLOSE-WAIT', 1095, 1102), 'false');
	assert.equal(verdictOn('LAST-ACK', 1095, 1102), 'false');
	assert.equal(verdictOn('CLOSED', 1095, 1110), 'false');
});

test('judge: of a FIN that is sent again, either may have been taken', () => {
	const segments = closing(1000).toSpliced(
		4,
		0,
		segment(1107, down, {isFin: true}),
	);
	const entries = entriesOf(segments).filter(
		({end, state}) => end.startsWith(client) && state === 'CLOSE-WAIT',
	);
	assert.deepEqual(
		entries.map(({from, to}) => [from, to]),
		[[1100, 1107]],
	);
});

test('judge: an end that only answered a FIN was never in FIN-WAIT-1', () => {
	const segments = [...closing(1000), ...closing(3000)];
	const verdictOn = startJudge(segments, [
		seen('ESTABLISHED', 999, 1001),
		seen('CLOSE-WAIT', 1095, 1101),
		seen('CLOSED', 1102, 1106),
		// Of the next connection with these addresses.
		seen('ESTABLISHED', 2999, 3001),
		seen('TIME-WAIT', 3095, 3104),
	]);
	assert.equal(verdictOn('FIN-WAIT-1', 1090, 1099), 'late');
	assert.equal(verdictOn('CLOSE-WAIT', 1095, 1102), 'right');
	assert.equal(verdictOn('CLOSED', 1102, 1106), 'right');
	assert.equal(verdictOn('FIN-WAIT-1', 3094, 3100), 'right');
	assert.equal(verdictOn('CLOSE-WAIT', 3095, 3102), 'late');
	assert.equal(verdictOn('CLOSED', 3102, 3106), 'late');
});

test('truth: between two readings, a send queue may have held what went over', () => {
	const [here, there] = ['0100007F:9C40', '0100007F:1389'];
	const readings = parseReadings(
		[
			`${here} ${there} 00000000 00000000 00 0 100`,
			`${there} ${here} 00000000 00000000 00 0 100`,
			// A busy machine: the next reading comes late.
			`${here} ${there} 00001000 00000000 04 101 300`,
			`${there} ${here} 00000000 00000400 00 101 300`,
			'',
		].join('\n'),
	);
	const isRightAt = (at: number, sendQueueBytes: number) =>
		isRight(
			{
				from: at,
				at,
				socket: {
					local: client,
					remote: server,
					state: 'ESTABLISHED',
					sendQueueBytes,
					receiveQueueBytes: 0,
					uid: 0,
				},
			},
			readings,
		);
	assert.ok(isRightAt(200, 0x1000 + 0x400));
	assert.ok(!isRightAt(200, 0x1000 + 0x401));
	assert.ok(isRightAt(400, 0x1000));
	assert.ok(!isRightAt(400, 0x1000 + 1));
});

test('truth: where the poll has a hole, no queue is judged', () => {
	const [here, there] = ['0100007F:9C40', '0100007F:1389'];
	const text = [
		`${here} ${there} 00000000 00000000 00 0 100`,
		// Meanwhile megabytes rose and fell.
		'hole 200 2900',
		`${here} ${there} 00001000 00000000 04 3000 3001`,
		'',
	].join('\n');
	const [readings, holes] = [parseReadings(text), parseHoles(text)];
	assert.equal(readings.length, 2);
	const judged = (from: number, at: number, sendQueueBytes: number) => {
		const claim = {
			from,
			at,
			socket: {
				local: client,
				remote: server,
				state: 'ESTABLISHED',
				sendQueueBytes,
				receiveQueueBytes: 0,
				uid: 0,
			},
		} as const;
		return canJudge(claim, holes) ? isRight(claim, readings) : 'unjudged';
	};

	assert.equal(judged(150, 160, 0), true);
	assert.equal(judged(150, 160, 4_400_000), false);
	assert.equal(judged(300, 310, 4_400_000), 'unjudged');
	assert.equal(judged(300, 310, 0), 'unjudged');
	// Its own reading may have been in the hole.
	assert.equal(judged(190, 210, 0), 'unjudged');
	assert.equal(judged(2890, 2950, 4_400_000), 'unjudged');
	assert.equal(judged(2950, 2960, 4_400_000), false);
	assert.equal(judged(3100, 3101, 0x1000), true);
});

test('truth: an end is in FIN-WAIT-1 from the call that asked for its FIN', () => {
	const entries = [
		seen('ESTABLISHED', 10, 20),
		seen('FIN-WAIT-1', 100, 101),
		seen('ESTABLISHED', 210, 220),
		seen('FIN-WAIT-1', 300, 301),
	];
	const shutdown = (from: number) => ({
		name: 'shutdown' as const,
		errno: undefined,
		from,
		socket: {local: client, remote: server, isAccepted: false},
	});
	assert.deepEqual(
		withAskedFins(entries, [shutdown(50), shutdown(250)]).map(({from}) => from),
		[10, 50, 210, 250],
	);
	assert.deepEqual(
		withAskedFins(entries, [
			{...shutdown(50), errno: 'ENOTCONN'},
			{...shutdown(250), name: 'send'},
		]),
		entries,
	);
});

/** An end in ESTABLISHED, or in CLOSE-WAIT, sends what is too much, and no FIN. */
const filled = (...more: readonly Segment[]): readonly Segment[] => [
	...closing(1000).slice(0, 3),
	segment(1010, up, {length: 9}),
	...more,
];

const asks = {
	name: 'shutdown',
	argument: 'SHUT_WR',
	result: 0,
	from: 1200,
	to: 1200.1,
	socket: {local: client, remote: server, isAccepted: false},
} as const;

test('judge: a FIN that never left was asked for, though the poll saw nothing', () => {
	const end = `${client} ${server}`;
	const killed = segment(1300, down, {isRst: true});
	const time = {from: 1200, to: 1200.1};
	assert.deepEqual(askedFins(filled(killed), [asks]), [
		{end, state: 'FIN-WAIT-1', ...time},
	]);
	assert.deepEqual(askedFins(filled(killed), [{...asks, name: 'close'}]), [
		{end, state: 'FIN-WAIT-1', ...time},
	]);
	const answered = [
		segment(1100, down, {isFin: true}),
		segment(1101, up, {acknowledgment: 2, sequence: 10}),
	];
	assert.deepEqual(askedFins(filled(...answered, killed), [asks]), [
		{end, state: 'LAST-ACK', ...time},
	]);
	// The first of two calls asks for it.
	const again = {...asks, name: 'close', from: 1250, to: 1250.1} as const;
	assert.deepEqual(askedFins(filled(killed), [asks, again]), [
		{end, state: 'FIN-WAIT-1', ...time},
	]);
});

test('judge: what strace and tcpdump leave open shows no FIN that was asked for', () => {
	const killed = segment(1300, down, {isRst: true});
	const nothing = [
		// It failed, or has not returned.
		{...asks, result: undefined},
		{...asks, argument: 'SHUT_RD'},
		{...asks, name: 'send'},
		// It was over, or not yet open.
		{...asks, from: 1301, to: 1302},
		{...asks, from: 900, to: 901},
		{...asks, socket: {...asks.socket, remote: '127.0.0.1:5002'}},
		{...asks, socket: {...asks.socket, local: undefined}},
	] as const;
	for (const call of nothing) {
		assert.deepEqual(askedFins(filled(killed), [call]), []);
	}

	// Its close() sent RST instead.
	const resets = segment(1200.05, up, {isRst: true});
	const close = {...asks, name: 'close'} as const;
	assert.deepEqual(askedFins(filled(resets), [close]), []);
	// Of a FIN that was sent again, it may have taken the one after the call.
	const crossed = [
		segment(1190, down, {isFin: true}),
		segment(1240, down, {isFin: true}),
		segment(1250, up, {acknowledgment: 2, sequence: 10}),
	];
	assert.deepEqual(askedFins(filled(...crossed), [asks]), []);
});
