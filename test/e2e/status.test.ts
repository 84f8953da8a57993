/** `sockchat status`: who is there, without joining. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test, {type TestContext} from 'node:test';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {listenBare, openScripted} from '../helpers/scripted.js';
import {
	joinScreen,
	loopback,
	serveJson,
	serveScreen,
} from '../helpers/sockchat.js';
import {portOf} from '../helpers/room.js';
import {until} from '../helpers/until.js';
import {joinWire} from '../helpers/wire-peer.js';

const done = {code: 0, signal: undefined};
const failed = {...done, code: 1};

const ask = async (t: TestContext, ...args: readonly string[]) => {
	const status = startBin(t, ['status', ...args]);
	const exit = await status.waitForExit();
	return {exit, text: status.stdout() + status.stderr()};
};

const askJson = async (t: TestContext, ...args: readonly string[]) => {
	const {exit, text} = await ask(t, '--json', ...args);
	assert.equal(text.split('\n').length, 2, text);
	return {exit, status: JSON.parse(text) as Record<string, unknown>};
};

test('e2e: status says who is there, and never shows up in the room', async t => {
	const before = Date.now();
	const {server, port} = await serveJson(t, ['--nick', 'otter']);
	const heron = await joinWire(t, loopback(port), 'heron');
	heron.isAnsweringPings = true;
	heron.say(1, 'hello');
	const {seq} = await heron.untilSaid('hello');
	const {exit, status} = await askJson(t, '--port', port);
	assert.deepEqual(exit, done);
	const {since, ...rest} = status;
	assert.deepEqual(rest, {
		type: 'status',
		address: `127.0.0.1:${port}`,
		isListening: true,
		...(process.platform === 'linux'
			? {pid: server.pid, program: 'sockchat'}
			: {}),
		isSockchat: true,
		room: `127.0.0.1:${port}`,
		log: heron.welcome.log,
		head: seq,
		members: {count: 2, names: ['otter', 'heron']},
	});
	assert.ok((since as number) >= before && (since as number) <= Date.now());

	const lines = await ask(t, '--port', port);
	assert.deepEqual(lines.exit, done);
	assert.match(
		lines.text,
		/^127\.0\.0\.1:\d+: a room since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n(sockchat \(pid \d+\) listens\n)?2 here: otter heron\nhead \d+ of the log \S+\n$/,
	);

	heron.say(2, 'bye');
	const after = await heron.untilSaid('bye');
	assert.equal(after.seq, seq + 1, 'nobody has joined or left');
	assert.deepEqual(
		heron.of('joined').map(({nick}) => nick),
		['otter', 'heron'],
	);
});

test('e2e: status of nobody is exit code 1', async t => {
	const port = await findPort();
	const {exit, status} = await askJson(t, '--port', port);
	assert.deepEqual(exit, failed);
	assert.deepEqual(status, {
		type: 'status',
		address: `127.0.0.1:${port}`,
		isListening: false,
	});
	const lines = await ask(t, '--port', port);
	assert.deepEqual(lines.exit, failed);
	assert.equal(lines.text, `127.0.0.1:${port}: nobody listens\n`);
});

test('e2e: status of a Unix domain socket names its program', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-status-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const path = join(folder, 'room.sock');
	const server = startBin(t, [
		'serve',
		'--json',
		'--no-history',
		'--socket',
		path,
	]);
	await server.waitForOutput('"phase":"listening"');
	const {exit, status} = await askJson(t, '--socket', path);
	assert.deepEqual(exit, done);
	assert.equal(status['isSockchat'], true);
	if (process.platform === 'linux') {
		assert.equal(status['pid'], server.pid);
	}
});

test('e2e: status of an older server is what can be known without joining', async t => {
	const seen: string[] = [];
	const {address} = await openScripted(t, peer => {
		peer.isFramed = false;
		peer.duplex.once('data', () => {
			peer.send({
				type: 'error',
				code: 'ERR_BAD_FRAME',
				message:
					'This line is not a sockchat frame: hello has no key "status".',
			});
		});
		peer.duplex.on('end', () => {
			seen.push(peer.text);
			peer.end();
		});
	});
	const {port} = address as {port: number};
	const {exit, status} = await askJson(t, '--port', String(port));
	assert.deepEqual(exit, done);
	const {pid, program, ...rest} = status;
	assert.deepEqual(rest, {
		type: 'status',
		address: `127.0.0.1:${port}`,
		isListening: true,
		isSockchat: true,
	});
	// It never said a hello that would have joined.
	assert.deepEqual(
		seen
			.join('')
			.split('\n')
			.filter(
				line => line.includes('hello') && !line.includes('"status":true'),
			),
		[],
	);
});

test('e2e: status of another program, or one that says nothing', async t => {
	const other = await listenBare(t, socket => {
		socket.end('220 mail.example ESMTP\r\n');
	});
	const silent = await listenBare(t, () => undefined);
	for (const [{address}, code, args, exitCode] of [
		[other, 'ERR_NOT_SOCKCHAT', [], 0],
		[silent, 'ERR_HANDSHAKE_TIMEOUT', ['--timeout', '0.3'], 3],
	] as const) {
		const {port} = address as {port: number};
		const {exit, status} = await askJson(t, '--port', String(port), ...args);
		assert.deepEqual(exit, {...done, code: exitCode});
		assert.equal(status['isListening'], true);
		assert.equal(status['isSockchat'], exitCode === 0 ? false : undefined);
		assert.equal((status['error'] as {code: string}).code, code);
	}
});

test('e2e: status of a room with a token needs it', async t => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-status-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	const file = join(folder, 'token');
	writeFileSync(file, 'correct horse battery staple\n', {mode: 0o600});
	const {port} = await serveJson(t, ['--token-file', file]);
	const without = await askJson(t, '--port', port);
	assert.equal(without.status['isSockchat'], true);
	assert.equal(without.status['members'], undefined);
	assert.equal(
		(without.status['error'] as {code: string}).code,
		'ERR_TOKEN_NEEDED',
	);
	const by = await askJson(t, '--port', port, '--token-file', file);
	assert.equal((by.status['members'] as {count: number}).count, 1);
	assert.equal(by.status['error'], undefined);
});

test('e2e: a room with a name shows it in the title, the welcome and the status', async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter', {
		args: ['--room', 'ops'],
	});
	await otter.waitFor(`─ ops 127.0.0.1:${port} ─`);
	await otter.waitFor(`You are otter in ops 127.0.0.1:${port};`);
	const heron = await joinScreen(t, port, 'heron');
	await heron.waitFor(`─ ops 127.0.0.1:${port} ─`);
	const {welcome} = await joinWire(t, loopback(port), 'wren');
	assert.equal(welcome.name, 'ops');
	const {status} = await askJson(t, '--port', port);
	assert.equal(status['name'], 'ops');
	const {text} = await ask(t, '--port', port);
	assert.match(text, /^127\.0\.0\.1:\d+: the room ops since /);
});

for (const [signal, code] of [
	['SIGINT', 130],
	['SIGTERM', 143],
	['SIGHUP', 129],
] as const) {
	test(`e2e: status that is ended by ${signal} before an answer is ${code}`, async t => {
		let isAsked = false;
		const {address} = await listenBare(t, socket => {
			socket.on('data', () => {
				isAsked = true;
			});
		});
		const port = String(portOf(address));
		const status = startBin(t, ['status', port, '--timeout', '60']);
		await until(() => isAsked, {what: 'the question', seen: status.seen});
		status.signal(signal);
		assert.deepEqual(await status.waitForExit(), {code, signal: undefined});
		assert.equal(status.stderr(), 'No answer came.\n');
	});
}
