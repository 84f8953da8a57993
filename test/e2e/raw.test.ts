/** Raw mode: exact bytes through pipes and terminals. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createHash, randomBytes} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';
import {openScreen, serveScreen} from '../helpers/sockchat.js';

const done = {code: 0, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-raw-'));
after(() => {
	rmSync(folder, {recursive: true});
});

// Every byte value, NUL included, and none of it UTF-8 for long.
const bytes = Buffer.concat([
	Buffer.from(Array.from({length: 256}, (_, index) => index)),
	randomBytes(1024 * 1024),
]);
const hashOf = (content: Uint8Array) =>
	createHash('sha256').update(content).digest('hex');

/** A bare server whose one peer's bytes are kept; its FIN is its own to send. */
const listenBare = async (t: TestContext) => {
	const chunks: Buffer[] = [];
	let peer: Socket | undefined;
	let hasFin = false;
	const server = createServer({allowHalfOpen: true}, socket => {
		peer = socket;
		socket.on('data', (chunk: Buffer) => {
			chunks.push(chunk);
		});
		socket.on('end', () => {
			hasFin = true;
		});
		socket.on('error', () => undefined);
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	t.after(() => {
		peer?.destroy();
		server.close();
	});
	const received = () => Buffer.concat(chunks);
	return {
		port: String((server.address() as {port: number}).port),
		received,
		accepted: async () => until(() => peer, {what: 'a connection'}),
		untilFin: async () =>
			until(() => hasFin, {
				what: 'its FIN',
				seen: () => JSON.stringify(received().toString().slice(-200)),
			}),
	};
};

/** The bin with its stdout in a file: bytes that are no text. */
const startInto = (
	t: TestContext,
	file: string,
	...args: readonly string[]
) => {
	const {command, args: all} = bin(...args);
	return startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, all)} > ${toShellLine(file)}`,
	]);
};

test('e2e: raw bytes arrive exactly, from a client', async t => {
	const sent = join(folder, 'sent');
	const received = join(folder, 'received');
	writeFileSync(sent, bytes);
	const serving = startInto(t, received, 'serve', '--raw', '--port', '0');
	const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	const {command, args} = bin('connect', '--raw', '--port', port);
	const chat = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} < ${toShellLine(sent)}`,
	]);
	assert.deepEqual(await chat.waitForExit(), done);
	await serving.waitForOutput('ended (closed: FIN)', {stream: 'stderr'});
	assert.equal(hashOf(readFileSync(received)), hashOf(bytes));
});

test('e2e: raw bytes arrive exactly, from a server', async t => {
	const received = join(folder, 'from-server');
	const serving = startBin(t, ['serve', '--raw', '--port', '0']);
	const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	const chat = startInto(t, received, 'connect', '--raw', '--port', port);
	await serving.waitForOutput(/connection from \S+ made/, {stream: 'stderr'});
	serving.write(bytes);
	await until(() => readFileSync(received).length === bytes.length, {
		what: 'all bytes',
		seen: () => String(readFileSync(received).length),
	});
	chat.end();
	serving.signal('SIGTERM');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.deepEqual(await serving.waitForExit(), done);
	assert.equal(hashOf(readFileSync(received)), hashOf(bytes));
});

for (const [eol, wanted] of [
	['none', 'onetwothree'],
	['lf', 'one\ntwo\nthree'],
	['crlf', 'one\r\ntwo\r\nthree'],
] as const) {
	test(`e2e: --eol ${eol} is what ends the lines of a pipe`, async t => {
		const server = await listenBare(t);
		const chat = startBin(t, [
			'connect',
			'--raw',
			'--port',
			server.port,
			'--eol',
			eol,
		]);
		chat.write('one\ntwo\nthree');
		chat.end();
		await server.untilFin();
		assert.equal(server.received().toString(), wanted);
		(await server.accepted()).end();
		assert.deepEqual(await chat.waitForExit(), done);
	});
}

test('e2e: after its own FIN a raw client still takes the answer', async t => {
	const server = await listenBare(t);
	const chat = startBin(t, ['connect', '--raw', '--port', server.port]);
	chat.write('a question');
	chat.end();
	await server.untilFin();
	const socket = await server.accepted();
	socket.write('half an ');
	await chat.waitForOutput('half an ');
	socket.end('answer');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.equal(chat.stdout(), 'half an answer');
});

