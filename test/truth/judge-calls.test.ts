/**
 * What holds calls, the order of rows and captured segments against strace and
 * tcpdump fails once a claim is made false.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import {ladderOf} from '../../source/tcp/ladder.js';
import type {Rung} from '../../source/tcp/rungs.js';
import type {Step, StepTime} from '../../source/tcp/tcp.js';
import {
	judgeCalls,
	unsaidCalls,
	type CallClaim,
} from '../helpers/truth/calls.js';
import type {Claim} from '../helpers/truth/claims.js';
import {linesOf, parseSpelled} from '../helpers/truth/captured.js';
import {judgeOrder, unseenArrows, type Rule} from '../helpers/truth/order.js';
import type {Segment} from '../helpers/truth/pcap.js';
import {parseTrace} from '../helpers/truth/strace.js';

type CallStep = CallClaim['step'];

const place = '127.0.0.1:5001';
const client = '127.0.0.1:40078';
const own = `3<TCP:[${client}->${place}]>`;
const accepted = `5<TCP:[${place}->${client}]>`;

/** As strace writes it; times are seconds. */
const clientTrace = `
10.000100 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3<TCP:[77]> <0.000010>
10.001000 connect(3<TCP:[77]>, {sa_family=AF_INET, sin_port=htons(5001), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000100>
10.100000 sendto(${own}, ""..., 5, 0, NULL, 0) = 5 <0.000020>
10.100500 recvfrom(${own}, ""..., 1024, 0, NULL, NULL) = 8 <0.200000>
10.400000 shutdown(${own}, SHUT_WR) = 0 <0.000020>
10.500000 close(${own}) = 0 <0.000020>
10.600000 read(0<pipe:[9]>, `;

const serverTrace = `
9.000000 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 3<TCP:[66]> <0.000010>
9.001000 setsockopt(3<TCP:[66]>, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0 <0.000010>
9.002000 bind(3<TCP:[66]>, {sa_family=AF_INET, sin_port=htons(5001), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000010>
9.003000 listen(3<TCP:[${place}]>, 1) = 0 <0.000010>
9.100000 accept4(3<TCP:[${place}]>, {sa_family=AF_INET, sin_port=htons(40078), sin_addr=inet_addr("127.0.0.1")}, [16], SOCK_CLOEXEC) = ${accepted} <0.910000>
10.020000 recvfrom(${accepted}, ""..., 1024, 0, NULL, NULL) = 5 <0.081000>
10.300000 sendto(${accepted}, ""..., 8, 0, NULL, 0) = 8 <0.000020>
10.310000 recvfrom(${accepted}, "", 1024, 0, NULL, NULL) = 0 <0.090100>
10.450000 +++ killed by SIGKILL +++
`;

const traced = [
	...parseTrace(clientTrace),
	...parseTrace(serverTrace),
].toSorted((a, b) => a.from - b.from);

const call = (
	name: CallStep['call'],
	[notBefore, seenAt]: readonly [number, number],
	facts: Partial<CallStep> = {},
): CallClaim => ({
	step: {
		kind: 'call',
		call: name,
		end: 'remote',
		evidence: 'inferred',
		peer: client,
		notBefore,
		seenAt,
		...facts,
	} as CallStep,
	local: place,
	remote: client,
});

const verdictOf = (...claims: readonly CallClaim[]) =>
	judgeCalls(claims, traced, []).at(-1)?.verdict;

