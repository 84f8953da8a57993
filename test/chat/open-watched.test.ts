/** What a front end opens: actions on its socket, and the events about it. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test, type TestContext} from 'node:test';
import {done, refused} from '../../source/tcp/socket-action.js';
import {nameOfCall} from '../../source/tcp/tcp.js';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {openRaw, type RawOptions} from '../../source/chat/open-raw.js';
import {openRoom} from '../../source/chat/open-room.js';
import type {RoomOptions} from '../../source/chat/room-chat.js';
import type {ChatEvent} from '../../source/event/event.js';
import {nickOf} from '../helpers/client.js';
import {collectEvents} from '../helpers/events.js';
import {openRawServer} from '../helpers/raw.js';
import {anyPort, openServer, portOf} from '../helpers/room.js';
import {openPlain} from '../helpers/wire-peer.js';

const common = {
	backlog: undefined,
	maxMembers: undefined,
	history: undefined,
	localPort: undefined,
	isNickFlexible: false,
	isRetrying: false,
} as const;

const room = async (
	t: TestContext,
	address: Address,
	options: Partial<RoomOptions> = {},
) => {
	const collected = collectEvents<ChatEvent>();
	const chat = await openRoom(
		{
			...common,
			command: 'connect',
			address: requireLoopback(address),
			nick: nickOf('otter'),
			isWatched: true,
			...options,
		},
		collected.onEvent,
	);
	t.after(async () => {
		chat.leave();
		chat.leave();
		await chat.closed;
	});
	return {...collected, chat};
};

const raw = async (
	t: TestContext,
	address: Address,
	options: Partial<RawOptions> = {},
) => {
	const collected = collectEvents<ChatEvent>();
	const chat = await openRaw(
		{
			...common,
			command: 'connect',
			address: requireLoopback(address),
			isPipe: false,
			isWatched: true,
			...options,
		},
		collected.onEvent,
	);
	t.after(async () => {
		chat.leave();
		chat.leave();
		await chat.closed;
		chat.leave();
	});
	return {...collected, chat};
};

const ofSockets = ['step', 'kernel', 'peers', 'wire'] as const;

const isOpen = (event: ChatEvent) =>
	event.type === 'connection' && event.connection.phase === 'open';

const ownOnly =
	'Only a server has peers to name; leave the name out for your own socket.';
const paused =
	'socket is no longer read: new data waits in the kernel, then at the other end. /resume reads on.';

test('open: a member has one socket, its own', async t => {
	const server = await openServer(t);
	const {chat, untilEvent} = await room(t, server.address);
	await untilEvent('connection', isOpen);
	assert.deepEqual(
		await chat.control({type: 'pause'}, 'heron'),
		refused(ownOnly),
	);
	assert.deepEqual(
		await chat.control({type: 'pause'}, undefined),
		done(`Your ${paused}`),
	);
	assert.equal(chat.role, 'connect');
});

test('open: a raw client has one socket, its own', async t => {
	const server = await openRawServer(t);
	const {chat, untilEvent} = await raw(t, server.address);
	await untilEvent('connection', isOpen);
	assert.deepEqual(
		await chat.control({type: 'reset'}, 'heron'),
		refused(ownOnly),
	);
	assert.equal(server.of('ended').length, 0);
	assert.deepEqual(
		await chat.control({type: 'pause'}, undefined),
		done(`Your ${paused}`),
	);
});

for (const mode of ['room', 'raw'] as const) {
	test(`open: a server takes its peers in hand, ${mode}`, async t => {
		const opened =
			mode === 'room'
				? await room(t, anyPort, {command: 'serve'})
				: await raw(t, anyPort, {command: 'serve'});
		const {chat, untilEvent} = opened;
		const port = Number(chat.where.split(':')[1]);
		const address: Address = {kind: 'tcp', host: '127.0.0.1', port};
		const peer = await openPlain(t, address);
		await untilEvent('accepted');
		assert.deepEqual(
			await chat.control({type: 'pause'}, undefined),
			done(`${peer.name}'s ${paused}`),
		);
		await untilEvent('peers', ({rows}) => rows[0]?.isPaused === true);
	});

	test(`open: a front end that shows no sockets gets no socket events, ${mode}`, async t => {
		const options = {isWatched: false} as const;
		const server =
			mode === 'room'
				? await room(t, anyPort, {...options, command: 'serve'})
				: await raw(t, anyPort, {...options, command: 'serve'});
		const port = Number(server.chat.where.split(':')[1]);
		const address: Address = {kind: 'tcp', host: '127.0.0.1', port};
		const client =
			mode === 'room'
				? await room(t, address, {...options, nick: nickOf('heron')})
				: await raw(t, address, options);
		server.chat.setTap(true);
		client.chat.setTap(true);
		await client.untilEvent('connection', isOpen);
		assert.match(
			(await client.chat.control({type: 'pause'}, undefined)).sentence,
			/^Your socket is no longer read/u,
			'it is in hand all the same',
		);
		for (const type of ofSockets) {
			assert.deepEqual(server.of(type), []);
			assert.deepEqual(client.of(type), []);
		}
	});
}

test('open: reports the wire once asked to', async t => {
	const server = await openRawServer(t);
	const {chat, of, untilEvent} = await raw(t, server.address);
	await untilEvent('connection', isOpen);
	await chat.write(Buffer.from('unseen'));
	chat.setTap(true);
	await chat.write(Buffer.from('seen'));
	const {bytes, offset} = await untilEvent('wire');
	assert.deepEqual([Buffer.from(bytes).toString(), offset], ['seen', 6]);
	chat.setTap(false);
	await chat.write(Buffer.from('unseen'));
	assert.equal(of('wire').length, 1);
});

test('open: join reports the socket of the room it joins', async t => {
	const server = await openServer(t);
	const {chat, of, untilEvent} = await room(t, server.address, {
		command: 'join',
	});
	assert.equal(chat.role, 'connect');
	await untilEvent('kernel', ({pair}) => pair?.local !== undefined);
	const calls = of('step').flatMap(({step}) =>
		step.kind === 'call' ? [nameOfCall(step.call)] : [],
	);
	assert.deepEqual(
		calls,
		['socket', 'connect', 'setsockopt'],
		'one socket, told once',
	);
});

test('open: join opens the room if nobody listens', async t => {
	const {address, drain} = await openServer(t);
	await drain();
	const {chat, of, untilEvent} = await room(t, address, {command: 'join'});
	assert.equal(chat.role, 'serve');
	assert.equal(chat.where, `127.0.0.1:${portOf(address)}`);
	await untilEvent('peers', ({listening}) => listening?.state === 'LISTEN');
	const own = of('step').map(({step}) =>
		step.kind === 'call'
			? nameOfCall(step.call)
			: step.kind === 'segment'
				? step.segment
				: step.state,
	);
	assert.deepEqual(own.slice(0, 5), [
		'socket',
		'connect',
		'SYN-SENT',
		'RST',
		'CLOSED',
	]);
	assert.ok(own.indexOf('listen') > own.indexOf('bind'), own.join(' '));
	assert.ok(own.includes('bind'));
});
