import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import type {Address} from '../../source/socket/address.js';
import {startPython} from '../helpers/peers.js';
import {openRawClient, openRawServer} from '../helpers/raw.js';
import {openServer, portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {joinWire} from '../helpers/wire-peer.js';

test("tutorial: its client converses with a room, and 'quit' ends it", async t => {
	const server = await openServer(t);
	const host = await joinWire(t, server.address, 'otter');
	const python = startPython(t, 'client', [portOf(server.address)]);
	await python.waitForOutput(' -> ');
	for (const [n, line] of [
		'is the port free?',
		'and now',
		'caf\u00E9',
	].entries()) {
		python.writeLine(line);
		// It sends no newline, then waits for an answer.

		await host.untilSaid(line);
		host.say(n + 1, `answer ${n}`);

		await python.waitForOutput(
			`Received from server: otter: answer ${n}\n\n -> `,
		);
	}

	python.writeLine('quit');
	assert.deepEqual(await python.waitForExit(), {code: 0, signal: undefined});
	const left = await host.untilFrame('left');
	assert.equal(left.reason, 'closed');
	assert.equal(python.stderr(), '');
});

test('tutorial: the room goes on with others when its client has ended', async t => {
	const server = await openServer(t);
	const port = portOf(server.address);
	const host = await joinWire(t, server.address, 'otter');
	for (const line of ['first', 'second']) {
		const python = startPython(t, 'client', [port]);
		python.writeLine(line);

		await host.untilSaid(line);
		host.say(host.said.length, `yes, ${line}`);

		await python.waitForOutput(`yes, ${line}`);
		python.writeLine('quit');

		await python.waitForExit();
	}

	assert.equal(server.of('accepted').length, 2 + 1);
});

test('tutorial: two of its clients hear each other', async t => {
	const server = await openServer(t);
	const port = portOf(server.address);
	const host = await joinWire(t, server.address, 'otter');
	const one = startPython(t, 'client', [port]);
	one.writeLine('one is here');
	const {from} = await host.untilSaid('one is here');
	const two = startPython(t, 'client', [port]);
	two.writeLine('two is here');
	await one.waitForOutput(/Received from server: guest-\d+: two is here\n/);
	one.writeLine('so I see');
	await two.waitForOutput(`Received from server: ${from}: so I see\n`);
});

test('tutorial: an empty line blocks nobody but its client', async t => {
	const server = await openServer(t);
	const host = await joinWire(t, server.address, 'otter');
	const stuck = startPython(t, 'client', [portOf(server.address)]);
	stuck.writeLine('hello');
	await host.untilSaid('hello');
	host.say(1, 'hi');
	await stuck.waitForOutput('otter: hi');
	// An empty send() sends nothing, so the client waits for an answer that can't come.
	stuck.writeLine('');
	const other = startPython(t, 'client', [portOf(server.address)]);
	other.writeLine('and you?');
	await host.untilSaid('and you?');
	host.say(2, 'well');
	await other.waitForOutput('otter: well');
	assert.deepEqual(host.said, ['hello', 'hi', 'and you?', 'well']);
});

test('tutorial: its client may bind a port of its own', async t => {
	const server = await openServer(t);
	const host = await joinWire(t, server.address, 'otter');
	const bare = await listenBare(t, () => undefined);
	await bare.close();
	const localPort = portOf(bare.address);
	const python = startPython(t, 'client', [portOf(server.address), localPort]);
	python.writeLine('hello');
	const {from} = await host.untilSaid('hello');
	assert.equal(from, `guest-${localPort}`);
	await server.untilEvent(
		'accepted',
		({peer}) => peer === `127.0.0.1:${localPort}`,
	);
});

test('tutorial: its client killed is noticed, and the others go on', async t => {
	const server = await openServer(t);
	const host = await joinWire(t, server.address, 'otter');
	const python = startPython(t, 'client', [portOf(server.address)]);
	python.writeLine('hello');
	await host.untilSaid('hello');
	python.signal('SIGKILL');
	const left = await host.untilFrame('left');
	assert.equal(left.reason, 'closed');
	const other = startPython(t, 'client', [portOf(server.address)]);
	other.writeLine('me too');
	await host.untilSaid('me too');
});

test('tutorial: its client converses with a raw server, byte by byte', async t => {
	const server = await openRawServer(t);
	const python = startPython(t, 'client', [portOf(server.address)]);
	python.writeLine('is the port free?');
	await server.untilBytes(Buffer.from('is the port free?'));
	assert.equal(server.write(Buffer.from('since the FIN')), 1);
	await python.waitForOutput('Received from server: since the FIN\n -> ');
	python.writeLine('quit');
	await python.waitForExit();
	const ended = await server.untilEvent('ended');
	assert.deepEqual(
		[ended.reason, ended.bytesIn, ended.bytesOut],
		['closed', 17, 13],
	);

	const next = startPython(t, 'client', [portOf(server.address)]);
	next.writeLine('next');
	await server.untilEvent(
		'chunk',
		({bytes}) => Buffer.from(bytes).toString() === 'next',
	);
});

test('tutorial: a raw client converses with its server', async t => {
	const python = startPython(t, 'server', [0]);
	const port = Number(
		await python.waitForOutput(/listening on: \S+ (\d+)\)\n/),
	);
	const address: Address = {kind: 'tcp', host: '127.0.0.1', port};
	const {client, ...raw} = openRawClient(t, address);
	await python.waitForOutput(/connection from: \('127\.0\.0\.1', \d+\)\n/);
	// Without a line end, as its own client sends it.
	await client.write(Buffer.from('by hand'));
	await python.waitForOutput('from connected user: by hand\n -> ');
	python.writeLine('heard');
	await raw.untilBytes(Buffer.from('heard'));
	client.leave();
	assert.equal(await client.closed, undefined);
	assert.deepEqual(await python.waitForExit(), {code: 0, signal: undefined});
	assert.equal(python.stderr(), '');
});

test('tutorial: a raw client sees its server end', async t => {
	const python = startPython(t, 'server', [0]);
	const port = Number(
		await python.waitForOutput(/listening on: \S+ (\d+)\)\n/),
	);
	const {client} = openRawClient(t, {kind: 'tcp', host: '127.0.0.1', port});
	await client.write(Buffer.from('hello'));
	await python.waitForOutput('from connected user: hello\n -> ');
	// At the end of its input it fails, and its kernel sends FIN.
	python.end();
	assert.equal(await client.closed, undefined);
});
