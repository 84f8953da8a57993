import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test} from 'node:test';
import {FakeClock} from '../helpers/clock.js';
import {requireExecutable} from '../helpers/environment.js';
import {newFolder} from '../helpers/link-peers.js';
import {startNetcat} from '../helpers/peers.js';
import {startProcess} from '../helpers/process.js';
import {openServer, portOf} from '../helpers/room.js';
import {openTerminal} from '../helpers/terminal.js';
import {joinWire} from '../helpers/wire-peer.js';

test('plain: nc converses, and leaves with quit', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const netcat = startNetcat(t, portOf(server.address), ['-N']);
	netcat.writeLine('is the port free?');
	const {from} = await otter.untilSaid('is the port free?');
	otter.say(1, 'since the FIN');
	await netcat.waitForOutput('otter: since the FIN\n');
	netcat.writeLine('quit');
	const left = await otter.untilFrame('left');
	assert.deepEqual([left.nick, left.reason], [from, 'quit']);
	netcat.end();
	assert.deepEqual(await netcat.waitForExit(), {code: 0, signal: undefined});
	assert.equal(netcat.stdout(), 'otter: since the FIN\n');
});

test('plain: printf into nc -N is a message, and nc ends', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const netcat = startNetcat(t, portOf(server.address), ['-N']);
	netcat.write('build 7 is done');
	netcat.end();
	await otter.untilSaid('build 7 is done');
	assert.deepEqual(await netcat.waitForExit(), {code: 0, signal: undefined});
	assert.equal(netcat.stdout(), '');
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'closed');
});

test('plain: who leaves a Unix domain socket sent no FIN', async t => {
	const path = join(newFolder(t), 'room.sock');
	const server = await openServer(t, {address: {kind: 'unix', path}});
	const otter = await joinWire(t, server.address, 'otter');
	const netcat = startProcess(
		t,
		requireExecutable('nc.openbsd', 'netcat-openbsd'),
		['-U', path],
	);
	netcat.writeLine('hello');
	await otter.untilSaid('hello');
	netcat.signal('SIGKILL');
	const left = await otter.untilFrame('left');
	assert.deepEqual([left.reason, left.unix], ['closed', true]);
});

test('plain: nc killed is reported as closed', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const netcat = startNetcat(t, portOf(server.address));
	netcat.writeLine('hello');
	await otter.untilSaid('hello');
	netcat.signal('SIGKILL');
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'closed');
});

test('plain: nc at a prompt does not hold up a drain', async t => {
	const clock = new FakeClock();
	const server = await openServer(t, {clock});
	const otter = await joinWire(t, server.address, 'otter');
	const netcat = startNetcat(t, portOf(server.address));
	netcat.writeLine('hello\n');
	await otter.untilSaid('hello');
	const drained = server.drain();
	await otter.untilFin();
	otter.end();
	// Its stdin stays open, so it doesn't answer our FIN.
	await server.untilEvent('ended', ({peer}) => peer === otter.name);
	clock.advance(2250);
	await drained;
	assert.equal(server.of('ended')[1]?.reason, 'shutdown');
});

test('plain: telnet converses, in CRLF', async t => {
	const server = await openServer(t);
	const otter = await joinWire(t, server.address, 'otter');
	const terminal = openTerminal(t, {
		command: requireExecutable('telnet', 'telnet'),
		args: ['127.0.0.1', String(portOf(server.address))],
	});
	await terminal.waitFor('Connected to');
	terminal.type('from a terminal\r');
	await otter.untilSaid('from a terminal');
	otter.say(1, 'good evening');
	await terminal.waitFor('otter: good evening');
	terminal.type('quit\r');
	await terminal.waitFor('Connection closed by foreign host');
	const left = await otter.untilFrame('left');
	assert.equal(left.reason, 'quit');
});