test('e2e: the FIN of the other side ends a raw client once stdin has ended', async t => {
	const server = await listenBare(t);
	const chat = startBin(t, ['connect', '--raw', '--port', server.port]);
	(await server.accepted()).end('good bye');
	await chat.waitForOutput('good bye');
	chat.write('not yet');
	await until(() => server.received().toString() === 'not yet', {
		what: 'what was said after the FIN',
	});
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	assert.equal(chat.stdout(), 'good bye');
});

test('e2e: the RST of the other side is a failure', async t => {
	const server = await listenBare(t);
	const chat = startBin(t, ['connect', '--raw', '--port', server.port]);
	(await server.accepted()).resetAndDestroy();
	assert.deepEqual(await chat.waitForExit(), {code: 1, signal: undefined});
	assert.match(chat.stderr(), /was reset by the other side \(RST\)\.\n$/);
});

test('e2e: raw JSON tells each chunk exactly', async t => {
	const server = await listenBare(t);
	const chat = startBin(t, [
		'connect',
		'--raw',
		'--json',
		'--port',
		server.port,
		'--eol',
		'crlf',
	]);
	(await server.accepted()).write(Buffer.from([0, 0x1b, 0xff]));
	await chat.waitForOutput(/"direction":"in".*"bytes":3,"base64":"ABv\/"/);
	chat.write('hi\n');
	await chat.waitForOutput(/"direction":"out".*"base64":"aGkNCg=="/);
	chat.end();
	await server.untilFin();
	assert.equal(server.received().toString(), 'hi\r\n');
});

test('e2e: two raw screens send what is typed, and show what comes', async t => {
	const {terminal: serving, port} = await serveScreen(t, 'otter', {
		args: ['--raw', '--eol', 'none'],
	});
	const chat = await openScreen(t, [
		'connect',
		'--raw',
		'--port',
		port,
		'--eol',
		'crlf',
	]);
	await serving.waitFor(/connection from \S+ made/);
	chat.type('GET / HTTP/1.0\r');
	await serving.waitFor(/← 16 +\S+ GET \/ HTTP\/1\.0␍⏎$/m);
	await chat.waitFor(/→ 16 +GET \/ HTTP\/1\.0␍⏎$/m);
	// An empty line is a line end, and quit is a word.
	chat.press('enter');
	await chat.waitFor(/→ 2 +␍⏎$/m);
	chat.type('quit\r');
	// TCP is a stream: the two may come as one chunk.
	await serving.waitFor(/ ␍⏎$/m);
	await serving.waitFor(/ quit␍⏎$/m);
	serving.type('hello\r');
	await chat.waitFor(/← 5 +hello$/m);
	chat.type('/quit\r');
	assert.equal(await chat.waitForExit(), 0);
	await serving.waitFor(/connection from \S+ ended \(closed: FIN\)/);
});

test('e2e: a raw screen pastes a request whole, and shows cut and foreign bytes', async t => {
	const server = await listenBare(t);
	const chat = await openScreen(t, [
		'connect',
		'--raw',
		'--port',
		server.port,
		'--eol',
		'crlf',
	]);
	const socket = await server.accepted();
	chat.paste('GET / HTTP/1.0\r\nHost: otter\r\n\r\n');
	await chat.waitFor(/lines/);
	chat.press('enter');
	const request = 'GET / HTTP/1.0\r\nHost: otter\r\n\r\n';
	await until(() => server.received().toString() === request, {
		what: 'the request',
		seen: () => JSON.stringify(server.received().toString()),
	});
	const euro = Buffer.from('€ and on');
	socket.write(euro.subarray(0, 2));
	await chat.waitFor(/← 2 +‹e2›‹82›/);
	socket.write(euro.subarray(2));
	await chat.waitFor(/← 8 +€ and on/);
	socket.write(Buffer.from([0x63, 0xe9, 0x0a]));
	await chat.waitFor(/c‹e9›⏎/);
	// The view opens later, and has it from the first byte on.
	chat.type('/wire\r');
	await chat.waitFor(/0000 {2}47 45 54 20/);
});

test('raw: a line typed on a server without a peer is not swallowed', async t => {
	const {terminal: serving, port} = await serveScreen(t, 'otter', {
		args: ['--raw'],
	});
	serving.type('too early\r');
	await serving.waitFor('Nobody is connected: not sent.');
	const chat = await openScreen(t, ['connect', '--raw', '--port', port]);
	await serving.waitFor(/connection from \S+ made/);
	serving.type('in time\r');
	await chat.waitFor(/in time/);
	chat.type('/end\r');
	await chat.waitFor(/sends FIN after everything written so far/);
	chat.type('too late\r');
	await chat.waitFor(/has ended: not sent\./);
});
