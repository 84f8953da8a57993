import assert from 'node:assert/strict';
import {once} from 'node:events';
import {test, type TestContext} from 'node:test';
import {setImmediate} from 'node:timers/promises';
import {
	nameOfCall,
	type KernelSocket,
	type TcpState,
} from '../../source/tcp/tcp.js';
import {requireLoopback} from '../../source/socket/address.js';
import {dial} from '../../source/socket/dial.js';
import {createTcpTable} from '../../source/socket/tcp-table.js';
import {openClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {lastState} from '../helpers/kernel.js';
import {kernelSocket} from '../helpers/models.js';
import {openServer} from '../helpers/room.js';
import {listenBare, openScripted, welcomeFrame} from '../helpers/scripted.js';
import {draw, isOwn} from '../helpers/steps.js';
import {until} from '../helpers/until.js';
import {openWatch} from '../helpers/watch.js';
import {joinWire} from '../helpers/wire-peer.js';

/** A watch with a table and a clock that the test controls. */
const openTable = async (t: TestContext) => {
	const clock = new FakeClock();
	let rows: () => readonly KernelSocket[] | undefined = () => [];
	let reads = 0;
	const watched = openWatch(t, {
		clock,
		async read() {
			reads++;
			const read = rows();
			return read && createTcpTable(read);
		},
	});
	const {address} = await listenBare(t, socket => {
		socket.resume();
		socket.on('end', () => socket.end());
	});
	return {
		...watched,
		clock,
		address,
		/** Sets the table from now on; undefined if it can't be read. */
		say(next: readonly KernelSocket[] | undefined | typeof rows) {
			rows = typeof next === 'function' ? next : () => next;
		},
		/** How often the table is read while the clock advances. */
		async readsIn(seconds: number) {
			const before = reads;
			for (let second = 0; second < seconds; second++) {
				clock.advance(1000);
				await setImmediate();
			}

			return reads - before;
		},
		/** Advances the clock until the table was read again. */
		async untilReadAgain() {
			const before = reads;
			await until(
				() => {
					clock.advance(1000);
					return reads > before + 1;
				},
				{what: 'two readings'},
			);
		},
	};
};

/** A connection that the watch follows, and its two ends as the table has them. */
const followOne = async (table: Awaited<ReturnType<typeof openTable>>) => {
	const link = dial(table.address);
	const socket = link.stream;
	table.watch.follow(link, 'client', undefined);
	await until(() => socket.readyState === 'open', {what: 'the connection'});
	return {
		link,
		socket,
		local: `127.0.0.1:${socket.localPort}`,
		remote: `127.0.0.1:${socket.remotePort}`,
	};
};

test('socket watch: a paused socket is read each second, however quiet it is', async t => {
	const table = await openTable(t);
	table.watch.restWhileQuiet();
	const {link, socket, local, remote} = await followOne(table);
	table.say([kernelSocket({local, remote, state: 'ESTABLISHED'})]);
	await table.readsIn(100);
	assert.ok((await table.readsIn(60)) < 5);
	table.watch.called('pause()', link);
	assert.ok((await table.readsIn(60)) > 30);
	table.watch.called('resume()', link);
	await table.readsIn(100);
	assert.ok((await table.readsIn(60)) < 5);
	socket.destroy();
});

test('socket watch: at rest, a connection that does nothing is left alone at once', async t => {
	const table = await openTable(t);
	const link = dial(table.address);
	const socket = link.stream;
	table.watch.restWhileQuiet();
	table.watch.follow(link, 'client', undefined);
	await until(() => socket.readyState === 'open', {what: 'the connection'});
	const local = `127.0.0.1:${socket.localPort}`;
	const remote = `127.0.0.1:${socket.remotePort}`;
	table.say([kernelSocket({local, remote, state: 'ESTABLISHED'})]);
	// What it did is read at once, and again soon.
	await table.readsIn(2);
	// Each read takes the kernel 8 ms: once a second, 0.8 % of a core.
	assert.ok((await table.readsIn(20)) <= 4);
	socket.destroy();
});

test('socket watch: at rest, a few bytes in a queue are read again a second later', async t => {
	const table = await openTable(t);
	table.watch.restWhileQuiet();
	const {socket, local, remote} = await followOne(table);
	const row = kernelSocket({local, remote, state: 'ESTABLISHED'});
	table.say([row]);
	await table.readsIn(100);
	assert.ok((await table.readsIn(60)) < 5);
	// The next reading meets a heartbeat: the screen would say so for 32 s.
	table.say([{...row, receiveQueueBytes: 40}]);
	await table.readsIn(40);
	assert.ok((await table.readsIn(60)) > 50);
	table.say([row]);
	await table.readsIn(100);
	assert.ok((await table.readsIn(60)) < 5);
	socket.destroy();
});

test('socket watch: TIME-WAIT is followed until it is gone', async t => {
	const table = await openTable(t);
	const {socket, local, remote} = await followOne(table);
	const row = (state: KernelSocket['state']) =>
		kernelSocket({local, remote, state});
	table.say([row('ESTABLISHED')]);
	await table.untilReadAgain();
	table.say([row('TIME-WAIT')]);
	socket.resume();
	socket.end();
	await until(() => socket.closed, {what: 'the close'});
	await table.untilReadAgain();
	assert.equal(lastState(table.steps(), 'local'), 'read TIME-WAIT');
	for (let minute = 0; minute < 3; minute++) {
		await table.untilReadAgain();
		assert.equal(lastState(table.steps(), 'local'), 'read TIME-WAIT');
	}

	table.say([]);
	await table.untilReadAgain();
	assert.equal(lastState(table.steps(), 'local'), 'read CLOSED');
});

test('socket watch: TIME-WAIT is read seldom, and each second around its end', async t => {
	const table = await openTable(t);
	const {clock, watch} = table;
	watch.restWhileQuiet();
	const {socket, local, remote} = await followOne(table);
	socket.resume();
	socket.end();
	await until(() => socket.closed, {what: 'the close'});
	const endsAt = clock.monotonicMs() + 60_000;
	table.say(() => [
		kernelSocket({
			local,
			remote,
			state: 'TIME-WAIT',
			timer: {
				name: 'time-wait',
				inMs: Math.max(0, endsAt - clock.monotonicMs()),
			},
		}),
	]);
	await table.readsIn(5);
	assert.equal(lastState(table.steps(), 'local'), 'read TIME-WAIT');
	const reads = await table.readsIn(53);
	assert.ok(reads <= 5, `${reads} readings while nothing can happen`);
	// The kernel may be late, and its timer then says 0.
	assert.ok((await table.readsIn(6)) >= 5);
	const before = clock.wallMs();
	table.say([]);
	await table.readsIn(3);
	const closed = table
		.steps()
		.findLast(step => step.kind === 'state' && step.state === 'CLOSED');
	assert.ok(
		(closed?.notBefore ?? 0) >= before - 1000,
		'its time is bounded closely',
	);
});

test('socket watch: told to finish, it stops at the end of TIME-WAIT', async t => {
	const table = await openTable(t);
	const {socket, local, remote} = await followOne(table);
	table.say([kernelSocket({local, remote, state: 'TIME-WAIT'})]);
	socket.resume();
	socket.end();
	await until(() => socket.closed, {what: 'the close'});
	table.watch.finish();
	await table.untilReadAgain();
	assert.equal(lastState(table.steps(), 'local'), 'read TIME-WAIT');
	assert.notDeepEqual(table.clock.delays, []);
	table.say([]);
	await until(
		() => {
			table.clock.advance(1000);
			return lastState(table.steps(), 'local') === 'read CLOSED';
		},
		{what: 'CLOSED', seen: () => draw(table.steps()).join(', ')},
	);
	assert.deepEqual(table.clock.delays, [], 'no timer is left');
});

test('socket watch: without the kernel’s table, Node’s own figures continue', async t => {
	const table = await openTable(t);
	table.say(undefined);
	const link = dial(table.address);
	const socket = link.stream;
	t.after(() => socket.destroy());
	let count = 0;
	table.watch.sampleClient(() => {
		count++;
		return {local: 'a', remote: 'b'};
	});
	table.watch.follow(link, 'client', undefined);
	await until(() => socket.readyState === 'open', {what: 'the connection'});
	await table.untilEvent('kernel');
	for (let second = 0; second < 5; second++) {
		const before = count;
		table.clock.advance(1000);
		assert.equal(count, before + 1, 'once a second');
	}

	assert.ok(table.of('kernel').every(({pair}) => pair === undefined));
	assert.equal(lastState(table.steps(), 'local'), 'inferred ESTABLISHED');
	table.watch.stop();
	const before = count;
	table.clock.advance(10_000);
	assert.equal(count, before, 'and stops when asked to');
});

test('socket watch: no connection is different from no table', async t => {
	const table = await openTable(t);
	let endpoints: {local: string | undefined; remote: string | undefined} = {
		local: undefined,
		remote: undefined,
	};
	table.watch.sampleClient(() => endpoints);
	await table.untilReadAgain();
	const none = {local: undefined, remote: undefined};
	assert.deepEqual(table.of('kernel').at(-1)?.pair, none);
	const row = kernelSocket();
	endpoints = {local: row.local, remote: row.remote};
	table.say([row]);
	await table.untilReadAgain();
	assert.deepEqual(table.of('kernel').at(-1)?.pair, {...none, local: row});
});

test('socket watch: a member that becomes the host leaves its old connection', async t => {
	const table = await openTable(t);
	const {socket, local, remote} = await followOne(table);
	const say = (ours: TcpState | undefined, theirs: TcpState) => {
		table.say([
			...(ours ? [kernelSocket({local, remote, state: ours})] : []),
			kernelSocket({local: remote, remote: local, state: theirs}),
		]);
	};

	say('CLOSE-WAIT', 'FIN-WAIT-2');
	await table.untilReadAgain();
	assert.equal(lastState(table.steps(), 'local'), 'read CLOSE-WAIT');
	const calls = ['socket()', 'bind(127.0.0.1:1)', 'listen(1)'] as const;
	for (const call of calls) {
		table.watch.called(call);
	}

	const before = table.steps().length;
	socket.destroy();
	await once(socket, 'close');
	say(undefined, 'TIME-WAIT');
	await table.untilReadAgain();
	table.say([]);
	await table.untilReadAgain();
	assert.deepEqual(draw(table.steps().slice(before)), []);
});

test("socket watch: a client's old connection is distinct from its new one", async t => {
	const watched = openWatch(t);
	const {address} = await openScripted(t, (peer, count) => {
		peer.send(welcomeFrame());
		if (count === 1) {
			peer.duplex.once('end', () => {
				peer.end();
			});
		}
	});
	const {watch} = watched;
	const {client, untilPhase} = openClient(t, address, 'otter', {watch});
	await untilPhase('open');
	const {local} = client.endpoints;
	await watched.untilRead('ESTABLISHED', 'local');
	await client.control({type: 'close'});
	await untilPhase('open', 2);
	await watched.untilRead('ESTABLISHED', 'local');
	await until(() => watched.of('step').some(({step}) => step.peer === local), {
		what: 'a step of the former connection',
		seen: () => JSON.stringify(watched.of('step')),
	});
	const second = watched
		.steps()
		.findLastIndex(
			step => step.kind === 'call' && nameOfCall(step.call) === 'connect',
		);
	const since = watched.steps().slice(second);
	assert.deepEqual(
		draw(since.filter(step => step.peer === undefined && isOwn(step))),
		['connect()', '○ SYN-SENT', '● ESTABLISHED'],
	);
	assert.equal(lastState(watched.steps(), 'local'), 'read ESTABLISHED');
});

test('socket watch: a Unix domain socket has no steps, and no kernel row', async t => {
	const server = requireLoopback({kind: 'unix', path: '/nonexistent/socket'});
	const watched = openWatch(t, {server});
	const link = dial(server);
	const socket = link.stream;
	socket.on('error', () => undefined);
	watched.watch.sampleClient(() => ({local: undefined, remote: undefined}));
	watched.watch.follow(link, 'client', undefined);
	watched.watch.called('listen(1)');
	await until(() => socket.closed, {what: 'the close'});
	const {pair} = await watched.untilEvent('kernel');
	assert.equal(pair, undefined);
	assert.deepEqual(watched.of('step'), []);
});

test('socket watch: a call is reported for its own socket only', async t => {
	const watched = openWatch(t);
	const server = await openServer(t, {watch: watched.watch});
	const [anna, bert] = [
		await joinWire(t, server.address, 'anna'),
		await joinWire(t, server.address, 'bert'),
	];
	await server.control({type: 'pause'}, 'bert');
	assert.deepEqual(
		watched
			.of('step')
			.flatMap(({step}) => (step.kind === 'call' ? [step] : []))
			.map(({call, peer}) => [nameOfCall(call), peer]),
		[
			['socket', undefined],
			['setsockopt', undefined],
			['bind', undefined],
			['listen', undefined],
			['connect', anna.name],
			['accept', anna.name],
			['setsockopt', anna.name],
			['connect', bert.name],
			['accept', bert.name],
			['setsockopt', bert.name],
			['pause', bert.name],
		],
	);
});
