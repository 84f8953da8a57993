import assert from 'node:assert/strict';
import {once} from 'node:events';
import {duplexPair} from 'node:stream';
import {test} from 'node:test';
import {MemoryLink} from '../../source/socket/link.js';
import {FakeClock} from '../helpers/clock.js';
import {openHub} from '../helpers/room.js';
import {
	helloFrame,
	joinWire,
	openPlain,
	type MemberPeer,
	type WirePeer,
} from '../helpers/wire-peer.js';

const segmentBytes = 64 * 1024;
const long = 'x'.repeat(16_000);

const batch = 16;

/** Sends batches; the sender sees each before it sends the next. */
const sayUntil = async (
	talker: MemberPeer,
	isEnough: () => boolean,
	from = 1,
) => {
	let n = from;
	for (; !isEnough(); n += batch) {
		assert.ok(n < 10_000, 'the kernel takes all of it');
		for (let index = 0; index < batch; index++) {
			talker.say(n + index, long);
		}

		const last = n + batch - 1;

		await talker.untilFrame('message', frame => frame.n === last);
		talker.forget();
	}

	return n;
};

const seqsOf = (peer: WirePeer) =>
	peer.frames.flatMap(frame => ('seq' in frame ? [frame.seq] : []));

test('server: a stopped reader delays nobody, and gets everything in the end', async t => {
	const room = await openHub(t, {clock: new FakeClock(), segmentBytes});
	const talker = await joinWire(t, room.address, 'talker');
	const reader = await joinWire(t, room.address, 'reader');
	const stuck = await joinWire(t, room.address, 'stuck');
	await stuck.untilFrame('joined', ({nick}) => nick === 'stuck');
	stuck.socket.pause();
	const end = room.endOf(stuck)!;
	const blockedAt = await sayUntil(talker, () => end.writableLength > 0);
	const heldBytes = end.writableLength;
	const enough = room.room.log.head + 100;
	await sayUntil(talker, () => room.room.log.head >= enough, blockedAt);
	const {head} = room.room.log;
	await reader.untilFrame('message', ({seq}) => seq === head);
	// The server still holds only the slice that it was on.
	assert.equal(end.writableLength, heldBytes);
	assert.ok(heldBytes <= segmentBytes, `${heldBytes} bytes`);

	stuck.socket.resume();
	await stuck.untilFrame('message', ({seq}) => seq === head);
	assert.deepEqual(stuck.of('gap'), []);
	assert.deepEqual(
		seqsOf(stuck),
		Array.from({length: head}, (_, index) => index + 1),
	);
});

test('server: a reader stopped for too long is sent the gap', async t => {
	const room = await openHub(t, {
		clock: new FakeClock(),
		segmentBytes,
		retainedBytes: 4 * segmentBytes,
	});
	const talker = await joinWire(t, room.address, 'talker');
	const stuck = await joinWire(t, room.address, 'stuck');
	await stuck.untilFrame('joined', ({nick}) => nick === 'stuck');
	stuck.socket.pause();
	const end = room.endOf(stuck)!;
	const blockedAt = await sayUntil(talker, () => end.writableLength > 0);
	const tooFar = room.room.log.head + 50;
	await sayUntil(talker, () => room.room.log.firstSeq > tooFar, blockedAt);
	const {head, firstSeq} = room.room.log;
	assert.ok(end.writableLength <= segmentBytes);
	stuck.socket.resume();
	await stuck.untilFrame('message', ({seq}) => seq === head);
	const gaps = stuck.of('gap');
	assert.equal(gaps.length, 1);
	const [gap] = gaps;
	const seqs = seqsOf(stuck);
	assert.deepEqual(seqs, [
		...Array.from({length: gap!.from - 1}, (_, index) => index + 1),
		...Array.from({length: head - gap!.to}, (_, index) => gap!.to + 1 + index),
	]);
	assert.equal(gap!.to, firstSeq - 1, 'all that is kept is told');
	const place = stuck.frames.indexOf(gap!);
	const [list, next] = stuck.frames.slice(place + 1);
	assert.deepEqual(
		list,
		{type: 'members', count: 2, names: ['talker', 'stuck'], head},
		'who came and went in the gap is in the list',
	);
	assert.equal(next && 'seq' in next && next.seq, gap!.to + 1, 'in its place');
});

