/**
 * The steps of other programs' sockets, from readings made up here. Times are
 * those of the readings: one every 10 ms.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type {SocketHolder} from '../../../source/socket/socket-holders.js';
import type {TcpRow} from '../../../source/socket/tcp-table.js';
import {
	noSegments,
	type SegmentFigures,
} from '../../../source/tcp/segment-counts.js';
import {seenBy, timeOf} from '../../../source/tcp/step-time.js';
import type {Call, Step, StepTime, TcpState} from '../../../source/tcp/tcp.js';
import {
	maxFollowed,
	maxListed,
	PortLog,
} from '../../../source/watch/port/port-log.js';
import type {PortEvent} from '../../../source/event/port-event.js';
import type {PortReading} from '../../../source/watch/port/port-reading.js';
import {
	endingInodes,
	withoutEarlier,
} from '../../../source/watch/port/port-rows.js';
import type {ResetCounts} from '../../../source/watch/port/reset-counts.js';

const server = '127.0.0.1:5001';
const client = '127.0.0.1:40000';

const row = (
	state: TcpState,
	inode: string,
	[local, remote]: readonly [string, string],
	waiting = 0,
): TcpRow => ({
	socket: {
		local,
		remote,
		state,
		sendQueueBytes: 0,
		receiveQueueBytes: waiting,
		uid: 0,
	},
	inode,
});

const listens = (waiting = 0) =>
	row('LISTEN', '1', [server, '0.0.0.0:0'], waiting);

const pair = (
	local: readonly [TcpState, string] | undefined,
	remote: readonly [TcpState, string] | undefined,
	peer = client,
): TcpRow[] => [
	...(local ? [row(...local, [server, peer])] : []),
	...(remote ? [row(...remote, [peer, server])] : []),
];

const holder = (pid: number, fd: number): SocketHolder => ({
	pid,
	fd,
	name: 'python3',
	startedAt: '1',
	sockets: 1,
});

/** The server is process 7, the client 8. */
const holders = new Map([
	['1', holder(7, 3)],
	['2', holder(7, 4)],
	['3', holder(8, 3)],
]);

type Extra = {
	readonly held?: readonly string[];
	readonly ended?: readonly number[];
	/** Inodes whose holder isn't known any more. */
	readonly forgotten?: readonly string[];
	readonly stopped?: readonly number[];
	readonly calls?: ReadonlyArray<
		readonly [pid: number, call: Call, inode: string]
	>;
	readonly isUnreadable?: boolean;
	/** How long nothing was read before. */
	readonly afterMs?: number;
	/** Whether something has changed that ss is still to count. */
	readonly isCountDue?: boolean;
	/** Bytes that the client has sent. */
	readonly sentBytes?: number;
	/** What ss counted of the client's end, and of the server's. */
	readonly client?: Partial<SegmentFigures>;
	readonly server?: Partial<SegmentFigures>;
	/** Counted between this reading and the one before. */
	readonly resets?: Partial<ResetCounts>;
};

const figuresOf = ({
	sentBytes,
	client: own = sentBytes === undefined ? undefined : {sentBytes},
	server: other,
}: Extra): PortReading['figures'] => {
	const ends = new Map([
		...(own
			? ([[`${client} ${server}`, {...noSegments, ...own}]] as const)
			: []),
		...(other
			? ([[`${server} ${client}`, {...noSegments, ...other}]] as const)
			: []),
	]);
	return ends.size === 0 ? undefined : {ends, backlogs: new Map()};
};

const nameOf = (event: PortEvent): string => {
	if (event.type !== 'step') {
		return event.type === 'process'
			? `${event.pid} ${event.state}`
			: event.type;
	}

	const {step} = event;
	const how = 'evidence' in step && step.evidence === 'read' ? '' : '?';
	switch (step.kind) {
		case 'call': {
			return `${step.end} ${step.call}${how}${step.isBlocked ? ' blocks' : ''}`;
		}

		case 'state': {
			return `${step.end} ${step.state}${how}`;
		}

		case 'segment': {
			const {segment, reason, direction} = step;
			return reason === undefined
				? segment
				: [segment, reason, direction].filter(Boolean).join(' ');
		}
	}
};

const eventTime = (event: Exclude<PortEvent, {type: 'sockets'}>): StepTime =>
	event.type === 'step' ? event.step : event;

/** Takes readings; each returns the names of the events. */
const startLog = () => {
	const log = new PortLog(server, 5001);
	let at = 1000;
	const events: PortEvent[] = [];
	let resets: ResetCounts = {sent: 100, unread: 10, aborted: 0, unwaited: 1};
	const read = (rows: readonly TcpRow[], extra: Extra = {}): string[] => {
		const begunAt = at + (extra.afterMs ?? 0);
		at = begunAt + 10;
		const {held = [], ended = [], stopped = [], calls = []} = extra;
		const before = resets;
		const {sent = 0, unread = 0, unwaited = 0} = extra.resets ?? {};
		resets = {
			sent: before.sent + sent,
			unread: before.unread + unread,
			aborted: before.aborted,
			unwaited: before.unwaited + unwaited,
		};
		const taken = log.take({
			begunAt,
			tableAt: begunAt + 2,
			at: begunAt + 3,
			rows: extra.isUnreadable ? undefined : withoutEarlier(rows),
			ending: endingInodes(rows),
			holders: new Map(
				[...holders].filter(([inode]) => !extra.forgotten?.includes(inode)),
			),
			held: new Set(held),
			processes: new Map(
				[7, 8].map(pid => [
					pid,
					ended.includes(pid)
						? 'ended'
						: stopped.includes(pid)
							? 'stopped'
							: 'running',
				]),
			),
			calls: new Map(
				calls.map(([pid, call, inode]) => [
					pid,
					[{call, inode, fd: 3, thread: String(pid)}],
				]),
			),
			figures: figuresOf(extra),
			hasCountFailed: false,
			isCountDue: extra.isCountDue ?? false,
			resets: {before, after: resets},
		} satisfies PortReading);
		events.push(...taken);
		return taken.map(event => nameOf(event));
	};

	return {log, read, events};
};

