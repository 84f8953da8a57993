import assert from 'node:assert/strict';
import {test} from 'node:test';
import {explain, explainWatched} from '../../source/tcp/explain.js';
import {tcpTable} from '../../source/tcp/tcp-end.js';
import {
	callNames,
	nameOfCall,
	type Call,
	type Step,
	type TcpState,
} from '../../source/tcp/tcp.js';

const calls: readonly Call[] = [
	'socket()',
	'setsockopt(SO_LINGER, 0)',
	'setsockopt(SO_REUSEADDR, 1)',
	'setsockopt(IPV6_V6ONLY, 0)',
	'setsockopt(TCP_NODELAY, 1)',
	'setsockopt(TCP_NODELAY, 0)',
	'setsockopt(SO_KEEPALIVE, 1)',
	'setsockopt(SO_KEEPALIVE, 0)',
	'setsockopt(SO_RCVBUF, 2048)',
	'bind(127.0.0.1:5001)',
	'listen(1)',
	'accept()',
	'connect(127.0.0.1:5001)',
	'recv(1024)',
	'recv(1024, MSG_PEEK)',
	'recv(1024, MSG_WAITALL)',
	'send(5)',
	'read(1024)',
	'write(5)',
	'recvmsg()',
	'sendmsg()',
	'shutdown(SHUT_WR)',
	'close()',
	'pause()',
	'resume()',
];

const common = {at: 0, peer: undefined};

const steps: Step[] = [
	...calls.map(call => ({kind: 'call', call, ...common}) as const),
	...(['SYN', 'SYN+ACK', 'ACK', 'PSH', 'FIN', 'RST'] as const).flatMap(
		segment =>
			(['in', 'out'] as const).map(
				direction =>
					({kind: 'segment', segment, direction, ...common}) as const,
			),
	),
	...(['in', 'out'] as const).map(
		direction =>
			({
				kind: 'segment',
				segment: 'PSH',
				direction,
				retransmitted: 1,
				...common,
			}) as const,
	),
	...(Object.keys(tcpTable) as TcpState[]).flatMap(state =>
		(['local', 'remote'] as const).map(
			end =>
				({kind: 'state', state, end, evidence: 'read', ...common}) as const,
		),
	),
];

/** The sections of the RFC that we refer to. */
const sections = new Set([
	'3.3.2', // State Machine Overview
	'3.4', // Sequence Numbers
	'3.5', // Establishing a Connection
	'3.5.3', // Reset Processing
	'3.6', // Closing a Connection
	'3.6.1', // Half-Closed Connections
	'3.7.4', // Nagle Algorithm
	'3.8.1', // Retransmission Timeout
	'3.8.4', // TCP Keep-Alives
	'3.8.6', // Managing the Window
	'3.9.1', // User/TCP Interface
	'3.10.1', // OPEN Call
	'3.10.3', // RECEIVE Call
	'3.10.5', // ABORT Call
]);

test('explain: gives each step one short sentence and its source', () => {
	assert.equal(
		new Set(calls.map(call => nameOfCall(call))).size,
		callNames.length,
	);
	for (const step of steps) {
		const text = explain(step);
		const source =
			/^[A-Z][^.]* \((?:RFC 9293, ([\d.]+)|POSIX, (?:\w+\(\)|SO_REUSEADDR|IPV6_V6ONLY))\)\.$/;
		assert.match(text, source);
		const section = source.exec(text)?.[1];
		assert.ok(section === undefined || sections.has(section), text);
		assert.ok(text.length <= 160, `${text.length}: ${text}`);
	}
});

test('explain: has a different sentence for each step', () => {
	assert.equal(new Set(steps.map(step => explain(step))).size, steps.length);
});

test('explain: cites the POSIX page of the call itself', () => {
	for (const step of steps) {
		const page = /POSIX, (\w+\(\))/.exec(explain(step))?.[1];
		assert.ok(
			page === undefined ||
				(step.kind === 'call' && `${nameOfCall(step.call)}()` === page),
		);
	}
});

