import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';
import {openClient} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import {makePath} from '../helpers/history/kept.js';
import {openServer, openHub} from '../helpers/room.js';
import {
	greet,
	joinWire,
	openPlain,
	openWire,
	type WirePeer,
} from '../helpers/wire-peer.js';

/** Sends a sign of life, and waits until the server has read it. */
const beat = async (peer: WirePeer, id: number) => {
	peer.send({type: 'ping', id});
	await peer.untilFrame('pong', pong => pong.id === id);
};

test('server: waits 10 s from the accept for a hello, then sends an error and ends', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const peer = await openWire(t, room.address);
	await peer.until('the accept', () => room.sockets.length === 1);
	clock.advance(6000);
	peer.write('{"type":"hello",');
	await room.untilRead(peer);
	clock.advance(3750);
	peer.write('"v":1,');
	await room.untilRead(peer);
	assert.equal(room.of('ended').length, 0);
	clock.advance(250);
	await peer.untilFin();
	assert.equal(peer.of('error')[0]?.code, 'ERR_HANDSHAKE_TIMEOUT');
	assert.deepEqual(peer.of('bye'), [{type: 'bye', reason: 'protocol'}]);
});

test('server: a refused nick gives no more time', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	await joinWire(t, room.address, 'otter');
	const peer = await openWire(t, room.address);
	peer.send({
		type: 'hello',
		v: 1,
		client: '00000000-0000-4000-8000-000000000000',
		nick: 'otter',
	});
	await peer.untilFrame('error');
	clock.advance(9999);
	const {welcome} = await greet(peer, 'heron');
	assert.equal(welcome.nick, 'heron');
	clock.advance(1001);
	await beat(peer, 1);
});

test('server: what may be a hello is plain after 10 s, and not lost', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const otter = await joinWire(t, room.address, 'otter');
	const peer = await openPlain(t, room.address);
	peer.write('{\n');
	await room.untilRead(peer);
	await beat(otter, 1);
	clock.advance(5000);
	await beat(otter, 2);
	assert.deepEqual(otter.said, []);
	clock.advance(5000);
	await otter.untilSaid('{');
	peer.write('}\n\n');
	await otter.untilSaid('}');
});

test('server: answers a ping with its id', async t => {
	const server = await openServer(t);
	const peer = await joinWire(t, server.address, 'otter');
	peer.send({type: 'ping', id: 0}, {type: 'ping', id: 4711});
	await peer.untilFrame('pong', ({id}) => id === 4711);
	assert.deepEqual(
		peer.of('pong').map(({id}) => id),
		[0, 4711],
	);
});

test('server: pings after a heartbeat of silence, and drops after three', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const silent = await joinWire(t, server.address, 'silent');
	clock.advance(1750);
	await beat(otter, 1);
	assert.equal(silent.of('ping').length, 0);
	clock.advance(250);
	await silent.untilFrame('ping');
	clock.advance(1750);
	await beat(otter, 2);
	clock.advance(2000);
	await beat(otter, 3);
	assert.equal(silent.isClosed, false);
	assert.equal(silent.of('ping').length, 2, 'a ping a heartbeat, no more');
	clock.advance(250);
	const left = await otter.untilFrame('left');
	assert.deepEqual([left.nick, left.reason], ['silent', 'timeout']);
	await silent.untilFin();
	const ended = await server.untilEvent('ended');
	assert.deepEqual([ended.peer, ended.reason], [silent.name, 'timeout']);
});

test('server: a member that pings by itself is pinged for its round trip alone', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const pings: number[] = [];
	for (let id = 1; id <= 32; id++) {
		clock.advance(2000);
		await beat(otter, id);
		pings.push(otter.of('ping').length);
	}

	assert.deepEqual(
		[pings[0], pings[1], pings[15], pings[16], pings[30], pings[31]],
		[1, 2, 2, 3, 3, 4],
	);
});

test('server: any byte is a sign of life, even half a frame', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const peer = await joinWire(t, room.address, 'otter');
	for (const piece of ['{"type":"say",', '"n":1,', '"text":', '"slow"}\n']) {
		clock.advance(5000);
		peer.write(piece);

		await room.untilRead(peer);
	}

	await peer.untilSaid('slow');
});

test('server: drops nobody because it was stopped itself', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	clock.jump(30_000);
	await beat(otter, 1);
	assert.equal(server.of('ended').length, 0);
	// From then on the deadlines apply as before.
	clock.advance(6250);
	await otter.untilFin();
	assert.equal(server.of('ended')[0]?.reason, 'timeout');
});

test('server: a jump of the wall clock drops nobody', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const day = 86_400_000;
	for (const [index, wallOffsetMs] of [day, -day, 0].entries()) {
		clock.wallOffsetMs = wallOffsetMs;
		clock.advance(2500);

		await beat(otter, index);
	}

	assert.equal(server.of('ended').length, 0);
});

for (const [name, wallOffsetMs] of Object.entries({
	'before 1970': -Date.UTC(2100),
	'behind the last date': 9e15,
	'with a fraction': 0.25,
})) {
	test(`server: with a clock ${name}, its own client takes each frame, and the history each time`, async t => {
		const clock = new FakeClock();
		clock.wallOffsetMs = wallOffsetMs;
		const path = makePath(t);
		const history = {path, fsync: 'interval'} as const;
		const server = await openServer(t, {clock, history});
		const otter = openClient(t, server.address, 'otter');
		await otter.untilPhase('open');
		const heron = await joinWire(t, server.address, 'heron');
		heron.say(1, 'hello');
		heron.send({type: 'nick', nick: 'crane'});
		heron.send({type: 'whisper', n: 2, to: 'otter', text: 'psst'});
		heron.send({type: 'bye'});
		await otter.until('its leaving', () =>
			otter.frames().some(({type}) => type === 'left'),
		);
		const times = otter
			.frames()
			.flatMap(frame => ('at' in frame ? [[frame.type, frame.at]] : []));
		assert.deepEqual(times.map(([type]) => String(type)).toSorted(), [
			'joined',
			'joined',
			'left',
			'message',
			'renamed',
			'whispered',
		]);
		const kept = readFileSync(path, 'utf8')
			.split('\n')
			.slice(0, -1)
			.map(line => JSON.parse(line) as {at?: number})
			.flatMap(({at}) => at ?? []);
		for (const at of [...times.map(([, at]) => Number(at)), ...kept]) {
			assert.ok(Number.isSafeInteger(at) && at >= 0, `at ${at}`);
			assert.ok(!Number.isNaN(new Date(at).getTime()), `at ${at}`);
		}

		assert.equal(kept.length, 5);
	});
}

test('server: a plain peer may listen for a day', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const peer = await openPlain(t, server.address);
	peer.write('hello\n\n');
	await peer.until('its joining', () => server.room.memberCount === 1);
	clock.advance(86_400_000);
	peer.write('/who\n');
	await peer.untilText('1 here: guest-');
});