test('judge of calls: another program', () => {
	assert.equal(verdictOf(call('connect()', [10_000, 10_010])), 'right');
	assert.equal(verdictOf(call('connect()', [9000, 9990])), 'late');
	// It is made once.
	const twice = call('connect()', [10_000, 10_010]);
	assert.equal(verdictOf(twice, twice), 'false');

	const blocked = {evidence: 'read', end: 'local', isBlocked: true} as const;
	assert.equal(
		verdictOf(call('recv(1024)', [10_030, 10_040], blocked)),
		'right',
	);
	assert.equal(
		verdictOf(call('recv(1025)', [10_030, 10_040], blocked)),
		'false',
	);
	assert.equal(
		verdictOf(call('read(1024)', [10_030, 10_040], blocked)),
		'false',
	);
	assert.equal(verdictOf(call('recv(1024)', [9000, 9090], blocked)), 'late');
	const returned = {evidence: 'read', end: 'local'} as const;
	assert.equal(
		verdictOf(call('recv(1024)', [10_090, 10_110], returned)),
		'right',
	);
	// It was still in it.
	assert.equal(
		verdictOf(call('recv(1024)', [10_030, 10_040], returned)),
		'late',
	);

	assert.equal(verdictOf(call('shutdown(SHUT_WR)', [10_390, 10_410])), 'right');
	const ofServer = {end: 'local'} as const;
	assert.equal(
		verdictOf(call('shutdown(SHUT_WR)', [10_390, 10_410], ofServer)),
		'false',
	);
	// It was killed.
	assert.equal(verdictOf(call('close()', [10_400, 10_460], ofServer)), 'false');
	assert.equal(
		verdictOf(call('close()', [10_400, 10_460], {...ofServer, isOrExit: true})),
		'right',
	);

	const accept = {...ofServer, peer: undefined, result: client};
	assert.equal(verdictOf(call('accept()', [10_000, 10_020], accept)), 'right');
	assert.equal(
		verdictOf(
			call('accept()', [10_000, 10_020], {...accept, result: '127.0.0.1:9'}),
		),
		'false',
	);
});

const exact = (name: CallStep['call'], at: number, facts = {}): CallClaim => ({
	step: {kind: 'call', call: name, at, peer: undefined, ...facts},
	local: client,
	remote: place,
});

const listening = (name: CallStep['call'], at: number, facts = {}) => ({
	...exact(name, at, facts),
	local: place,
	remote: '',
});

test('judge of calls: arguments, results and errno of own ones', () => {
	assert.equal(verdictOf(exact(`connect(${place})`, 10_001)), 'right');
	assert.equal(verdictOf(exact('connect(127.0.0.1:5002)', 10_001)), 'false');
	assert.equal(verdictOf(exact(`connect(${place})`, 10_900)), 'late');
	const errno = 'ECONNREFUSED';
	assert.equal(verdictOf(exact(`connect(${place})`, 10_001, {errno})), 'false');

	const sent = {offset: 0, result: '5'};
	assert.equal(verdictOf(exact('send(5)', 10_100, sent)), 'right');
	assert.equal(verdictOf(exact('send(5)', 10_200, sent)), 'late');
	assert.equal(
		verdictOf(exact('send(6)', 10_100, {...sent, result: '6'})),
		'false',
	);
	assert.equal(
		verdictOf(exact('send(5)', 10_100, {...sent, offset: 1})),
		'false',
	);

	assert.equal(verdictOf(listening(`bind(${place})`, 9002)), 'right');
	assert.equal(verdictOf(listening('bind(127.0.0.1:5003)', 9002)), 'false');
	assert.equal(verdictOf(listening('listen(1)', 9003)), 'right');
	assert.equal(verdictOf(listening('listen(2)', 9003)), 'false');
	const reuse = 'setsockopt(SO_REUSEADDR, 1)';
	assert.equal(verdictOf(listening(reuse, 9001)), 'right');
	assert.equal(
		verdictOf(listening('setsockopt(SO_REUSEADDR, 0)', 9001)),
		'false',
	);
});

test('judge of calls: of two sockets with the same addresses, the nearer one is meant', () => {
	const later = clientTrace.replaceAll(/^10\./gm, '11.');
	const both = [clientTrace, later].flatMap(text => parseTrace(text));
	const claimed = call('connect(127.0.0.1:5001)', [0, 0], {
		at: 11_002,
		notBefore: undefined,
		seenAt: undefined,
		evidence: undefined,
	});
	// The machine stood still meanwhile.
	const stalls = [{from: 10_002, to: 11_000}];
	const [judged] = judgeCalls([claimed], both, stalls);
	assert.equal(judged?.verdict, 'right');
	assert.deepEqual(
		judged?.calls.map(({from}) => from),
		[11_001],
	);
});

