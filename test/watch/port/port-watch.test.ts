/** The loop around the readings: it fails in a sentence, and stops at once. */
import assert from 'node:assert/strict';
import test, {type TestContext} from 'node:test';
import {setImmediate} from 'node:timers/promises';
import {
	requireLoopback,
	type LoopbackAddress,
} from '../../../source/socket/address.js';
import {systemClock} from '../../../source/socket/clock.js';
import type {SocketsEvent} from '../../../source/event/port-event.js';
import {noSegments} from '../../../source/tcp/segment-counts.js';
import type {TcpState} from '../../../source/tcp/tcp.js';
import {PortWatch} from '../../../source/watch/port/port-watch.js';
import {FakeClock} from '../../helpers/clock.js';
import {kernelSocket} from '../../helpers/models.js';
import {until} from '../../helpers/until.js';

const address = requireLoopback({
	kind: 'tcp',
	host: '127.0.0.1',
	port: 5001,
}) as Extract<LoopbackAddress, {kind: 'tcp'}>;

const startWatch = (
	t: TestContext,
	readRows: () => Promise<[] | undefined>,
) => {
	const lists: SocketsEvent[] = [];
	const watch = new PortWatch({
		address,
		clock: systemClock,
		readRows,
		readFigures: async () => undefined,
		async onEvents(events) {
			lists.push(...events.filter(event => event.type === 'sockets'));
		},
	});
	t.after(() => {
		watch.stop();
	});
	return {watch, lists};
};

test('port-watch: without the tables it fails with a sentence', async t => {
	const {watch} = startWatch(t, async () => undefined);
	await assert.rejects(watch.run(), {
		code: 'ERR_NO_TABLES',
		message:
			/^The kernel's tables of sockets \(\/proc\/net\/tcp\) can't be read/,
	});
});

test('port-watch: tables that go away later end nothing, and stop() does', async t => {
	let isThere = true;
	const {watch, lists} = startWatch(t, async () => (isThere ? [] : undefined));
	const ended = watch.run();
	await until(() => lists.length === 1, {what: 'the first list'});
	assert.deepEqual(lists[0], {
		type: 'sockets',
		at: lists[0]!.at,
		isReadable: true,
		address: '127.0.0.1:5001',
		listening: [],
		connections: [],
		more: 0,
	});
	isThere = false;
	await until(() => lists.length === 2, {what: 'the news'});
	assert.equal(lists[1]!.isReadable, false);
	watch.stop();
	await ended;
});

test('port-watch: however long a reading takes, the next is not long after it', async t => {
	const clock = new FakeClock();
	let reads = 0;
	const watch = new PortWatch({
		address,
		clock,
		async readRows() {
			reads++;
			// A machine that is starved, or has a very large table.
			clock.advance(200);
			return [];
		},
		readFigures: async () => undefined,
		async onEvents() {},
	});
	t.after(() => {
		watch.stop();
	});
	const ended = watch.run();
	const end = clock.monotonicMs() + 60_000;
	while (clock.monotonicMs() < end) {
		clock.advance(25);
		await setImmediate();
	}

	watch.stop();
	await ended;
	assert.ok(reads > 25, `${reads} readings in a minute`);
	assert.ok(reads < 60, `${reads} readings in a minute`);
});

test('port-watch: a list has the time of the table, however long ss takes', async () => {
	const clock = new FakeClock();
	const readAt: number[] = [];
	const lists: SocketsEvent[] = [];
	const watch = new PortWatch({
		address,
		clock,
		async readRows() {
			readAt.push(clock.wallMs());
			return [
				{
					inode: '1',
					socket: {
						local: '127.0.0.1:5001',
						remote: '0.0.0.0:0',
						state: 'LISTEN',
						sendQueueBytes: 0,
						receiveQueueBytes: 0,
						uid: 0,
					},
				},
			];
		},
		async readFigures() {
			clock.advance(2000);
			return undefined;
		},
		async onEvents(events) {
			lists.push(...events.filter(event => event.type === 'sockets'));
			watch.stop();
		},
	});
	await watch.run();
	// Milliseconds are cut.
	assert.equal(lists[0]!.at, readAt[0]! + 1);
});

test('port-watch: bytes were sent before they are listed as unread', async t => {
	const clock = new FakeClock();
	const [server, client] = ['127.0.0.1:5001', '127.0.0.1:40000'];
	let sentBytes = 0;
	const said: string[] = [];
	const watch = new PortWatch({
		address,
		clock,
		async readRows() {
			const other = kernelSocket({
				local: server,
				remote: client,
				receiveQueueBytes: sentBytes,
			});
			return [
				{inode: '1', socket: kernelSocket({local: client, remote: server})},
				{inode: '2', socket: other},
			];
		},
		async readFigures() {
			const figures = {...noSegments, sentBytes, dataSegmentsOut: sentBytes};
			// It rests ten times as long, and may run again when a list is due.
			clock.advance(50);
			return {
				ends: new Map([[`${client} ${server}`, figures]]),
				backlogs: new Map(),
			};
		},
		async onEvents(events) {
			for (const event of events) {
				if (event.type === 'data') {
					said.push('sent');
				} else if (event.type === 'sockets') {
					const unread = event.connections[0]?.local?.unreadBytes;
					said.push(unread === 0 ? 'nothing' : 'unread');
				}
			}
		},
	});
	t.after(() => {
		watch.stop();
	});
	const ended = watch.run();
	const untilSaid = async (what: string) =>
		until(
			() => {
				clock.advance(10);
				return said.includes(what);
			},
			{what, seen: () => said.join(', ')},
		);
	await untilSaid('nothing');
	sentBytes = 5;
	await untilSaid('unread');
	watch.stop();
	await ended;
	assert.deepEqual(said, ['nothing', 'sent', 'unread']);
});

test('port-watch: an end whose row a reading may only have missed is not listed as gone', async t => {
	const clock = new FakeClock();
	const [server, client] = ['127.0.0.1:5001', '127.0.0.1:40000'];
	const row = (local: string, remote: string, state: TcpState) => ({
		inode: local.slice(-5),
		socket: kernelSocket({local, remote, state}),
	});
	let reads = 0;
	const lists: string[] = [];
	const watch = new PortWatch({
		address,
		clock,
		async readRows() {
			reads++;
			clock.advance(100);
			// The server's row was looked for while its hash was changed.
			const isMissed = reads === 2 || reads === 4;
			const [own, other] =
				reads < 3
					? (['ESTABLISHED', 'ESTABLISHED'] as const)
					: (['CLOSE-WAIT', 'FIN-WAIT-2'] as const);
			const found = isMissed ? [] : [row(server, client, own)];
			return reads === 1 ? [] : [row(client, server, other), ...found];
		},
		readFigures: async () => undefined,
		async onEvents(events) {
			for (const event of events) {
				if (event.type !== 'sockets') {
					continue;
				}

				const [{local, remote} = {}] = event.connections;
				lists.push(`${remote?.state} ${local?.state}`);
			}
		},
	});
	t.after(() => {
		watch.stop();
	});
	const ended = watch.run();
	await until(
		() => {
			clock.advance(100);
			return reads > 6;
		},
		{what: 'seven readings'},
	);
	watch.stop();
	await ended;
	assert.deepEqual(
		[...new Set(lists)],
		['undefined undefined', 'FIN-WAIT-2 CLOSE-WAIT'],
	);
});