test('port-log: who listens has made three calls, and the last since the reading before', () => {
	const {read, events} = startLog();
	assert.deepEqual(read([]), []);
	assert.deepEqual(read([listens()]), [
		'local socket()?',
		'local bind()?',
		'local listen()?',
		'local LISTEN',
	]);
	for (const event of events) {
		assert.equal(event.type, 'step');
		const {step} = event;
		// No table has a socket that doesn't listen yet.
		const isOlder =
			step.kind === 'call' && ['socket()', 'bind()'].includes(step.call);
		assert.equal(step.notBefore, isOlder ? 0 : 1000);
		assert.equal(event.step.seenAt, 1012);
	}

	// A table that changes while being read may miss a row once.
	assert.deepEqual(read([]), []);
	assert.deepEqual(read([listens()]), []);
	assert.deepEqual(read([]), []);
	assert.deepEqual(read([]), ['local CLOSED']);
});

test('port-log: bytes that ss counts after the table were sent before they were read', () => {
	const {read, events} = startLog();
	read([]);
	read([listens()]);
	const client5 = row('ESTABLISHED', '3', [client, server]);
	read([listens(), row('ESTABLISHED', '2', [server, client], 5), client5]);
	const before = events.length;
	read([listens(), row('ESTABLISHED', '2', [server, client]), client5], {
		sentBytes: 5,
	});
	const times = events.slice(before).map(event => ({
		name: nameOf(event),
		by: event.type === 'sockets' ? 0 : seenBy(eventTime(event)),
	}));
	assert.deepEqual(
		times.map(({name}) => name),
		['data', 'local recv()?'],
	);
	assert.ok(times[0]!.by <= times[1]!.by, JSON.stringify(times));
});

test('port-log: who is connected to had listened, though no table had it', () => {
	const open = pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3']);
	const listened = [
		'local socket()?',
		'local bind()?',
		'local listen()?',
		'local LISTEN?',
	];
	for (const isThere of [true, false]) {
		const {read} = startLog();
		read([]);
		const events = read(open);
		assert.deepEqual(events.slice(0, 4), listened);
		assert.ok(events.includes('local accept()?'));
		const isListening = isThere ? [listens()] : [];
		assert.deepEqual(read([...isListening, ...open]), []);
		assert.deepEqual(
			[0, 1, 2].flatMap(() => read([...isListening, ...open])),
			isThere ? [] : ['local CLOSED'],
		);
	}

	// It listened before the watch began, or is connected to itself.
	const {read} = startLog();
	assert.ok(!read(open).includes('local listen()?'));
	const own = startLog();
	own.read([]);
	const names = own.read([row('ESTABLISHED', '2', [server, server])]);
	assert.ok(!names.includes('local listen()?'));
});

test('port-log: whose connection came was listening, though its table had one row', () => {
	const opened = pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3']);
	const isCall = (name: string) => name.includes('()');
	for (const only of opened) {
		const {read} = startLog();
		read([]);
		const calls = [
			...read([only]),
			...read([listens(), ...opened]),
			...read([listens(), ...opened]),
		].filter(name => isCall(name));
		assert.deepEqual(
			calls.map(name => /\w+\(\)/.exec(name)?.[0]),
			['socket()', 'bind()', 'listen()', 'socket()', 'connect()', 'accept()'],
		);
	}

	// Nobody has to listen where somebody only tries to connect.
	const dialling = startLog();
	dialling.read([]);
	const names = dialling.read(pair(undefined, ['SYN-SENT', '3']));
	assert.ok(!names.includes('local listen()?'));
});

test('port-log: another that listens there at once is another socket', () => {
	const {read} = startLog();
	read([listens()]);
	assert.deepEqual(read([row('LISTEN', '9', [server, '0.0.0.0:0'])]), [
		'local CLOSED',
		'local socket()?',
		'local bind()?',
		'local listen()?',
		'local LISTEN',
	]);
});

test('port-log: of what was there before, no call is claimed', () => {
	const {read} = startLog();
	assert.deepEqual(
		read([
			listens(),
			...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3']),
		]).toSorted(),
		['local ESTABLISHED', 'local LISTEN', 'remote ESTABLISHED'],
	);
});

test('port-log: a connection waits in the backlog until it has an inode', () => {
	const {read, log} = startLog();
	read([listens()]);
	const calls = [[7, 'accept()', '1']] as const;
	assert.deepEqual(read([listens()], {calls}), ['local accept() blocks']);
	assert.deepEqual(
		read([listens(1), ...pair(['ESTABLISHED', '0'], ['ESTABLISHED', '3'])]),
		[
			'remote socket()?',
			'remote connect()?',
			'remote SYN-SENT?',
			'remote ESTABLISHED',
			'local ESTABLISHED',
		],
	);
	const {listening, connections} = log.sockets(0);
	assert.equal(listening[0]!.waiting, 1);
	assert.equal(connections[0]!.isAccepted, false);
	assert.deepEqual(
		read([listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])]),
		['local accept()?'],
	);
	assert.equal(log.sockets(0).connections[0]!.isAccepted, true);
});

test('port-log: of a SYN that waited for room, the client is open first', () => {
	const {read} = startLog();
	read([listens(2)]);
	read([listens(2), ...pair(undefined, ['SYN-SENT', '3'])]);
	const opened = read([
		listens(2),
		...pair(['ESTABLISHED', '0'], ['ESTABLISHED', '3']),
	]);
	assert.deepEqual(opened, ['remote ESTABLISHED', 'local ESTABLISHED']);
});

