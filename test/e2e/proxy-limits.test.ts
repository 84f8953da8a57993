/** What `sockchat proxy` does not pass on, and says: bytes, loops, too many. */
import assert from 'node:assert/strict';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {mkdtempSync, rmSync, symlinkSync} from 'node:fs';
import {connect, type AddressInfo, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {WebSocketServer} from 'ws';
import {resetSocket} from '../../source/socket/stream/reset.js';
import {readTcpTable} from '../../source/socket/tcp-table.js';
import {startPython} from '../helpers/link-peers.js';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {dialService, openService, startDial} from '../helpers/services.js';
import {until} from '../helpers/until.js';

const failed = {code: 1, signal: undefined};
const wrong = {code: 2, signal: undefined};
const done = {code: 0, signal: undefined};

const startProxy = async (t: TestContext, ...args: readonly string[]) => {
	const proxy = startBin(t, ['proxy', ...args]);
	const port = await proxy.waitForOutput(
		/^(?:listening on|bound to) \S+:(\d+)/m,
	);
	return {...proxy, port};
};

test('e2e: a proxy says what a WebSocket that closed did not get, and ends with 1', async t => {
	const server = new WebSocketServer({host: '127.0.0.1', port: 0});
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	const {port} = server.address() as AddressInfo;
	let close = () => {};
	server.on('connection', peer => {
		close = () => {
			peer.close(1000);
		};
	});
	const slow = ['--rate-limit', '1', '--slice', '1'];
	const proxy = await startProxy(t, '0', `ws:${port}/`, ...slow);
	const client = startDial(t, proxy.port);
	client.write('x'.repeat(1000));
	await proxy.waitForOutput('→ 1000 B');
	await proxy.waitForOutput(': connected to');
	close();
	await proxy.waitForOutput(
		/: 9\d\d bytes of the client were read and not passed on to the target\.$/m,
		{stream: 'stderr'},
	);
	proxy.signal('SIGTERM');
	assert.deepEqual(await proxy.waitForExit(), failed, proxy.seen());
});

/** Reads nothing until it is told to; then says how much there is until the RST. */
const readsLate = `
import socket, sys
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1])
peer, _ = listening.accept()
sys.stdin.readline()
count = 0
try:
    while piece := peer.recv(1 << 16):
        count += len(piece)
except ConnectionResetError:
    print('RST after', count)
`;

test('e2e: a proxy names the reset of a client, and what it lost; --once is then 1', async t => {
	for (const [lost, ...flags] of [
		[/ \(RST\)\.\n$/],
		[
			/ \(RST\)\. 5 bytes of the client were read and not passed on to the target\.\n$/,
			'--delay',
			'60000',
		],
	] as const) {
		const target = await startPython(t, readsLate);
		const proxy = await startProxy(t, '0', target.port, '--once', ...flags);
		const client = startDial(t, proxy.port);
		client.write('hello');
		await proxy.waitForOutput('→');
		await proxy.waitForOutput('connected to');
		resetSocket(client);
		assert.deepEqual(await proxy.waitForExit(), failed, proxy.seen());
		assert.match(
			proxy.stderr(),
			/^127\.0\.0\.1:\d+: ECONNRESET: the connection from the client was reset by the other side/,
		);
		assert.match(proxy.stderr(), lost);
		target.writeLine('');
		const reached = await target.waitForOutput(/RST after (\d+)/);
		assert.match(
			proxy.stdout(),
			new RegExp(`ended \\(reset: RST\\), ${reached} B out, 0 B in\n$`),
		);
	}
});

test('e2e: a proxy that is left still hears who goes on sending to a WebSocket that has closed', async t => {
	const server = new WebSocketServer({host: '127.0.0.1', port: 0});
	await once(server, 'listening');
	t.after(() => {
		server.close();
	});
	const {port} = server.address() as AddressInfo;
	const closed = new Promise<void>(resolve => {
		server.on('connection', peer => {
			peer.once('close', () => {
				resolve();
			});
		});
	});
	const proxy = await startProxy(t, '0', `ws:${port}`);
	const client = await dialService(t, proxy.port);
	await proxy.waitForOutput(': connected to');
	client.resume();
	proxy.signal('SIGTERM');
	await closed;
	client.end('late');
	assert.deepEqual(
		await proxy.waitForExit(),
		{code: 143, signal: undefined},
		proxy.seen(),
	);
	assert.match(
		proxy.stderr(),
		/: 4 bytes of the client were read and not passed on to the target\.$/m,
	);
});

for (const way of ['reset', 'signal'] as const) {
	test(`e2e: a proxy says what the kernel had for a target that does not read: ${way}`, async t => {
		let target: Socket | undefined;
		const {address} = await listenBare(t, socket => {
			target = socket.pause();
			if (way === 'reset') {
				// Its own end comes first.
				socket.end();
			}
		});
		const proxy = startBin(t, [
			'proxy',
			'0',
			String(portOf(address)),
			'--once',
			'--json',
		]);
		const port = await proxy.waitForOutput(/"port":(\d+)/);
		const client = connect(Number(port), '127.0.0.1');
		t.after(() => client.destroy());
		client.on('error', () => undefined).resume();
		client.end(Buffer.alloc(1_000_000));
		const isInKernel = async () => {
			if (!target) {
				return false;
			}

			const {localPort = 0, remotePort = 0} = target;
			const table = await readTcpTable(new Set([localPort]));
			const row = table?.pair(
				`127.0.0.1:${remotePort}`,
				`127.0.0.1:${localPort}`,
			).local;
			return (
				row !== undefined &&
				row.state !== 'ESTABLISHED' &&
				row.state !== 'CLOSE-WAIT' &&
				row.sendQueueBytes > 0
			);
		};

		await until(isInKernel, {what: 'FIN behind what waits'});
		if (way === 'reset') {
			target!.resetAndDestroy();
		} else {
			proxy.signal('SIGTERM');
		}

		const {code} = await proxy.waitForExit();
		assert.equal(code, way === 'reset' ? 1 : 143, proxy.seen());
		assert.match(
			proxy.stdout(),
			way === 'reset'
				? /was reset by the other side \(RST\)\. How much of what was sent last arrived is unknown\./
				: /\d+ bytes of what was passed on to the target waited in the kernel as it was closed, and may not arrive\./,
		);
	});
}

test('e2e: a proxy says how much a /cut has dropped', async t => {
	const {port} = await openService(t, peer => {
		peer.resume().once('end', () => {
			peer.end();
		});
	});
	const proxy = await startProxy(t, '0', port, '--once');
	proxy.writeLine('/delay 60000 out');
	await proxy.waitForOutput('Delay 60000 ms for out', {stream: 'stderr'});
	const client = startDial(t, proxy.port);
	client.write('hello');
	await proxy.waitForOutput('→ 5 B');
	proxy.writeLine('/cut out');
	await proxy.waitForOutput('Direction out is cut for 1 connection.', {
		stream: 'stderr',
	});
	client.write(' and more');
	client.end();
	client.resume();
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
	assert.match(
		proxy.stdout(),
		/: 14 bytes of the client were cut, and did not reach the target\.$/m,
	);
});

test('e2e: a proxy that is left in a hurry resets whoever may not have had all', async t => {
	const target = await startPython(t, readsLate);
	const proxy = await startProxy(t, '0', target.port);
	const client = startDial(t, proxy.port);
	client.write('hello');
	await proxy.waitForOutput('→');
	await proxy.waitForOutput('connected to');
	// In one turn, so that it can't look whether the client goes on.
	proxy.write('/quit\n/quit\n');
	assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
	target.writeLine('');
	await target.waitForOutput('RST after 5');
});

test('e2e: a proxy whose target is itself by another path is refused', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-loop-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	symlinkSync(folder, join(folder, 'other'));
	const listen = join(folder, 'a.sock');
	const target = join(folder, 'other', 'a.sock');
	const proxy = startBin(t, ['proxy', listen, target]);
	proxy.end();
	assert.deepEqual(await proxy.waitForExit(), wrong, proxy.seen());
	assert.equal(
		proxy.stderr(),
		`LISTEN and TARGET are both ${listen}: it would connect to itself.\n`,
	);
});

