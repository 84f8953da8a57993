import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {requireExecutable} from '../helpers/environment.js';
import {openServer, openHub, portOf} from '../helpers/room.js';
import {
	greet,
	helloFrame,
	joinWire,
	openPlain,
	openWire,
} from '../helpers/wire-peer.js';

test('server: answers a bye with bye and FIN, and the room sees the leave', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	heron.send(
		{type: 'bye'},
		{type: 'say', n: 1, text: 'too late'},
		helloFrame('wren'),
	);
	await heron.untilFin();
	assert.deepEqual(heron.frames.at(-1), {type: 'bye', reason: 'quit'});
	heron.end();
	const ended = await server.untilEvent('ended');
	assert.equal(ended.reason, 'quit');
	assert.equal(ended.bytesIn, heron.socket.bytesWritten);
	assert.equal(ended.bytesOut, heron.bytes.length);
	const left = await otter.untilFrame('left');
	assert.deepEqual([left.nick, left.reason], ['heron', 'quit']);
	assert.deepEqual(otter.said, []);
	assert.equal(server.room.log.head, 3, 'two came, one left');
});

test('server: lets the side that says bye first send FIN first', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const heron = await joinWire(t, server.address, 'heron');
	const wren = await joinWire(t, server.address, 'wren');
	for (const peer of [heron, wren]) {
		peer.send({type: 'bye'});
		await peer.untilFrame('bye');
		assert.equal(peer.hasFin, false);
	}

	heron.end();
	await heron.untilFin();
	assert.equal(wren.hasFin, false);
	clock.advance(250);
	await wren.untilFin();
});

test('server: reports a FIN without bye as closed', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	heron.say(1, 'last words');
	heron.end();
	await heron.untilFin();
	assert.deepEqual(heron.said, ['last words'], 'what it was owed came first');
	assert.deepEqual(heron.frames.at(-1), {type: 'bye', reason: 'closed'});
	const left = await otter.untilFrame('left');
	assert.deepEqual([left.nick, left.reason], ['heron', 'closed']);
	const ended = await server.untilEvent('ended');
	assert.deepEqual([ended.peer, ended.reason], [heron.name, 'closed']);
});

test('server: a half-closed peer gets everything it is due, then bye', async t => {
	const server = await openServer(t, {clock: new FakeClock(), rate: 'off'});
	const otter = await joinWire(t, server.address, 'otter');
	const slow = await joinWire(t, server.address, 'slow');
	slow.socket.pause();
	// More than the kernel buffers for a peer that doesn't read.
	for (let n = 1; n <= 600; n++) {
		otter.say(n, 'x'.repeat(16_000));
	}

	await otter.untilFrame('message', ({n}) => n === 600);
	slow.end();
	await otter.untilFrame('left');
	slow.socket.resume();
	await slow.untilFin();
	assert.equal(slow.of('message').at(-1)?.n, 600);
	assert.deepEqual(slow.of('gap'), []);
	assert.deepEqual(slow.frames.at(-1), {type: 'bye', reason: 'closed'});
});

test('server: reports an RST as reset', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	heron.reset();
	const left = await otter.untilFrame('left');
	assert.deepEqual([left.nick, left.reason], ['heron', 'reset']);
	const ended = await server.untilEvent('ended');
	assert.deepEqual([ended.peer, ended.reason], [heron.name, 'reset']);
	// Its nick stays reserved, and the others go on.
	const late = await openWire(t, server.address);
	late.send(helloFrame('heron'));
	const {code} = await late.untilFrame('error');
	assert.equal(code, 'ERR_NICK_TAKEN');
	await greet(late, 'heron-2');
});

// While this runs, the process accepts nobody.
const connectAndReset = (port: number) => {
	execFileSync(requireExecutable('python3', 'python3'), [
		'-c',
		`import socket, struct
peer = socket.create_connection(("127.0.0.1", ${port}))
peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
peer.close()`,
	]);
};

test('server: guesses no address for a connection reset before the accept', async t => {
	const server = await openServer(t);
	connectAndReset(portOf(server.address));
	const {peer} = await server.untilEvent('accepted');
	assert.equal(peer, 'unknown');
	await server.untilEvent('ended', ended => ended.peer === 'unknown');
	await joinWire(t, server.address, 'otter');
});

