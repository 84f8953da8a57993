/**
 * What other programs read without waiting for it, on real sockets: no call of
 * theirs was seen to block, and still it is known that they made it.
 */
import assert from 'node:assert/strict';
import test, {type TestContext} from 'node:test';
import type {PortEvent} from '../../../source/event/port-event.js';
import {seenBy} from '../../../source/tcp/step-time.js';
import {nameOfCall, type Step} from '../../../source/tcp/tcp.js';
import {watchFreePort} from '../../helpers/port-watch.js';
import {startPython} from '../../helpers/truth/scene.js';
import {until} from '../../helpers/until.js';

type CallStep = Extract<Step, {kind: 'call'}>;

/** Two Python programs, that do a call at a time, and a watch on their port. */
const startPair = async (t: TestContext, host: '127.0.0.1' | '::1') => {
	const {port, events, seen} = await watchFreePort(t, host);
	const [server, client] = await Promise.all([startPython(t), startPython(t)]);
	const family = host === '::1' ? 'AF_INET6' : 'AF_INET';
	for (const each of [server, client]) {
		await each.do(`f = socket.${family}; a = ('${host}', ${port})`);
	}

	await server.do('l = socket.socket(f); l.bind(a); l.listen(1)');
	await client.do('s = socket.socket(f); s.connect(a)');
	await server.do('s, peer = l.accept()');
	const reads = (end: 'local' | 'remote') =>
		events.flatMap(event =>
			event.type === 'step' &&
			event.step.kind === 'call' &&
			event.step.end === end &&
			nameOfCall(event.step.call) === 'recv'
				? [event.step]
				: [],
		);
	const untilEvent = async (
		what: string,
		which: (event: PortEvent) => boolean,
	) => {
		await until(() => events.some(event => which(event)), {what, seen});
	};

	return {
		server,
		client,
		events,
		seen,
		reads,
		untilEvent,
		/** Waits until the kernel's counters, or its queue, have shown bytes. */
		async untilSent(from: 'local' | 'remote') {
			await untilEvent(
				`bytes of ${from}`,
				event => event.type === 'data' && event.from === from,
			);
		},
		async untilRead(end: 'local' | 'remote', count = 1) {
			await until(() => reads(end).length >= count, {
				what: `${count} recv() of ${end}`,
				seen,
			});
		},
	};
};

/** Between which times it happened. */
const assertDuring = (
	step: CallStep,
	{from, to}: {readonly from: number; readonly to: number},
	seen: () => string,
): void => {
	assert.ok((step.at ?? step.notBefore) <= to + 2, seen());
	assert.ok(seenBy(step) >= from - 2, seen());
};

const timed = async (act: () => Promise<void>) => {
	const from = Date.now();
	await act();
	return {from, to: Date.now()};
};

for (const host of ['127.0.0.1', '::1'] as const) {
	test(`port-watch: a recv() that never blocks is seen by what it took, over ${host}`, async t => {
		const {server, client, reads, seen, ...pair} = await startPair(t, host);
		await client.do("s.send(b'hello')");
		await pair.untilSent('remote');
		assert.deepEqual(reads('local'), [], 'unread so far');
		const first = await timed(async () => server.do('s.recv(1024)'));
		await pair.untilRead('local');
		await server.do("s.send(b'Server response')");
		await pair.untilSent('local');
		const second = await timed(async () => client.do('s.recv(1024)'));
		await pair.untilRead('remote');

		for (const [end, time, taken] of [
			['local', first, 5],
			['remote', second, 15],
		] as const) {
			const [read, ...others] = reads(end);
			assert.deepEqual(others, [], seen());
			assert.equal(read!.call, 'recv()');
			assert.equal(read!.evidence, 'inferred');
			assert.equal(read!.taken, taken);
			assert.equal(read!.result, undefined);
			assertDuring(read!, time, seen);
		}

		// An empty read is the end of what the other side sends.
		await client.do('s.close()');
		await pair.untilEvent(
			'CLOSE-WAIT',
			({type, ...event}) =>
				type === 'step' &&
				'step' in event &&
				event.step.kind === 'state' &&
				event.step.state === 'CLOSE-WAIT',
		);
		const last = await timed(async () => server.do('s.recv(1024)'));
		await pair.untilRead('local', 2);
		const [, end] = reads('local');
		assert.equal(end!.result, '0');
		assertDuring(end!, last, seen);
	});
}

test('port-watch: what is sent and taken between two readings was read, too', async t => {
	const {server, client, reads, seen, ...pair} = await startPair(
		t,
		'127.0.0.1',
	);
	await server.do('s.settimeout(60)');
	// Python waits in poll(), which says nothing of a socket.
	server.writeLine('s.recv(1024)');
	const time = await timed(async () => client.do("s.send(b'hello')"));
	await pair.untilRead('local');
	const [read] = reads('local');
	assert.equal(read!.call, 'recv()');
	assertDuring(read!, {...time, to: time.to + 1000}, seen);
});

test('port-watch: a recv() that was seen to block and return is said once', async t => {
	const {server, client, reads, seen, ...pair} = await startPair(
		t,
		'127.0.0.1',
	);
	server.writeLine('s.recv(1024)');
	await pair.untilRead('local');
	await client.do("s.send(b'hello')");
	await pair.untilRead('local', 2);
	await pair.untilSent('remote');
	await client.do("s.send(b'again')");
	await server.do('s.recv(1024)');
	await pair.untilRead('local', 3);
	assert.deepEqual(
		reads('local').map(({call, evidence, isBlocked}) => [
			call,
			evidence,
			isBlocked,
		]),
		[
			['recv(1024)', 'read', true],
			['recv(1024)', 'read', undefined],
			['recv()', 'inferred', undefined],
		],
		seen(),
	);
});

test('port-watch: of a program that reads a part, what it took is no more than that', async t => {
	const {server, client, reads, seen, ...pair} = await startPair(
		t,
		'127.0.0.1',
	);
	await client.do("s.send(b'one'); s.send(b'two')");
	await pair.untilSent('remote');
	await server.do('s.recv(2)');
	await pair.untilRead('local');
	assert.equal(reads('local')[0]!.taken, 2, seen());
	await server.do('s.recv(2)');
	await pair.untilRead('local', 2);
	assert.equal(reads('local')[1]!.taken, 4, seen());
	// Unread bytes that an RST throws away were not read.
	await server.do('s.close()');
	await pair.untilEvent(
		'CLOSED',
		event =>
			event.type === 'step' &&
			event.step.kind === 'state' &&
			event.step.end === 'local' &&
			event.step.state === 'CLOSED' &&
			event.step.peer !== undefined,
	);
	assert.equal(reads('local').length, 2, seen());
});
