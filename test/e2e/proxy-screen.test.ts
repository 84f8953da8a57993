/** The screen of `sockchat proxy`, between real clients and services. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test, {type TestContext} from 'node:test';
import {startPython} from '../helpers/link-peers.js';
import {findPort} from '../helpers/ports.js';
import {dialService, openService, startDial} from '../helpers/services.js';
import {openScreen, type ScreenOptions} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const openProxy = async (
	t: TestContext,
	target: string,
	{args = [], ...options}: ScreenOptions & {args?: readonly string[]} = {},
) => {
	const terminal = await openScreen(
		t,
		['proxy', '0', target, ...args],
		options,
	);
	const port = await terminal.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	return {terminal, port};
};

/** Ready to be drawn: a port as the screen shows it. */
const portOf = ({localPort}: {localPort?: number | undefined}) =>
	String(localPort!);

test('e2e: the screen of a proxy has both directions in one transcript, and the states of all four ends', async t => {
	const {port, peers} = await openService(t);
	const {terminal, port: at} = await openProxy(t, port, {
		columns: 120,
		rows: 40,
	});
	await terminal.waitFor(`proxy 127.0.0.1:${at} ⇄ 127.0.0.1:${port}`);
	const client = await dialService(t, at);
	const name = `127.0.0.1:${portOf(client)}`;
	client.write('to the target');
	await terminal.waitFor(`→ 13 ${name} to the target`);
	await until(() => peers[0], {what: 'the target'});
	peers[0]!.write('to the client');
	await terminal.waitFor(`← 13 ${name} to the client`);
	await terminal.waitFor(/c ESTABLISHED⇄ESTABLISHED/);
	await terminal.waitFor(/t ESTABLISHED⇄ESTABLISHED/);

	terminal.type('/peers\r');
	await terminal.waitFor('connections 1');
	await terminal.waitFor(
		new RegExp(
			`${name} ⇄ 127\\.0\\.0\\.1:${at} +┆ +127\\.0\\.0\\.1:\\d+ ⇄ 127\\.0\\.0\\.1:${port}`,
		),
	);
	await terminal.waitFor(/ESTABLISHED ⇄ ESTABLISHED +┆ +ESTABLISHED ⇄ ESTAB/);
	await terminal.waitFor(/out → 13 B/);
	await terminal.waitFor(/in {2}← 13 B/);

	// Each chunk is on the wire once.
	terminal.type('/wire\r');
	await terminal.waitFor(`→ ${name} · 13 bytes`);
	await terminal.waitFor(`← ${name} · 13 bytes`);
	assert.equal(terminal.text().match(/· 13 bytes/g)?.length, 2);

	// Both connections have their ladder, in which nothing is sent before it is open.
	terminal.type(`/lifecycle :${portOf(client)}\r`);
	await terminal.waitFor(/client +server \(here\)/);
	await terminal.waitFor(/len=13 "to the target".*recv\(65536\) = 13/);
	await terminal.waitFor(/len=13 "to the client".*send\(13\) = 13/);
	terminal.type('/lifecycle target\r');
	await terminal.waitFor(/client \(here\) +server/);
	await terminal.waitFor(
		/connect\(:\d+\)[\s\S]*● ESTABLISHED[\s\S]*send\(13\) = 13/,
	);
	await terminal.waitFor(/recv\(65536\) = 13 .*"to the client"/);
	terminal.type('/peers\r');
	await terminal.waitFor('connections 1');

	// Half-closed by the client: FIN goes on, and each end has its own state.
	client.end();
	await terminal.waitFor(/FIN-WAIT-2 ⇄ CLOSE-WAIT +┆ +FIN-WAIT-2 ⇄ CLOSE-WAIT/);
	peers[0]!.end();
	await terminal.waitFor(/TIME-WAIT ⇄ CLOSED +┆ +TIME-WAIT ⇄ CLOSED/);
	await terminal.waitFor('connections 0');
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: on a small screen of a proxy, what a command answers stands below the connections', async t => {
	const {terminal} = await openProxy(t, '9', {columns: 80, rows: 8});
	terminal.resize(20, 8);
	terminal.type('/peers\r');
	await terminal.waitFor('Nobody is connected.');
	terminal.type('/dealy 3\r');
	await terminal.waitFor('"/dealy" is no');
	await terminal.waitFor('theirs ⇄ ours');
	terminal.type('/delay 3\r');
	await terminal.waitFor(/^Delay 3 ms for/m);
	assert.doesNotMatch(terminal.text(), /dealy/);
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: what is typed to the screen of a proxy is done, by direction and connection', async t => {
	const {port, peers} = await openService(t);
	const {terminal, port: at} = await openProxy(t, port, {
		columns: 120,
		rows: 40,
	});
	const clients = [await dialService(t, at), await dialService(t, at)];
	await until(() => peers.length === 2, {what: 'both connections'});
	const [first, second] = clients.map(client => portOf(client));
	const heard = ['', ''];
	for (const [index, peer] of peers.entries()) {
		peer.on('data', chunk => {
			heard[index] += String(chunk);
		});
	}

	// Tab completes the command, its direction, and a client by its port.
	terminal.type('/pau\t');
	await terminal.waitFor('› /pause');
	terminal.type('o\t');
	await terminal.waitFor('› /pause out');
	terminal.type(`:${first!}\t`);
	await terminal.waitFor(`› /pause out 127.0.0.1:${first}`);
	terminal.type('\r');
	await terminal.waitFor(`Paused for out of 127.0.0.1:${first}.`);
	await terminal.waitFor('→ paused');
	clients[0]!.write('held');
	clients[1]!.write('not held');
	await until(() => heard.join('') === 'not held', {
		what: 'what is not paused',
		seen: () => heard.join('|'),
	});
	await terminal.waitFor('→ 4 B waiting, paused');
	terminal.type('/peers\r');
	await terminal.waitFor(/out → 0 B · paused · 4 B held here/);
	terminal.type('/resume\r');
	await until(
		() => heard.join('').includes('not') && heard.join('').length > 8,
		{
			what: 'what was held',
			seen: () => heard.join('|'),
		},
	);
	await terminal.waitForNot('paused ·');

	terminal.type('/delay 250 in\r');
	await terminal.waitFor('in: delay 250 ms');
	terminal.type('/rate-limit 20000\r');
	await terminal.waitFor('out: limit 20.0 kB/s');
	terminal.type(`/slice 3 in :${second!}\r`);
	await terminal.waitFor('slice 3 B');
	await terminal.waitFor(`Slice 3 B for in of 127.0.0.1:${second}.`);
	terminal.type('/peers\r');
	await terminal.waitForNot('connections 2');
	await terminal.waitFor(`Slice 3 B for in of 127.0.0.1:${second}.`);

	terminal.type('/dance\r');
	await terminal.waitFor(
		'"/dance" is no command of a proxy; /help lists them.',
	);
	terminal.type('hello\r');
	await terminal.waitFor('"hello" is no command of a proxy');
	terminal.type('/delay soon\r');
	await terminal.waitFor('/delay needs a number of milliseconds; got "soon".');
	terminal.type('/help\r');
	await terminal.waitFor(
		/\/rate-limit N\|off \[in\|out\] \[PEER\] +bytes per second/,
	);
	await terminal.waitFor('More: /help views, /help keys');

	terminal.type(`/reset :${first!}\r`);
	await terminal.waitFor('1 connection is reset.');
	await until(() => clients[0]!.destroyed, {what: 'its end'});
	assert.equal(clients[1]!.destroyed, false);
	terminal.type('/cut\r');
	await terminal.waitFor('1 connection is cut.');
	await until(() => clients[1]!.readableEnded || clients[1]!.destroyed, {
		what: 'the other end',
		seen: () => JSON.stringify(clients[1]!.readyState),
	});
	terminal.type('/quit\r');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: the screen of a proxy says what has become of a target that is killed, and of one that is not there', async t => {
	const service = await startPython(
		t,
		`
import socket
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
peers = []
while True:
    peers.append(listener.accept()[0])
`,
	);
	const {terminal, port: at} = await openProxy(t, service.port, {rows: 30});
	const client = await dialService(t, at);
	const name = `127.0.0.1:${portOf(client)}`;
	await terminal.waitFor(`${name}: connected to 127.0.0.1:${service.port}`);
	client.write('unread by it');
	await terminal.waitFor('unread by it');
	service.signal('SIGKILL');
	// The kernel resets a connection whose bytes were not read.
	await terminal.waitFor(`connection from ${name} ended (reset: RST)`);
	startDial(t, at);
	await terminal.waitFor(`Nobody listens on 127.0.0.1:${service.port}`);
	terminal.press('ctrl-d');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: the screen of a proxy fits any size, and what others send is no escape', async t => {
	const {port} = await openService(t, peer => {
		peer.write('\u001B[2J\u001B]0;owned\u0007');
	});
	const {terminal, port: at} = await openProxy(t, port, {
		columns: 110,
		rows: 30,
	});
	const client = await dialService(t, at);
	client.write('\u001B[31mred');
	await terminal.waitFor('␛[31mred');
	await terminal.waitFor('␛[2J␛]0;owned␇');
	for (const view of ['/peers', '/wire', '/wire']) {
		terminal.type(view);
		await terminal.waitFor(`› ${view}`);
		terminal.press('enter');
		await terminal.waitForNot(`› ${view}`);
		for (const [columns, rows] of [
			[20, 8],
			[40, 12],
			[200, 60],
			[12, 4],
			[80, 24],
		] as const) {
			terminal.resize(columns, rows);
			// The input is the last row, and drawn after the size was known.
			terminal.type(`${columns}`);
			await terminal.waitFor(new RegExp(String.raw`\n› ${columns}$`));
			terminal.press('ctrl-u');
			await terminal.waitForNot(`› ${columns}`);
		}
	}

	await terminal.waitFor('proxy 127.0.0.1');
	terminal.signal('SIGTERM');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: the screen of a proxy stays small while much passes, and holds back who is too fast', async t => {
	const {port, peers} = await openService(t, peer => {
		peer.pause();
	});
	const {terminal, port: at} = await openProxy(t, port);
	const client = await dialService(t, at);
	const piece = Buffer.alloc(1_000_000, 'x');
	for (let count = 0; count < 100; count++) {
		client.write(piece);
	}

	// What doesn't fit waits in the client.
	terminal.type('/peers\r');
	await terminal.waitFor(/MB in client's send-q|MB unread here/);
	assert.ok(client.writableLength > 10_000_000);
	client.end();
	let bytes = 0;
	peers[0]!.on('data', chunk => {
		bytes += chunk.length;
	});
	peers[0]!.resume();
	await until(() => bytes === 100_000_000, {
		what: 'all bytes',
		seen: () => String(bytes),
		deadlineMs: 60_000,
	});
	await terminal.waitFor(/out → 100\.0 MB/);
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: the screen of a proxy ends after one connection with --once, as its lines do', async t => {
	const {port} = await openService(t, peer => {
		peer.end('all I say');
	});
	const {terminal, port: at} = await openProxy(t, port, {args: ['--once']});
	const client = await dialService(t, at);
	client.resume();
	client.end();
	assert.equal(await terminal.waitForExit(), 0);

	const nobody = await findPort();
	const refused = await openProxy(t, nobody, {args: ['--once']});
	startDial(t, refused.port);
	assert.equal(await refused.terminal.waitForExit(), 1);
	assert.ok(
		refused.terminal.text().includes(`Nobody listens on 127.0.0.1:${nobody}`),
		refused.terminal.framed(),
	);
});

test('e2e: the screen of a proxy says at its end which clients lost bytes', async t => {
	const {port} = await openService(t, peer => {
		peer.on('error', () => undefined);
	});
	const args = ['--delay', '60000'];
	const {terminal, port: at} = await openProxy(t, port, {args, columns: 120});
	const names: string[] = [];
	for (const text of ['one', 'three']) {
		const client = await dialService(t, at);
		client.on('error', () => undefined);
		const name = `127.0.0.1:${portOf(client)}`;
		await terminal.waitFor(`${name}: connected to`);
		client.write(text);
		await terminal.waitFor(text);
		names.push(name);
	}

	terminal.signal('SIGTERM');
	terminal.signal('SIGTERM');
	assert.equal(await terminal.waitForExit(), 143);
	const lost = 'bytes of the client were read and not passed on to the target.';
	const seen = new Set(terminal.text().split('\n'));
	assert.ok(seen.has(`${names[0]}: 3 ${lost}`), terminal.text());
	assert.ok(seen.has(`${names[1]}: 5 ${lost}`), terminal.text());
});