test('judge of calls: of two recv(), the one that took so much is meant', () => {
	const twice = serverTrace.replace(
		'10.300000 sendto',
		`10.200000 recvfrom(${accepted}, ""..., 1024, 0, NULL, NULL) = 9 <0.000020>
10.300000 sendto`,
	);
	const calls = parseTrace(twice);
	const claimed = (taken: number) =>
		judgeCalls(
			[call('recv()', [10_000, 10_250], {end: 'local', taken})],
			calls,
			[],
		)[0];
	assert.equal(claimed(5)?.calls[0]?.result, 5);
	assert.equal(claimed(6)?.calls[0]?.result, 9);
	assert.equal(claimed(14)?.verdict, 'right');
	// So much was never taken.
	assert.equal(claimed(15)?.verdict, 'false');
});

test('judge of calls: of a Unix domain socket, each end and its bytes count', () => {
	const path = '/tmp/pair.sock';
	const here = '4<UNIX-STREAM:[78->79]>';
	const there = `5<UNIX-STREAM:[79->78,"${path}"]>`;
	const calls = parseTrace(
		`
10.000000 connect(4<UNIX-STREAM:[78]>, {sa_family=AF_UNIX, sun_path="${path}"}, 17) = 0 <0.000010>
10.100000 sendto(${here}, ""..., 5, 0, NULL, 0) = 5 <0.000020>
10.200000 recvfrom(${there}, ""..., 1024, 0, NULL, NULL) = 5 <0.000020>
`,
		'unix',
	);
	const ours = {local: 'unnamed', remote: path};
	const theirs = {local: path, remote: 'unnamed'};
	const sent = call('send(5)', [10_100, 10_101], {
		end: 'local',
		result: '5',
		offset: 0,
	});
	const verdictAt = (claim: Partial<CallClaim>) =>
		judgeCalls([{...sent, ...claim}], calls, [])[0]?.verdict;
	assert.equal(verdictAt(ours), 'right');
	assert.equal(verdictAt(theirs), 'false');
	assert.equal(verdictAt({...ours, remote: '/tmp/other.sock'}), 'false');
	const other = {...sent.step, result: '6'};
	assert.equal(verdictAt({...ours, step: other}), 'false');
});

test('judge of calls: what nobody said', () => {
	const all = [
		exact('socket()', 10_000),
		exact(`connect(${place})`, 10_001),
		exact('send(5)', 10_100, {offset: 0, result: '5'}),
		exact('recv(1024)', 10_300, {offset: 0, result: '8'}),
		exact('shutdown(SHUT_WR)', 10_400),
		exact('close()', 10_500),
	];
	const unsaidWithout = (index: number) =>
		unsaidCalls(judgeCalls(all.toSpliced(index, 1), traced, []), traced).map(
			({name}) => name,
		);
	assert.deepEqual(unsaidWithout(all.length), []);
	for (const [index, name] of [
		'socket',
		'connect',
		'send',
		'recv',
		'shutdown',
	].entries()) {
		assert.deepEqual(unsaidWithout(index), [name]);
	}
});

test('judge of calls: what was closed before anybody could read may stay unsaid', () => {
	const exited = `${clientTrace}
10.510000 +++ exited with 0 +++
`;
	const calls = parseTrace(exited);
	const connected = judgeCalls(
		[call('connect()', [10_000, 10_010]), call('recv(1024)', [0, 10_600])],
		calls,
		[],
	);
	const waits = (notBefore: number, seenAt: number): readonly Claim[] => [
		{
			step: {
				kind: 'state',
				end: 'remote',
				state: 'TIME-WAIT',
				evidence: 'read',
				peer: client,
				notBefore,
				seenAt,
			},
			local: place,
			remote: client,
		},
	];
	const unsaidWith = (claims: readonly Claim[]) =>
		unsaidCalls(connected, calls, claims).map(({name}) => name);
	assert.deepEqual(unsaidWith(waits(10_390, 10_520)), []);
	// Somebody read between the shutdown() and the close().
	assert.deepEqual(unsaidWith(waits(10_450, 10_520)), ['shutdown']);
	// Somebody read before the program ended.
	assert.deepEqual(unsaidWith(waits(10_390, 10_505)), ['close']);
	assert.deepEqual(unsaidWith([]), ['shutdown', 'close']);
	// Our own calls are all told.
	assert.deepEqual(
		unsaidCalls(connected, calls).map(({name}) => name),
		['socket', 'send', 'shutdown', 'close'],
	);
});

