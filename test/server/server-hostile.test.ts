/** Hostile frames on a real socket: only their sender gets an error. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {openServer} from '../helpers/room.js';
import {joinWire} from '../helpers/wire-peer.js';

const deep = '['.repeat(20_000) + ']'.repeat(20_000);

const badFrames: ReadonlyArray<string | Buffer> = [
	'hello',
	'[]',
	'{"type":"say","n":2,"text":"evil","text":"evil"}',
	'{"type":"say","n":2,"text":"evil","__proto__":{"isHost":true}}',
	'{"__proto__":{"type":"say"},"n":2,"text":"evil"}',
	'{"type":"say","n":2,"text":"evil","constructor":1}',
	'{"type":"say","n":2,"text":["evil"]}',
	'{"type":"say","n":"2","text":"evil"}',
	'{"type":"say","n":9007199254740993,"text":"evil"}',
	'{"type":"say","n":1e999,"text":"evil"}',
	'{"type":"say","n":-1,"text":"evil"}',
	'{"type":"say","n":2,"text":"evil \\ud800"}',
	`{"type":"say","n":2,"text":${deep}}`,
	Buffer.from('{"type":"say","n":2,"text":"evil \u00C3("}', 'latin1'),
	Buffer.from('{"type":"say","n":2,"text":"evil \u00C0\u0080"}', 'latin1'),
];

test('server: answers each hostile frame with an error, to its sender only', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const peer = await joinWire(t, server.address, 'heron');
	await otter.untilFrame('joined', ({nick}) => nick === 'heron');
	const {head} = server.room.log;
	for (const line of badFrames) {
		peer.write(Buffer.concat([Buffer.from(line), Buffer.from('\n')]));
	}

	peer.send({type: 'say', n: 2, text: 'nul \0'}, {type: 'nick', nick: 'a\0b'});
	const codes = await peer.until(
		'an error for each',
		() =>
			peer.of('error').length === badFrames.length + 2 &&
			peer.of('error').map(({code}) => code),
	);
	assert.deepEqual(codes, [
		...badFrames.map(() => 'ERR_BAD_FRAME'),
		'ERR_TEXT_INVALID',
		'ERR_NICK_INVALID',
	]);
	assert.equal(server.room.log.head, head);
	// It is still a member, and its n was not used up.
	peer.say(2, 'hello');
	await otter.untilSaid('hello');
	assert.deepEqual(otter.of('error'), []);
	assert.deepEqual(Object.keys(Object.prototype), []);
});
