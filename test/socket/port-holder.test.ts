import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import process from 'node:process';
import {test} from 'node:test';
import {holderOfPort} from '../../source/socket/port-holder.js';
import {requireExecutable, type Owner} from '../helpers/environment.js';
import {startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {openPlain} from '../helpers/wire-peer.js';

/** A Python process that listens on a free port; prints port and pid. */
const listenInPython = async (owner: Owner, host: string) => {
	const python = startProcess(owner, requireExecutable('python3', 'python3'), [
		'-uc',
		`import os, socket
server = socket.socket(socket.AF_INET6 if ":" in ${JSON.stringify(host)} else socket.AF_INET)
server.bind((${JSON.stringify(host)}, 0))
server.listen()
print("at", server.getsockname()[1], os.getpid(), "ready")
input()`,
	]);
	const [port, pid] = (await python.waitForOutput(/at (.*) ready/))
		.split(' ')
		.map(Number);
	return {python, port: port!, pid: pid!};
};

test('port holder: names the process that holds a port', async t => {
	const {address} = await listenBare(t, () => undefined);
	assert.deepEqual(await holderOfPort('127.0.0.1', portOf(address)), {
		pid: process.pid,
		name: readFileSync('/proc/self/comm', 'utf8').trim(),
	});
});

for (const host of ['127.0.0.1', '127.0.0.3', '0.0.0.0', '::1', '::']) {
	test(`kernel: finds another process on ${host}`, async t => {
		const {port, pid} = await listenInPython(t, host);
		const asked = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
		const holder = await holderOfPort(asked, port);
		assert.equal(holder?.pid, pid);
		assert.match(holder.name, /^python/);
	});
}

test('port holder: a port on another address is another port', async t => {
	const {port} = await listenInPython(t, '127.0.0.3');
	assert.equal(await holderOfPort('127.0.0.1', port), undefined);
	assert.equal(await holderOfPort('::1', port), undefined);
});

test('port holder: a port that only a client uses has no listener', async t => {
	const {address} = await listenBare(t, () => undefined);
	const peer = await openPlain(t, address);
	const {localPort} = peer.socket;
	assert.equal(await holderOfPort('127.0.0.1', localPort!), undefined);
});

test('port holder: a free port has no holder', async t => {
	const {address, close} = await listenBare(t, () => undefined);
	await close();
	assert.equal(await holderOfPort('127.0.0.1', portOf(address)), undefined);
});

test('port holder: a process that has ended holds nothing', async t => {
	const {python, port} = await listenInPython(t, '127.0.0.1');
	python.signal('SIGKILL');
	await python.waitForExit();
	assert.equal(await holderOfPort('127.0.0.1', port), undefined);
});
