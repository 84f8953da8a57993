/** A paused socket: where its bytes wait, and that nobody takes it for lost. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {openClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {openRawServer} from '../helpers/raw.js';
import {openServer, portOf} from '../helpers/room.js';
import {openScripted, welcomeFrame} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';
import {joinWire, openPlain, type WirePeer} from '../helpers/wire-peer.js';

/** Bytes that arrived at a port and are unread, according to the kernel. */
const unreadAt = async (port: number, from: string): Promise<number> => {
	const table = await readTcpTable(new Set([port]));
	const {local} = table!.pair(`127.0.0.1:${port}`, from);
	return local!.receiveQueueBytes;
};

test('pause: new data fills the kernel, and resume reads all of it', async t => {
	const server = await openRawServer(t);
	const peer = await openPlain(t, server.address);
	await server.untilEvent('accepted');
	await server.control({type: 'pause'}, undefined);
	// More than both kernel buffers hold, so the sender's own queue fills too.
	const bytes = Buffer.alloc(16 * 1024 * 1024, 'abcdefg');
	peer.write(bytes);
	const port = portOf(server.address);
	const unread = await until(
		async () => {
			const waiting = await unreadAt(port, peer.name);
			return waiting > 30_000 && peer.socket.writableLength > 0 && waiting;
		},
		{what: "the kernel's queue to fill"},
	);
	assert.ok(unread > 30_000);
	assert.equal(server.bytes('in').length, 0, 'nothing is read');
	await server.control({type: 'resume'}, undefined);
	await server.untilBytes(bytes);
	await until(async () => (await unreadAt(port, peer.name)) === 0, {
		what: "the kernel's queue to be empty",
	});
});

test('pause: a paused member loses no message', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	await server.control({type: 'pause'}, 'otter');
	const before = otter.socket.bytesWritten;
	const texts = Array.from({length: 50}, (_text, index) => `text ${index}`);
	for (const [index, text] of texts.entries()) {
		otter.say(index + 1, text);
	}

	const port = portOf(server.address);
	await until(
		async () =>
			(await unreadAt(port, otter.name)) === otter.socket.bytesWritten - before,
		{what: 'all of it to wait in the kernel'},
	);
	heron.say(1, 'meanwhile');
	await heron.untilSaid('meanwhile');
	await otter.untilSaid('meanwhile');
	assert.deepEqual(heron.said, ['meanwhile']);
	await server.control({type: 'resume'}, 'otter');
	await heron.untilSaid('text 49');
	assert.deepEqual(heron.said, ['meanwhile', ...texts]);
});

test('pause: heartbeats don’t drop a paused peer', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	await server.control({type: 'pause'}, 'otter');
	// Neither answers a ping; that counts against heron, but not against otter.
	clock.advance(60_000);
	await heron.untilFin();
	await otter.untilFrame('ping');
	assert.ok(!otter.isClosed && !otter.hasFin);
	await server.control({type: 'resume'}, 'otter');
	otter.say(1, 'here');
	await otter.untilSaid('here');
	clock.advance(10_000);
	await otter.untilFin();
});

test('pause: a paused client is neither silent nor lost', async t => {
	const clock = new FakeClock();
	const peers: WirePeer[] = [];
	const {address} = await openScripted(t, peer => {
		peers.push(peer);
		peer.isFramed = false;
		peer.send(welcomeFrame());
	});
	const {client, phases, untilPhase, said} = openClient(t, address, 'otter', {
		clock,
	});
	await untilPhase('open');
	await client.control({type: 'pause'});
	const [peer] = peers as [WirePeer];
	peer.send({
		type: 'message',
		seq: 1,
		at: 0,
		from: 'heron',
		id: '0123456789abcdef',
		n: 1,
		text: 'unread',
	});
	for (let second = 0; second < 60; second++) {
		clock.advance(1000);
	}

	await peer.until('its own heartbeat', () =>
		peer.text.includes('"type":"ping"'),
	);
	assert.deepEqual(phases(), ['connecting', 'handshaking', 'open']);
	assert.deepEqual(said(), []);
	await client.control({type: 'resume'});
	await until(() => said().length > 0, {what: 'the message'});
	clock.advance(3000);
	assert.equal(client.connection.phase, 'silent', 'silence counts again');
});
