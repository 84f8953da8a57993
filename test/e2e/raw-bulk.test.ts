/** Raw pipes in bulk: whatever carries them, and however slow stdout is. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {
	mkdtempSync,
	readFileSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import type {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';

const done = {code: 0, signal: undefined};
const deadlineMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'sockchat-bulk-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const million = randomBytes(1_000_000);
const ours = join(folder, 'ours');
const theirs = join(folder, 'theirs');
const ourBytes = Buffer.concat(Array.from({length: 20}, () => million));
const theirBytes = Buffer.concat([million.subarray(123_456), ourBytes]);
writeFileSync(ours, ourBytes);
writeFileSync(theirs, theirBytes);

/** The program in a shell line, where `%` is. */
const inShell = (t: TestContext, line: string, ...args: readonly string[]) => {
	const {command, args: all} = bin(...args);
	return startProcess(t, 'bash', [
		'-c',
		line.replace('%', () => toShellLine(command, all)),
	]);
};

/** A peer that says the same again and again. */
const pour = (socket: Socket) => {
	socket.write(million, error => {
		if (!error) {
			pour(socket);
		}
	});
};

for (const [name, address, serving, connecting] of [
	['TCP', '0', [], []],
	['a Unix domain socket', join(folder, 'socket'), [], []],
	['TLS', '0', ['--tls'], ['--tls', '--tls-insecure']],
] as const) {
	test(`e2e: two files go both ways at once over ${name}`, async t => {
		const [fromOurs, fromTheirs] = ['to-us', 'to-them'].map(out =>
			join(folder, `${name}-${out}`),
		);
		const server = inShell(
			t,
			`exec % < ${ours} > ${toShellLine(fromTheirs!)}`,
			'serve',
			'--raw',
			'--once',
			...serving,
			address,
		);
		const place = await server.waitForOutput(/listening on (\S+)\n/i, {
			stream: 'stderr',
		});
		const client = inShell(
			t,
			`exec % < ${theirs} > ${toShellLine(fromOurs!)}`,
			'connect',
			'--raw',
			...connecting,
			place,
		);
		assert.deepEqual(await client.waitForExit({deadlineMs}), done);
		assert.deepEqual(await server.waitForExit({deadlineMs}), done);
		assert.ok(readFileSync(fromOurs!).equals(ourBytes));
		assert.ok(readFileSync(fromTheirs!).equals(theirBytes));
	});
}

test('e2e: a file goes over WebSocket', async t => {
	const out = join(folder, 'messages');
	const flags = ['--ws', '/', '--ws-binary'];
	const server = inShell(
		t,
		`exec % > ${out}`,
		'serve',
		'--raw',
		'--once',
		'--input',
		'none',
		...flags,
		'0',
	);
	const place = await server.waitForOutput(/listening on (\S+)\n/i, {
		stream: 'stderr',
	});
	const client = inShell(
		t,
		`exec % < ${theirs}`,
		'connect',
		'--raw',
		...flags,
		place,
	);
	assert.deepEqual(await client.waitForExit({deadlineMs}), done);
	assert.deepEqual(await server.waitForExit({deadlineMs}), done);
	assert.ok(readFileSync(out).equals(theirBytes));
});

test('e2e: a raw pipe whose stdout is full in mid-transfer is a failure', async t => {
	const {address} = await listenBare(t, pour);
	const port = String(portOf(address));
	// The shell's limit is on the size of files, in blocks of 1024 bytes.
	const out = join(folder, 'limited');
	for (const [line, reason] of [
		['% < /dev/null > /dev/full', /\(ENOSPC\)/],
		[`ulimit -f 5000; % < /dev/null > ${out}`, /\(EFBIG\)/],
	] as const) {
		const chat = inShell(t, line, 'connect', '--raw', port);
		assert.equal((await chat.waitForExit({deadlineMs})).code, 1, chat.seen());
		assert.match(chat.stderr(), reason);
	}

	const written = readFileSync(out);
	assert.equal(written.length, 5000 * 1024);
	for (let at = 0; at < written.length; at += million.length) {
		const part = written.subarray(at, at + million.length);
		assert.ok(part.equals(million.subarray(0, part.length)));
	}
});

