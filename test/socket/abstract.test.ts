/** Linux's abstract namespace: names of sockets without a file (unix(7)). */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {existsSync, readFileSync} from 'node:fs';
import process from 'node:process';
import {test} from 'node:test';
import {parseSocketPath, requireLoopback} from '../../source/socket/address.js';
import {requirePlace} from '../../source/socket/dial.js';
import {assertFree} from '../../source/socket/listen.js';
import {probeAddress} from '../../source/socket/probe.js';
import {SockchatError} from '../../source/errors.js';
import {requireExecutable} from '../helpers/environment.js';
import {startProcess} from '../helpers/process.js';
import {openRawClient, openRawServer} from '../helpers/raw.js';

let count = 0;
const newName = () =>
	requireLoopback({
		kind: 'unix',
		path: `@sockchat-test-${process.pid}-${++count}`,
	});

const pathOf = (address: ReturnType<typeof newName>) =>
	address.kind === 'unix' ? address.path : '';

test('abstract: a server and a client meet, and there is no file', async t => {
	const address = newName();
	const server = await openRawServer(t, {address});
	assert.match(
		readFileSync('/proc/net/unix', 'utf8'),
		new RegExp(` ${pathOf(address)}$`, 'm'),
	);
	assert.equal(existsSync(pathOf(address)), false);
	const client = openRawClient(t, address);
	await client.untilPhase('open');
	await client.client.write(Buffer.from('hello'));
	await server.untilBytes(Buffer.from('hello'));
});

const pythonSays = `
import socket, sys
peer = socket.socket(socket.AF_UNIX)
peer.connect('\\0' + sys.argv[1])
peer.sendall(b'from python')
peer.shutdown(socket.SHUT_WR)
print(peer.recv(100).decode())
`;

test('abstract: other programs reach it by the name after a NUL', async t => {
	const address = newName();
	const server = await openRawServer(t, {address});
	const python = startProcess(t, requireExecutable('python3', 'python3'), [
		'-c',
		pythonSays,
		pathOf(address).slice(1),
	]);
	await server.untilBytes(Buffer.from('from python'));
	assert.equal((await python.waitForExit()).code, 0, python.seen());
});

test('abstract: a name that is taken is refused, and free after its server', async t => {
	const address = newName();
	assert.equal(await probeAddress(address), 'free');
	const server = await openRawServer(t, {address});
	await assert.rejects(assertFree(address), {code: 'ERR_SOCKET_TAKEN'});
	const taken = await probeAddress(address);
	assert.ok(typeof taken === 'object' && 'holder' in taken);
	assert.equal(taken.holder?.pid, process.pid);
	await server.drain();
	await assertFree(address);
});

test('abstract: nobody there is refused, and no folder is asked for', async t => {
	const address = newName();
	requirePlace(address);
	const client = openRawClient(t, address);
	await client.untilPhase('closed');
	const last = client.client.connection;
	assert.equal(last.phase === 'closed' && last.cause?.code, 'ERR_REFUSED');
});

test('abstract: a name is not empty, and ./@name is a file', () => {
	assert.ok(parseSocketPath('@') instanceof SockchatError);
	const file = parseSocketPath('./@room');
	assert.ok(!(file instanceof SockchatError));
	assert.throws(
		() => {
			requirePlace(requireLoopback({kind: 'unix', path: './missing/@room'}));
		},
		{code: 'ERR_SOCKET_PATH'},
	);
});