const segment = (
	at: number,
	[from, to]: readonly [string, string],
	facts: Partial<Segment>,
): Segment => ({
	at,
	from,
	to,
	sequence: 1001,
	acknowledgment: 2001,
	length: 0,
	isSyn: false,
	isAck: true,
	isFin: false,
	isRst: false,
	...facts,
});

const up = [client, place] as const;
const down = [place, client] as const;
const segments: readonly Segment[] = [
	segment(10_001, up, {isSyn: true, isAck: false, sequence: 1000}),
	segment(10_001.01, down, {isSyn: true, sequence: 2000}),
	segment(10_001.02, up, {}),
	segment(10_100.01, up, {length: 5}),
	segment(10_300.01, down, {length: 8, sequence: 2001}),
	segment(10_400.01, up, {isFin: true, sequence: 1006}),
	segment(10_450.01, down, {isFin: true, sequence: 2009}),
];

/** The ladder of `sockchat watch`, as it is right. */
const watched: readonly Step[] = [
	call('socket()', [9990, 10_010]),
	call('connect()', [9990, 10_010]),
].map(({step}) => step);
const state = (
	end: 'local' | 'remote',
	name: 'SYN-SENT' | 'ESTABLISHED',
): Step => ({
	kind: 'state',
	end,
	state: name,
	evidence: 'inferred',
	peer: client,
	notBefore: 9990,
	seenAt: 10_010,
});
const sent = (
	end: 'local' | 'remote',
	result: string,
	[notBefore, seenAt]: readonly [number, number],
): Step => call('send()', [notBefore, seenAt], {end, result, offset: 0}).step;
const returned = (notBefore: number, seenAt: number): Step =>
	call('recv(1024)', [notBefore, seenAt], {end: 'local', evidence: 'read'})
		.step;

const rungs = ladderOf(
	{
		steps: [
			...watched,
			state('remote', 'SYN-SENT'),
			state('remote', 'ESTABLISHED'),
			state('local', 'ESTABLISHED'),
			call('accept()', [10_000, 10_020], {
				end: 'local',
				peer: undefined,
				result: client,
			}).step,
			returned(10_095, 10_120),
			call('shutdown(SHUT_WR)', [10_390, 10_410]).step,
			{
				kind: 'segment',
				segment: 'FIN',
				evidence: 'inferred',
				direction: 'in',
				peer: client,
				notBefore: 10_390,
				seenAt: 10_410,
			},
		],
		transfers: [
			sent('remote', '5', [10_090, 10_110]),
			sent('local', '8', [10_290, 10_310]),
		],
		segments: [],
	},
	{side: 'server'},
);

const orderOf = (rows: readonly Rung[], passed = segments) => {
	const claims = rows.flatMap(row =>
		[row.client, row.server].flatMap((step): CallClaim[] =>
			step?.kind === 'call'
				? [{step, local: place, remote: step.peer ?? ''}]
				: [],
		),
	);
	const callsOf = new Map(
		judgeCalls(claims, traced, []).map(({claim, calls}) => [claim.step, calls]),
	);
	return judgeOrder(rows, {
		place,
		side: 'server',
		segments: passed,
		callsOf,
		traced,
	});
};

test('judge of the order: a FIN that waited is the effect of shutdown(), not of a later close()', () => {
	// The client calls close() at 10,500.
	const late = segments.map(each =>
		each.isFin && each.from === client ? {...each, at: 10_550} : each,
	);
	const close = call('close()', [10_490, 10_510]).step;
	const rows = [...rungs, {...rungs[0]!, client: close, server: undefined}];
	assert.deepEqual(orderOf(rows, late).reversed, []);
});

