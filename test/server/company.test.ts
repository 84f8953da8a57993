/** What members learn of a server that may go, and it of them. */
import assert from 'node:assert/strict';
import process from 'node:process';
import {duplexPair} from 'node:stream';
import {test} from 'node:test';
import {openServer} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {helloFrame, joinWire, openPlain} from '../helpers/wire-peer.js';

test('company: the welcome names the host as it is called now', async t => {
	const server = await openServer(t);
	const {welcome} = await joinWire(t, server.address, 'otter');
	assert.equal('host' in welcome, false);
	const [ours, far] = duplexPair();
	server.attach(far);
	ours.write(`${JSON.stringify(helloFrame('heron'))}\n`);
	await until(() => server.room.memberNamed('heron'), {what: 'the host'});
	const wren = await joinWire(t, server.address, 'wren');
	assert.equal(wren.welcome.host, 'heron');
	ours.write('{"type":"nick","nick":"egret"}\n');
	await wren.untilFrame('renamed');
	const ibis = await joinWire(t, server.address, 'ibis');
	assert.equal(ibis.welcome.host, 'egret');
	ours.destroy();
});

test('company: the welcome says whom the room is for, and if it is started again', async t => {
	const open = await openServer(t);
	const {welcome} = await joinWire(t, open.address, 'otter');
	assert.equal('sameUser' in welcome, false);
	assert.equal('restarts' in welcome, false);
	const closed = await openServer(t, {
		isSameUser: process.platform === 'linux',
		isManaged: true,
	});
	const otter = await joinWire(t, closed.address, 'otter');
	assert.equal(otter.welcome.sameUser, true);
	assert.equal(otter.welcome.restarts, true);
});

test('company: the server knows who is left, and who opens the room again', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const heron = await joinWire(t, server.address, 'heron');
	const plain = await openPlain(t, server.address);
	plain.write('ahoy\n');
	await otter.untilSaid('ahoy');
	assert.deepEqual(server.company(), {others: 3, heirs: []});
	heron.send({type: 'heir'}, {type: 'nick', nick: 'egret'});
	await otter.untilFrame('renamed');
	assert.deepEqual(server.company(), {others: 3, heirs: ['egret']});
	heron.send({type: 'bye'});
	await otter.untilFrame('left');
	assert.deepEqual(server.company(), {others: 2, heirs: []});
});
