import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import type {Owner} from '../helpers/environment.js';
import {openServer, openHub, type TestServer} from '../helpers/room.js';
import {joinWire, openPlain, type WirePeer} from '../helpers/wire-peer.js';

const guest = ({socket}: WirePeer) => `guest-${socket.localPort}`;

/** A plain peer that has joined by a first line. */
const enter = async (owner: Owner, server: TestServer) => {
	const peer = await openPlain(owner, server.address);
	peer.write('hello\n');
	await peer.until('its joining', () =>
		server.room.memberList().names.includes(guest(peer)),
	);
	return peer;
};

test('plain: each line is a message of guest-PORT', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('first\nsecond\r\n');
	peer.write('thi');
	peer.write('rd\n fourth \n');
	await otter.untilSaid(' fourth ');
	assert.deepEqual(otter.said, ['first', 'second', 'third', ' fourth ']);
	assert.deepEqual(
		[...new Set(otter.of('message').map(({from}) => from))],
		[guest(peer)],
	);
	assert.deepEqual(
		otter.of('message').map(({n}) => n),
		[0, 0, 0, 0],
		'it has no way to say one again',
	);
});

test('plain: bytes with no newline are a message after 75 ms idle', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const otter = await joinWire(t, room.address, 'otter');
	const peer = await openPlain(t, room.address);
	const write = async (bytes: string) => {
		peer.write(bytes);
		await room.untilRead(peer);
	};

	await write('is the port ');
	clock.advance(74);
	await write('free?');
	clock.advance(74);
	await write(' yes');
	assert.equal(room.room.log.head, 1, 'it has not even joined');
	clock.advance(75);
	await otter.untilSaid('is the port free? yes');
	await write('and now');
	clock.advance(75);
	await otter.untilSaid('and now');
	// A newline and one more line end it at once.
	await write('no\n\n');
	await otter.untilSaid('no');
	assert.equal(otter.said.length, 3);
});

test('plain: after the first newline an unfinished line waits for its end', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const otter = await joinWire(t, room.address, 'otter');
	const peer = await openPlain(t, room.address);
	peer.write('line\n\nhal');
	await otter.untilSaid('line');
	clock.advance(4000);
	peer.write('f');
	await room.untilRead(peer);
	otter.say(1, 'meanwhile');
	await peer.untilText('meanwhile');
	clock.advance(1000);
	peer.write(' line\n');
	await otter.untilSaid('half line');
	assert.deepEqual(otter.said, ['line', 'meanwhile', 'half line']);
});

test('plain: empty lines say nothing', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await openPlain(t, server.address);
	peer.write('\n\r\n   \n\t\nword\n');
	await otter.untilSaid('word');
	assert.deepEqual(otter.said, ['word']);
	assert.equal(peer.bytes.length, 0);
});

test('plain: gets what others say and nothing else', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	otter.say(1, 'before it came');
	await otter.untilSaid('before it came');
	const peer = await openPlain(t, server.address);
	await server.untilEvent('accepted', event => event.peer === peer.name);
	otter.say(2, 'before it spoke');
	await otter.untilSaid('before it spoke');
	const heron = await joinWire(t, server.address, 'heron');
	peer.write('my own words\n');
	await otter.untilSaid('my own words');
	heron.send({type: 'nick', nick: 'robin'}, {type: 'bye'});
	await heron.untilFin();
	otter.say(3, '/me waves');
	otter.say(4, 'that is all');
	await peer.untilText('that is all\n');
	assert.equal(peer.text, '* otter waves\notter: that is all\n');
});

test('plain: two guests with the same port have different names', async t => {
	const server = await openServer(t);
	const one = await enter(t, server);
	const two = await openPlain(t, server.address, {
		localAddress: '127.0.0.2',
		localPort: one.socket.localPort!,
	});
	two.write('from two\n');
	await one.untilText(`${guest(one)}-2: from two\n`);
	one.write('from one\n');
	await two.untilText(`${guest(one)}: from one\n`);
});

test("plain: two guests get each other's messages", async t => {
	const server = await openServer(t);
	const one = await enter(t, server);
	const two = await enter(t, server);
	two.write('from two\n');
	await one.untilText('from two');
	one.write('from one\n');
	await two.untilText('from one');
	assert.equal(one.text, `${guest(two)}: hello\n${guest(two)}: from two\n`);
	assert.equal(two.text, `${guest(one)}: from one\n`);
});

