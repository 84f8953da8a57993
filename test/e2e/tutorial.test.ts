/** The tutorial's two scripts, and netcat, in conversation with the bin. */
import assert from 'node:assert/strict';
import {createServer} from 'node:net';
import test, {after} from 'node:test';
import {startNetcat, startPython} from '../helpers/peers.js';
import {openScreen, serveScreen} from '../helpers/sockchat.js';

const done = {code: 0, signal: undefined};

// A peer that says nothing for 10 s after it connected is one that listens;
// the other tests take that time.
const {terminal: silence, port: silentPort} = await serveScreen(
	{after},
	'otter',
);
const hanging = startPython({after}, 'client', [silentPort]);
const listening = startNetcat({after}, Number(silentPort));
await silence.waitFor('2 connected');
// An empty line sends nothing at all: that client hangs, and nobody else.
hanging.writeLine('');

test("e2e: the tutorial's client converses with a room", async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const client = startPython(t, 'client', [port]);
	await otter.waitFor('1 connected');
	client.writeLine('is the port free?');
	// It sends no newline, and waits for an answer to each send.
	await otter.waitFor(/guest-\S+ +is the port free\?$/m);
	otter.type('since the FIN\r');
	await client.waitForOutput('Received from server: otter: since the FIN\n');
	client.writeLine('then I come again');
	await otter.waitFor(/guest-\S+ +then I come again$/m);
	otter.type('do\r');
	await client.waitForOutput('Received from server: otter: do\n');
	assert.doesNotMatch(client.stdout(), /joined|guest/);

	client.writeLine('quit');
	assert.deepEqual(await client.waitForExit(), done);
	await otter.waitFor(/guest-\d+ left \(closed: FIN\)/);
	await otter.waitFor('0 connected');
	otter.type('/who\r');
	await otter.waitFor('1 here: otter');
});

test("e2e: the tutorial's client may bind its own port, and its end frees the rest", async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const local = await freePort();
	const client = startPython(t, 'client', [port, local]);
	await otter.waitFor('1 connected');
	const other = startNetcat(t, Number(port));
	other.writeLine('me too');
	await otter.waitFor(/guest-\d+ +me too$/m);
	client.writeLine('first');
	await otter.waitFor(new RegExp(`guest-${local} +first$`, 'm'));
	otter.type('to you both\r');
	await other.waitForOutput('otter: to you both\n');
	await client.waitForOutput('to you both\n');
	client.writeLine('quit');
	await otter.waitFor(`guest-${local} left (closed: FIN)`);
	other.writeLine('still here');
	await otter.waitFor(/guest-\d+ +still here$/m);
});

test("e2e: the tutorial's client gets exact bytes from serve --raw", async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter', {
		args: ['--raw', '--eol', 'none'],
	});
	const client = startPython(t, 'client', [port]);
	client.writeLine('hello');
	await otter.waitFor(/← 5 +127\.0\.0\.1:\d+ hello$/m);
	otter.type('hello yourself\r');
	await client.waitForOutput('Received from server: hello yourself\n -> ');
	client.writeLine('quit');
	assert.deepEqual(await client.waitForExit(), done);
	await otter.waitFor(/ended \(closed: FIN\)/);
});

test("e2e: connect --raw --eol none converses with the tutorial's server", async t => {
	const server = startPython(t, 'server', [0]);
	const port = await server.waitForOutput(/listening on: \S+ (\d+)\)\n/);
	const heron = await openScreen(t, [
		'connect',
		'--raw',
		'--eol',
		'none',
		'--port',
		port,
	]);
	await server.waitForOutput('connection from: (');
	heron.type('is the port free?\r');
	await server.waitForOutput('from connected user: is the port free?\n -> ');
	await heron.waitFor(/→ 17 +is the port free\?$/m);
	server.writeLine('since the FIN');
	await heron.waitFor(/← 13 +since the FIN$/m);
	heron.type('/quit\r');
	assert.equal(await heron.waitForExit(), 0);
	assert.deepEqual(await server.waitForExit(), done);
});

test("e2e: the end of the tutorial's server is told by connect --raw", async t => {
	const server = startPython(t, 'server', [0]);
	const port = await server.waitForOutput(/listening on: \S+ (\d+)\)\n/);
	const heron = await openScreen(t, ['connect', '--raw', '--port', port]);
	await server.waitForOutput('connection from: (');
	server.signal('SIGTERM');
	// What came stays on the screen until its reader leaves.
	await heron.waitFor('The connection has ended; /connect dials again,');
	heron.press('ctrl-c');
	assert.equal(await heron.waitForExit(), 0);
});

test('e2e: netcat converses with a room, by lines and commands', async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const netcat = startNetcat(t, Number(port), ['-N']);
	netcat.write('/nick heron\nahoy\n');
	await netcat.waitForOutput('You are heron now.\n');
	await otter.waitFor(/heron +ahoy$/m);
	otter.type('welcome\r');
	await netcat.waitForOutput('otter: welcome\n');
	netcat.writeLine('/who');
	await netcat.waitForOutput('2 here: otter heron\n');
	netcat.writeLine('/me waves');
	await otter.waitFor('* heron waves');
	netcat.write('the last line has no end');
	netcat.end();
	await otter.waitFor(/heron +the last line has no end$/m);
	assert.deepEqual(await netcat.waitForExit(), done);
	await otter.waitFor('heron left (closed: FIN)');
});

test('e2e: netcat gets no echo of its last words', async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const netcat = startNetcat(t, Number(port), ['-N']);
	netcat.write('a first line\nthe last line has no end');
	netcat.end();
	await otter.waitFor(/guest-\d+ +the last line has no end$/m);
	assert.deepEqual(await netcat.waitForExit(), done);
	assert.equal(netcat.stdout(), '');
	// As with --message, no row tells that it came and went.
	assert.doesNotMatch(otter.screen().join('\n'), /guest-\d+ (?:joined|left)/);
});

test('e2e: peers that say nothing hear what is said, and hold up nobody', async t => {
	const other = startNetcat(t, Number(silentPort));
	other.writeLine('I speak');
	await silence.waitFor(/guest-\d+ +I speak$/m);
	silence.type('anybody?\r');
	await other.waitForOutput('otter: anybody?\n');
	await listening.waitForOutput('otter: anybody?\n', {deadlineMs: 20_000});
	// It reads once, so this may be the first of the two.
	await hanging.waitForOutput(/Received from server: \S+: /);
	hanging.writeLine('quit');
	assert.deepEqual(await hanging.waitForExit(), done);

	silence.type('/quit\r');
	await silence.waitFor('Ctrl-C again leaves.');
	silence.press('ctrl-c');
	listening.end();
	other.end();
	assert.equal(await silence.waitForExit(), 0);
});

const freePort = async (): Promise<number> => {
	const server = createServer();
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	const {port} = server.address() as {port: number};
	await new Promise(resolve => {
		server.close(resolve);
	});
	return port;
};
