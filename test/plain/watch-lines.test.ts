/** What `sockchat watch` prints for people. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {WatchLines} from '../../source/plain/watch-lines.js';
import type {Step} from '../../source/tcp/tcp.js';
import type {
	PortEvent,
	SocketsEvent,
	WatchedEnd,
} from '../../source/event/port-event.js';

const address = '127.0.0.1:5001';
const peer = '127.0.0.1:41306';

const startLines = (isTimed = false) => {
	const lines = new WatchLines(address, {
		isExplained: false,
		isTimed,
		columns: Infinity,
	});
	return (event: PortEvent): string => lines.linesOf(event);
};

const sockets = (changes: Partial<SocketsEvent> = {}): SocketsEvent => ({
	type: 'sockets',
	at: 0,
	isReadable: true,
	address,
	listening: [],
	connections: [],
	more: 0,
	...changes,
});

const end: WatchedEnd = {
	state: 'ESTABLISHED',
	unreadBytes: 0,
	sendQueueBytes: 0,
	timer: undefined,
	program: undefined,
	pid: undefined,
	call: undefined,
};

const waits: PortEvent = {
	type: 'step',
	step: {
		kind: 'state',
		end: 'remote',
		state: 'TIME-WAIT',
		evidence: 'read',
		peer,
		notBefore: 0,
		seenAt: 1,
	},
};

test('watch-lines: an RST that nobody saw says what is known of it', () => {
	const rst = {
		kind: 'segment',
		segment: 'RST',
		evidence: 'inferred',
		peer,
		notBefore: 1,
		seenAt: 2,
	} as const;
	const print = startLines();
	const lineOf = (step: Partial<Step>) =>
		print({type: 'step', step: {...rst, ...step} as Step});
	assert.equal(
		lineOf({reason: 'unread', direction: 'out'}),
		'server :41306 sends RST, as bytes were unread (inferred)\n',
	);
	assert.equal(
		lineOf({reason: 'unread', direction: 'in'}),
		'client :41306 sends RST, as bytes were unread (inferred)\n',
	);
	assert.equal(
		lineOf({reason: 'unknown'}),
		'an end :41306 sends RST (inferred)\n',
	);
});

test('watch-lines: what was not counted is said to be missing', () => {
	assert.equal(
		startLines()({type: 'uncounted', peer, notBefore: 1000, seenAt: 3420}),
		'either :41306 may have sent more: nothing was counted for 2.4 s\n',
	);
	assert.equal(
		startLines()({type: 'uncounted', peer, notBefore: 1000, seenAt: 1012}),
		'either :41306 may have sent more: nothing was counted for 12 ms\n',
	);
});

test('watch-lines: a step says whose it is, and how it is known', () => {
	const print = startLines();
	const time = {notBefore: 1, seenAt: 2};
	const call = {kind: 'call', end: 'local', peer, ...time} as const;
	const cases = [
		[
			{...call, call: 'recv(1024)', evidence: 'read', isBlocked: true},
			'server :41306 recv(1024) blocks\n',
		],
		[
			{...call, call: 'recv(1024)', evidence: 'read'},
			'server :41306 recv(1024) has returned\n',
		],
		[
			{
				...call,
				call: 'accept()',
				evidence: 'inferred',
				result: peer,
				peer: undefined,
			},
			'server        accept() = :41306 (inferred)\n',
		],
		[
			{
				kind: 'state',
				end: 'remote',
				state: 'TIME-WAIT',
				evidence: 'read',
				peer: '127.0.0.2:9',
				...time,
			},
			'client 127.0.0.2:9 TIME-WAIT\n',
		],
	] as const;
	for (const [step, line] of cases) {
		assert.equal(print({type: 'step', step}), line);
	}
});

test('watch-lines: a list prints what has changed in it, once', () => {
	const print = startLines();
	assert.equal(print(sockets()), `nobody listens on ${address} yet\n`);
	assert.equal(print(sockets()), '');
	const listener = {
		address,
		waiting: 1,
		backlog: 5,
		program: 'python3',
		pid: 7,
		call: undefined,
	};
	const waiting = {peer, isAccepted: false, local: end, remote: undefined};
	assert.equal(
		print(sockets({listening: [listener], connections: [waiting]})),
		`server        python3 (pid 7) listens, backlog 1 of 5\nserver :41306 waits in the backlog for accept()\n`,
	);
	// The client's FIN doesn't take it out of there.
	const left = {...waiting, local: {...end, state: 'CLOSE-WAIT' as const}};
	assert.equal(
		print(sockets({listening: [listener], connections: [left]})),
		'',
	);
	assert.match(
		startLines()(sockets({listening: [listener], connections: [left]})),
		/^server :41306 waits in the backlog for accept\(\)$/m,
	);
	const frozen: WatchedEnd = {...end, unreadBytes: 6, program: 'nc', pid: 9};
	const full: WatchedEnd = {
		...end,
		sendQueueBytes: 40,
		timer: {name: 'persist', inMs: 200},
	};
	const blocked = {peer, isAccepted: true, local: frozen, remote: full};
	const list = sockets({
		listening: [{...listener, waiting: 0}],
		connections: [blocked],
		more: 3,
	});
	assert.equal(
		print(list),
		`server        python3 (pid 7) listens, backlog 0 of 5\nclient :41306 40 B in the send queue, persist timer\nserver :41306 nc (pid 9)\nserver :41306 6 B unread\nand 3 more connections\n`,
	);
	assert.equal(print(list), '');
});

test('watch-lines: a countdown is printed once, not at each second', () => {
	const print = startLines();
	const left = (inMs: number) =>
		sockets({
			connections: [
				{
					peer,
					isAccepted: true,
					local: undefined,
					remote: {
						...end,
						state: 'TIME-WAIT',
						timer: {name: 'time-wait', inMs},
					},
				},
			],
		});
	assert.equal(print(waits), 'client :41306 TIME-WAIT\n');
	assert.equal(
		print(left(59_100)),
		`nobody listens on ${address} yet\nclient :41306 TIME-WAIT ends in 60 s\n`,
	);
	assert.equal(print(left(30_000)), '');
});

test('watch-lines: a listener whose program has ended is not said to listen', () => {
	const print = startLines();
	const listener = {address, waiting: 0, backlog: 5};
	const known = {...listener, program: 'python3', pid: 7, call: undefined};
	const unknown = {...known, program: undefined, pid: undefined};
	const line = 'server        python3 (pid 7) listens, backlog 0 of 5\n';
	assert.equal(print(sockets({listening: [known]})), line);
	assert.equal(print(sockets({listening: [unknown]})), '');
	assert.equal(print(sockets({listening: [known]})), '');
	assert.match(print(sockets()), /any more/);
	assert.match(print(sockets({listening: [unknown]})), /a program listens/);
});

test('watch-lines: a countdown is not printed before its state', () => {
	const print = startLines();
	const list = sockets({
		connections: [
			{
				peer,
				isAccepted: true,
				local: undefined,
				remote: {
					...end,
					state: 'TIME-WAIT',
					timer: {name: 'time-wait', inMs: 59_100},
				},
			},
		],
	});
	assert.equal(print(list), `nobody listens on ${address} yet\n`);
	assert.equal(
		print(waits),
		'client :41306 TIME-WAIT\nclient :41306 TIME-WAIT ends in 60 s\n',
	);
	assert.equal(print(list), '');
	// Another connection from the same port, and its end.
	print(sockets());
	assert.equal(print(list), '');
	assert.match(print(waits), /^client :41306 TIME-WAIT\n.*ends in 60 s\n$/);
});

test('watch-lines: a captured segment has its numbers and its first bytes', () => {
	const print = startLines();
	const step = {
		kind: 'segment',
		segment: 'PSH',
		evidence: 'captured',
		direction: 'in',
		seq: 1,
		ack: 1,
		length: 6,
		window: 65_536,
		flags: ['PSH', 'ACK'],
		text: 'hell\u{1B}\n',
		peer,
		at: 1,
	} as const;
	assert.equal(
		print({type: 'step', step}),
		'client :41306 sends PSH seq=1 ack=1 len=6 win=65536 "hell␛⏎"\n',
	);
	assert.equal(
		print({type: 'step', step: {...step, retransmitted: 1}}),
		'client :41306 sends PSH (again) seq=1 ack=1 len=6 win=65536 "hell␛⏎"\n',
	);
	const answer = {
		...step,
		segment: 'ACK',
		direction: 'out',
		length: 0,
	} as const;
	assert.equal(
		print({type: 'step', step: answer}),
		'server :41306 sends ACK seq=1 ack=1 win=65536\n',
	);
});

test('watch-lines: the name of a program cannot control a terminal', () => {
	const print = startLines(true);
	const line = print({
		type: 'process',
		state: 'ended',
		pid: 7,
		program: 'a\u{1B}[2Jb',
		end: 'remote',
		peers: [],
		notBefore: 1,
		seenAt: 2,
	});
	assert.match(
		line,
		/^≤ \d\d:\d\d:\d\d\.002 {2}client {8}a␛\[2Jb \(pid 7\) has ended\n$/,
	);
});

test('watch-lines: bytes, and the segments if they were counted', () => {
	const print = startLines();
	const data = {type: 'data', peer, from: 'remote', at: 1} as const;
	assert.equal(
		print({...data, bytes: 6, count: 1}),
		'client :41306 sent 6 B in 1 segment\n',
	);
	assert.equal(
		print({...data, bytes: 12, count: 3, withoutData: 2, retransmitted: 1}),
		'client :41306 sent 12 B in 3 segments (1 again)\n',
	);
	assert.equal(print({...data, bytes: 6}), 'client :41306 sent 6 B\n');
});

test('watch-lines: on a terminal sentences are broken at their spaces', () => {
	for (const columns of [20, 40, 80]) {
		const lines = new WatchLines(address, {
			isExplained: true,
			isTimed: true,
			columns,
		});
		const [first = '', ...sentence] = lines
			.linesOf({
				type: 'step',
				step: {
					kind: 'state',
					end: 'local',
					state: 'CLOSE-WAIT',
					evidence: 'read',
					peer,
					notBefore: 1,
					seenAt: 2,
				},
			})
			.split('\n')
			.slice(0, -1);
		assert.match(first, /server :41306 CLOSE-WAIT$/);
		assert.equal(
			sentence.map(line => line.trim()).join(' '),
			"The client's FIN arrived; the kernel waits for the server to close too (RFC 9293, 3.6).",
		);
		assert.ok(sentence.every(line => line.length <= columns));
	}
});

test('watch-lines: what a list shows began by then, and what it counts is so at that time', () => {
	const print = startLines(true);
	assert.match(print(sockets()), /^ {2}\d.*nobody listens/);
	const waiting = {
		peer,
		isAccepted: true,
		local: {...end, unreadBytes: 6},
		remote: {
			...end,
			state: 'TIME-WAIT' as const,
			timer: {name: 'time-wait' as const, inMs: 9000},
		},
	};
	const list = sockets({listening: [], connections: [waiting]});
	assert.match(print(list), /^≤ \d.*6 B unread\n$/);
	assert.match(print(waits), /\n {2}\d.*TIME-WAIT ends in 9 s\n$/);
});
