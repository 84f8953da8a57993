/**
 * What people reported of other programs: a pipe whose stdin ends early loses
 * what the other side has yet to say.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import test, {type TestContext} from 'node:test';
import {WebSocketServer, type WebSocket} from 'ws';
import {findPort} from '../helpers/ports.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const deadlineMs = 60_000;

const inShell = (t: TestContext, args: readonly string[], rest: string) => {
	const {command, args: all} = bin(...args);
	return startProcess(t, 'sh', ['-c', `${toShellLine(command, all)} ${rest}`]);
};

test('e2e: a piped HTTP request gets its answer, however late (nmap#1229)', async t => {
	let answer = () => {};
	const server = createServer((_request, response) => {
		answer = () => {
			response.end('late answer');
		};
	});
	server.listen(0, '127.0.0.1');
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	await until(() => server.listening, {what: 'the server'});
	const {port} = server.address() as AddressInfo;
	const chat = startBin(t, ['connect', '--raw', '--no-shutdown', String(port)]);
	let isAsked = false;
	server.once('request', () => {
		isAsked = true;
	});
	chat.write('GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n');
	chat.end();
	await until(() => isAsked, {what: 'the request'});
	answer();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.match(chat.stdout(), /late answer/);
});

test('e2e: with stdin from /dev/null all of 10 MB arrives (toybox#538)', async t => {
	const {address} = await listenBare(t, socket => {
		socket.resume();
		socket.end(Buffer.alloc(10_000_000));
	});
	const port = String(portOf(address));
	const chat = inShell(t, ['connect', '--raw', port], '< /dev/null | wc -c');
	assert.deepEqual(await chat.waitForExit({deadlineMs}), done, chat.seen());
	assert.equal(chat.stdout().trim(), '10000000');
});

test('e2e: whether somebody listens is asked without a byte (circuit-oneops-1#1265)', async t => {
	let received = 0;
	const {address} = await listenBare(t, socket => {
		socket.on('data', chunk => {
			received += chunk.length;
		});
		socket.on('end', () => {
			socket.end();
		});
	});
	const port = String(portOf(address));
	const nobody = await findPort();
	for (const [args, rest, exit] of [
		[['connect', '--raw', '--probe', port], '', done],
		[['connect', '--raw', '--probe', nobody], '', failed],
		// As scripts do it where `nc -z` is missing.
		[['connect', '--raw', port], '< /dev/null', done],
		[['connect', '--raw', nobody], '< /dev/null', failed],
	] as const) {
		const chat = inShell(t, args, rest);
		assert.deepEqual(await chat.waitForExit(), exit, chat.seen());
	}

	assert.equal(received, 0);
});

test('e2e: in the background, without stdin, it receives on (websocat#212)', async t => {
	let end = () => {};
	const {address} = await listenBare(t, socket => {
		socket.write('first ');
		end = () => {
			socket.end('second');
		};
	});
	const port = String(portOf(address));
	const chat = inShell(
		t,
		['connect', '--raw', '--input', 'none', port],
		'<&- & wait',
	);
	await chat.waitForOutput('first ');
	end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'first second');
});

test('e2e: a piped command gets its replies, and ends (websocat#245)', async t => {
	const {address} = await listenBare(t, socket => {
		socket.on('data', data => {
			socket.write(`${String(data).trim()} is done\n`);
		});
	});
	const port = String(portOf(address));
	const {command, args} = bin(
		'connect',
		'--raw',
		'--no-shutdown',
		'--replies',
		'1',
		port,
	);
	const chat = startProcess(t, 'sh', [
		'-c',
		`echo work | ${toShellLine(command, args)} | cat`,
	]);
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'work is done\n');
});

test('e2e: a first message is sent at once, and the stream goes on (wscat PR#17)', async t => {
	const {address} = await listenBare(t, socket => {
		let count = 0;
		const tick = () => {
			if (!socket.destroyed) {
				socket.write(`tick ${++count}\n`, () => {
					setImmediate(tick);
				});
			}
		};

		socket.once('data', data => {
			assert.equal(String(data), 'subscribe\n');
			tick();
		});
	});
	const port = String(portOf(address));
	const {command, args} = bin(
		'connect',
		'--raw',
		'--send',
		String.raw`subscribe\n`,
		'--input',
		'none',
		port,
	);
	const chat = startProcess(t, 'sh', [
		'-c',
		`${toShellLine(command, args)} | grep -m 1 'tick 5'`,
	]);
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'tick 5\n');
});

/** A server of WebSockets, without an end of its own. */
const openWebSockets = async (
	t: TestContext,
	onPeer: (peer: WebSocket) => void,
): Promise<string> => {
	const server = new WebSocketServer({host: '127.0.0.1', port: 0});
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	server.on('connection', onPeer);
	return String((server.address() as AddressInfo).port);
};

/** It answers so late that a client which won't wait has sent Close before. */
const answerLate = (peer: WebSocket): void => {
	peer.on('message', (data: Buffer) => {
		peer.ping();
		peer.once('pong', () => {
			peer.ping();
			peer.once('pong', () => {
				peer.send(`${data.toString()} is done`);
			});
		});
	});
};

test('e2e: a WebSocket that is refused after the handshake ends it, and says why (websocat#63)', async t => {
	const port = await openWebSockets(t, peer => {
		peer.close(1008, 'no token');
	});
	const chat = startBin(t, ['connect', '--raw', '--ws', '/', port]);
	// Stdin stays open.
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.equal(
		chat.stderr(),
		'The other side closed the WebSocket with 1008: "no token".\n',
	);
});

test('e2e: a message piped to a WebSocket gets the replies that are asked for (websocat#4, wscat#4)', async t => {
	const port = await openWebSockets(t, answerLate);
	for (const how of [
		['--replies', '1'],
		['--idle', '1'],
	]) {
		const chat = startBin(t, ['connect', '-r', '--ws', '/', port, ...how]);
		chat.write('work\n');
		chat.end();
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(chat.stdout(), 'work is done\n');
	}
});

test('e2e: without stdin a message to a WebSocket is sent, and its reply waited for (wscat PR#166)', async t => {
	const port = await openWebSockets(t, answerLate);
	const args = ['connect', '-r', '--ws', '/', '-m', 'work', '--replies', '1'];
	for (const rest of ['<&-', '< /dev/null']) {
		const chat = inShell(t, [...args, port], rest);
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(chat.stdout(), 'work is done\n');
	}
});

test('e2e: an --expect of a peer that says nothing waits, until its end', async t => {
	let end = () => {};
	const {address} = await listenBare(t, socket => {
		end = () => {
			socket.end();
		};

		socket.write('not this');
	});
	const port = String(portOf(address));
	const chat = startBin(t, ['connect', '--raw', '--expect', 'never', port]);
	await chat.waitForOutput('not this');
	assert.equal(chat.stderr(), '');
	end();
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.equal(
		chat.stderr(),
		'--expect "never" was not met; the last that was said: "not this".\n',
	);
});
