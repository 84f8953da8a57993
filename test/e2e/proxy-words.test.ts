/** What a proxy says of ends and commands, in lines and on the screen, is so. */
import assert from 'node:assert/strict';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {connect} from 'node:net';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {newFolder} from '../helpers/link-peers.js';
import {startBin} from '../helpers/process.js';
import {dialService, openService} from '../helpers/services.js';
import {openScreen} from '../helpers/sockchat.js';

/** Sends one datagram; what comes back is heard, and nothing else. */
const sendDatagram = async (t: TestContext, port: string, text: string) => {
	const socket = createSocket('udp4');
	t.after(() => {
		socket.close();
	});
	socket.on('error', () => undefined);
	socket.send(text, Number(port), '127.0.0.1');
	await once(socket, 'listening');
};

/** A port of UDP where nobody is bound any more. */
const unboundPort = async (): Promise<number> => {
	const socket = createSocket('udp4');
	socket.bind(0, '127.0.0.1');
	await once(socket, 'listening');
	const {port} = socket.address();
	socket.close();
	return port;
};

test('e2e: a proxy of datagrams speaks of neither FIN nor RST nor a connection', async t => {
	const echo = startBin(t, ['serve', '-r', '-u', '0', '--echo']);
	const bound = await echo.waitForOutput(/:(\d+), for datagrams/, {
		stream: 'stderr',
	});
	for (const target of [bound, await unboundPort()]) {
		const proxy = startBin(t, ['proxy', 'udp:0', `udp:${target}`, '--once']);
		const at = await proxy.waitForOutput(/bound to 127\.0\.0\.1:(\d+)/);
		await sendDatagram(t, at, 'ping');
		if (target === bound) {
			await proxy.waitForOutput('← 4 B "ping"');
			proxy.writeLine('/quit');
		}

		await proxy.waitForExit();
		assert.match(proxy.stdout(), new RegExp(`sends to 127.0.0.1:${target} `));
		assert.match(proxy.stdout(), /: ended \((?:closed|reset)\), 4 B out/);
		assert.doesNotMatch(proxy.stdout(), /FIN|RST|connected/);
	}
});

test('e2e: a proxy names FIN and RST only where there is TCP', async t => {
	const path = join(newFolder(t), 'target');
	const listen = join(newFolder(t), 'listen');
	const {peers} = await openService(t, undefined, path);
	const proxy = startBin(t, ['proxy', listen, path]);
	await proxy.waitForOutput('listening on');
	const client = connect({path: listen, allowHalfOpen: true});
	client.on('error', () => undefined);
	client.end('hello');
	await proxy.waitForOutput('unix:1 → end');
	peers[0]!.end();
	await proxy.waitForOutput('unix:1 ← end');
	await proxy.waitForOutput('unix:1: ended (closed)');
	connect(listen).on('error', () => undefined);
	await proxy.waitForOutput('unix:2: connected to the target');
	proxy.writeLine('/reset');
	await proxy.waitForOutput('unix:2: ended (reset), ');
	assert.doesNotMatch(proxy.stdout(), /FIN|RST/);

	const mixed = startBin(t, ['proxy', '0', path]);
	const at = await mixed.waitForOutput(/on 127\.0\.0\.1:(\d+)/);
	const dialled = await dialService(t, at);
	dialled.end();
	await mixed.waitForOutput(/ → end\n/);
	peers.at(-1)!.end();
	await mixed.waitForOutput(/ ← FIN\n/);
});

test('e2e: on the screen of a proxy of datagrams there is no FIN either', async t => {
	const terminal = await openScreen(t, [
		'proxy',
		'udp:0',
		`udp:${await unboundPort()}`,
	]);
	const at = await terminal.waitFor(/bound to 127\.0\.0\.1:(\d+)/);
	await sendDatagram(t, at, 'ping');
	await terminal.waitFor(/: ended \(reset\), 4 B out, 0 B in/);
	assert.doesNotMatch(terminal.text(), /FIN|RST/);
});
