import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {openServer} from '../helpers/room.js';
import {greet, helloFrame, joinWire, openWire} from '../helpers/wire-peer.js';

test('server: refuses a taken nick, and accepts another hello', async t => {
	const server = await openServer(t);
	await joinWire(t, server.address, 'otter');
	const peer = await openWire(t, server.address);
	peer.send(helloFrame('OTTER'));
	const error = await peer.untilFrame('error');
	assert.equal(error.code, 'ERR_NICK_TAKEN');
	peer.send(helloFrame('with space'));
	await peer.untilFrame('error', ({code}) => code === 'ERR_NICK_INVALID');
	const {welcome} = await greet(peer, 'heron');
	assert.deepEqual(welcome.members.names, ['otter', 'heron']);
});

test('server: answers a second hello with an error, and goes on', async t => {
	const server = await openServer(t);
	const peer = await joinWire(t, server.address, 'otter');
	peer.send(helloFrame('heron'), {type: 'ping', id: 7});
	const error = await peer.untilFrame('error');
	assert.equal(error.code, 'ERR_BAD_FRAME');
	await peer.untilFrame('pong', ({id}) => id === 7);
	assert.deepEqual(server.room.memberList().names, ['otter']);
});

test('server: answers a frame before an accepted hello with an error', async t => {
	const server = await openServer(t);
	await joinWire(t, server.address, 'otter');
	const peer = await openWire(t, server.address);
	// A framed peer whose nick is refused: not a member.
	peer.send(
		helloFrame('otter'),
		{type: 'say', n: 1, text: 'too early'},
		{type: 'whisper', n: 2, to: 'otter', text: 'too early'},
		{type: 'nick', nick: 'heron'},
		{type: 'ping', id: 1},
	);
	await peer.until('five errors', () => peer.of('error').length === 5);
	assert.deepEqual(
		peer.frames.map(frame => frame.type === 'error' && frame.code),
		['ERR_NICK_TAKEN', ...Array.from({length: 4}, () => 'ERR_BAD_FRAME')],
	);
	assert.equal(server.room.log.head, 1);
	const {welcome} = await greet(peer, 'heron');
	assert.equal(welcome.nick, 'heron');
});

test('server: refuses another version of the protocol, and names its own', async t => {
	const server = await openServer(t);
	const peer = await openWire(t, server.address);
	peer.send({...helloFrame('otter'), v: 2});
	await peer.untilFin();
	assert.deepEqual(
		peer.frames.map(({type}) => type),
		['error', 'bye'],
	);
	const [error] = peer.of('error');
	assert.equal(error?.code, 'ERR_VERSION');
	assert.match(error.message, /version 1 of the protocol.*asked for 2/);
});

test('server: ignores frames of an unknown type', async t => {
	const server = await openServer(t);
	const peer = await joinWire(t, server.address, 'otter');
	peer.send({type: 'typing', to: 'heron'}, {type: 'ping', id: 1});
	await peer.untilFrame('pong');
	assert.equal(peer.of('error').length, 0);
});

test('server: answers each bad frame with an error, and goes on', async t => {
	const server = await openServer(t);
	const peer = await joinWire(t, server.address, 'otter');
	const bad = [
		'not json',
		'[]',
		'{"n":1}',
		'{"type":"say","n":1}',
		'{"type":"say","n":0,"text":"zero"}',
		'{"type":"say","n":1,"text":"x","extra":true}',
		'{"type":"say","n":1,"text":"x","__proto__":{"admin":true}}',
		'{"type":"nick","nick":7}',
		'',
	];
	peer.write(bad.map(line => `${line}\n`).join(''));
	peer.write(Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]));
	peer.say(1, 'good');
	await peer.untilSaid('good');
	assert.deepEqual(
		peer.of('error').map(({code}) => code),
		Array.from({length: bad.length + 1}, () => 'ERR_BAD_FRAME'),
	);
	assert.equal(server.room.log.head, 2);
});

test('server: refuses a text that is empty or too long, by its n', async t => {
	const server = await openServer(t);
	const peer = await joinWire(t, server.address, 'otter');
	peer.say(1, '');
	peer.say(2, 'é'.repeat(8193));
	peer.say(3, 'é'.repeat(8192));
	await peer.untilFrame('message', ({n}) => n === 3);
	assert.deepEqual(
		peer.of('error').map(({code, n}) => [code, n]),
		[
			['ERR_TEXT_EMPTY', 1],
			['ERR_TEXT_TOO_LONG', 2],
		],
	);
});

test('server: ends a connection on an overlong frame: error, bye, FIN', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await joinWire(t, server.address, 'heron');
	peer.write(`{"type":"say","n":1,"text":"${'x'.repeat(65_536)}`);
	await peer.untilFin();
	assert.deepEqual(
		peer.frames.slice(-2).map(frame => [frame.type, 'code' in frame]),
		[
			['error', true],
			['bye', false],
		],
	);
	assert.equal(peer.of('error')[0]?.code, 'ERR_LINE_TOO_LONG');
	assert.equal(peer.of('bye')[0]?.reason, 'protocol');
	// What the peer still sends did not turn the FIN into an RST.
	peer.write('x'.repeat(100_000));
	peer.end();
	await peer.untilClosed();
	assert.equal(peer.errorCode, undefined);
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'protocol');
});
