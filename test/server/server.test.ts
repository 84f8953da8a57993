import assert from 'node:assert/strict';
import {createHash, randomUUID} from 'node:crypto';
import {test} from 'node:test';
import {openServer, openHub, portOf} from '../helpers/room.js';
import {joinWire, openWire} from '../helpers/wire-peer.js';

const publicIdOf = (client: string) =>
	createHash('sha256').update(client).digest('hex').slice(0, 16);

test('server: binds, listens and accepts many, with an event for each', async t => {
	const server = await openServer(t);
	assert.deepEqual(
		server.of('listening').map(({state, place}) => [state.phase, place]),
		[['listening', {host: '127.0.0.1', port: portOf(server.address)}]],
	);
	const peers = await Promise.all(
		Array.from({length: 50}, async () => openWire(t, server.address)),
	);
	const names = peers.map(({name}) => name);
	await server.untilEvent('accepted', () => {
		const accepted = new Set(server.of('accepted').map(({peer}) => peer));
		return names.every(name => accepted.has(name));
	});
	// The server never sends first: the peer's first bytes show what it speaks.
	assert.deepEqual(
		peers.map(({bytes}) => bytes.length),
		peers.map(() => 0),
	);
});

test('server: welcomes a client, and replays up to its own join', async t => {
	const server = await openServer(t);
	const client = randomUUID();
	const peer = await joinWire(t, server.address, 'otter', {client});
	const joined = await peer.untilFrame('joined');
	const {session, log, ...welcome} = peer.welcome;
	assert.match(session, /^[\da-f-]{36}$/);
	assert.equal(log, server.room.logId);
	assert.deepEqual(welcome, {
		type: 'welcome',
		v: 1,
		room: `127.0.0.1:${portOf(server.address)}`,
		nick: 'otter',
		head: 1,
		stored: 0,
		members: {count: 1, names: ['otter']},
		limits: {frameBytes: 65_536, textBytes: 16_384},
		heartbeatMs: 2000,
	});
	const {at, ...rest} = joined;
	assert.ok(Number.isSafeInteger(at));
	const id = publicIdOf(client);
	assert.deepEqual(rest, {type: 'joined', seq: 1, nick: 'otter', id});
	// Neither its secret nor anything derived from it reversibly is shown.
	assert.equal(peer.text.includes(client), false);
});

test('server: replays the last 100 entries to a new client', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	for (let n = 1; n <= 150; n++) {
		otter.say(n, `line ${n}`);
	}

	await otter.untilSaid('line 150');
	const heron = await joinWire(t, server.address, 'heron');
	await heron.untilFrame('joined', ({nick}) => nick === 'heron');
	const seqs = heron.frames.flatMap(frame =>
		'seq' in frame ? [frame.seq] : [],
	);
	assert.equal(heron.welcome.head, 152);
	assert.deepEqual(
		seqs,
		Array.from({length: 100}, (_, index) => 53 + index),
	);
	assert.equal(heron.of('gap').length, 0);
	assert.equal(heron.said[0], 'line 52');
});

test('server: replays exactly the entries after since', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	for (let n = 1; n <= 150; n++) {
		otter.say(n, `line ${n}`);
	}

	await otter.untilSaid('line 150');
	const log = server.room.logId;
	const back = await joinWire(t, server.address, 'heron', {since: 20, log});
	await back.untilFrame('joined', ({nick}) => nick === 'heron');
	assert.deepEqual(
		back.frames.slice(1).map(frame => 'seq' in frame && frame.seq),
		Array.from({length: 132}, (_, index) => 21 + index),
	);

	const upToDate = await joinWire(t, server.address, 'robin', {
		since: 152,
		log,
	});
	await upToDate.untilFrame('joined');
	assert.deepEqual(
		upToDate.of('joined').map(({nick}) => nick),
		['robin'],
	);
	assert.equal(upToDate.said.length, 0);
});

test('server: ignores a since of another log, or beyond the head', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	otter.say(1, 'hello');
	await otter.untilSaid('hello');
	const other = {since: 2, log: randomUUID()};
	const foreign = await joinWire(t, server.address, 'heron', other);
	await foreign.untilSaid('hello');
	const beyond = await joinWire(t, server.address, 'robin', {since: 99});
	await beyond.untilSaid('hello');
	assert.deepEqual(
		[...foreign.of('gap'), ...beyond.of('gap')],
		[],
		'its numbers mean nothing here, so nothing of them is missing',
	);
});

test('server: sends a gap for entries that the log has dropped', async t => {
	const {address, room} = await openHub(t, {
		segmentBytes: 1024,
		retainedBytes: 2048,
	});
	const otter = await joinWire(t, address, 'otter');
	for (let n = 1; n <= 60; n++) {
		otter.say(n, `line ${n} ${'.'.repeat(50)}`);
	}

	await otter.untilFrame('message', ({n}) => n === 60);
	const {firstSeq} = room.log;
	assert.ok(firstSeq > 10, 'entries have fallen off');
	const back = await joinWire(t, address, 'heron', {since: 5});
	await back.untilFrame('joined', ({nick}) => nick === 'heron');
	assert.deepEqual(back.frames[1], {type: 'gap', from: 6, to: firstSeq - 1});
	assert.deepEqual(
		back.frames.slice(2).flatMap(frame => ('seq' in frame ? [frame.seq] : [])),
		Array.from({length: 63 - firstSeq}, (_, index) => firstSeq + index),
	);
});