test('judge of the order: rows that are moved are found', () => {
	const right = orderOf(rungs);
	assert.deepEqual(right.reversed, []);
	assert.ok(right.pairs > 20, String(right.pairs));

	const rowOf = (which: (rung: Rung) => boolean): number => {
		const row = rungs.findIndex(rung => which(rung));
		assert.notEqual(row, -1);
		return row;
	};

	const isCall = (name: string) => (rung: Rung) =>
		[rung.client, rung.server].some(
			step => step?.kind === 'call' && step.call === name,
		);
	const isArrow = (name: string | undefined, from: string) => (rung: Rung) =>
		rung.arrow?.name === name && rung.arrow?.from === from;
	const rulesWithout = (moved: number, to: number): readonly Rule[] => {
		const rows = rungs.toSpliced(moved, 1).toSpliced(to, 0, rungs[moved]!);
		return [...new Set(orderOf(rows).reversed.map(({rule}) => rule))];
	};

	const moves: ReadonlyArray<readonly [number, number, Rule]> = [
		// SYN+ACK above SYN.
		[
			rowOf(isArrow('SYN+ACK', 'server')),
			rowOf(isArrow('SYN', 'client')),
			'handshake',
		],
		// An answer above its question.
		[
			rowOf(isArrow(undefined, 'server')),
			rowOf(isArrow(undefined, 'client')),
			'answer',
		],
		// A SYN above connect(), and a FIN above shutdown().
		[rowOf(isArrow('SYN', 'client')), rowOf(isCall('connect()')), 'effect'],
		[
			rowOf(isArrow('FIN', 'client')),
			rowOf(isCall('shutdown(SHUT_WR)')),
			'effect',
		],
		// A FIN above the data before it.
		[
			rowOf(isArrow('FIN', 'client')),
			rowOf(isArrow(undefined, 'client')),
			'stream',
		],
		// The program accepts before anybody connects.
		[rowOf(isCall('accept()')), 0, 'cause'],
		// A shutdown() above the connect() of the same program.
		[rowOf(isCall('shutdown(SHUT_WR)')), 0, 'program'],
	];
	for (const [moved, to, rule] of moves) {
		assert.ok(
			rulesWithout(moved, to).includes(rule),
			`${rule}: ${rulesWithout(moved, to).join(', ')}`,
		);
	}
});

test('judge of the order: what one reading counted both ways has no order', () => {
	const rowOf = (from: string) =>
		rungs.findIndex(
			({arrow}) => arrow?.from === from && arrow.name === undefined,
		);
	const [question, answer] = [rowOf('client'), rowOf('server')];
	const swappedAt = (times: readonly [StepTime, StepTime]) => {
		const rows = [...rungs];
		for (const [index, [row, other]] of [
			[question, answer],
			[answer, question],
		].entries()) {
			const {arrow, ...rung} = rungs[other!]!;
			const counted = {...arrow!, evidence: 'read', count: 1} as const;
			rows[row!] = {...rung, arrow: counted, time: times[index]!};
		}

		return orderOf(rows).reversed.map(({rule}) => rule);
	};

	const first = {notBefore: 10_090, seenAt: 10_350};
	const second = {notBefore: 10_290, seenAt: 10_350};
	assert.ok(!swappedAt([first, first]).includes('answer'));
	assert.ok(swappedAt([first, second]).includes('answer'));
});

test('judge of the order: of a send() that blocked, what left before it returned may stand above', () => {
	const blocking = parseTrace(`
10.300000 sendto(${accepted}, ""..., 20, 0, NULL, 0) = 20 <0.100000>
`);
	const {step} = call('send(20)', [10_390, 10_410], {
		end: 'local',
		evidence: 'read',
	});
	const nothing = {arrow: undefined, segment: undefined, client: undefined};
	const rowAt = (at: number, seq: number): Rung => ({
		...nothing,
		server: undefined,
		time: {at},
		peer: client,
		arrow: {
			from: 'server',
			evidence: 'captured',
			name: 'PSH',
			seq,
			length: 10,
		},
		segment: {
			kind: 'segment',
			segment: 'PSH',
			evidence: 'captured',
			direction: 'out',
			peer: client,
			at,
		},
	});
	const returnedRow: Rung = {
		...nothing,
		server: step,
		time: {notBefore: 10_390, seenAt: 10_410},
		peer: client,
	};
	const rulesOf = (rows: readonly Rung[]) =>
		judgeOrder(rows, {
			place,
			side: 'server',
			segments,
			callsOf: new Map([[step, blocking]]),
			traced: blocking,
		}).reversed.map(({rule}) => rule);
	const [early, late] = [rowAt(10_350, 1), rowAt(10_450, 11)];
	assert.deepEqual(rulesOf([early, returnedRow, late]), []);
	assert.deepEqual(rulesOf([early, late, returnedRow]), ['effect']);
	// A send() that wasn't seen to block sent nothing before it.
	const sentRow = {
		...returnedRow,
		server: {...step, evidence: 'inferred'} as const,
	};
	assert.deepEqual(
		judgeOrder([early, sentRow], {
			place,
			side: 'server',
			segments,
			callsOf: new Map([[sentRow.server, blocking]]),
			traced: blocking,
		}).reversed.map(({rule}) => rule),
		['effect'],
	);
});

