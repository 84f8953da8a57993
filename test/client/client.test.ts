import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {freshIdentity} from '../../source/client/identity.js';
import {createModel} from '../../source/store/model.js';
import {reduce} from '../../source/store/reduce.js';
import {openClient} from '../helpers/client.js';
import {openServer, portOf} from '../helpers/room.js';
import {listenBare, openScripted, welcomeFrame} from '../helpers/scripted.js';
import {joinWire} from '../helpers/wire-peer.js';

/** The cause it closed with. */
const causeOf = async ({client}: ReturnType<typeof openClient>) => {
	const cause = await client.closed;
	assert.ok(cause, 'it has a cause');
	return cause;
};

test('client: joins, says something, receives its echo, and leaves', async t => {
	const server = await openServer(t);
	const heron = await joinWire(t, server.address, 'heron');
	const otter = openClient(t, server.address, 'otter');
	otter.client.say('said before the welcome');
	await otter.untilStored();
	heron.say(1, 'good evening');
	await otter.until('an answer', () => otter.said().includes('good evening'));
	assert.deepEqual(otter.said(), ['said before the welcome', 'good evening']);
	assert.deepEqual(otter.client.members.names, ['heron', 'otter']);
	assert.equal(otter.of('sent')[0]?.n, 1);
	const [echo] = heron.of('message');
	assert.deepEqual([echo?.from, echo?.id], ['otter', otter.client.id]);

	otter.client.leave();
	assert.equal(await otter.client.closed, undefined);
	assert.deepEqual(otter.phases(), [
		'connecting',
		'handshaking',
		'open',
		'draining',
		'closed',
	]);
	const left = await heron.untilFrame('left');
	assert.equal(left.reason, 'quit');
});

test('client: reports both ends of its connection', async t => {
	const server = await openServer(t);
	const otter = openClient(t, server.address, 'otter');
	await otter.untilPhase('open');
	const open = otter
		.of('connection')
		.find(({connection}) => connection.phase === 'open');
	const {peer} = await server.untilEvent('accepted');
	assert.equal(open?.local, peer);
	assert.equal(open.remote, `127.0.0.1:${portOf(server.address)}`);
});

test('client: reports in a sentence that nobody listens, and tries once', async t => {
	const {address, close} = await listenBare(t, () => undefined);
	await close();
	const otter = openClient(t, address, 'otter');
	const cause = await causeOf(otter);
	assert.equal(cause.code, 'ERR_REFUSED');
	assert.match(cause.message, new RegExp(`127\\.0\\.0\\.1:${portOf(address)}`));
	assert.match(cause.message, /sockchat serve --port \d+$/);
	assert.deepEqual(otter.phases(), ['connecting', 'closed']);
	assert.equal(otter.dialled.length, 1);
});