test('plain: answers /nick, /who and /help to the sender only', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await enter(t, server);
	peer.write('/who\n');
	await peer.untilText(`2 here: otter ${guest(peer)}\n`);
	peer.forget();
	peer.write('/nick otter\n');
	await peer.untilText('"otter" is taken');
	peer.write('/nick heron\n');
	await peer.untilText('You are heron now.\n');
	const renamed = await otter.untilFrame('renamed');
	assert.deepEqual([renamed.from, renamed.to], [guest(peer), 'heron']);
	peer.forget();
	peer.write('/help\n/nik robin\n/msg otter psst\n');
	await peer.untilText('/msg');
	assert.match(peer.text, /^\/help +list the commands$/m);
	assert.match(peer.text, /Did you mean \/nick\?/);
	assert.match(peer.text, /Unknown command \/msg/);
	peer.write('//slash\n/me dives\n');
	await otter.untilSaid('/me dives');
	assert.deepEqual(
		otter.of('message').map(({from, text}) => [from, text]),
		[
			[guest(peer), 'hello'],
			['heron', '/slash'],
			['heron', '/me dives'],
		],
	);
});

test('plain: gets a whisper, marked as one', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await enter(t, server);
	otter.send({type: 'whisper', n: 1, to: guest(peer), text: 'psst\nagain'});
	await peer.untilText('again\n');
	assert.equal(
		peer.text,
		'otter (to you alone): psst\notter (to you alone): again\n',
	);
});

test("plain: no text can forge another's line", async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await enter(t, server);
	otter.say(1, 'one\nheron: two\r\nheron: three\rheron: four\u2028heron: five');
	otter.say(2, '/me one\nheron: two');
	otter.say(3, 'end');
	await peer.untilText('otter: end\n');
	const lines = peer.text.split('\n').slice(0, -1);
	assert.equal(lines.length, 6);
	for (const line of lines) {
		assert.match(line, /^(?:otter: |\* otter )/);
	}

	assert.doesNotMatch(peer.text, /[\r\u2028]/);
});

test('plain: control bytes drive no terminal, in either direction', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await enter(t, server);
	otter.say(1, '\u{1B}[2J\u{7}\u{9B}31m\u{202E}evil');
	await peer.untilText('evil\n');
	assert.match(peer.text, /^otter: [^\p{Cc}\p{Cf}]*evil\n$/u);

	const other = await enter(t, server);
	peer.forget();
	other.write('\u{1B}]0;title\u{7}\u{1}\u{9B}\n');
	await peer.untilText('title');
	await peer.untilText('\n');
	assert.match(peer.text.replaceAll('\n', ''), /^\P{Cc}*$/u);
	peer.forget();
	peer.write('/nick \u{1B}[31mred\n/\u{1B}[2J\n');
	await peer.untilText("can't be a nick");
	await peer.untilText('Unknown command');
	assert.match(peer.text.replaceAll('\n', ''), /^\P{Cc}*$/u);
});

test('plain: bytes that are not UTF-8 are refused with a sentence, and reach nobody', async t => {
	const clock = new FakeClock();
	const room = await openHub(t, {clock});
	const otter = await joinWire(t, room.address, 'otter');
	const peer = await openPlain(t, room.address);
	// Without a newline, as the tutorial's client would; then as lines.
	peer.write(Buffer.from('caf\u00E9', 'latin1'));
	await room.untilRead(peer);
	clock.advance(75);
	await peer.untilText('byte 0xe9 at position 4 is not UTF-8.');
	peer.write('\n\n');
	for (const command of ['', '/nick ', '/me ']) {
		peer.forget();
		peer.write(Buffer.from(`${command}half \u00F0\u009F\n`, 'latin1'));
		const position = command.length + 6;
		await peer.untilText(`byte 0xf0 at position ${position} is not UTF-8.`);
		assert.match(peer.text, /^[^\n]+\n$/);
	}

	peer.write('caf\u00E9\n');
	await otter.untilSaid('caf\u00E9');
	assert.deepEqual(otter.said, ['caf\u00E9'], 'and it may go on');
	assert.equal(otter.of('renamed').length, 0);
});

test('plain: a NUL is refused with a sentence, and reaches nobody', async t => {
	const server = await openServer(t);
	const peer = await enter(t, server);
	const {head} = server.room.log;
	peer.write('a\0b\n');
	await peer.untilText('The text contains a NUL');
	assert.equal(server.room.log.head, head);
});
