import assert from 'node:assert/strict';
import {test} from 'node:test';
import {systemClock} from '../../source/socket/clock.js';
import {nickReservedMs} from '../../source/room/reserved-nicks.js';
import {openClient, type TestClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {openServer, openHub} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {joinWire, type WirePeer} from '../helpers/wire-peer.js';

const causes = (otter: TestClient) =>
	otter
		.of('connection')
		.flatMap(({connection}) =>
			connection.phase === 'waiting' ? [connection.cause.code] : [],
		);

const seqs = (otter: TestClient) =>
	otter.frames().flatMap(frame => ('seq' in frame ? [frame.seq] : []));

test('reconnect: returns to a server on the same port, and sends the unsent once', async t => {
	const clock = new FakeClock();
	const before = await openServer(t);
	const {address} = before;
	const otter = openClient(t, address, 'otter', {clock, random: () => 0.5});
	await otter.untilPhase('open');
	otter.client.say('before');
	await otter.untilStored();
	await before.drain();
	await otter.untilPhase('waiting');
	assert.deepEqual(causes(otter), ['ERR_SHUTDOWN']);

	otter.client.say('while it was away');
	clock.advance(500);
	await otter.untilPhase('waiting', 2);
	otter.client.say('a second');
	assert.deepEqual(causes(otter), ['ERR_SHUTDOWN', 'ERR_REFUSED']);
	assert.equal(otter.of('sent').length, 1);

	const after = await openServer(t, {address});
	const heron = await joinWire(t, address, 'heron');
	clock.advance(1000);
	await otter.untilPhase('open', 2);
	otter.client.say('back');
	await otter.untilStored();
	await heron.untilSaid('back');
	assert.deepEqual(heron.said, ['while it was away', 'a second', 'back']);
	assert.deepEqual(otter.said(), [
		'before',
		'while it was away',
		'a second',
		'back',
	]);
	assert.equal(after.room.memberCount, 2);
});

test('reconnect: doubles its wait after each failure, up to 10 s', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter', {
		clock,
		random: () => 1,
	});
	await otter.untilPhase('open');
	await server.drain();
	const waits: number[] = [];
	for (let attempt = 1; attempt <= 8; attempt++) {
		await otter.untilPhase('waiting', attempt);
		const {connection} = otter.client;
		assert.equal(connection.phase, 'waiting');
		waits.push(connection.retryAt - connection.since);
		clock.advance(waits.at(-1)!);
	}

	assert.deepEqual(
		waits,
		[1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000],
	);
});

test('reconnect: starts with short waits again after 1 s connected', async t => {
	const clock = new FakeClock();
	const {address, sockets} = await openHub(t);
	const otter = openClient(t, address, 'otter', {clock, random: () => 1});
	const attempts = [];
	for (const healthyMs of [0, 0, 1000]) {
		await otter.untilPhase('open', attempts.length + 1);
		// Heard from now and then, so it stays open.
		for (let passed = 0; passed < healthyMs; passed += 1000) {
			clock.advance(1000);
			otter.client.say('still here');

			await otter.untilStored();
		}

		sockets.at(-1)!.resetAndDestroy();

		await otter.untilPhase('waiting', attempts.length + 1);
		const {connection} = otter.client;
		assert.equal(connection.phase, 'waiting');
		attempts.push(connection.attempt);
		clock.advance(10_000);
	}

	assert.deepEqual(attempts, [1, 2, 1]);
	assert.deepEqual(causes(otter), ['ERR_RESET', 'ERR_RESET', 'ERR_RESET']);
});

test('reconnect: receives exactly what it missed', async t => {
	const clock = new FakeClock();
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const otter = openClient(t, server.address, 'otter', {
		clock,
		random: () => 1,
	});
	await otter.untilPhase('open');
	heron.say(1, 'seen');
	await otter.until('the first', () => otter.said().includes('seen'));

	otter.dialled[0]!.destroy();
	await otter.untilPhase('waiting');
	await heron.untilFrame('left');
	for (let n = 2; n <= 300; n++) {
		heron.say(n, `missed ${n}`);
	}

	await heron.untilSaid('missed 300');
	clock.advance(1000);
	await otter.until('the rest', () => otter.said().includes('missed 300'));
	assert.deepEqual(
		seqs(otter),
		Array.from({length: 304}, (_, index) => index + 1),
	);
	assert.equal(
		otter.frames().some(({type}) => type === 'gap'),
		false,
	);
});

test('reconnect: without retry the first loss is final', async t => {
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter', {isRetrying: false});
	await otter.untilPhase('open');
	await server.drain();
	const cause = await otter.client.closed;
	assert.equal(cause?.code, 'ERR_SHUTDOWN');
	assert.equal(otter.dialled.length, 1);
});

test('reconnect: a replaced client does not return', async t => {
	const {address} = await openScripted(t, peer => {
		peer.send(welcomeFrame(), {type: 'bye', reason: 'replaced'});
		peer.end();
	});
	const otter = openClient(t, address, 'otter');
	const cause = await otter.client.closed;
	assert.equal(cause?.code, 'ERR_REPLACED');
	assert.equal(otter.dialled.length, 1);
});

test('reconnect: reports the cause of each loss', async t => {
	const endings = [
		(peer: WirePeer) => {
			peer.send({type: 'bye', reason: 'shutdown'});
			peer.end();
		},
		(peer: WirePeer) => {
			peer.end();
		},
		(peer: WirePeer) => {
			peer.write('x'.repeat(70_000));
		},
	];
	const {address} = await openScripted(t, (peer, count) => {
		peer.send(welcomeFrame());
		endings[count - 1]?.(peer);
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open', 4);
	assert.deepEqual(causes(otter), [
		'ERR_SHUTDOWN',
		'ERR_LOST',
		'ERR_LINE_TOO_LONG',
	]);
});

test('reconnect: counts the bytes of all its connections', async t => {
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame());
	});
	const otter = openClient(t, address, 'otter');
	await otter.untilPhase('open');
	await peers[0]!.until('its ping', () => peers[0]!.text.includes('"ping"'));
	peers[0]!.end();
	await otter.untilPhase('open', 2);
	await peers[1]!.until('its ping', () => peers[1]!.text.includes('"ping"'));
	otter.client.leave();
	peers[1]!.end();
	await otter.client.closed;
	await peers[1]!.until('its bye', () => peers[1]!.text.includes('"bye"'));
	const traffic = otter.of('traffic').at(-1)!;
	assert.equal(
		traffic.bytesOut,
		peers[0]!.bytes.length + peers[1]!.bytes.length,
	);
	assert.equal(
		traffic.bytesIn,
		peers[0]!.socket.bytesWritten + peers[1]!.socket.bytesWritten,
	);
});

test('reconnect: takes another nick if its own was taken', async t => {
	const clock = new FakeClock();
	let lateMs = 0;
	const wallMs = () => systemClock.wallMs() + lateMs;
	const server = await openServer(t, {clock: {...systemClock, wallMs}});
	const otter = openClient(t, server.address, 'otter', {
		clock,
		random: () => 1,
	});
	await otter.untilPhase('open');
	const heron = await joinWire(t, server.address, 'heron');
	otter.dialled[0]!.destroy();
	await heron.untilFrame('left');
	// Its nick is reserved for it that long.
	lateMs = nickReservedMs;
	await joinWire(t, server.address, 'otter');
	clock.advance(1000);
	await otter.untilPhase('open', 2);
	assert.equal(otter.client.nick, 'otter-2');
});
