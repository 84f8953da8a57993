import assert from 'node:assert/strict';
import test from 'node:test';
import {startBin} from '../helpers/process.js';
import {openPlain} from '../helpers/wire-peer.js';
import {joinBare, loopback} from '../helpers/sockchat.js';

test('e2e: what a host rules is told to it, and to the room', async t => {
	const server = startBin(t, [
		'serve',
		'--port',
		'0',
		'--nick',
		'otter',
		'--input',
		'commands',
	]);
	const port = await server.waitForOutput(/listening on 127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	const heron = await joinBare(t, port, 'heron');
	server.write('/mute heron\n/lock\n/bans\n');
	await server.waitForOutput('muted heron; the room is locked.');
	await heron.untilSaid('/me mutes heron');
	await heron.untilSaid('/me locks the room');
	server.write('/kick heron\n');
	await server.waitForOutput('-- heron left (kicked by the host)');
	await heron.untilFin();
	server.write('/unlock\n/kick otter\n');
	await server.waitForOutput('That is you, the host.', {stream: 'stderr'});
	const plain = await openPlain(t, loopback(port));
	plain.write('hello\n');
	await server.waitForOutput(': hello');
	const member = startBin(t, [
		'connect',
		'--port',
		port,
		'--nick',
		'egret',
		'--input',
		'commands',
	]);
	member.write('/kick otter\n');
	await member.waitForOutput('Only the host of a room can do that.', {
		stream: 'stderr',
	});
	assert.equal(plain.hasFin, false);
});