test('e2e: proxies that point at each other stop at --max-connections', async t => {
	const free = await findPort();
	const one = await startProxy(t, '0', free, '--max-connections', '20');
	const another = await startProxy(
		t,
		free,
		one.port,
		'--max-connections',
		'10',
	);
	const client = startDial(t, one.port);
	await until(() => client.destroyed, {what: 'the client to be reset'});
	await another.waitForOutput(
		/: was refused: 10 connections are open, as many as --max-connections allows\. Does the target lead back here\?$/m,
		{stream: 'stderr'},
	);
	for (const proxy of [one, another]) {
		await until(
			() => {
				const text = proxy.stdout();
				const counted = (word: string) => text.split(word).length;
				return counted(' made\n') === counted(': ended (');
			},
			{what: 'all of them to end', seen: proxy.seen},
		);
		proxy.signal('SIGTERM');
		assert.deepEqual(await proxy.waitForExit(), done, proxy.seen());
	}

	assert.equal(another.stderr().split('was refused').length, 2, 'is said once');
});

test('e2e: a datagram ends its way round proxies that point at each other', async t => {
	const free = await findPort();
	const flags = ['--max-connections', '8'];
	const one = await startProxy(t, 'udp:0', `udp:${free}`, ...flags);
	const another = await startProxy(
		t,
		`udp:${free}`,
		`udp:${one.port}`,
		...flags,
	);
	const sender = createSocket('udp4');
	t.after(() => {
		sender.close();
	});
	sender.send('round', Number(one.port), '127.0.0.1');
	await one.waitForOutput(
		/: was refused: 8 connections are open, as many as --max-connections allows\. Does the target lead back here\?$/m,
		{stream: 'stderr'},
	);
	for (const proxy of [one, another]) {
		assert.equal(proxy.stdout().split('→ 5 B').length, 9, proxy.seen());
	}
});

test('e2e: a proxy takes others again once some have left', async t => {
	const peers: Socket[] = [];
	const {address} = await listenBare(t, socket => {
		peers.push(socket);
		socket.resume();
		socket.on('end', () => {
			socket.end();
		});
	});
	const proxy = await startProxy(
		t,
		'0',
		String(portOf(address)),
		'--max-connections',
		'1',
	);
	const first = startDial(t, proxy.port);
	await until(() => peers.length === 1, {what: 'the first'});
	const second = startDial(t, proxy.port);
	await until(() => second.destroyed, {what: 'the second to be reset'});
	first.destroy();
	await proxy.waitForOutput(': ended (');
	startDial(t, proxy.port);
	await until(() => peers.length === 2, {what: 'the third'});
});
