/** What happens while the event loop is held is not said to happen after it. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import type {Socket} from 'node:net';
import path from 'node:path';
import {performance} from 'node:perf_hooks';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {dial} from '../../source/socket/dial.js';
import {SocketLink} from '../../source/socket/link.js';
import {seenBy} from '../../source/tcp/step-time.js';
import {nameOfCall, type Step} from '../../source/tcp/tcp.js';
import {startPython} from '../helpers/truth/scene.js';
import {newFolder} from '../helpers/link-peers.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';

/** Clocks that count whole milliseconds. */
const slackMs = 2;

/** How long after it happened a time may be that claims to be exact. */
const exactMs = 50;

const computeUntil = (isOver: () => boolean): void => {
	while (!isOver()) {
		// Nothing else runs meanwhile.
	}
};

/**
 * Holds the event loop until the other end has noted when it acted, and then
 * for a while.
 *
 * @returns When it acted, in milliseconds since the epoch.
 */
const holdUntilNoted = (file: string): number => {
	let noted = '';
	computeUntil(() => {
		try {
			noted = readFileSync(file, 'utf8');
		} catch {}

		return noted.endsWith('\n');
	});
	const heldSince = Date.now();
	computeUntil(() => Date.now() - heldSince > 4 * exactMs);
	return Number(noted);
};

const assertTold = (step: Step, happenedAt: number): void => {
	const told = JSON.stringify(step);
	assert.ok(
		step.at === undefined
			? step.notBefore <= happenedAt + slackMs &&
					step.seenAt >= happenedAt - slackMs
			: Math.abs(step.at - happenedAt) <= exactMs,
		`${told}, but it was at ${happenedAt}`,
	);
};

/** A server's end that is watched, and a client in another process. */
const openPair = async (t: TestContext) => {
	const accepted = Promise.withResolvers<Socket>();
	// Nothing is read from the kernel: what is said comes from Node alone.
	const opened = openWatch(t, {read: async () => undefined});
	const {address} = await listenBare(t, socket => {
		opened.watch.follow(new SocketLink('tcp', socket), 'server', 'peer');
		socket.resume();
		accepted.resolve(socket);
	});
	opened.watch.called('listen(511)');
	const note = path.join(newFolder(t), 'note');
	const client = await startPython(t);
	await client.do('import time');
	await client.do(
		`note = lambda: open(${JSON.stringify(note)}, 'w').write(f'{time.time() * 1000}\\n')`,
	);
	const connect = `s = socket.create_connection(('127.0.0.1', ${portOf(address)}))`;
	return {
		...opened,
		client,
		note,
		connect,
		server: accepted.promise,
		step: async (what: string, isIt: (step: Step) => boolean) =>
			until(() => opened.steps().find(step => isIt(step)), {
				what,
				seen: () => JSON.stringify(opened.steps()),
			}),
	};
};

const isSegment = (name: 'FIN' | 'RST') => (step: Step) =>
	step.kind === 'segment' && step.segment === name;

for (const [segment, act] of [
	['FIN', 's.shutdown(socket.SHUT_WR)'],
	[
		'RST',
		"s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)); s.close()",
	],
] as const) {
	test(`held loop: a ${segment} that came meanwhile has bounds`, async t => {
		const {client, connect, note, server, step} = await openPair(t);
		await client.do(connect);
		await server;
		client.begin(`${act}; note()`);
		const happenedAt = holdUntilNoted(note);
		const told = await step(segment, isSegment(segment));
		assertTold(told, happenedAt);
		assertTold(
			await step(
				'the state it led to',
				({kind, ...rest}) =>
					kind === 'state' &&
					'state' in rest &&
					rest.end === 'local' &&
					rest.state === (segment === 'FIN' ? 'CLOSE-WAIT' : 'CLOSED'),
			),
			happenedAt,
		);
	});

	test(`held loop: a ${segment} behind bytes has bounds as well`, async t => {
		const {client, connect, note, server, step} = await openPair(t);
		await client.do(connect);
		await server;
		client.begin(`s.send(b'some'); ${act}; note()`);
		const happenedAt = holdUntilNoted(note);
		assertTold(await step(segment, isSegment(segment)), happenedAt);
	});

	test(`held loop: a ${segment} in the backlog has bounds as well`, async t => {
		const {client, connect, note, step} = await openPair(t);
		client.begin(`${connect}; ${act}; note()`);
		const happenedAt = holdUntilNoted(note);
		assertTold(await step(segment, isSegment(segment)), happenedAt);
	});

	test(`held loop: a ${segment} that came later isn't said to be older`, async t => {
		const {client, connect, note, server, step} = await openPair(t);
		await client.do(connect);
		await server;
		client.begin('note()');
		const heldUntil = holdUntilNoted(note) + 4 * exactMs;
		const {idleTime} = performance.nodeTiming;
		await until(() => performance.nodeTiming.idleTime > idleTime + exactMs, {
			what: 'the event loop to wait again',
		});
		await client.do(act);
		const {at, notBefore} = await step(segment, isSegment(segment));
		assert.ok((at ?? notBefore) >= heldUntil);
	});
}

test('held loop: a connection that was made meanwhile has bounds', async t => {
	const {address} = await listenBare(t, () => undefined);
	const {watch, steps} = openWatch(t, {
		server: address,
		read: async () => undefined,
	});
	const link = dial(address);
	t.after(() => link.stream.destroy());
	watch.follow(link, 'client', undefined);
	const isConnect = (step: Step) =>
		step.kind === 'call' && nameOfCall(step.call) === 'connect';
	// Node calls connect() in the next tick; it is reported in the one after.
	process.nextTick(() => {
		process.nextTick(() => {
			// The kernel answers itself, and has made it within this call.
			const connect = steps().find(step => isConnect(step));
			assert.ok(connect);
			const heldSince = Date.now();
			computeUntil(() => Date.now() - heldSince > 4 * exactMs);
		});
	});
	const opened = await until(
		() =>
			steps().find(
				step => step.kind === 'state' && step.state === 'ESTABLISHED',
			),
		{what: 'ESTABLISHED'},
	);
	assertTold(opened, seenBy(steps().find(step => isConnect(step))!));
});
