import assert from 'node:assert/strict';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {openServer, openHub} from '../helpers/room.js';
import {joinWire, openPlain} from '../helpers/wire-peer.js';

test('plain: quit leaves only as a line of its own', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('I quit\n quit \nnever said\n');
	await peer.untilFin();
	peer.end();
	assert.equal(peer.bytes.length, 0, 'no echo of its last words either');
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'quit');
	assert.deepEqual(otter.said, ['I quit']);
	const ended = await server.untilEvent('ended');
	assert.equal(ended.reason, 'quit');
});

test('plain: takes a FIN right after the bytes, as from printf | nc -N', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	for (const bytes of ['with no newline', 'a line\nand half of one', 'G']) {
		const peer = await openPlain(t, server.address);
		peer.duplex.end(bytes);

		await peer.untilClosed();
		assert.equal(peer.text, '', 'no echo');
	}

	assert.deepEqual(otter.said, [
		'with no newline',
		'a line',
		'and half of one',
		'G',
	]);
	await otter.until('three leaves', () => otter.of('left').length === 3);
	assert.deepEqual(
		otter.of('left').map(({reason}) => reason),
		['closed', 'closed', 'closed'],
	);
	// Each said something and left: its coming and going is marked so.
	assert.deepEqual(
		otter.frames.flatMap(frame =>
			(frame.type === 'joined' || frame.type === 'left') &&
			frame.nick !== 'otter'
				? [frame.oneShot]
				: [],
		),
		[true, true, true, true, true, true],
	);
});

test('plain: one that stays after its words is no one-shot', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('a line\n');
	await otter.untilSaid('a line');
	peer.end();
	const left = await otter.untilFrame('left');
	assert.equal(left.oneShot, undefined);
});

test('plain: a peer that connects and goes without a byte never joins', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.end();
	await peer.untilClosed();
	await server.untilEvent('ended');
	otter.say(1, 'who was that?');
	await otter.untilSaid('who was that?');
	assert.equal(server.room.log.head, 2);
});

test('plain: a peer silent for 10 s becomes a listener, and gets what was said meanwhile', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	otter.say(1, 'before');
	await otter.untilSaid('before');
	const peer = await openPlain(t, server.address);
	await server.untilEvent('accepted', event => event.peer === peer.name);
	otter.say(2, 'meanwhile');
	await otter.untilSaid('meanwhile');
	clock.advance(5000);
	otter.say(3, 'still');
	await otter.untilSaid('still');
	assert.equal(server.room.memberCount, 1);
	clock.advance(5000);
	await peer.untilText('still\n');
	otter.say(4, 'after');
	await peer.untilText('after\n');
	assert.equal(peer.text, 'otter: meanwhile\notter: still\notter: after\n');
	peer.write('hello\n\n');
	await otter.untilSaid('hello');
});

test('plain: an RST is reported as a reset', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('hello\n');
	await otter.untilSaid('hello');
	peer.reset();
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'reset');
});

test('plain: a peer that goes in the middle of a line leaves no timer', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const otter = await joinWire(t, room.address, 'otter');
	// The first waits to show what the peer speaks, the second for its line end.
	for (const bytes of ['GE', 'half a line']) {
		const peer = await openPlain(t, room.address);
		peer.write(bytes);

		await room.untilRead(peer);
		assert.ok(clock.delays.includes(75));
		peer.reset();

		await room.untilEvent('ended', ended => ended.peer === peer.name);
		assert.ok(!clock.delays.includes(75));
	}

	assert.deepEqual(otter.said, []);
});

test('plain: a line without end is refused with a sentence', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('first\n');
	peer.write('x'.repeat(66_000));
	await peer.untilFin();
	assert.match(
		peer.text,
		/^The peer sent \d+ bytes without a newline; [^\n]+\n$/,
	);
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'protocol');
	assert.deepEqual(otter.said, ['first']);
});

test('plain: a text over 16 KiB is refused, not cut, and only its sender knows', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write(`${'x'.repeat(16_385)}\n${'y'.repeat(16_384)}\n`);
	await otter.untilFrame('message');
	await peer.untilText('The text has 16385 bytes; the limit is 16384.');
	assert.deepEqual(otter.said, ['y'.repeat(16_384)]);
});

test('plain: a full room refuses a plain peer', async t => {
	const server = await openServer(t, {maxMembers: 1});
	await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('hello\n');
	await peer.untilFin();
	assert.match(
		peer.text,
		/^The room is full: its limit is 1 members\.[^\n]*\n$/,
	);
	assert.equal(server.room.log.head, 1);
});