test('server: a client that comes back replaces its dead connection', async t => {
	const server = await openServer(t);
	const client = randomUUID();
	const otter = await joinWire(t, server.address, 'otter');
	const before = await joinWire(t, server.address, 'heron', {client});
	before.say(1, 'from the first');
	const {seq} = await before.untilSaid('from the first');
	const after = await joinWire(t, server.address, 'heron', {
		client,
		since: seq,
		log: before.welcome.log,
	});
	await before.untilFin();
	assert.deepEqual(before.frames.at(-1), {type: 'bye', reason: 'replaced'});
	before.say(2, 'to nobody');
	before.end();
	const ended = await server.untilEvent('ended');
	assert.equal(ended.reason, 'replaced');

	after.say(2, 'from the second');
	await otter.untilSaid('from the second');
	assert.deepEqual(otter.said, ['from the first', 'from the second']);
	assert.deepEqual(
		otter.frames.map(({type}) => type),
		['welcome', 'joined', 'joined', 'message', 'message'],
		'the room hears nothing of it',
	);
	assert.equal(after.welcome.members.count, 2);
	assert.equal(after.welcome.stored, 1);
	assert.deepEqual(after.said, ['from the second']);
});

test('server: drains with a bye and FIN to all, and frees the port', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const plain = await openPlain(t, server.address);
	// The second line, empty, shows that the first is no request.
	plain.write('hello\n\n');
	await otter.untilSaid('hello');
	const unknown = await openWire(t, server.address);
	const greeting = await openWire(t, server.address);
	greeting.send(helloFrame('otter'));
	await greeting.untilFrame('error');
	await server.untilEvent('accepted', ({peer}) => peer === unknown.name);

	heron.say(1, 'last words');
	await server.untilEvent('accepted', () => server.room.log.head === 5);
	const drained = server.drain();
	const peers = [otter, heron, plain, unknown, greeting];
	for (const peer of peers) {
		await peer.untilFin();
		peer.end();
	}

	await drained;
	for (const peer of [otter, heron, greeting]) {
		assert.deepEqual(peer.frames.at(-1), {type: 'bye', reason: 'shutdown'});
	}

	for (const peer of [otter, heron]) {
		assert.equal(peer.said.at(-1), 'last words');
	}

	assert.equal(otter.of('left').length, 0, 'nobody left: the room did');
	assert.equal(plain.text, 'heron: last words\n');
	assert.equal(unknown.bytes.length, 0);
	assert.deepEqual(
		server.of('listening').map(({state}) => state.phase),
		['listening', 'draining', 'closed'],
	);
	assert.deepEqual(
		server.of('ended').map(({reason}) => reason),
		peers.map(() => 'shutdown'),
	);
	assert.deepEqual(clock.delays, [], 'and no timer is left');

	const again = await openServer(t, {address: server.address});
	assert.equal(portOf(again.address), portOf(server.address));
	await joinWire(t, again.address, 'otter');
});

test('server: accepts nobody while it drains', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	void server.drain();
	await otter.untilFin();
	await assert.rejects(openWire(t, server.address), /ECONNREFUSED/);
});

test('server: at the deadline it destroys a connection that neither reads nor ends', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock, rate: 'off'});
	const otter = await joinWire(t, server.address, 'otter');
	const stuck = await joinWire(t, server.address, 'stuck');
	stuck.socket.pause();
	// More than the kernel buffers for a peer that doesn't read.
	for (let n = 1; n <= 600; n++) {
		otter.say(n, 'x'.repeat(16_000));
	}

	await otter.untilFrame('message', ({n}) => n === 600);
	const drained = server.drain();
	await otter.untilFin();
	otter.end();
	await server.untilEvent('ended', ({peer}) => peer === otter.name);
	assert.equal(server.of('ended').length, 1);
	clock.advance(3000);
	await drained;
	assert.equal(server.of('ended')[1]?.peer, stuck.name);
	assert.equal(server.of('ended')[1]?.reason, 'shutdown');
});

test('server: destroy ends every connection at once', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	server.destroy();
	await otter.untilFin();
	await heron.untilFin();
	await server.untilEvent('ended', () => server.of('ended').length === 2);
	assert.deepEqual(
		server.of('ended').map(({reason}) => reason),
		['closed', 'closed'],
	);
	assert.equal(server.room.memberCount, 0);
	await server.drain();
	assert.deepEqual(clock.delays, []);
});

test('server: a connection that has ended stays in no list', async t => {
	const room = await openHub(t);
	const otter = await joinWire(t, room.address, 'otter');
	const heron = await joinWire(t, room.address, 'heron');
	assert.equal(room.hub.peers().length, 2);
	heron.reset();
	await otter.untilFrame('left');
	assert.deepEqual(
		room.hub.peers().map(({name}) => name),
		[otter.name],
	);
});