/** Whose connection each accept() returned, in the order of the events. */
const acceptedIn = (events: readonly PortEvent[]): string[] =>
	events.flatMap(event =>
		event.type === 'step' &&
		event.step.kind === 'call' &&
		event.step.call === 'accept()' &&
		event.step.result !== undefined
			? [event.step.result]
			: [],
	);

test('port-log: accept() takes connections in their order, however torn the table', () => {
	const {read, events} = startLog();
	const [first, second] = [client, '127.0.0.1:40001'];
	const queued = (peer: string) =>
		pair(['ESTABLISHED', '0'], ['ESTABLISHED', '3'], peer);
	const accepted = (peer: string, inode: string) =>
		pair(['ESTABLISHED', inode], ['ESTABLISHED', '3'], peer);
	read([listens()]);
	read([listens(1), ...queued(first)]);
	read([listens(2), ...queued(second), ...queued(first)]);
	// The row of the first was read before both were accepted.
	read([listens(), ...queued(first), ...accepted(second, '5')]);
	assert.deepEqual(acceptedIn(events), [first, second]);
	read([listens(), ...accepted(first, '4'), ...accepted(second, '5')]);
	assert.deepEqual(acceptedIn(events), [first, second]);
});

test('port-log: who has sent was accepted, though the table was read before that', () => {
	const {read, events} = startLog();
	const rows = [listens(), ...pair(['ESTABLISHED', '0'], ['ESTABLISHED', '3'])];
	read([listens()]);
	read(rows);
	assert.deepEqual(read(rows, {server: {sentBytes: 7}}), [
		'local accept()?',
		'data',
	]);
	read([listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])]);
	assert.deepEqual(acceptedIn(events), [client]);
});

test('port-log: of connections that come and are accepted at once, the descriptors have the order', () => {
	const {read, events} = startLog();
	const peers = ['127.0.0.1:40002', '127.0.0.1:40001', '127.0.0.1:40003'];
	read([listens()]);
	read([
		listens(),
		...['6', '4', '5'].flatMap((inode, index) =>
			pair(['ESTABLISHED', inode], ['ESTABLISHED', '3'], peers[index]),
		),
	]);
	assert.deepEqual(acceptedIn(events), [peers[1], peers[2], peers[0]]);
});

test('port-log: an end whose row each reading missed was open, and is closed', () => {
	const {read, events} = startLog();
	const waiting = [listens(), ...pair(undefined, ['TIME-WAIT', '0'])];
	read([listens()]);
	read([listens(), ...pair(undefined, ['FIN-WAIT-2', '3'])]);
	assert.deepEqual(read(waiting), ['local ESTABLISHED?', 'local accept()?']);
	// It may have opened as long ago as the other end.
	const opened = events.flatMap(event =>
		event.type === 'step' &&
		event.step.kind === 'state' &&
		event.step.state === 'ESTABLISHED' &&
		event.step.end === 'local'
			? [timeOf(event.step)]
			: [],
	);
	assert.deepEqual(opened, [{notBefore: 1000, seenAt: 1022}]);
	assert.deepEqual(read(waiting), [
		'local CLOSE-WAIT?',
		'local LAST-ACK?',
		'remote TIME-WAIT',
		'local CLOSED',
	]);
	assert.deepEqual(read(waiting), []);
});

/** A log in which both ends are open. */
const startOpen = () => {
	const started = startLog();
	started.read([listens()]);
	started.read([
		listens(),
		...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3']),
	]);
	return started;
};

test('port-log: what an end has read comes before what it sent since', () => {
	const {read, events} = startOpen();
	const rows = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	read(rows, {sentBytes: 5, server: {receivedBytes: 5}});
	const before = events.length;
	assert.deepEqual(
		read(rows, {sentBytes: 5, server: {receivedBytes: 5, sentBytes: 7}}),
		['local recv()?', 'data'],
	);
	const [recv, answer] = events.slice(before);
	assert.ok(recv?.type === 'step' && recv.step.kind === 'call');
	assert.equal(recv.step.taken, 5);
	assert.ok(answer?.type === 'data' && answer.from === 'local');
});

test('port-log: who has read, and blocks in the same call again, has called it again', () => {
	const {read} = startOpen();
	const rows = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	const calls = [[7, 'recv(1024)', '2']] as const;
	assert.deepEqual(read(rows, {calls}), ['local recv(1024) blocks']);
	read(rows, {calls, server: {receivedBytes: 5}, sentBytes: 5});
	assert.deepEqual(read(rows, {calls}), [
		'local recv()?',
		'local recv(1024) blocks',
	]);
	assert.deepEqual(read(rows, {calls}), []);
});

test('port-log: a FIN is shutdown() while the socket is held, else close()', () => {
	// While close() sends the FIN, the row still has the inode for a moment.
	for (const [inode, held, call] of [
		['3', ['2', '3'], 'shutdown(SHUT_WR)'],
		['3', ['2'], 'close()'],
		['0', ['2'], 'close()'],
	] as const) {
		const {read} = startOpen();
		const ending = pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', inode]);
		assert.deepEqual(read([listens(), ...ending], {held}), [
			`remote ${call}?`,
			'remote FIN-WAIT-1?',
			'FIN',
			'local CLOSE-WAIT',
			'remote FIN-WAIT-2',
		]);
	}
});

test('port-log: what sent a FIN was called before the table that shows it', () => {
	for (const held of [['2', '3'], ['2']]) {
		const {read, events} = startOpen();
		const before = events.length;
		const ending = pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', '3']);
		read([listens(), ...ending], {held});
		const bounds = events
			.slice(before)
			.flatMap(event => (event.type === 'step' ? [event.step.seenAt] : []));
		assert.equal(bounds.length, 5);
		assert.equal(new Set(bounds).size, 1, bounds.join(' '));
	}
});