test('judge of the order: with --capture, an inferred segment is found', () => {
	const arrow = {from: 'client', evidence: 'captured', name: 'FIN'} as const;
	const row = {...rungs[0]!, arrow};
	assert.deepEqual(unseenArrows([row, {...row, arrow: undefined}]), []);
	const inferred = {...row, arrow: {...arrow, evidence: 'inferred'} as const};
	assert.deepEqual(unseenArrows([row, inferred]), [
		{rule: 'unseen', above: '1: FIN of the client, inferred', below: ''},
	]);
});

const spelled = `
10.000001 IP 127.0.0.1.40078 > 127.0.0.1.5001: Flags [S], seq 1000, win 65495, options [mss 65495], length 0
10.000002 IP 127.0.0.1.5001 > 127.0.0.1.40078: Flags [S.], seq 2000, ack 1001, win 65483, options [mss 65495], length 0
10.000003 IP 127.0.0.1.40078 > 127.0.0.1.5001: Flags [.], ack 2001, win 512, length 0
10.100000 IP 127.0.0.1.40078 > 127.0.0.1.5001: Flags [P.], seq 1001:1006, ack 2001, win 512, length 5
10.200000 IP 127.0.0.1.5001 > 127.0.0.1.40078: Flags [R.], seq 2001, ack 1006, win 512, length 0
`;

test('judge of captured segments: each number, flag and time counts', () => {
	const seen = parseSpelled(spelled);
	const captured = (
		direction: 'in' | 'out',
		flags: readonly string[],
		[at, seq, ack, length]: readonly [number, number, number?, number?],
	) =>
		({
			kind: 'segment',
			segment: 'ACK',
			evidence: 'captured',
			peer: client,
			direction,
			flags,
			at,
			seq,
			ack,
			length: length ?? 0,
			window: undefined,
			text: '',
		}) as const;
	const right = [
		captured('in', ['SYN'], [10_000.001, 0]),
		captured('out', ['SYN', 'ACK'], [10_000.002, 0, 1]),
		captured('in', ['ACK'], [10_000.003, 1, 1]),
		captured('in', ['PSH', 'ACK'], [10_100, 1, 1, 5]),
		captured('out', ['RST', 'ACK'], [10_200, 1, 6]),
	];
	const areSame = (claimed: typeof right) => {
		const lines = linesOf(claimed, seen, ({from}) => from === place);
		return JSON.stringify(lines.claimed) === JSON.stringify(lines.seen);
	};

	assert.ok(areSame(right));
	const data = right[3]!;
	const wrong = [
		{...data, seq: 2},
		{...data, ack: 2},
		{...data, length: 6},
		{...data, flags: ['ACK']},
		{...data, direction: 'out' as const},
		{...data, at: 10_150},
	];
	for (const each of wrong) {
		assert.ok(!areSame(right.with(3, each)), JSON.stringify(each));
	}

	assert.ok(!areSame(right.toSpliced(3, 1)));
	assert.ok(!areSame([...right, data]));
	assert.ok(!areSame(right.toSpliced(3, 2, right[4]!, data)));
	// Two processors may give segments of one moment to two captures by turns.
	assert.ok(areSame(right.toSpliced(0, 3, right[1]!, right[2]!, right[0]!)));
	assert.ok(!areSame(right.toSpliced(0, 3, right[1]!, right[0]!, right[1]!)));
});
