import assert from 'node:assert/strict';
import {test} from 'node:test';
import {startHost, type HostOptions} from '../../source/chat/host.js';
import type {ChatEvent} from '../../source/event/event.js';
import {nickOf} from '../helpers/client.js';
import {FakeClock} from '../helpers/clock.js';
import type {Owner} from '../helpers/environment.js';
import {collectEvents} from '../helpers/events.js';
import {anyPort, openServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {
	greet,
	helloFrame,
	joinWire,
	openPlain,
	openWire,
} from '../helpers/wire-peer.js';

const openHost = async (
	owner: Owner,
	options: Partial<Omit<HostOptions, 'onEvent' | 'nick'>> = {},
) => {
	const collected = collectEvents<ChatEvent>();
	const host = await startHost({
		address: anyPort,
		nick: nickOf('otter'),
		isNickFlexible: false,
		...options,
		onEvent: collected.onEvent,
	});
	owner.after(async () => {
		const drained = host.server.drain();
		host.server.destroy();
		await drained;
		await host.client.closed;
	});
	await until(() => host.client.connection.phase === 'open', {
		what: 'the host to be in its room',
	});
	const said = () =>
		collected
			.of('frame')
			.flatMap(({frame}) => (frame.type === 'message' ? [frame.text] : []));
	const untilSaid = async (text: string) =>
		until(() => said().includes(text), {
			what: JSON.stringify(text),
			seen: () => said().join('\n'),
		});
	return {...host, ...collected, said, untilSaid};
};

test('host: is a member of its own room like any other', async t => {
	const host = await openHost(t);
	const heron = await joinWire(t, host.server.address, 'heron');
	assert.deepEqual(heron.welcome.members.names, ['otter', 'heron']);
	host.client.say('the room is open');
	const heard = await heron.untilSaid('the room is open');
	assert.deepEqual([heard.from, heard.id], ['otter', host.client.id]);
	heron.say(1, 'good evening');
	await host.untilSaid('good evening');
	assert.equal(host.client.unstored, 0);

	const plain = await openPlain(t, host.server.address);
	plain.write('hello\n');
	await host.untilSaid('hello');
	host.client.say('who is there?');
	await plain.untilText('otter: who is there?\n');
	heron.send({type: 'whisper', n: 2, to: 'otter', text: 'psst'});
	await host.untilEvent('frame', ({frame}) => frame.type === 'whispered');
});

test('host: reports its server, and no connection of its own', async t => {
	const clock = new FakeClock();
	const host = await openHost(t, {clock});
	const heron = await joinWire(t, host.server.address, 'heron');
	const {name} = heron;
	host.client.say('good evening');
	await heron.untilSaid('good evening');
	clock.advance(250);
	heron.send({type: 'bye'});
	heron.end();
	await host.untilEvent('ended');
	assert.deepEqual(
		host.of('accepted').map(({peer}) => peer),
		[name],
		'its own screen is no peer',
	);
	assert.equal(host.of('listening')[0]?.state.phase, 'listening');
	for (const type of ['connection', 'traffic', 'rtt'] as const) {
		assert.deepEqual(host.of(type), []);
	}
});

test('host: its nick can be taken like any other', async t => {
	const host = await openHost(t);
	const peer = await openWire(t, host.server.address);
	peer.send(helloFrame('OTTER'));
	const {code} = await peer.untilFrame('error');
	assert.equal(code, 'ERR_NICK_TAKEN');
	host.client.rename('heron');
	await until(() => host.client.nick === 'heron', {what: 'its new nick'});
	const {welcome} = await greet(peer, 'otter');
	assert.deepEqual(welcome.members.names, ['heron', 'otter']);
});

test('host: its own flood is stored and shown in order', async t => {
	const host = await openHost(t);
	const heron = await joinWire(t, host.server.address, 'heron');
	for (let n = 1; n <= 2000; n++) {
		host.client.say(`line ${n} ${'x'.repeat(200)}`);
	}

	const last = (text: string) => text.startsWith('line 2000 ');
	await heron.untilFrame('message', ({text}) => last(text));
	await until(() => host.client.unstored === 0, {what: 'its receipts'});
	assert.equal(heron.said.length, 2000);
	assert.deepEqual(host.said(), heron.said);
});

test('host: drains its room and itself, and leaves nothing running', async t => {
	const clock = new FakeClock();
	const host = await openHost(t, {clock});
	const heron = await joinWire(t, host.server.address, 'heron');
	heron.say(1, 'last words');
	await host.untilSaid('last words');
	const drained = host.server.drain();
	await heron.untilFin();
	assert.equal(heron.of('bye')[0]?.reason, 'shutdown');
	heron.end();
	await drained;
	const cause = await host.client.closed;
	assert.equal(cause?.code, 'ERR_SHUTDOWN');
	assert.deepEqual(clock.delays, []);
	// Its port is free.
	await openServer(t, {address: host.server.address});
});

test('host: what it said before a drain reaches the room and its own screen', async t => {
	const host = await openHost(t);
	const heron = await joinWire(t, host.server.address, 'heron');
	const lines = Array.from({length: 50}, (_, index) => `line ${index}`);
	for (const line of lines) {
		host.client.say(line);
	}

	const drained = host.server.drain();
	await heron.untilFin();
	heron.end();
	await drained;
	assert.deepEqual(heron.said, lines);
	assert.deepEqual(host.said(), lines);
	assert.equal(host.client.unstored, 0);
	assert.equal(host.client.connection.phase, 'closed');
});

test('host: alone too, it sees its last words before the end', async t => {
	const host = await openHost(t);
	// More than fits into one chunk.
	const lines = Array.from(
		{length: 2000},
		(_, index) => `${index} ${'x'.repeat(500)}`,
	);
	for (const line of lines) {
		host.client.say(line);
	}

	await host.server.drain();
	assert.deepEqual(host.said(), lines);
	assert.equal(host.client.unstored, 0);
});

test('host: alone, it drains at once', async t => {
	const clock = new FakeClock();
	const host = await openHost(t, {clock});
	await host.server.drain();
	await host.client.closed;
	assert.deepEqual(clock.delays, []);
});

test('host: destroyed, its own screen ends too', async t => {
	const clock = new FakeClock();
	const host = await openHost(t, {clock});
	host.server.destroy();
	const cause = await host.client.closed;
	assert.ok(cause);
	await host.server.drain();
	assert.deepEqual(clock.delays, []);
});

test('host: in its own process, nobody pings anybody', async t => {
	const clock = new FakeClock();
	const host = await openHost(t, {clock});
	const heron = await joinWire(t, host.server.address, 'heron');
	clock.advance(250);
	heron.say(1, 'good evening');
	await host.untilSaid('good evening');
	clock.advance(250);
	assert.equal(clock.delays.length, 1, 'of the server, for its deadlines');
});

test('host: does not time out while it is alone for a day', async t => {
	const clock = new FakeClock();
	const host = await openHost(t, {clock});
	for (let beats = 0; beats < 20; beats++) {
		clock.advance(1000);
		host.client.say(`${beats}`);

		await host.untilSaid(`${beats}`);
	}

	clock.advance(2000);
	host.client.say('after a ping');
	await host.untilSaid('after a ping');
	clock.jump(86_400_000);
	host.client.say('the next day');
	await host.untilSaid('the next day');
	assert.equal(host.server.room.memberCount, 1);
});

test('host: reports why it cannot listen', async t => {
	const {address} = await openServer(t);
	await assert.rejects(openHost(t, {address}), {code: 'ERR_PORT_TAKEN'});
});

test('host: a deaf host receives its own messages and no others', async t => {
	const host = await openHost(t, {isReceiptsOnly: true});
	const heron = await joinWire(t, host.server.address, 'heron');
	for (const n of [1, 2, 3]) {
		heron.say(n, `for others ${n}`);
	}

	await heron.untilSaid('for others 3');
	host.client.say('heard by all');
	host.client.say('and again');
	await heron.untilSaid('and again');
	await host.untilSaid('and again');
	heron.send({type: 'whisper', n: 4, to: 'otter', text: 'psst'});
	await host.untilEvent('frame', ({frame}) => frame.type === 'whispered');
	assert.deepEqual(host.said(), ['heard by all', 'and again']);
	assert.equal(host.client.unstored, 0);
	assert.deepEqual(
		host.of('frame').filter(({frame}) => frame.type === 'gap'),
		[],
	);
});