test("port-log: a FIN that only the other end's row shows is close(), too", () => {
	// The table is no picture of one moment: one row is older than the other.
	for (const [held, call] of [
		[['2', '3'], 'shutdown(SHUT_WR)'],
		[['2'], 'close()'],
	] as const) {
		const {read} = startOpen();
		const ending = pair(['CLOSE-WAIT', '2'], ['ESTABLISHED', '3']);
		const seen = read([listens(), ...ending], {held});
		assert.equal(seen[0], `remote ${call}?`);
	}
});

test('port-log: in TIME-WAIT the descriptor tells shutdown() from close()', () => {
	for (const [held, call] of [
		[['2', '3'], 'shutdown(SHUT_WR)'],
		[['2'], 'close()'],
	] as const) {
		const {read} = startOpen();
		const left = [listens(), ...pair(undefined, ['TIME-WAIT', '0'])];
		// The row of the server may only have been missed.
		assert.ok(!read(left, {held}).includes('local CLOSED'));
		const seen = read(left, {held});
		assert.ok(seen.includes(`remote ${call}?`), seen.join(', '));
		assert.deepEqual(seen.slice(-3), [
			'local LAST-ACK?',
			'remote TIME-WAIT',
			'local CLOSED',
		]);
	}
});

test('port-log: a process that has ended called neither', () => {
	const {read} = startOpen();
	const left = [listens(), ...pair(undefined, ['TIME-WAIT', '0'])];
	const seen = [
		...read(left, {ended: [8], held: ['2']}),
		...read(left, {ended: [8], held: ['2']}),
	];
	assert.ok(seen.includes('8 ended'));
	assert.ok(seen.includes('remote TIME-WAIT'));
	assert.ok(
		seen.every(name => !name.startsWith('remote close')),
		seen.join(','),
	);
});

test('port-log: a process that ended while the table was older called neither', () => {
	const {read} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	const left = [listens(), ...pair(['FIN-WAIT-2', '0'], ['CLOSE-WAIT', '3'])];
	const seen = [
		...read(open, {ended: [7], held: ['2', '3']}),
		// It is reported once, and forgotten.
		...read(left, {forgotten: ['1', '2'], held: ['3']}),
	];
	assert.ok(seen.includes('7 ended'));
	assert.ok(seen.includes('local FIN-WAIT-2'));
	assert.ok(
		seen.every(name => !name.startsWith('local close')),
		seen.join(','),
	);
});

test('port-log: a call blocks, stays so while stopped, and returns', () => {
	const {read} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	const calls = [[7, 'recv(1024)', '2']] as const;
	assert.deepEqual(read(open, {calls}), ['local recv(1024) blocks']);
	assert.deepEqual(read(open, {calls}), []);
	assert.deepEqual(read(open, {stopped: [7]}), ['7 stopped']);
	assert.deepEqual(read(open, {calls}), ['7 running']);
	// The next reading may show why.
	assert.deepEqual(read(open), []);
	assert.deepEqual(read(open), ['local recv(1024)']);
	// On a socket of another port.
	assert.deepEqual(read(open, {calls: [[7, 'recv(8)', '99']]}), []);
});

test('port-log: the list says who is stopped, as that call does not block', () => {
	const {log, read} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	const stoppedOf = () => {
		const {listening, connections} = log.sockets(0);
		return [
			listening[0]?.isStopped,
			connections[0]?.local?.isStopped,
			connections[0]?.remote?.isStopped,
		];
	};

	read(open, {stopped: [7]});
	assert.deepEqual(stoppedOf(), [true, true, undefined]);
	read(open);
	assert.deepEqual(stoppedOf(), [undefined, undefined, undefined]);
});

test('port-log: nobody knows since when a program is stopped that is found so', () => {
	const {read, events} = startLog();
	read([]);
	read([listens()], {stopped: [7]});
	read([listens()]);
	read([listens()], {stopped: [7]});
	const times = events.flatMap(event =>
		event.type === 'process' ? [[event.state, event.notBefore]] : [],
	);
	assert.deepEqual(times, [
		['stopped', 0],
		['running', 1010],
		['stopped', 1020],
	]);
});

test('port-log: a port that is used again at once is another connection', () => {
	const {read} = startOpen();
	read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])]);
	read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])]);
	const again = [
		listens(),
		...pair(['ESTABLISHED', '4'], ['ESTABLISHED', '5']),
	];
	const seen = [...read(again), ...read(again)];
	assert.ok(seen.includes('remote connect()?'), seen.join(','));
	assert.ok(seen.includes('remote ESTABLISHED'), seen.join(','));
});

test('port-log: the TIME-WAIT of an earlier connection is not of the new one', () => {
	const {read} = startOpen();
	read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])]);
	read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])]);
	// The row of the client is from before it connected again.
	const seen = read([
		listens(),
		...pair(['ESTABLISHED', '4'], ['TIME-WAIT', '0']),
	]);
	assert.ok(!seen.includes('remote TIME-WAIT'), seen.join(','));
	const next = read([
		listens(),
		...pair(['ESTABLISHED', '4'], ['ESTABLISHED', '5']),
	]);
	assert.ok(
		[...seen, ...next].includes('remote ESTABLISHED'),
		[...seen, ...next].join(','),
	);
});

test('port-log: a table that cannot be read ends nothing', () => {
	const {read, log} = startOpen();
	assert.deepEqual(read([], {isUnreadable: true}), []);
	assert.equal(log.sockets(0).isReadable, false);
	assert.deepEqual(
		read([listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])]),
		[],
	);
});