const strangers: ReadonlyArray<readonly [what: string, answer: Buffer]> = [
	[
		'an HTTP server',
		Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
	],
	['an SSH server', Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
	['JSON of something else', Buffer.from('{"jsonrpc":"2.0"}\n')],
	['a list', Buffer.from('[1]\n')],
	['binary', Buffer.from([0, 255, 254, 13, 10, 0])],
	['a line without end', Buffer.alloc(70_000, 0x61)],
	['a challenge', Buffer.from('{"type":"challenge","nonce":"x"}\n')],
];

for (const [what, answer] of strangers) {
	test(`client: takes ${what} for no sockchat server, and says what it saw`, async t => {
		const {address} = await openScripted(t, peer => {
			peer.isFramed = false;
			// Anything after it is ignored.
			const welcome = Buffer.from(`${JSON.stringify(welcomeFrame())}\n`);
			peer.write(Buffer.concat([answer, welcome]));
		});
		const otter = openClient(t, address, 'otter');
		const cause = await causeOf(otter);
		assert.equal(cause.code, 'ERR_NOT_SOCKCHAT');
		assert.match(cause.message, /instead of a welcome it sent ".+"\. .*--raw/s);
		assert.equal(otter.dialled.length, 1, 'another attempt would not mend it');
		assert.deepEqual(otter.phases(), ['connecting', 'handshaking', 'closed']);
		assert.deepEqual(otter.frames(), []);
		await otter.until('the end', () => otter.dialled[0]!.destroyed);
	});
}

test('client: distinguishes a FIN from an RST before the welcome', async t => {
	const fin = await openScripted(t, peer => {
		peer.end();
	});
	const lost = await causeOf(openClient(t, fin.address, 'otter'));
	assert.equal(lost.code, 'ERR_LOST');
	assert.match(lost.message, /\(FIN\) before a welcome came/);
	const rst = await openScripted(t, peer => {
		peer.duplex.on('data', () => {
			peer.reset();
		});
	});
	const reset = await causeOf(openClient(t, rst.address, 'otter'));
	assert.equal(reset.code, 'ERR_RESET');
});

test('client: gives up on another version of the wire', async t => {
	const {address} = await openScripted(t, peer => {
		peer.duplex.once('data', () => {
			peer.send(
				{type: 'error', code: 'ERR_VERSION', message: 'Only version 9.'},
				{type: 'bye', reason: 'protocol'},
			);
			peer.end();
		});
	});
	const otter = openClient(t, address, 'otter');
	const cause = await causeOf(otter);
	assert.deepEqual(
		[cause.code, cause.message],
		['ERR_VERSION', 'Only version 9.'],
	);
	assert.equal(otter.dialled.length, 1);
});

test('client: ignores frames that a later server may send', async t => {
	const {address} = await openScripted(t, peer => {
		peer.send(
			{type: 'typing', who: 'heron'},
			{...welcomeFrame(), colour: 'red'},
			{type: 'left', seq: 1, at: 0, nick: 'x', id: 'y', reason: 'abducted'},
		);
	});
	const otter = openClient(t, address, 'otter');
	await otter.until('the entry', () => otter.frames().length === 2);
	assert.deepEqual(
		otter.frames().map(({type}) => type),
		['welcome', 'left'],
	);
	assert.equal('colour' in otter.frames()[0]!, false);
});

test('client: reports a bad frame in an open connection, and stays connected', async t => {
	const {address} = await openScripted(t, peer => {
		peer.send(welcomeFrame());
		peer.write('garbage\n');
		peer.send({type: 'pong', id: 1});
	});
	const otter = openClient(t, address, 'otter');
	await otter.until('the error', () => otter.frames().length === 2);
	const [, error] = otter.frames();
	assert.equal(error?.type, 'error');
	assert.equal(error.code, 'ERR_BAD_FRAME');
	assert.equal(otter.phase(), 'open');
});

test('client: asks for another nick if it may, else reports why', async t => {
	const server = await openServer(t);
	await joinWire(t, server.address, 'otter');
	await joinWire(t, server.address, 'otter-2');
	const flexible = openClient(t, server.address, 'otter', {
		isNickFlexible: true,
	});
	await flexible.untilPhase('open');
	assert.equal(flexible.client.nick, 'otter-3');
	assert.equal(flexible.dialled.length, 1, 'over the same connection');

	const fixed = openClient(t, server.address, 'otter');
	const cause = await causeOf(fixed);
	assert.equal(cause.code, 'ERR_NICK_TAKEN');
	assert.equal(fixed.dialled.length, 1);
	assert.deepEqual(fixed.phases(), ['connecting', 'handshaking', 'closed']);
});

test('client: reports that a room is full, and tries once', async t => {
	const server = await openServer(t, {maxMembers: 1});
	await joinWire(t, server.address, 'otter');
	const heron = openClient(t, server.address, 'heron');
	const cause = await causeOf(heron);
	assert.equal(cause.code, 'ERR_ROOM_FULL');
	assert.equal(heron.dialled.length, 1);
});

test('client: binds the given local port', async t => {
	const server = await openServer(t);
	const first = await listenBare(t, () => undefined);
	await first.close();
	const localPort = portOf(first.address);
	const otter = openClient(t, server.address, 'otter', {localPort});
	await otter.untilPhase('open');
	const {peer} = await server.untilEvent('accepted');
	assert.equal(peer, `127.0.0.1:${localPort}`);

	// In use by a connection and by a listening socket.
	const other = await listenBare(t, () => undefined);
	for (const [used, why] of [
		[localPort, 'that connection exists already'],
		[portOf(other.address), '.*in use'],
	] as const) {
		const second = openClient(t, server.address, 'heron', {localPort: used});
		const cause = await causeOf(second);
		assert.equal(cause.code, 'ERR_ADDRESS_UNAVAILABLE');
		assert.match(cause.message, new RegExp(`local port ${used}.*: ${why}`));
	}
});

test('client: an earlier rename in the replay leaves it the nick of its welcome', async t => {
	const server = await openServer(t);
	const identity = freshIdentity();
	const first = openClient(t, server.address, 'otter', {identity});
	await first.untilPhase('open');
	first.client.rename('teal');
	await first.until('the nick', () => first.client.nick === 'teal');
	first.client.say('as teal');
	await first.untilStored();
	first.client.leave();
	await first.client.closed;
	const model = createModel({
		mode: 'room',
		where: 'there',
		id: identity.id,
		nick: 'otter',
	});
	const again = openClient(t, server.address, 'otter', {
		identity: {...identity, lastN: 1},
		last: 10,
	});
	await again.until('the replay', () => again.said().includes('as teal'));
	await again.until('its own join', () =>
		again
			.frames()
			.some(frame => frame.type === 'joined' && frame.nick === 'otter'),
	);
	assert.equal(again.client.nick, 'otter');
	assert.equal(reduce(model, again.events).nick, 'otter');
	again.client.rename('wren');
	await again.until('the nick', () => again.client.nick === 'wren');
	assert.equal(reduce(model, again.events).nick, 'wren');
});
