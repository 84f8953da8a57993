/** `startServer()` as a program calls it. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {
	connect,
	SockchatError,
	startServer,
	type RoomEvent,
} from '../../source/index.js';
import {nickFromLogin} from '../../source/protocol/nick.js';
import {createEnvironment} from '../helpers/environment.js';
import {until} from '../helpers/until.js';
import {joinWire} from '../helpers/wire-peer.js';

test('startServer: listens at once, with its host in the room', async t => {
	const server = await startServer({host: 'localhost', port: 0, nick: 'otter'});
	t.after(server.drain);
	const {address} = server;
	assert.ok(address.kind === 'tcp' && address.port > 0);
	assert.deepEqual(address, {
		kind: 'tcp',
		host: '127.0.0.1',
		port: address.port,
	});
	assert.deepEqual(server.members, {count: 1, names: ['otter']});
	const heron = await joinWire(t, address, 'heron');
	const {seq} = await server.say('welcome');
	const message = await heron.untilFrame('message');
	assert.deepEqual(
		[message.text, message.from, message.seq],
		['welcome', 'otter', seq],
	);
	await until(() => server.members.count === 2, {what: 'the member'});
});

test('startServer: its host is called as its user by default', async t => {
	const server = await startServer({port: 0});
	t.after(server.drain);
	assert.equal(server.nick, nickFromLogin(userInfo().username, 'host'));
});

test('startServer: a program can only look at the members', async t => {
	const server = await startServer({port: 0, nick: 'otter'});
	t.after(server.drain);
	assert.ok(!('room' in server));
	assert.throws(() => {
		Object.assign(server, {members: {count: 0, names: []}});
	}, TypeError);
	assert.equal(server.members.count, 1);
});

test('startServer: frees the port when it is disposed of', async () => {
	const first = await startServer({port: 0, nick: 'otter'});
	const {address} = first;
	const client = await connect({address, nick: 'heron', isRetrying: false});
	await assert.rejects(startServer({address, nick: 'otter'}), error => {
		assert.ok(error instanceof SockchatError);
		assert.equal(error.code, 'ERR_PORT_TAKEN');
		assert.doesNotMatch(error.message, / --[a-z]|sockchat connect\b/);
		return true;
	});
	const heard = first.messages().next();
	await first[Symbol.asyncDispose]();
	assert.deepEqual(await heard, {done: true, value: undefined});
	assert.equal((await client.closed)?.code, 'ERR_SHUTDOWN');
	await assert.rejects(first.say('too late'), {code: 'ERR_NOT_STORED'});
	await first.closed;
	const second = await startServer({address});
	await second.drain();
});

test('startServer: an abort closes it, and what is waited for has the reason', async () => {
	const reason = new RangeError('mine');
	await assert.rejects(
		startServer({port: 0, signal: AbortSignal.abort(reason)}),
		reason,
	);
	const controller = new AbortController();
	const {signal} = controller;
	const starting = startServer({port: 0, signal});
	controller.abort(reason);
	await assert.rejects(starting, reason);

	const later = new AbortController();
	const server = await startServer({port: 0, signal: later.signal});
	const heard = server.messages().next();
	later.abort(reason);
	await assert.rejects(heard, reason);
	await server.closed;
});

test('startServer: refuses a nick and a place before it listens', async () => {
	for (const [options, code] of [
		[{nick: 'not a nick'}, 'ERR_NICK_INVALID'],
		[{port: 65_536}, 'ERR_PORT_RANGE'],
		[{host: '192.168.0.1'}, 'ERR_NOT_LOOPBACK'],
		[{host: 'localhost', path: '/tmp/room'}, 'ERR_USAGE'],
	] as const) {
		await assert.rejects(startServer({port: 0, ...options}), {code});
	}
});

test('startServer: tells of its sockets and of its room', async t => {
	const seen: RoomEvent[] = [];
	const server = await startServer({
		port: 0,
		nick: 'otter',
		name: 'otters',
		onEvent(event) {
			seen.push(event);
		},
	});
	t.after(server.drain);
	await joinWire(t, server.address, 'heron');
	const joined = (event: {type: string}) =>
		event.type === 'frame' &&
		(event as RoomEvent & {type: 'frame'}).frame.type === 'joined' &&
		JSON.stringify(event).includes('heron');
	for await (const event of server.events()) {
		if (joined(event)) {
			break;
		}
	}

	const types = new Set(seen.map(({type}) => type));
	for (const type of ['listening', 'accepted', 'frame'] as const) {
		assert.ok(types.has(type), type);
	}

	const welcome = seen.find(
		event => event.type === 'frame' && event.frame.type === 'welcome',
	);
	assert.match(JSON.stringify(welcome), /"name":"otters"/);
});

test('startServer: keeps the room in a file', async t => {
	const environment = createEnvironment();
	t.after(environment.remove);
	const path = join(environment.home, 'room.jsonl');
	const first = await startServer({port: 0, nick: 'otter', history: {path}});
	const {seq} = await first.say('kept');
	await first.drain();
	assert.match(readFileSync(path, 'utf8'), /"text":"kept"/);
	const second = await startServer({
		port: 0,
		nick: 'otter',
		history: {path, fsync: 'always'},
	});
	const {value} = await second.messages().next();
	await second.drain();
	assert.deepEqual(
		[value?.text, value?.seq, value?.isReplay],
		['kept', seq, true],
	);
	const nowhere = join(environment.home, 'missing', 'room.jsonl');
	await assert.rejects(startServer({port: 0, history: {path: nowhere}}), {
		code: 'ERR_HISTORY',
	});
});

test('startServer: says in its welcome what an agent may send', async () => {
	const rates: Array<number | undefined> = [];
	for (const agentRate of [undefined, 5, 'off'] as const) {
		await using server = await startServer({
			port: 0,
			agentRate,
			onEvent(event) {
				if (event.type === 'frame' && event.frame.type === 'welcome') {
					rates.push(event.frame.limits.agentRate);
				}
			},
		});
		assert.ok(server.address);
	}

	assert.deepEqual(rates, [30, 5, undefined]);
});
