import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'node:test';
import {startBin} from '../helpers/process.js';
import {openScreen, serveJson, serveScreen} from '../helpers/sockchat.js';

const done = {code: 0, signal: undefined};

test("e2e: a Unix domain socket is its owner's, and its file goes away", async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-socket-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const path = join(folder, 'room.sock');
	const otter = await openScreen(t, ['serve', '--socket', path], {
		columns: 100,
	});
	await otter.waitFor(`listening on ${path}`);
	assert.equal(statSync(path).mode.toString(8).slice(-3), '600');
	const chat = startBin(t, ['connect', '--socket', path, '--nick', 'heron']);
	await otter.waitFor('heron joined');
	chat.writeLine('ahoy');
	await otter.waitFor(/heron +ahoy/);
	// Who is killed there sends neither FIN nor RST.
	const crane = startBin(t, ['connect', '--socket', path, '--nick', 'crane']);
	await otter.waitFor('crane joined');
	crane.signal('SIGKILL');
	await otter.waitFor(/crane (?:left )?\((?:closed|reset)\)/);
	await chat.waitForOutput(/-- crane left \((?:closed|reset)\)\n/);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	await otter.waitFor(/heron (?:left )?\(quit\)|heron left/);
	otter.type('/quit\r');
	assert.equal(await otter.waitForExit(), 0);
	assert.ok(!existsSync(path));
});

test('e2e: a socket whose name reads as a number is a path, and no port', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-socket-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const here = {cwd: folder};
	const server = startBin(t, ['serve', '--json', '--socket', '0'], here);
	await server.waitForOutput('"phase":"listening"');
	assert.ok(statSync(join(folder, '0')).isSocket());
	const chat = startBin(t, ['connect', '--socket', '0', '-m', 'hi'], here);
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
});

test("e2e: a dead server's socket file is in nobody's way", async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-socket-'));
	t.after(() => {
		rmSync(folder, {recursive: true});
	});
	const path = join(folder, 'room.sock');
	const first = startBin(t, ['serve', '--json', '--socket', path]);
	await first.waitForOutput('"phase":"listening"');
	const second = startBin(t, ['serve', '--socket', path]);
	assert.deepEqual(await second.waitForExit(), {code: 1, signal: undefined});
	assert.match(
		second.stderr(),
		/already exists\. If a server listens there, join it/,
	);
	first.signal('SIGKILL');
	await first.waitForExit();
	const third = startBin(t, ['serve', '--json', '--socket', path]);
	await third.waitForOutput('"phase":"listening"');
	const chat = startBin(t, ['connect', '--socket', path, '--message', 'hi']);
	assert.deepEqual(await chat.waitForExit(), done);
});

test('e2e: a client may bind its own port', async t => {
	const {server, port: free} = await serveJson(t);
	server.signal('SIGTERM');
	await server.waitForExit();
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const chat = startBin(t, [
		'connect',
		'--port',
		port,
		'--local-port',
		free,
		'--nick',
		'heron',
	]);
	await otter.waitFor('heron joined');
	// Its heartbeats are chunks of that connection.
	otter.type('/wire\r');
	await otter.waitFor(`127.0.0.1:${free}`);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
});

test('e2e: any loopback address serves, IPv6 and 127.x.x.x too', async t => {
	for (const [host, written] of [
		['::1', '[::1]'],
		['127.1.2.3', '127.1.2.3'],
		['LOCALHOST', '127.0.0.1'],
		['0:0:0:0:0:0:0:1', '[::1]'],
		['::ffff:127.0.0.1', '127.0.0.1'],
	] as const) {
		const serving = startBin(t, ['serve', '--port', '0', '--host', host]);

		const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
			stream: 'stderr',
		});
		assert.ok(serving.stderr().includes(`listening on ${written}:${port}\n`));
		const chat = startBin(t, [
			'connect',
			'--port',
			port,
			'--host',
			host,
			'--message',
			'hi',
		]);

		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	}
});
