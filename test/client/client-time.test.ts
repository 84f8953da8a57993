import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Address} from '../../source/socket/address.js';
import {openClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {openFull, startPython} from '../helpers/peers.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import type {WirePeer} from '../helpers/wire-peer.js';

const loopback = (port: number | string): Address => ({
	kind: 'tcp',
	host: '127.0.0.1',
	port: Number(port),
});

test('client: gives the kernel 10 s to connect', async t => {
	const clock = new FakeClock();
	const address = loopback(await openFull(t));
	const otter = openClient(t, address, 'otter', {clock});
	clock.advance(9999);
	assert.equal(otter.phase(), 'connecting');
	clock.advance(1);
	const cause = await otter.client.closed;
	assert.equal(cause?.code, 'ERR_CONNECT_TIMEOUT');
	assert.match(cause.message, /within 10 s.*backlog full/);
	assert.equal(otter.dialled[0]!.destroyed, true);
	assert.deepEqual(clock.delays, []);
});

test('client: gives a server 10 s to send its welcome', async t => {
	const clock = new FakeClock();
	const {address} = await openScripted(t, () => undefined);
	const otter = openClient(t, address, 'otter', {clock});
	await otter.untilPhase('handshaking');
	clock.advance(9999);
	assert.equal(otter.phase(), 'handshaking');
	clock.advance(1);
	const cause = await otter.client.closed;
	assert.equal(cause?.code, 'ERR_HANDSHAKE_TIMEOUT');
	assert.match(cause.message, /within 10 s.*--raw/);
	assert.deepEqual(clock.delays, []);
});

test("client: waits for the end of the tutorial server's line, and names --raw", async t => {
	const clock = new FakeClock();
	const python = startPython(t, 'server', [0]);
	const port = await python.waitForOutput(/listening on: \S+ (\d+)\)\n/);
	const otter = openClient(t, loopback(port), 'otter', {clock});
	await python.waitForOutput('from connected user: {"type":"hello"');
	python.writeLine('good evening');
	await until(() => clock.delays.includes(250), {what: 'its answer'});
	clock.advance(10_000);
	const cause = await otter.client.closed;
	assert.equal(cause?.code, 'ERR_HANDSHAKE_TIMEOUT');
	assert.match(cause.message, /use --raw/);
	assert.equal(otter.of('traffic').at(-1)?.bytesIn, 12);
});

/** An open client, and the scripted server's end of its connection. */
const openBeating = async (
	t: Parameters<typeof openScripted>[0],
	heartbeatMs = 2000,
) => {
	const clock = new FakeClock();
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.send(welcomeFrame({heartbeatMs}));
	});
	const otter = openClient(t, address, 'otter', {clock, random: () => 0.5});
	await otter.untilPhase('open');
	return {clock, otter, peers, peer: peers[0]!};
};

const pingsOf = (peer: WirePeer) => peer.text.split('"ping"').length - 1;

test('client: pings after one heartbeat, reports silence after one and a half', async t => {
	const {clock, otter, peer} = await openBeating(t);
	// The first follows the welcome, to measure the round trip.
	await peer.until('a ping', () => pingsOf(peer) === 1);
	clock.advance(1999);
	assert.equal(otter.phase(), 'open');
	clock.advance(1);
	await peer.until('a second ping', () => pingsOf(peer) === 2);
	clock.advance(999);
	assert.equal(otter.phase(), 'open');
	clock.advance(1);
	assert.equal(otter.phase(), 'silent');

	peer.send({type: 'pong', id: 2});
	await otter.untilPhase('open', 2);
	const [rtt] = otter.of('rtt');
	assert.equal(rtt?.rttMs, 1000);
	const [first, second] = otter
		.of('connection')
		.flatMap(({connection}) =>
			connection.phase === 'open' ? [connection.since] : [],
		);
	assert.equal(first, second, 'the same connection, open since then');
	// The 250 ms traffic sample is the only other timer.
	clock.advance(1999);
	assert.equal(otter.phase(), 'open');
});

