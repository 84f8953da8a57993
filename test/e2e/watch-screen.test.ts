/** The screen of `sockchat watch`, over the tutorial's own pair. */
import assert from 'node:assert/strict';
import {createConnection, createServer, type AddressInfo} from 'node:net';
import {once} from 'node:events';
import test, {type TestContext} from 'node:test';
import {displayWidth, toDisplay} from '../../source/protocol/display.js';
import {startPython} from '../helpers/peers.js';
import {findPort} from '../helpers/ports.js';
import {bin} from '../helpers/process.js';
import {openScreen, type ScreenOptions} from '../helpers/sockchat.js';
import {openTerminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const watchScreen = async (
	t: TestContext,
	port: string,
	{args = [], ...options}: ScreenOptions & {args?: readonly string[]} = {},
) => {
	const terminal = await openScreen(t, ['watch', port, ...args], options);
	await terminal.waitFor(`watch 127.0.0.1:${port}`);
	return terminal;
};

/** Plays the tutorial, waiting for each step to be on the screen. */
const playTutorial = async (
	t: TestContext,
	args: readonly string[],
	arrow: RegExp,
) => {
	const port = await findPort();
	const terminal = await watchScreen(t, port, {
		args,
		columns: 100,
		rows: 40,
	});
	await terminal.waitFor(`nobody listens on 127.0.0.1:${port} yet`);
	await terminal.waitFor(`Start a server on 127.0.0.1:${port}`);
	await terminal.waitFor(/socket\(\) and bind\(\) are\s+seen once it listens/u);

	const server = startPython(t, 'server', [port]);
	for (const call of ['○ socket()', '○ bind()', '○ listen()', '● LISTEN']) {
		await terminal.waitFor(call);
	}

	await terminal.waitFor('● accept() blocks');
	await terminal.waitFor(
		new RegExp(
			`server :${port} +LISTEN +0 of 1 +python3 ${server.pid!} +accept\\(\\)`,
		),
	);

	const client = startPython(t, 'client', [port]);
	await terminal.waitFor('○ connect()');
	await terminal.waitFor(/[○●] SYN-SENT +│\S* ?SYN/u);
	const own = await terminal.waitFor(/accept\(\) → :(\d+)/);
	await terminal.waitFor(/[○●] ESTABLISHED +│◂.* SYN\+ACK /);
	await terminal.waitFor(/ ACK .*▸│ [○●] ESTABLISHED/);
	await terminal.waitFor(/● recv\(1024\) blocks$/m);
	await terminal.waitFor(
		new RegExp(`client :${own} +ESTABLISHED +0 +0 +python3 ${client.pid!}`),
	);

	client.writeLine('hello');
	await terminal.waitFor(
		new RegExp(`○ send\\(\\) +│${arrow.source} .*len=5.*▸│ ● recv\\(1024\\)`),
	);
	await terminal.waitFor(/● recv\(1024\) blocks *│/);
	server.writeLine('hi there');
	await client.waitForOutput('Received from server: hi there');
	await terminal.waitFor(/● recv\(1024\) +│◂.*len=8.*│ ○ send\(\)/);

	client.writeLine('quit');
	await terminal.waitFor(/○ close\(\)( or exit)? +│ +│$/m);
	await terminal.waitFor(/[○●] FIN-WAIT-1 +│.* FIN .*▸│ [○●] CLOSE-WAIT/);
	await terminal.waitFor(/│ .*○ close\(\)( or exit)?$/m);
	await terminal.waitFor(/│◂.* FIN .*│ [○●] LAST-ACK/);
	await terminal.waitFor('● TIME-WAIT');
	await terminal.waitFor(/client :\d+ TIME-WAIT +0 +0 ends in ≤\d0 s/);
	await terminal.waitFor(`nobody listens on 127.0.0.1:${port} any more`);
	return {terminal, port, own};
};

test("e2e: each step of the tutorial's pair stands on the screen of watch", async t => {
	const {terminal} = await playTutorial(t, [], /[·┄]+/);
	assert.doesNotMatch(terminal.text(), /─▸│/);
	terminal.type('q');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: with --capture the segments of the pair are the real ones', async t => {
	const {terminal} = await playTutorial(t, ['--capture'], /─+/);
	for (const row of [
		/tcpdump captures/,
		/│─+ SYN seq=0 win=\d+ ─+▸│/,
		/│◂─+ SYN\+ACK seq=0 ack=1 [^│]*│/,
		/│─+ PSH seq=1 len=5 "hello" ack=1 [^│]*▸│/,
		/│◂─+ ACK ack=6 win=\d+ ─+│/,
		/│◂─+ PSH seq=1 len=8 "hi there" [^│]*│/,
		/│─+ FIN seq=6 ack=9 [^│]*▸│/,
		/│◂─+ FIN seq=9 ack=7 [^│]*│/,
	]) {
		await terminal.waitFor(row);
	}

	assert.doesNotMatch(terminal.text(), /[·┄]▸?│/, 'nothing is inferred');
	// Python and C.
	terminal.type('c');
	await terminal.waitFor('conn, addr = s.accept() →');
	await terminal.waitFor('● conn.recv(1024) blocks');
	terminal.type('c');
	await terminal.waitFor('● recv(conn, buf, 1024, 0) blocks');
	terminal.press('ctrl-d');
	assert.equal(await terminal.waitForExit(), 0);
});

/** A server of this process and its clients, which stay. */
const openClients = async (t: TestContext, count: number) => {
	const server = createServer(socket => {
		socket.on('error', () => undefined).resume();
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const clients = Array.from({length: count}, () =>
		createConnection({host: '127.0.0.1', port}),
	);
	await Promise.all(clients.map(async client => once(client, 'connect')));
	t.after(() => {
		server.close();
		for (const client of clients) {
			client.destroy();
		}
	});
	return {port: String(port), clients};
};

test('e2e: a connection that is over at once has been accepted, and its bytes are not passed over', async t => {
	const port = await findPort();
	const terminal = await watchScreen(t, port, {columns: 80, rows: 30});
	const server = createServer(socket => {
		socket.end('hi').resume();
	}).listen(Number(port), '127.0.0.1');
	t.after(() => {
		server.close();
	});
	await terminal.waitFor('● LISTEN');
	const client = createConnection({host: '127.0.0.1', port: Number(port)});
	client.end('hello').resume();
	await once(client, 'close');
	await terminal.waitFor('● TIME-WAIT');
	await terminal.waitFor(/│ ?○ accept\(\) → :\d+/u);
	await terminal.waitFor(/○ send\(\)|bytes not counted/u);
	terminal.type('q');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: watch chooses one connection or all, and scrolls', async t => {
	const port = await findPort();
	const terminal = await watchScreen(t, port, {columns: 80, rows: 30});
	await terminal.waitFor(`nobody listens on 127.0.0.1:${port} yet`);
	const server = createServer(socket => {
		socket.on('error', () => undefined).resume();
	}).listen(Number(port), '127.0.0.1');
	t.after(() => {
		server.close();
	});
	await once(server, 'listening');
	const clients = Array.from({length: 3}, () =>
		createConnection({host: '127.0.0.1', port: Number(port)}),
	);
	t.after(() => {
		for (const client of clients) {
			client.destroy();
		}
	});
	await terminal.waitFor('3 connections');
	await terminal.waitFor('ladder of all connections');
	const accepted = () =>
		(terminal.text().match(/accept\(\) → :/g) ?? []).length;
	await until(() => accepted() === 3, {
		what: 'three of them',
		seen: terminal.framed,
	});

	terminal.press('down');
	const first = await terminal.waitFor(/ladder of client :(\d+)/);
	await terminal.waitFor(`▸client :${first}`);
	await terminal.waitFor(`▸server :${first}`);
	assert.equal(accepted(), 1, terminal.framed());
	terminal.press('down');
	await terminal.waitFor(/ladder of client :\d+/);
	await terminal.waitForNot(`ladder of client :${first} `);
	terminal.press('up', 'up');
	await terminal.waitFor('ladder of all connections');

	terminal.resize(80, 14);
	await until(
		() => {
			const lines = terminal.text().split('\n');
			return (
				lines[0]!.startsWith('─ watch') && lines[13]?.startsWith('q leaves')
			);
		},
		{what: 'a whole screen', seen: terminal.framed},
	);
	terminal.press('home');
	await terminal.waitFor(/↓ \d+ below/);
	await terminal.waitFor(/socket\(\)|bind\(\)/);
	terminal.type('f');
	await terminal.waitForNot(/↓ \d+ below/);

	terminal.type('?');
	await terminal.waitFor('keys of sockchat watch');
	terminal.press('escape');
	await terminal.waitFor('ladder of all connections');
	terminal.type('/help\r');
	await terminal.waitFor('keys of sockchat watch');
	terminal.type('?');
	terminal.type('/nothing\r');
	await terminal.waitFor('There is no "/nothing" here');
	terminal.type('/quit\r');
	assert.equal(await terminal.waitForExit(), 0);
});

for (const [columns, rows] of [
	[80, 24],
	[40, 12],
	[20, 8],
	[100, 30],
	[200, 60],
] as const) {
	test(`e2e: watch is whole at ${columns}x${rows}`, async t => {
		const {port, clients} = await openClients(t, 2);
		const terminal = await openScreen(t, ['watch', port], {
			columns: 70,
			rows: 20,
		});
		await terminal.waitFor(/ESTABLISHED/);
		terminal.resize(columns, rows);
		const isWhole = () => {
			const lines = terminal.text().split('\n');
			return (
				lines.length === rows &&
				(rows < 11 || lines[0]!.startsWith('─ watch')) &&
				lines.every(line => displayWidth(toDisplay(line)) <= columns) &&
				lines.at(-1)!.startsWith('q leaves') &&
				lines.some(line => /ESTABLISHED|CLOSED/.test(line))
			);
		};

		await until(isWhole, {what: 'a whole screen', seen: terminal.framed});
		clients[0]!.write('a few bytes');
		await terminal.waitFor('send()');
		terminal.type('?');
		await terminal.waitFor('choose');
		terminal.type('?e');
		await terminal.waitFor('kernel');
		terminal.type('ec');
		await until(isWhole, {what: 'a whole screen', seen: terminal.framed});

		terminal.press('ctrl-c');
		assert.equal(await terminal.waitForExit(), 0);
	});
}

test('e2e: watch keeps to lines with --plain, --times and --json', async t => {
	const port = await findPort();
	for (const [args, first] of [
		[['--plain'], `nobody listens on 127.0.0.1:${port} yet`],
		[['--times'], `nobody listens on 127.0.0.1:${port} yet`],
		[['--json'], '{"type":"sockets"'],
	] as const) {
		const terminal = openTerminal(t, {...bin('watch', port, ...args)});
		await terminal.waitFor(first);
		assert.equal(terminal.modes.isAlternateScreen, false);
		terminal.signal('SIGINT');
		assert.equal(await terminal.waitForExit(), 0);
	}
});

test('e2e: without the rights to capture, watch says what to do, and goes on', async t => {
	const {port} = await openClients(t, 1);
	const terminal = await watchScreen(t, port, {
		args: ['--capture'],
		env: {PATH: '/nonexistent'},
	});
	await terminal.waitFor(
		/Nothing is captured, as tcpdump (is missing|may not)/,
	);
	await terminal.waitFor('ESTABLISHED');
	terminal.type('q');
	assert.equal(await terminal.waitForExit(), 0);
});
