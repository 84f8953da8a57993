import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {Server} from 'node:net';
import process from 'node:process';
import {test} from 'node:test';
import {requireLoopback, type Address} from '../../source/socket/address.js';
import {freePorts, listen} from '../../source/socket/listen.js';
import {requireExecutable} from '../helpers/environment.js';
import {startPython} from '../helpers/peers.js';
import {startProcess} from '../helpers/process.js';
import {openServer, portOf} from '../helpers/room.js';
import {joinWire} from '../helpers/wire-peer.js';

test('listen: returns the port that the kernel chose', async t => {
	const one = await openServer(t);
	const two = await openServer(t);
	assert.notEqual(portOf(one.address), portOf(two.address));
	assert.ok(portOf(one.address) > 0);
});

test('listen: takes any loopback address, and each has its own ports', async t => {
	const one = await openServer(t);
	const port = portOf(one.address);
	for (const host of ['127.0.0.2', '::1']) {
		const other = await openServer(t, {address: {kind: 'tcp', host, port}});

		const {welcome} = await joinWire(t, other.address, 'otter');
		assert.equal(
			welcome.room,
			host === '::1' ? `[::1]:${port}` : `${host}:${port}`,
		);
	}
});

test('listen: no client of another program gets a free port by chance', async () => {
	const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
	const lowestOfClients = Number(range.split('\t', 1)[0]);
	const ports = [...(await freePorts('127.0.0.1', 20))];
	assert.equal(ports.length, 20);
	assert.deepEqual(
		ports.filter(port => port >= lowestOfClients),
		[],
	);
});

test('listen: names the taken port and its holder', async t => {
	const {address} = await openServer(t);
	const port = portOf(address);
	await assert.rejects(openServer(t, {address}), {
		code: 'ERR_PORT_TAKEN',
		message: new RegExp(
			String.raw`^127\.0\.0\.1:${port} is taken by \S+ \(process ${process.pid}\)\. .*sockchat connect --port ${port}$`,
		),
	});
});

test('listen: raw mode names the way to talk to the holder', async t => {
	const {address} = await openServer(t);
	const port = portOf(address);
	await assert.rejects(listen(new Server(), address, 1, true), {
		code: 'ERR_PORT_TAKEN',
		message: new RegExp(
			String.raw`Choose another port, or talk to what is there: sockchat connect --raw --port ${port}$`,
		),
	});
});

test('listen: names a holder in another program', async t => {
	const python = startPython(t, 'server', [0]);
	const port = Number(
		await python.waitForOutput(/listening on: \S+ (\d+)\)\n/),
	);
	const address: Address = {kind: 'tcp', host: '127.0.0.1', port};
	await assert.rejects(openServer(t, {address}), {
		code: 'ERR_PORT_TAKEN',
		message: /by python\S* \(process \d+\)/,
	});
});

test('listen: names the holder of this address, not of another with the same port', async t => {
	const one = await openServer(t);
	const port = portOf(one.address);
	const python = startProcess(t, requireExecutable('python3', 'python3'), [
		'-uc',
		`import socket
server = socket.socket()
server.bind(("127.0.0.9", ${port}))
server.listen()
print("listening")
input()`,
	]);
	await python.waitForOutput('listening');
	const taken: Address = {kind: 'tcp', host: '127.0.0.9', port};
	await assert.rejects(openServer(t, {address: taken}), {
		message: new RegExp(String.raw`\(process (?!${process.pid}\))\d+\)`),
	});
	await assert.rejects(openServer(t, {address: one.address}), {
		message: new RegExp(String.raw`\(process ${process.pid}\)`),
	});
});

/** Fails listen() as the kernel would on another machine or for another user. */
class Failing extends Server {
	readonly #code: string;

	constructor(code: string) {
		super();
		this.#code = code;
	}

	override listen(): this {
		const code = this.#code;
		const error = Object.assign(new Error(`listen ${code}`), {code});
		queueMicrotask(() => {
			this.emit('error', error);
		});
		return this;
	}
}

test('listen: reports an address that is not on this machine', async () => {
	// As on a machine without IPv6.
	const address = requireLoopback({kind: 'tcp', host: '::1', port: 5001});
	await assert.rejects(listen(new Failing('EADDRNOTAVAIL'), address, 1), {
		code: 'ERR_ADDRESS_UNAVAILABLE',
		message: /^Can't listen on \[::1\]:5001: .*EADDRNOTAVAIL/,
	});
});

test('listen: reports a port that needs root', async () => {
	const address = requireLoopback({kind: 'tcp', host: '127.0.0.1', port: 80});
	await assert.rejects(listen(new Failing('EACCES'), address, 1), {
		code: 'ERR_PORT_FORBIDDEN',
		message: /^You may not listen on 127\.0\.0\.1:80; .*below 1024/,
	});
});

test('listen: passes the backlog to the kernel', async t => {
	const {address} = await openServer(t, {backlog: 3});
	const rows = execFileSync(
		requireExecutable('ss', 'iproute2'),
		['-Hltn', `sport = :${portOf(address)}`],
		{encoding: 'utf8'},
	);
	// State, Recv-Q, Send-Q; a listening socket's Send-Q is its backlog.
	assert.match(rows, /^LISTEN\s+0\s+3\s/);
});