test('port-log: of many connections some are followed, all are counted', () => {
	const {read, log} = startLog();
	read([listens()]);
	const many = Array.from({length: 500}, (_, index) =>
		pair(
			['ESTABLISHED', String(1000 + index)],
			['ESTABLISHED', String(2000 + index)],
			`127.0.0.1:${40_000 + index}`,
		),
	);
	const seen = read([listens(), ...many.flat()]);
	// socket(), connect(), SYN-SENT, ESTABLISHED at both ends, accept().
	assert.equal(seen.length, 6 * maxFollowed);
	const {connections, more} = log.sockets(0);
	assert.equal(connections.length, maxListed);
	assert.equal(more, 500 - maxListed);
	// One that was only counted is not taken for a new one later.
	assert.deepEqual(
		read([listens(), ...many.slice(maxFollowed).flat()]).filter(name =>
			name.includes('connect'),
		),
		[],
	);
});

test('port-log: who accepts in a loop is seen in accept() again', () => {
	const {read} = startLog();
	const calls = [[7, 'accept()', '1']] as const;
	read([listens()]);
	assert.deepEqual(read([listens()], {calls}), ['local accept() blocks']);
	const seen = read(
		[listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])],
		{calls},
	);
	assert.deepEqual(seen.slice(-2), [
		'local accept()?',
		'local accept() blocks',
	]);
	assert.deepEqual(
		read([listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])], {
			calls,
		}),
		[],
	);
});

