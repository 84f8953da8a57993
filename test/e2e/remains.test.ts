/** What a process leaves in the kernel is said before it ends. */
import assert from 'node:assert/strict';
import {createServer, type Socket} from 'node:net';
import test, {type TestContext} from 'node:test';
import {startBin} from '../helpers/process.js';
import {
	joinScreen,
	loopback,
	openScreen,
	serveJson,
	serveScreen,
} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';
import {openPlain} from '../helpers/wire-peer.js';

const done = {code: 0, signal: undefined};

/** A server that reads nothing, and sends FIN when it is told. */
const listenDeaf = async (t: TestContext) => {
	let peer: Socket | undefined;
	const server = createServer(
		{allowHalfOpen: true, pauseOnConnect: true},
		socket => {
			socket.on('error', () => undefined);
			peer = socket;
		},
	);
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	t.after(() => {
		peer?.destroy();
		server.close();
	});
	return {
		port: String((server.address() as {port: number}).port),
		accepted: async () => until(() => peer, {what: 'a connection'}),
	};
};

test('e2e: a screen that closed first says how long TIME-WAIT stays', async t => {
	const {port} = await serveJson(t);
	const member = await joinScreen(t, port, 'heron');
	member.type('/quit\r');
	assert.equal(await member.waitForExit(), 0);
	assert.match(
		member.text(),
		/^Left behind: TIME-WAIT for \d+ s on :\d+\.$/m,
		'on the screen that was there before',
	);
});

test('e2e: a screen whose peer closed first leaves nothing', async t => {
	const {terminal, port} = await serveScreen(t, 'otter', {args: ['--raw']});
	const peer = await openPlain(t, loopback(port));
	await terminal.waitFor(/made/);
	peer.end();
	await terminal.waitFor('closed: FIN');
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
	assert.doesNotMatch(terminal.text(), /Left behind/);
});

test('e2e: a server counts what its peers leave', async t => {
	const {server, port} = await serveJson(t, ['--events', 'state,step']);
	const peers = await Promise.all(
		['a', 'b'].map(async () => openPlain(t, loopback(port))),
	);
	for (const {name} of peers) {
		await server.waitForOutput(
			`"end":"local","state":"ESTABLISHED","evidence":"read","peer":"${name}"`,
		);
	}

	server.signal('SIGTERM');
	await Promise.all(
		peers.map(async peer => {
			await peer.untilFin();
			peer.end();
		}),
	);
	assert.deepEqual(await server.waitForExit(), done);
	const last = JSON.parse(server.stdout().trim().split('\n').at(-1)!) as {
		type: string;
		isReadable: boolean;
		sockets: ReadonlyArray<Record<string, unknown>>;
	};
	assert.equal(last.type, 'remains');
	assert.equal(last.isReadable, true);
	assert.deepEqual(
		last.sockets.map(({local, remote, state}) => [local, remote, state]),
		peers.map(({name}) => [`127.0.0.1:${port}`, name, 'TIME-WAIT']),
	);
});

test('e2e: lines with --explain say what was not sent', async t => {
	const server = await listenDeaf(t);
	const chat = startBin(t, [
		'connect',
		'--raw',
		'--explain',
		'--port',
		server.port,
	]);
	chat.write('x'.repeat(8_000_000));
	await server.accepted();
	chat.signal('SIGTERM');
	await chat.waitForExit();
	assert.match(
		chat.stderr(),
		/^Left behind: FIN-WAIT-1 on :\d+, [\d.]+ [kM]B not sent(?:, [\d.]+ [kM]?B unacknowledged)?\.$/m,
	);
});

test('e2e: nothing is said to a script that did not ask', async t => {
	const {port} = await serveJson(t);
	for (const flags of [[], ['--json'], ['--json', '--events', 'welcome']]) {
		const chat = startBin(t, ['connect', '--port', port, ...flags]);
		chat.end();
		assert.deepEqual(await chat.waitForExit(), done);
		assert.doesNotMatch(chat.stdout() + chat.stderr(), /behind|remains/);
	}
});

test('e2e: a raw screen says it as it is when it is left', async t => {
	const server = await listenDeaf(t);
	const screen = await openScreen(t, [
		'connect',
		'--raw',
		'--port',
		server.port,
	]);
	const socket = await server.accepted();
	socket.resume();
	screen.type('/end\r');
	await screen.waitFor(/FIN-WAIT-2/);
	socket.end();
	await screen.waitFor('The connection has ended');
	screen.press('ctrl-c');
	assert.equal(await screen.waitForExit(), 0);
	assert.match(screen.text(), /^Left behind: TIME-WAIT for \d+ s on :\d+\.$/m);
});
