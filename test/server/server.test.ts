import assert from 'node:assert/strict';
import {createHash, randomUUID} from 'node:crypto';
import {test} from 'node:test';
import {openServer, openHub, portOf, type TestServer} from '../helpers/room.js';
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
		commands: true,
		inMemory: true,
		nick: 'otter',
		head: 1,
		stored: 0,
		members: {count: 1, names: ['otter']},
		limits: {frameBytes: 65_536, textBytes: 16_384, agentRate: 30},
		heartbeatMs: 2000,
	});
	const {at, ...rest} = joined;
	assert.ok(Number.isSafeInteger(at));
	const id = publicIdOf(client);
	assert.deepEqual(rest, {type: 'joined', seq: 1, nick: 'otter', id});
	// Neither its secret nor anything derived from it reversibly is shown.
	assert.equal(peer.text.includes(client), false);
});

test('server: replays the last 100 messages to a new client', async t => {
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
		Array.from({length: 101}, (_, index) => 52 + index),
	);
	assert.equal(heron.of('gap').length, 0);
	assert.equal(heron.said.length, 100);
	assert.equal(heron.said[0], 'line 51');
});

/** Comings and goings between messages, as fast as the room takes them. */
const comeAndGo = ({room}: TestServer, times: number) => {
	for (let time = 0; time < times; time++) {
		const result = room.join(randomUUID(), 'ci', 0);
		assert.equal(result.kind, 'joined');
		room.leave(result.member, 'quit', 0);
	}
};

test('server: comings and goings between them take no message from a replay', async t => {
	const server = await openServer(t, {rate: 'off'});
	const otter = await joinWire(t, server.address, 'otter');
	for (let n = 1; n <= 120; n++) {
		comeAndGo(server, 3);
		otter.say(n, `line ${n}`);
		await otter.untilSaid(`line ${n}`);
	}

	const heron = await joinWire(t, server.address, 'heron');
	await heron.untilFrame('joined', ({nick}) => nick === 'heron');
	assert.deepEqual(
		heron.said,
		Array.from({length: 100}, (_, index) => `line ${21 + index}`),
	);
	assert.equal(heron.of('left').length, 99 * 3, 'those between them are there');
	const wren = await joinWire(t, server.address, 'wren', {last: 2});
	await wren.untilFrame('joined', ({nick}) => nick === 'wren');
	assert.deepEqual(wren.said, ['line 119', 'line 120']);
	const robin = await joinWire(t, server.address, 'robin', {last: 0});
	await robin.untilFrame('joined');
	assert.deepEqual(
		robin.frames.flatMap(frame => ('seq' in frame ? [frame.type] : [])),
		['joined'],
	);
});

test('server: a log of 100,000 comings and goings with three messages is not replayed whole', async t => {
	const server = await openServer(t, {rate: 'off'});
	const otter = await joinWire(t, server.address, 'otter');
	otter.say(1, 'long ago');
	await otter.untilSaid('long ago');
	comeAndGo(server, 50_000);
	otter.say(2, 'lately');
	otter.say(3, 'just now');
	await otter.untilSaid('just now');
	const heron = await joinWire(t, server.address, 'heron');
	await heron.untilFrame('joined', ({nick}) => nick === 'heron');
	const seqs = heron.frames.flatMap(frame =>
		'seq' in frame ? [frame.seq] : [],
	);
	assert.equal(seqs.length, 1001, 'ten entries a message, and its own');
	assert.equal(seqs.at(-1), heron.welcome.head);
	assert.deepEqual(heron.said, ['lately', 'just now']);
	const wren = await joinWire(t, server.address, 'wren', {
		since: heron.welcome.head - 5000,
		log: heron.welcome.log,
	});
	await wren.untilFrame('joined', ({nick}) => nick === 'wren');
	assert.equal(
		wren.frames.filter(frame => 'seq' in frame).length,
		5001,
		'what follows a since is exact',
	);
});

test('server: a replay is bounded in bytes', async t => {
	const server = await openServer(t, {rate: 'off'});
	const otter = await joinWire(t, server.address, 'otter');
	const text = 'x'.repeat(16_000);
	for (let n = 1; n <= 100; n++) {
		otter.say(n, `${n} ${text}`);
	}

	await otter.untilSaid(`100 ${text}`);
	const heron = await joinWire(t, server.address, 'heron');
	await heron.untilFrame('joined', ({nick}) => nick === 'heron');
	const bytes = heron.said.join('').length;
	assert.ok(bytes <= 1_024_000 && bytes > 1_000_000, String(bytes));
	assert.equal(heron.said.at(-1), `100 ${text}`);
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