test('explain: a call that failed says why, and not what it would have done', () => {
	for (const call of calls) {
		for (const errno of ['EADDRINUSE', 'EADDRNOTAVAIL', 'EPIPE', 'EINTR']) {
			const step = {kind: 'call', call, errno, ...common} as const;
			const text = explain(step);
			assert.match(text, /^[A-Z][^.]* \(POSIX, \w+\(\)\)\.$/);
			assert.ok(text.includes(`POSIX, ${nameOfCall(call)}()`), text);
			assert.notEqual(text, explain({kind: 'call', call, ...common}));
			assert.ok(text.length <= 160, text);
		}
	}
});

test('explain: of two other programs, neither is this side', () => {
	for (const step of steps) {
		assert.doesNotMatch(
			explainWatched(step),
			/\b(?:this|the other|after the other) (?:side|process|end)\b/i,
		);
	}

	const state = {kind: 'state', state: 'CLOSE-WAIT', evidence: 'read'} as const;
	assert.equal(
		explainWatched({...state, end: 'remote', ...common}),
		"The server's FIN arrived; the kernel waits for the client to close too (RFC 9293, 3.6).",
	);
	assert.equal(
		explainWatched({...state, end: 'local', ...common}),
		"The client's FIN arrived; the kernel waits for the server to close too (RFC 9293, 3.6).",
	);
});

const swapped = (text: string): string =>
	text.replaceAll(/\b(?:server|client)\b/g, word =>
		word === 'server' ? 'client' : 'server',
	);

test('explain: of two other programs, each call is told of the one that made it', () => {
	for (const call of calls) {
		const step = {kind: 'call', call, ...common} as const;
		assert.equal(
			explainWatched({...step, end: 'remote'}),
			swapped(explainWatched({...step, end: 'local'})),
		);
	}

	assert.match(
		explainWatched({kind: 'call', call: 'connect()', end: 'remote', ...common}),
		/^The kernel sends SYN to the server,/,
	);
});

test("explain: the other end's calls are not this process's", () => {
	for (const call of [
		'connect()',
		'accept()',
		'shutdown(SHUT_WR)',
		'close()',
	] as const) {
		const text = explain({kind: 'call', call, end: 'remote', ...common});
		assert.match(
			text,
			/^The other (?:side|process) [^.]* \((?:RFC|POSIX).*\)\.$/,
		);
		assert.doesNotMatch(text, /[Tt]his (?:side|process)/);
	}
});

test('explain: a call that blocks says what it waits for', () => {
	const names = ['accept()', 'recv(1024)', 'connect()', 'send(5)'] as const;
	for (const call of names) {
		const step = {kind: 'call', call, end: 'local', ...common} as const;
		const text = explainWatched({...step, isBlocked: true});
		assert.match(text, /^The \w+ waits for .* \((?:RFC|POSIX).*\)\.$/);
		assert.notEqual(text, explainWatched(step));
	}
});

test('explain: a call that waits for all it asks for may have bytes already', () => {
	const call = 'recv(1024, MSG_WAITALL)';
	const step = {kind: 'call', call, end: 'local', ...common} as const;
	assert.match(
		explainWatched({...step, isBlocked: true}),
		/^The process waits for bytes of the client, until there are as many as it asks for/,
	);
});

test('explain: an RST that nobody saw is the one that closed with unread bytes, or of one end', () => {
	const rst = {
		kind: 'segment',
		segment: 'RST',
		evidence: 'inferred',
		...common,
	} as const;
	assert.match(
		explainWatched({...rst, reason: 'unread', direction: 'in'}),
		/^The client's socket .*unread/,
	);
	assert.match(
		explainWatched({...rst, reason: 'unread', direction: 'out'}),
		/^The server's socket .*unread/,
	);
	assert.match(
		explainWatched({...rst, reason: 'unknown'}),
		/which one is not known \(RFC/,
	);
});
