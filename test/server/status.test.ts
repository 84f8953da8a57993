/** What a hello may ask for: how the room is, and how much of the past. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Token} from '../../source/protocol/token.js';
import {openServer} from '../helpers/room.js';
import {greet, helloFrame, joinWire, openWire} from '../helpers/wire-peer.js';

test('status: it is answered without joining, and a hello may follow', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await openWire(t, server.address);
	heron.send({...helloFrame('heron'), status: true});
	const {head, members, log} = await heron.untilFrame('status');
	assert.deepEqual(members, {count: 1, names: ['otter']});
	assert.deepEqual([head, log], [1, otter.welcome.log]);
	assert.equal(server.room.memberCount, 1);
	await greet(heron, 'heron');
	const joined = await otter.untilFrame('joined', ({nick}) => nick === 'heron');
	assert.equal(joined.seq, 2);
});

test('status: it tells nobody more than a join would', async t => {
	const locked = await openServer(t);
	await locked.rule({type: 'lock'});
	const token = await openServer(t, {
		token: new Token('correct horse battery staple'),
	});
	for (const [server, code] of [
		[locked, 'ERR_ROOM_LOCKED'],
		[token, 'ERR_TOKEN_NEEDED'],
	] as const) {
		const peer = await openWire(t, server.address);
		peer.send({...helloFrame('heron'), status: true});
		const error = await peer.untilFrame('error');
		assert.equal(error.code, code);
		await peer.untilFin();
		assert.deepEqual(peer.of('status'), []);
	}
});

for (const [last, said] of [
	[0, []],
	[2, ['text 4', 'text 5']],
	[Number.MAX_SAFE_INTEGER, ['text 1', 'text 2', 'text 3', 'text 4', 'text 5']],
] as const) {
	test(`hello: last ${last} gives that many entries before its own joined`, async t => {
		const server = await openServer(t);
		const otter = await joinWire(t, server.address, 'otter');
		for (let n = 1; n <= 5; n++) {
			otter.say(n, `text ${n}`);
		}

		await otter.untilSaid('text 5');
		const heron = await openWire(t, server.address);
		heron.send({...helloFrame('heron'), last});
		await heron.untilFrame('joined', ({nick}) => nick === 'heron');
		assert.deepEqual(heron.said, said);
		assert.equal(heron.of('joined').length, last > 5 ? 2 : 1);
		otter.say(6, 'live');
		await heron.untilSaid('live');
	});
}
