import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import type {Socket} from 'node:net';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {openServer, openHub} from '../helpers/room.js';
import {heardIn, helloFrame, joinWire, openWire} from '../helpers/wire-peer.js';

const range = (length: number) => Array.from({length}, (_, index) => index);

test("server: a message's echo to its sender is its receipt", async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const text = 'is the port free?\nnaïve 日本 \u{1F9A6} \u{7}';
	otter.say(7, text);
	const echo = await otter.untilSaid(text);
	const [joined] = otter.of('joined');
	assert.deepEqual(echo, {
		type: 'message',
		seq: 3,
		at: clock.wallMs(),
		from: 'otter',
		id: joined!.id,
		n: 7,
		text,
	});
	assert.deepEqual(await heron.untilSaid(text), echo);
});

test('server: 20 members, 8 of them talking, all see the same order', async t => {
	const server = await openServer(t);
	const each = 40;
	const members = await Promise.all(
		range(20).map(async index =>
			joinWire(t, server.address, `member-${index}`),
		),
	);
	for (const n of range(each)) {
		for (const member of members.slice(0, 8)) {
			member.say(n + 1, `${member.welcome.nick} ${n + 1}`);
		}
	}

	for (const member of members) {
		await member.until('all messages', () => member.said.length === 8 * each);
	}

	const [first, ...others] = members.map(member =>
		member.of('message').map(({seq, text}) => `${seq} ${text}`),
	);
	for (const order of others) {
		assert.deepEqual(order, first);
	}

	for (const member of members) {
		const seqs = member.frames.flatMap(frame =>
			'seq' in frame ? [frame.seq] : [],
		);
		assert.deepEqual(
			seqs,
			range(seqs.length).map(index => seqs[0]! + index),
			'no hole, none twice',
		);
		assert.equal(seqs.at(-1), 20 + 8 * each);
	}

	for (const {welcome} of members.slice(0, 8)) {
		assert.deepEqual(
			members[0]!.said.filter(text => text.startsWith(`${welcome.nick} `)),
			range(each).map(n => `${welcome.nick} ${n + 1}`),
			"and each talker's own order is kept",
		);
	}
});

test('server: drops a message it has stored before, even from another connection', async t => {
	const server = await openServer(t);
	const client = randomUUID();
	const peer = await joinWire(t, server.address, 'otter', {client});
	peer.say(1, 'one');
	peer.say(3, 'three');
	peer.say(3, 'three again');
	peer.say(2, 'late');
	await peer.untilSaid('three');
	peer.send({type: 'bye'});
	await peer.untilFin();

	const again = await joinWire(t, server.address, 'otter', {client});
	assert.equal(again.welcome.stored, 3);
	again.say(1, 'one');
	again.say(3, 'three');
	again.say(4, 'four');
	await again.untilSaid('four');
	assert.deepEqual(again.said, ['one', 'three', 'four']);

	// Each client counts for itself: another may use the same n.
	const heron = await joinWire(t, server.address, 'heron');
	heron.say(1, 'mine');
	await again.untilSaid('mine');
});

test('server: sends a whisper to its recipient and its sender only', async t => {
	const server = await openServer(t);
	const [otter, heron, robin] = await Promise.all(
		['otter', 'heron', 'robin'].map(async nick =>
			joinWire(t, server.address, nick),
		),
	);
	otter!.send({type: 'whisper', n: 1, to: 'HERON', text: 'psst'});
	const heard = await heron!.untilFrame('whispered');
	const {at, id, ...rest} = heard;
	assert.ok(Number.isSafeInteger(at));
	const [joined] = heron!.of('joined');
	assert.deepEqual([joined!.nick, joined!.id], ['otter', id]);
	assert.deepEqual(rest, {
		type: 'whispered',
		n: 1,
		from: 'otter',
		to: 'heron',
		text: 'psst',
	});
	assert.deepEqual(await otter!.untilFrame('whispered'), heard);
	otter!.send({type: 'whisper', n: 2, to: 'nobody', text: 'psst'});
	const error = await otter!.untilFrame('error');
	assert.deepEqual([error.code, error.n], ['ERR_NO_SUCH_MEMBER', 2]);
	otter!.send({type: 'whisper', n: 3, to: 'otter', text: 'psst, me'});
	otter!.say(4, 'aloud');
	await otter!.untilSaid('aloud');
	assert.equal(otter!.of('whispered').length, 2, 'to oneself once');
	await robin!.untilSaid('aloud');
	assert.equal(robin!.text.includes('psst'), false);
	assert.equal(server.room.log.head, 4);
});

test('server: a whisper does not overtake what its sender said before it', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	otter.send(
		{type: 'say', n: 1, text: 'heron: a word?'},
		{type: 'whisper', n: 2, to: 'heron', text: 'in private'},
		{type: 'say', n: 3, text: 'as you were'},
	);
	for (const peer of [heron, otter]) {
		await peer.untilSaid('as you were');
		assert.deepEqual(heardIn(peer), [
			'heron: a word?',
			'in private',
			'as you were',
		]);
	}
});

test('server: sends a new nick to everybody, and frees the old one', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	otter.send({type: 'nick', nick: 'heron'});
	const error = await otter.untilFrame('error');
	assert.equal(error.code, 'ERR_NICK_TAKEN');
	otter.send({type: 'nick', nick: 'robin'});
	const {from, to} = await heron.untilFrame('renamed');
	assert.deepEqual([from, to], ['otter', 'robin']);
	heron.send({type: 'nick', nick: 'otter'});
	await otter.untilFrame('renamed', frame => frame.to === 'otter');
	otter.say(1, 'hello');
	assert.equal((await heron.untilSaid('hello')).from, 'robin');
});

const countWrites = (socket: Socket) => {
	const write = socket.write.bind(socket) as (...all: unknown[]) => boolean;
	const counter = {writes: 0};
	socket.write = (...all: unknown[]) => {
		counter.writes++;
		return write(...all);
	};

	return counter;
};

test('server: writes once a member in a turn, however many messages came', async t => {
	const {address, sockets} = await openHub(t);
	const members = await Promise.all(
		range(5).map(async index => joinWire(t, address, `member-${index}`)),
	);
	for (const member of members) {
		await member.untilFrame('joined', ({seq}) => seq === 5);
	}

	const counters = sockets.map(socket => countWrites(socket));
	// All of it is in the kernel before the server's turn.
	for (const talker of members.slice(0, 3)) {
		talker.send(
			...range(50).map(n => ({type: 'say', n: n + 1, text: `line ${n}`})),
		);
	}

	for (const member of members) {
		await member.until('all', () => member.said.length === 150);
	}

	assert.deepEqual(
		counters.map(({writes}) => writes),
		[1, 1, 1, 1, 1],
	);
});

test('server: refuses one member too many, and accepts it after one has left', async t => {
	const server = await openServer(t, {maxMembers: 2});
	const otter = await joinWire(t, server.address, 'otter');
	await joinWire(t, server.address, 'heron');
	const third = await openWire(t, server.address);
	third.send(helloFrame('robin'));
	await third.untilFin();
	assert.deepEqual(
		third.frames.map(({type}) => type),
		['error', 'bye'],
	);
	assert.equal(third.of('error')[0]!.code, 'ERR_ROOM_FULL');
	assert.equal(server.room.memberCount, 2);
	otter.send({type: 'bye'});
	await otter.untilFin();
	const {welcome} = await joinWire(t, server.address, 'robin');
	assert.equal(welcome.members.count, 2);
});