test('e2e: a raw pipe ends quietly when its reader goes in mid-transfer', async t => {
	const {address} = await listenBare(t, pour);
	const chat = inShell(
		t,
		'% < /dev/null | head -c 3000000 | sha256sum; echo $PIPESTATUS',
		'connect',
		'--raw',
		String(portOf(address)),
	);
	assert.deepEqual(await chat.waitForExit({deadlineMs}), done, chat.seen());
	assert.match(chat.stdout(), /^\w{64} .*\n0\n$/);
	assert.equal(chat.stderr(), '');
});

// Another program may have made our stdout non-blocking; we share its end.
const nonBlocking = `
import fcntl, os, subprocess, sys
reading, writing = os.pipe()
flags = fcntl.fcntl(writing, fcntl.F_GETFL)
fcntl.fcntl(writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
child = subprocess.Popen(sys.argv[1:], stdout=writing, stdin=subprocess.DEVNULL)
os.close(writing)
while chunk := os.read(reading, 7000):
    sys.stdout.buffer.write(chunk)
sys.exit(child.wait())
`;

test('e2e: a non-blocking pipe as stdout gets all, at the pace of its reader', async t => {
	const {address} = await listenBare(t, socket => {
		socket.end(ourBytes);
	});
	const {command, args} = bin('connect', '--raw', String(portOf(address)));
	const out = join(folder, 'non-blocking');
	const python = requireExecutable('python3', 'python3');
	const chat = startProcess(t, 'bash', [
		'-c',
		`${toShellLine(python, ['-c', nonBlocking, command, ...args])} > ${out}`,
	]);
	assert.deepEqual(await chat.waitForExit({deadlineMs}), done, chat.seen());
	assert.ok(readFileSync(out).equals(ourBytes));
});

// The most that all buffers took, as often as the loop goes round.
const sampler = join(folder, 'sampler.cjs');
writeFileSync(
	sampler,
	`let most = 0;
const look = () => {
	most = Math.max(most, process.memoryUsage().arrayBuffers);
};
setInterval(look, 2).unref();
process.on('exit', () => {
	look();
	require('node:fs').writeFileSync(process.env.MOST_BYTES, String(most));
});`,
);
const maxBufferBytes = 4 * 1024 * 1024;

for (const [name, args, source] of [
	['a pipe', [], 'cat FILE | %'],
	['a pipe, with retries', ['--retry'], 'cat FILE | %'],
	['a file with other line ends', ['--eol', 'crlf'], '% < FILE'],
] as const) {
	test(`e2e: ${name} is sent through buffers of less than ${maxBufferBytes} bytes`, async t => {
		const mebibytes = 128;
		const large = join(folder, 'large');
		const most = join(folder, 'most');
		writeFileSync(large, '');
		truncateSync(large, mebibytes * 1024 * 1024);
		let received = 0;
		const {address} = await listenBare(t, socket => {
			socket.on('data', chunk => {
				received += chunk.length;
			});
			socket.on('end', () => {
				socket.end();
			});
		});
		const chat = inShell(
			t,
			`export MOST_BYTES=${most} NODE_OPTIONS=--require=${sampler}; ${source.replace('FILE', large)}`,
			'connect',
			'--raw',
			...args,
			String(portOf(address)),
		);
		assert.deepEqual(await chat.waitForExit({deadlineMs}), done);
		assert.equal(received, mebibytes * 1024 * 1024);
		const bytes = Number(readFileSync(most, 'utf8'));
		assert.ok(bytes > 0 && bytes < maxBufferBytes, `${bytes} bytes`);
	});
}