test('port-log: an end that is gone was reset, unless the other saw its FIN', () => {
	// Both ends vanish while the client waits: TIME-WAIT would still be there.
	const {read} = startOpen();
	const open = {held: ['2', '3']};
	read([listens(), ...pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', '3'])], open);
	const reset = [...read([listens()], open), ...read([listens()], open)];
	assert.deepEqual(reset, ['local CLOSED', 'remote CLOSED']);

	const {read: readOther} = startOpen();
	readOther(
		[listens(), ...pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', '3'])],
		open,
	);
	const left = [listens(), ...pair(undefined, ['TIME-WAIT', '0'])];
	const closed = [...readOther(left, open), ...readOther(left, open)];
	assert.deepEqual(
		closed.filter(name => name.startsWith('local')),
		['local shutdown(SHUT_WR)?', 'local LAST-ACK?', 'local CLOSED'],
	);
});

test('port-log: TIME-WAIT shows whose FIN was first, if nothing was seen between', () => {
	const {read} = startOpen();
	const left = [listens(), ...pair(['TIME-WAIT', '0'], undefined)];
	const seen = [...read(left), ...read(left)];
	assert.deepEqual(seen, [
		'local close()?',
		'local FIN-WAIT-1?',
		'local FIN-WAIT-2?',
		'remote CLOSE-WAIT?',
		'remote close()?',
		'remote LAST-ACK?',
		'FIN',
		'local TIME-WAIT',
		'remote CLOSED',
	]);
});

test('port-log: TIME-WAIT shows how both ends closed, if none was seen open', () => {
	const closed = (name: string, other: string) => [
		`${name} FIN-WAIT-1?`,
		`${name} FIN-WAIT-2?`,
		`${other} CLOSE-WAIT?`,
		`${other} LAST-ACK?`,
		...(name === 'local' ? ['FIN'] : []),
		`${name} TIME-WAIT`,
		`${other} CLOSED`,
	];
	for (const [name, other, rows] of [
		['local', 'remote', pair(['TIME-WAIT', '0'], undefined)],
		['remote', 'local', pair(undefined, ['TIME-WAIT', '0'])],
	] as const) {
		const {read} = startLog();
		read([listens()]);
		const left = [listens(), ...rows];
		assert.deepEqual(
			[...read(left), ...read(left)],
			[
				'remote socket()?',
				'remote connect()?',
				'remote SYN-SENT?',
				'remote ESTABLISHED?',
				'local ESTABLISHED?',
				'local accept()?',
				'uncounted',
				...closed(name, other),
			],
		);
	}
});

test('port-log: a pair that was over at once had somebody who listened, if it ended since', () => {
	const begins = (inMs: number): readonly string[] => {
		const {read} = startLog();
		read([]);
		const [{socket, ...left}] = pair(undefined, ['TIME-WAIT', '0']) as [TcpRow];
		const timer = {name: 'time-wait', inMs} as const;
		return read([{...left, socket: {...socket, timer}}], {afterMs: 1000});
	};

	assert.deepEqual(begins(59_500).slice(0, 6), [
		'local socket()?',
		'local bind()?',
		'local listen()?',
		'local LISTEN?',
		'remote socket()?',
		'remote connect()?',
	]);
	// A reading may have missed the row of one that ended long ago.
	assert.equal(begins(50_000)[0], 'remote socket()?');
});

test('port-log: close() that reset a connection stands above what it led to', () => {
	const {read} = startOpen();
	// Only who no longer holds its socket can have sent RST.
	const left = {held: ['3']};
	assert.deepEqual(
		[...read([listens()], left), ...read([listens()], left)],
		['local close()?', 'local CLOSED', 'remote CLOSED'],
	);
});

/** Both ends are open, and then gone; what that tells. */
const vanished = (
	extra: Extra,
	[local, remote]: readonly [TcpState, TcpState] = [
		'ESTABLISHED',
		'ESTABLISHED',
	],
): readonly string[] => {
	const {read} = startOpen();
	read([listens(), ...pair([local, '2'], [remote, '3'])], {held: ['2', '3']});
	const gone = read([listens()], extra);
	// What is counted later is another's; and who got the RST closes, too.
	const later = read([listens()], {resets: {sent: 1, unread: 1}});
	return [...gone, ...later];
};

test('port-log: both ends are gone at once by an RST, and a close() with unread bytes has sent it', () => {
	const resets = {sent: 1, unread: 1};
	assert.deepEqual(vanished({held: ['3'], resets}), [
		'local close()?',
		'RST unread out',
		'local CLOSED',
		'remote CLOSED',
		'remote close()?',
	]);
	assert.deepEqual(vanished({held: ['2'], resets}), [
		'remote close()?',
		'RST unread in',
		'local CLOSED',
		'remote CLOSED',
		'local close()?',
	]);
	assert.deepEqual(
		vanished({held: ['3'], resets}, ['CLOSE-WAIT', 'FIN-WAIT-2']).filter(name =>
			name.startsWith('RST'),
		),
		['RST unread out'],
	);
});

test('port-log: an RST has happened between the readings that show it', () => {
	const {read, events} = startOpen();
	const open = pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3']);
	read([listens(), ...open], {held: ['2', '3']});
	read([listens()], {held: ['3'], resets: {sent: 1, unread: 1}});
	read([listens()]);
	const timeOfLast = (wanted: (step: Step) => boolean) => {
		const step = events
			.flatMap(event => (event.type === 'step' ? [event.step] : []))
			.find(wanted);
		return step && timeOf(step);
	};

	const closedAt = timeOfLast(
		step => step.kind === 'state' && step.state === 'CLOSED',
	);
	assert.deepEqual(
		timeOfLast(step => step.kind === 'segment'),
		closedAt,
	);
	assert.deepEqual(
		timeOfLast(step => step.kind === 'call' && step.call === 'close()'),
		closedAt,
	);
	assert.equal(closedAt?.at, undefined);
});

test('port-log: whose RST it was stays unknown where it may have been the other', () => {
	const rstOf = (extra: Extra) =>
		vanished(extra).filter(name => name.startsWith('RST'));
	const unread = {sent: 1, unread: 1};
	// SO_LINGER 0; an RST of somebody else's beside it; both have closed; neither.
	for (const extra of [
		{held: ['3'], resets: {sent: 1}},
		{held: ['3'], resets: {sent: 2, unread: 1}},
		{held: [], resets: unread},
		{held: ['2', '3'], resets: unread},
		{held: [], ended: [7, 8], resets: unread},
	]) {
		assert.deepEqual(rstOf(extra), ['RST unknown']);
	}
});

test('port-log: no RST is claimed where none was sent, or TIME-WAIT had no room', () => {
	const none = (extra: Extra, states?: readonly [TcpState, TcpState]) => {
		const seen = vanished(extra, states);
		assert.deepEqual(
			seen.filter(name => name.startsWith('RST')),
			[],
		);
		assert.ok(seen.includes('local CLOSED'));
	};

	none({held: ['3']});
	none({held: ['3'], resets: {sent: 1, unread: 1, unwaited: 1}});
	none({held: ['3'], resets: {sent: 1, unread: 1}}, [
		'SYN-RECEIVED',
		'ESTABLISHED',
	]);
	none({held: ['3'], resets: {sent: 1, unread: 1}}, ['LAST-ACK', 'TIME-WAIT']);

	// One end first, and then the other: the RST may be the answer to data.
	const {read} = startOpen();
	const seen = [
		read([listens(), ...pair(undefined, ['ESTABLISHED', '3'])]),
		read([listens()], {resets: {sent: 1}}),
		read([listens()]),
	].flat();
	assert.ok(seen.every(name => !name.startsWith('RST')));

	// A table that changes while it is read may miss both rows, and have them next.
	const {read: readOther} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	const held = ['2', '3'];
	readOther(open, {held});
	readOther([listens()], {held, resets: {sent: 1}});
	readOther(open, {held});
	assert.ok(
		[...readOther([listens()]), ...readOther([listens()])].every(
			name => !name.startsWith('RST'),
		),
	);
});

test('port-log: bytes are dated from when they were last counted', () => {
	const {read, events} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	assert.deepEqual(read(open, {sentBytes: 0}), []);
	read(open);
	read(open);
	assert.deepEqual(read(open, {sentBytes: 5}), ['data']);
	assert.deepEqual(events.at(-1), {
		type: 'data',
		peer: client,
		from: 'remote',
		bytes: 5,
		notBefore: 1020,
		seenAt: 1053,
	});
});

test('port-log: bytes that are counted after a FIN were sent before it', () => {
	const {read, events} = startOpen();
	read([listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])], {
		sentBytes: 5,
	});
	const ending = [listens(), ...pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', '0'])];
	read(ending, {held: ['2']});
	assert.deepEqual(
		read(ending, {
			held: ['2'],
			client: {sentBytes: 9, dataSegmentsOut: 2, segmentsOut: 6},
		}),
		['data'],
	);
	const fin = events.find(event => nameOf(event) === 'remote FIN-WAIT-2');
	const data = events.at(-1);
	assert.ok(fin?.type === 'step' && data?.type === 'data');
	assert.equal(data.seenAt, fin.step.seenAt);
	assert.equal(data.bytes, 4);
	assert.equal(data.withoutData, undefined, 'the FIN was not sent before it');
});

test('port-log: bytes that are counted with a FIN stand above it', () => {
	const {read} = startOpen();
	assert.deepEqual(
		read([listens(), ...pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', '0'])], {
			held: ['2'],
			sentBytes: 4,
		}),
		[
			'data',
			'remote close()?',
			'remote FIN-WAIT-1?',
			'FIN',
			'local CLOSE-WAIT',
			'remote FIN-WAIT-2',
		],
	);
});

test('port-log: what waits behind a closed window is sent after close()', () => {
	const {read, events} = startOpen();
	const [own] = pair(['ESTABLISHED', '2'], undefined);
	const [other] = pair(undefined, ['FIN-WAIT-1', '0']);
	const queued = {...other!, socket: {...other!.socket, sendQueueBytes: 4}};
	read([listens(), own!, queued], {held: ['2']});
	read([listens(), own!, queued], {held: ['2'], sentBytes: 4});
	const data = events.at(-1);
	assert.equal(data?.type === 'data' && data.seenAt, 1033);
});

const dataOf = (events: readonly PortEvent[]) =>
	events
		.filter(event => event.type === 'data')
		.map(({type, peer, notBefore, seenAt, at, ...event}) => event);

test('port-log: bytes come with the segments that were counted with them', () => {
	const {read, events} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	read(open, {
		client: {segmentsOut: 2, segmentsIn: 1},
		server: {segmentsOut: 0, segmentsIn: 1},
	});
	read(open, {
		client: {sentBytes: 6, dataSegmentsOut: 2, segmentsOut: 4, segmentsIn: 3},
		// Read a moment later, it has got a third.
		server: {
			receivedBytes: 9,
			dataSegmentsIn: 3,
			segmentsIn: 4,
			segmentsOut: 3,
		},
	});
	read(open, {
		client: {
			sentBytes: 12,
			dataSegmentsOut: 5,
			segmentsOut: 7,
			retransmitted: 1,
			retransmittedBytes: 3,
		},
	});
	assert.deepEqual(dataOf(events), [
		{from: 'remote', bytes: 9, count: 3},
		{from: 'remote', bytes: 3, count: 2, retransmitted: 1},
	]);
});

test('port-log: where segments are not counted nothing is said of them', () => {
	const {read, events} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	read(open, {client: {}});
	read(open, {client: {sentBytes: 5, segmentsOut: 3}});
	assert.deepEqual(dataOf(events), [{from: 'remote', bytes: 5}]);
});

test('port-log: a SYN that was sent again is no data that was, even later', () => {
	const {read, events} = startOpen();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	const first = {
		sentBytes: 5,
		dataSegmentsOut: 1,
		segmentsOut: 4,
		retransmitted: 1,
	};
	read(open, {client: first});
	read(open, {
		client: {
			...first,
			sentBytes: 9,
			dataSegmentsOut: 3,
			segmentsOut: 6,
			retransmitted: 2,
			retransmittedBytes: 4,
		},
	});
	assert.deepEqual(dataOf(events), [
		{from: 'remote', bytes: 5, count: 1, withoutData: 3},
		{from: 'remote', bytes: 4, count: 2, retransmitted: 1},
	]);
});

test('port-log: of a connection that was there before, only what is new counts', () => {
	const {log, read, events} = startLog();
	const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
	const before = {sentBytes: 50, dataSegmentsOut: 7, segmentsOut: 9};
	read(open, {client: before});
	read(open, {
		client: {...before, sentBytes: 51, dataSegmentsOut: 8, segmentsOut: 10},
	});
	assert.equal(log.inodes.size, 3);
	assert.deepEqual(dataOf(events), [{from: 'remote', bytes: 1, count: 1}]);
});

test('port-log: the bytes of a connection are not those of the one before it', () => {
	const {read, events} = startOpen();
	read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])]);
	read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])]);
	// The same addresses again, before its TIME-WAIT was over.
	read([listens(), ...pair(['ESTABLISHED', '4'], ['ESTABLISHED', '5'])], {
		client: {sentBytes: 5, dataSegmentsOut: 1, segmentsOut: 3},
	});
	assert.deepEqual(dataOf(events), [
		{from: 'remote', bytes: 5, count: 1, withoutData: 2},
	]);
	const accepted = events.filter(
		event =>
			event.type === 'step' &&
			event.step.kind === 'call' &&
			event.step.call === 'accept()',
	);
	assert.equal(accepted.length, 2);
});

