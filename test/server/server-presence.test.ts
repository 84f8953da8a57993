import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {createConnection} from 'node:net';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {openServer, portOf, type TestServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {helloFrame, joinWire, type MemberPeer} from '../helpers/wire-peer.js';
import type {Owner} from '../helpers/environment.js';

/** Members that say nothing, and whose input nobody reads. */
const crowd = async (owner: Owner, server: TestServer, count: number) => {
	const wanted = server.room.memberCount + count;
	for (let index = 0; index < count; index++) {
		const socket = createConnection(portOf(server.address), '127.0.0.1');
		socket.write(`${JSON.stringify(helloFrame(`member-${index}`))}\n`);
		socket.resume();
		// Destroyed at the end of the test.
		socket.on('error', () => undefined);
		owner.after(async () => {
			socket.destroy();
		});
	}

	await until(() => server.room.memberCount === wanted, {
		what: `${wanted} members`,
		seen: () => `${server.room.memberCount}`,
	});
};

const leave = async (peer: MemberPeer) => {
	peer.send({type: 'bye'});
	peer.end();
	await peer.untilFin();
};

test('server: above 200 members it sends counts once a second, and no names', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const first = await joinWire(t, server.address, 'otter');
	await crowd(t, server, 199);
	await first.untilFrame('joined', ({seq}) => seq === 200);

	const robin = await joinWire(t, server.address, 'robin');
	const heron = await joinWire(t, server.address, 'heron');
	assert.equal(server.room.log.head, 200, 'their joining is no entry');
	assert.equal(heron.welcome.members.count, 202);
	assert.equal(heron.welcome.members.names.length, 200);
	first.forget();
	clock.advance(250);
	const counted = await first.untilFrame('members');
	assert.deepEqual(counted, {
		type: 'members',
		count: 202,
		names: [],
		heartbeatMs: 2000,
	});
	await leave(robin);
	clock.advance(750);
	first.say(1, 'not yet');
	await first.untilSaid('not yet');
	assert.equal(first.of('members').length, 1, 'the second is not over');

	await leave(await joinWire(t, server.address, 'wren'));
	clock.advance(250);
	await first.until('another count', () => first.of('members').length === 2);
	assert.equal(first.of('members')[1]!.count, 201);
	clock.advance(1500);
	first.say(2, 'still here');
	await first.untilSaid('still here');
	assert.equal(first.of('members').length, 2, 'nothing changed');
	assert.equal(first.of('joined').length + first.of('left').length, 0);
});

test('server: back at 200 members it sends names again', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const first = await joinWire(t, server.address, 'otter');
	await crowd(t, server, 198);
	const robin = await joinWire(t, server.address, 'robin');
	const heron = await joinWire(t, server.address, 'heron');
	clock.advance(1000);
	await first.untilFrame('members', ({count}) => count === 201);
	first.forget();

	await leave(heron);
	assert.equal(server.room.memberCount, 200);
	clock.advance(1000);
	const {count, names} = await first.untilFrame('members');
	assert.equal(count, 200);
	assert.deepEqual(names, server.room.memberList().names);

	await leave(robin);
	const left = await first.untilFrame('left');
	assert.equal(left.nick, 'robin');
});

test('presence: a one-shot says so in its hello, and its comings and goings in the log', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const ci = await joinWire(t, server.address, 'ci', {oneShot: true});
	ci.say(1, 'build 41 passed');
	await ci.untilSaid('build 41 passed');
	ci.send({type: 'bye'});
	await otter.untilFrame('left');
	assert.deepEqual(
		otter.frames.flatMap(frame =>
			frame.type === 'joined' || frame.type === 'left'
				? [[frame.type, frame.nick, frame.oneShot]]
				: [],
		),
		[
			['joined', 'otter', undefined],
			['joined', 'ci', true],
			['left', 'ci', true],
		],
	);
});

test('presence: one that resumes stays what it was', async t => {
	const server = await openServer(t);
	const client = randomUUID();
	const heron = await joinWire(t, server.address, 'heron', {client});
	const again = await joinWire(t, server.address, 'heron', {
		client,
		oneShot: true,
	});
	again.send({type: 'bye'});
	await heron.untilFrame('bye');
	const otter = await joinWire(t, server.address, 'otter');
	await otter.untilFrame('joined', ({nick}) => nick === 'otter');
	assert.deepEqual(
		otter.of('left').map(({nick, oneShot}) => [nick, oneShot]),
		[['heron', undefined]],
	);
});