test('server: a reader that lags gets the rest and bye after its own FIN', async t => {
	const room = await openHub(t, {clock: new FakeClock(), segmentBytes});
	const talker = await joinWire(t, room.address, 'talker');
	const stuck = await joinWire(t, room.address, 'stuck');
	stuck.socket.pause();
	const end = room.endOf(stuck)!;
	const blockedAt = await sayUntil(talker, () => end.writableLength > 0);
	const enough = room.room.log.head + 50;
	await sayUntil(talker, () => room.room.log.head >= enough, blockedAt);
	const {head} = room.room.log;
	room.hub.end('shutdown');
	stuck.end();
	await stuck.until('its FIN to be seen', () => end.readableEnded);
	stuck.socket.resume();
	await stuck.untilFin();
	assert.deepEqual(
		seqsOf(stuck),
		Array.from({length: head}, (_, index) => index + 1),
	);
	assert.deepEqual(stuck.frames.at(-1), {type: 'bye', reason: 'shutdown'});
});

test('server: who reads in this process gets what was said, however late', async t => {
	const room = await openHub(t, {segmentBytes: 1024, retainedBytes: 1024});
	const [near, far] = duplexPair();
	room.hub.add(new MemoryLink(far), {kind: 'memory', name: 'host'});
	near.write(`${JSON.stringify(helloFrame('host'))}\n`);
	await once(near, 'readable');
	const talker = await joinWire(t, room.address, 'talker');
	const lines = Array.from({length: 50}, (_, index) => `line ${index}`);
	for (const [index, line] of lines.entries()) {
		talker.say(index + 1, line);
		await talker.untilSaid(line);
	}

	// By now the log has overwritten most of them in memory.
	const frames = String(near.read()).trimEnd().split('\n');
	assert.deepEqual(
		frames.flatMap(frame => {
			const {text} = JSON.parse(frame) as {text?: string};
			return text === undefined ? [] : [text];
		}),
		lines,
	);
});

test('server: entries dropped within one turn are a gap too', async t => {
	const room = await openHub(t, {
		clock: new FakeClock(),
		segmentBytes: 1024,
		retainedBytes: 1024,
	});
	const talker = await joinWire(t, room.address, 'talker');
	const reader = await joinWire(t, room.address, 'reader');
	await reader.untilFrame('joined', ({nick}) => nick === 'reader');
	reader.forget();
	talker.send(
		...Array.from({length: 50}, (_, index) => ({
			type: 'say',
			n: index + 1,
			text: `line ${index}`,
		})),
	);
	await reader.untilSaid('line 49');
	const {firstSeq, head} = room.room.log;
	assert.deepEqual(reader.of('gap'), [
		{type: 'gap', from: 3, to: firstSeq - 1},
	]);
	assert.deepEqual(
		seqsOf(reader),
		Array.from({length: head - firstSeq + 1}, (_, index) => firstSeq + index),
	);
});

test('server: a plain listener is sent the number of lines it missed', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {
		clock,
		segmentBytes: 1024,
		retainedBytes: 1024,
	});
	const listener = await openPlain(t, room.address);
	await listener.until('the accept', () => room.sockets.length === 1);
	const talker = await joinWire(t, room.address, 'talker');
	talker.send(
		...Array.from({length: 50}, (_, index) => ({
			type: 'say',
			n: index + 1,
			text: `line ${index}`,
		})),
	);
	await talker.untilSaid('line 49');
	const {firstSeq} = room.room.log;
	clock.advance(5000);
	talker.send({type: 'ping', id: 1});
	await talker.untilFrame('pong');
	clock.advance(5000);
	await listener.untilText('line 49\n');
	// The first entry is the join, so entry seq is line seq - 2.
	const first = `${firstSeq - 1} lines are gone, because you read too slowly.\ntalker: line ${firstSeq - 2}\n`;
	assert.equal(listener.text.slice(0, first.length), first);
});

test('server: stops reading a peer that does not read its answers', async t => {
	const room = await openHub(t, {clock: new FakeClock()});
	const peer = await joinWire(t, room.address, 'otter');
	peer.socket.pause();
	const end = room.endOf(peer)!;
	let lines = 0;
	while (!end.isPaused()) {
		assert.ok(lines < 200_000, 'it reads on and on');
		lines += 1000;
		// Two bytes each; the answer is an error of a hundred.
		peer.write('x\n'.repeat(1000));

		await peer.until(
			'the server to read or to stop',
			() => end.isPaused() || end.bytesRead === peer.socket.bytesWritten,
		);
	}

	assert.ok(end.writableLength < 2 * 1024 * 1024, `${end.writableLength}`);
	peer.socket.resume();
	await peer.until('all errors', () => peer.of('error').length === lines);
	assert.equal(end.isPaused(), false);
});