test('port-log: what ss counts of addresses in TIME-WAIT is of the next connection', () => {
	const {read, events} = startOpen();
	// It began after the table was read, and before ss was.
	read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])], {
		client: {sentBytes: 5, dataSegmentsOut: 1, segmentsOut: 3},
	});
	assert.deepEqual(dataOf(events), []);
});

const open = [listens(), ...pair(['ESTABLISHED', '2'], ['ESTABLISHED', '3'])];
const ended = [listens(), ...pair(['TIME-WAIT', '0'], undefined)];

test('port-log: of a connection that ended while nothing was read, what it sent is not known', () => {
	const {read, events} = startOpen();
	read(open, {sentBytes: 0});
	const names = read(ended, {afterMs: 3000});
	assert.equal(names.filter(name => name === 'uncounted').length, 1);
	const place = names.indexOf('uncounted');
	assert.ok(place < names.findIndex(name => name.includes('FIN-WAIT-1')));
	assert.deepEqual(
		events.find(event => event.type === 'uncounted'),
		{type: 'uncounted', peer: client, notBefore: 1020, seenAt: 4032},
	);
	assert.ok(!read(ended).includes('uncounted'), 'said once');
});

test('port-log: readings without a count leave what was sent unknown, too', () => {
	const {read, events} = startOpen();
	read(open, {sentBytes: 0});
	for (let second = 0; second < 3; second++) {
		read(open, {afterMs: 500, isCountDue: true});
	}

	read([listens()], {resets: {sent: 1}});
	read([listens()]);
	const gap = events.find(event => event.type === 'uncounted');
	assert.equal(gap?.notBefore, 1020);
	const names = events.map(event => nameOf(event));
	assert.ok(names.indexOf('uncounted') < names.indexOf('RST unknown'));
});

test('port-log: nothing is missing of what was read till its end, or was over before', () => {
	const {read, events} = startOpen();
	read(open, {sentBytes: 0});
	for (let second = 0; second < 3; second++) {
		read(open, {afterMs: 500});
	}

	read(ended);
	const late = startLog();
	late.read(ended);
	late.read(ended, {afterMs: 3000});
	const all = [...events, ...late.events];
	assert.ok(all.every(({type}) => type !== 'uncounted'));
});