test('client: gives up after three heartbeats, and reconnects', async t => {
	const {clock, otter, peers} = await openBeating(t);
	clock.advance(5999);
	assert.equal(otter.phase(), 'silent');
	clock.advance(1);
	const {connection} = otter.client;
	assert.equal(connection.phase, 'waiting');
	assert.equal(connection.cause.code, 'ERR_SILENT');
	assert.match(connection.cause.message, /for 6 s/);
	assert.equal(connection.retryAt - connection.since, 500, 'full jitter');
	assert.equal(otter.dialled[0]!.destroyed, true);
	clock.advance(500);
	await otter.untilPhase('open', 2);
	assert.equal(peers.length, 2);
});

test('client: any byte is a sign of life', async t => {
	const {clock, otter, peer} = await openBeating(t);
	const socket = otter.dialled[0]! as unknown as {bytesRead: number};
	for (const byte of '{"type":') {
		clock.advance(2900);
		const {bytesRead} = socket;
		peer.write(byte);

		await otter.until('the byte', () => socket.bytesRead > bytesRead);
	}

	assert.equal(otter.phases().includes('silent'), false);
});

test("client: uses the server's heartbeat, from the welcome or changed later", async t => {
	const {clock, otter, peer} = await openBeating(t, 4000);
	clock.advance(5999);
	assert.equal(otter.phase(), 'open');
	peer.send({type: 'members', count: 3, names: [], heartbeatMs: 10_000});
	await otter.until('the count', () => otter.client.members.count === 3);
	clock.advance(14_999);
	assert.equal(otter.phase(), 'open');
	clock.advance(1);
	assert.equal(otter.phase(), 'silent');
});

test('client: its own suspension does not count as silence', async t => {
	const {clock, otter, peer} = await openBeating(t);
	await peer.until('a ping', () => pingsOf(peer) === 1);
	clock.jump(3_600_000);
	await peer.until('a ping', () => pingsOf(peer) === 2);
	assert.equal(otter.phase(), 'open');
	peer.send({type: 'pong', id: 1});
	await otter.untilPhase('open');
	await otter.until('the pong', () => otter.of('rtt').length > 0);
	assert.equal(otter.phases().includes('silent'), false);
	clock.advance(3000);
	assert.equal(otter.phase(), 'silent');
	clock.jump(3_600_000);
	assert.equal(otter.phase(), 'silent');
	clock.advance(5999);
	assert.equal(otter.phase(), 'silent');
	clock.advance(1);
	assert.equal(otter.phase(), 'waiting');
});

test('client: suspended before the welcome, it gives the server 10 s again', async t => {
	const clock = new FakeClock();
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
	});
	const otter = openClient(t, address, 'otter', {clock});
	await otter.untilPhase('handshaking');
	clock.jump(3_600_000);
	assert.equal(otter.phase(), 'handshaking');
	peers[0]!.send(welcomeFrame());
	await otter.untilPhase('open');
});

test('client: a jump of the wall clock does not count as silence', async t => {
	const {clock, otter} = await openBeating(t);
	for (const wallOffsetMs of [86_400_000, -86_400_000]) {
		clock.wallOffsetMs = wallOffsetMs;
		clock.advance(1000);
		assert.equal(otter.phase(), 'open');
	}

	clock.advance(999);
	assert.equal(otter.phase(), 'open');
});

test('client: answers a ping with its id', async t => {
	const {peer} = await openBeating(t);
	peer.send({type: 'ping', id: 4711});
	await peer.untilText('{"type":"pong","id":4711}\n');
});

test('client: measures its traffic and its round trips', async t => {
	const {clock, otter, peer} = await openBeating(t);
	await peer.until('the ping', () => pingsOf(peer) === 1);
	otter.client.say('one');
	await peer.until('the say', () => peer.text.includes('"say"'));
	const sent = peer.bytes.length;
	clock.advance(30);
	peer.send({type: 'pong', id: 1});
	await otter.until('the pong', () => otter.of('rtt').length === 1);
	assert.equal(otter.of('rtt')[0]?.rttMs, 30);
	clock.advance(250);
	const traffic = otter.of('traffic').at(-1);
	assert.equal(traffic?.bytesOut, sent);
	assert.equal(traffic.bytesIn, peer.socket.bytesWritten);
	assert.equal(traffic.queuedBytes, 0);
});