test('port-log: of a connection that came and ended between two counts, what it sent is not known', () => {
	const {read, events} = startLog();
	read([listens()]);
	const names = read(ended);
	assert.equal(names.filter(name => name === 'uncounted').length, 1);
	const place = names.indexOf('uncounted');
	assert.ok(place > names.findLastIndex(name => name.includes('ESTABLISHED')));
	assert.ok(place < names.findIndex(name => name.includes('FIN-WAIT-1')));
	assert.deepEqual(
		events.find(event => event.type === 'uncounted'),
		{type: 'uncounted', peer: client, notBefore: 1000, seenAt: 1012},
	);
	assert.ok(!read(ended).includes('uncounted'), 'said once');

	// So it is if its ends were there, and ss had come too late for them.
	const seen = startLog();
	seen.read([listens()]);
	seen.read(open, {isCountDue: true});
	assert.ok(seen.read(ended).includes('uncounted'));

	// Nothing can have been sent on one that never opened.
	const refused = startLog();
	refused.read([listens()]);
	refused.read(pair(undefined, ['SYN-SENT', '3']), {isCountDue: true});
	const after = [0, 1, 2, 3].flatMap(() => refused.read([listens()]));
	assert.ok(!after.includes('uncounted'));
});

test('port-log: a server that has sent FIN had accepted, though its socket was never there', () => {
	for (const [local, remote] of [
		[undefined, ['TIME-WAIT', '0']],
		[['TIME-WAIT', '0'], undefined],
	] as const) {
		const {read, events} = startLog();
		read([listens()]);
		const names = [0, 1, 2, 3].flatMap(() =>
			read([listens(), ...pair(local, remote)]),
		);
		const place = names.indexOf('local accept()?');
		assert.equal(names.lastIndexOf('local accept()?'), place, 'said once');
		assert.ok(
			place > names.findLastIndex(name => name.includes('ESTABLISHED')),
		);
		const fin = names.findIndex(name => /^local (?:LAST|FIN|TIME)/.test(name));
		assert.ok(place !== -1 && place < fin, names.join(', '));
		const times = events.map(event =>
			event.type === 'sockets' ? 0 : seenBy(eventTime(event)),
		);
		assert.ok(times[place]! <= times[fin]!);
	}

	// A reset needs no accept().
	const {read} = startLog();
	read([listens()]);
	read([listens(1), ...pair(['ESTABLISHED', '0'], ['ESTABLISHED', '3'])]);
	const names = [0, 1, 2, 3].flatMap(() =>
		read([listens()], {resets: {sent: 1}}),
	);
	assert.ok(!names.includes('local accept()?'));
});

test('port-log: close() had been called by the time that its FIN was seen', () => {
	const {read, events} = startLog();
	read([listens()]);
	read(open, {sentBytes: 0});
	read([listens(), ...pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', '0'])]);
	// Its row may only be missing: the next reading says that it is CLOSED.
	const left = [listens(), ...pair(undefined, ['TIME-WAIT', '0'])];
	read(left);
	read(left);
	const isOf = (event: PortEvent, name: string) =>
		event.type === 'step' && nameOf(event).startsWith(name);
	const close = events.find(event => isOf(event, 'local close()'));
	const fin = events.find(event => isOf(event, 'local LAST-ACK'));
	assert.ok(close?.type === 'step' && fin?.type === 'step');
	assert.ok(events.indexOf(close) < events.indexOf(fin));
	assert.ok(
		seenBy(close.step) <= seenBy(fin.step),
		JSON.stringify([close, fin]),
	);
});

test('port-log: a call that had returned before a FIN came stands above it', () => {
	const {read, events} = startOpen();
	const calls = [[7, 'recv(1024)', '2']] as const;
	read(open, {calls, sentBytes: 0});
	const due = {held: ['2'], isCountDue: true};
	read(open, due);
	read(open, due);
	read([listens(), ...pair(['CLOSE-WAIT', '2'], ['FIN-WAIT-2', '0'])], due);
	for (let reading = 0; reading < 2; reading++) {
		read([listens(), ...pair(undefined, ['TIME-WAIT', '0'])]);
	}

	const names = events.map(event => nameOf(event));
	const blocked = 'local recv(1024) blocks';
	const returned = 'local recv(1024)';
	assert.ok(names.includes(blocked));
	assert.ok(names.includes(returned));
	assert.ok(names.indexOf(returned) < names.indexOf('local CLOSE-WAIT'));
});

test('port-log: a send() that had blocked returned before its program closed', () => {
	const {read} = startOpen();
	read(open, {calls: [[8, 'send(9)', '3']]});
	assert.deepEqual(
		read([listens(), ...pair(['ESTABLISHED', '2'], ['FIN-WAIT-1', '3'])], {
			held: ['3'],
		}),
		['remote send(9)', 'remote shutdown(SHUT_WR)?', 'remote FIN-WAIT-1'],
	);
	// One that has closed nothing stands where it was looked at.
	const other = startOpen();
	other.read(open, {calls: [[7, 'send(9)', '2']]});
	assert.deepEqual(
		other.read(
			[listens(), ...pair(['ESTABLISHED', '2'], ['FIN-WAIT-1', '3'])],
			{
				held: ['3'],
			},
		),
		['remote shutdown(SHUT_WR)?', 'remote FIN-WAIT-1', 'local send(9)'],
	);
});

test('port-log: what an end got that has closed was sent before its FIN', () => {
	const orderWith = (inode: string) => {
		const {read, events} = startOpen();
		read(open, {sentBytes: 0});
		const before = events.length;
		read([listens(), ...pair(['FIN-WAIT-2', inode], ['CLOSE-WAIT', '3'])], {
			held: ['3'],
			sentBytes: 4,
		});
		const names = events.slice(before).map(event => nameOf(event));
		const data = events.find(event => event.type === 'data');
		const isAbove = names.indexOf('data') < names.indexOf('local FIN-WAIT-1?');
		return [isAbove, data?.seenAt];
	};

	assert.deepEqual(orderWith('0'), [true, 1032]);
	// After shutdown() it still receives.
	assert.deepEqual(orderWith('2'), [false, 1033]);
});
