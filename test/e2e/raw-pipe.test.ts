/** Raw mode as a pipe: every byte both ways, whoever ends first. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createHash, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {
	createReadStream,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {spawn} from 'node:child_process';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {bin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const deadlineMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'sockchat-pipe-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const hashOf = async (path: string) => {
	const hash = createHash('sha256');
	for await (const chunk of createReadStream(path)) {
		hash.update(chunk as Buffer);
	}

	return hash.digest('hex');
};

const large = join(folder, 'large');
const million = randomBytes(1_000_000);
writeFileSync(large, Buffer.concat(Array.from({length: 50}, () => million)));
const largeHash = await hashOf(large);

/** The client between two files, as a script has it. */
const startPipe = (
	t: TestContext,
	port: string,
	from: string,
	to: string,
	...more: readonly string[]
) => {
	const {command, args} = bin('connect', '--raw', '--port', port, ...more);
	return startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} < ${toShellLine(from)} > ${toShellLine(to)}`,
	]);
};

// Its FIN goes out first; then it reads all, and says what it read.
const endsFirst = `
import hashlib, socket
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1], flush=True)
peer, _ = listening.accept()
peer.sendall(b'all I say')
peer.shutdown(socket.SHUT_WR)
seen, count = hashlib.sha256(), 0
while chunk := peer.recv(1 << 16):
    seen.update(chunk)
    count += len(chunk)
print(count, seen.hexdigest(), flush=True)
`;

test('e2e: a raw pipe sends all of stdin to a peer that ended first', async t => {
	const peer = startProcess(t, requireExecutable('python3', 'python3'), [
		'-c',
		endsFirst,
	]);
	const port = await peer.waitForOutput(/^(\d+)\n/);
	const answer = join(folder, 'answer');
	const chat = startPipe(t, port, large, answer);
	assert.deepEqual(await chat.waitForExit({deadlineMs}), done, chat.seen());
	assert.deepEqual(await peer.waitForExit({deadlineMs}), done);
	assert.equal(peer.stdout(), `${port}\n50000000 ${largeHash}\n`);
	assert.equal(readFileSync(answer, 'utf8'), 'all I say');
	assert.equal(chat.stderr(), '');
});

for (const [name, line, ...more] of [
	[
		'nc -N',
		(port: string) => `nc.openbsd -v -N -l 127.0.0.1 ${port}`,
		// At a FIN it leaves, whatever it still has to send.
		'--no-shutdown',
	],
	[
		'socat',
		(port: string) =>
			`socat -d -d -t 60 - TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr`,
	],
] as const) {
	test(`e2e: a raw pipe and ${name} send each other 50 MB, and both end`, async t => {
		const port = await findPort();
		const theirs = join(folder, `${name}-theirs`);
		const ours = join(folder, `${name}-ours`);
		const peer = startProcess(t, 'sh', [
			'-c',
			`exec ${line(port)} < ${toShellLine(large)} > ${toShellLine(theirs)}`,
		]);
		await peer.waitForOutput(/listening on/i, {stream: 'stderr'});
		const chat = startPipe(t, port, large, ours, ...more);
		assert.deepEqual(await chat.waitForExit({deadlineMs}), done, chat.seen());
		assert.deepEqual(await peer.waitForExit({deadlineMs}), done, peer.seen());
		assert.equal(await hashOf(theirs), largeHash);
		assert.equal(await hashOf(ours), largeHash);
	});
}

for (const role of ['connect', 'serve'] as const) {
	test(`e2e: a raw ${role} keeps little of what nobody reads from its stdout`, async t => {
		const sent = 200_000_000;
		let received = 0;
		const converse = (socket: Socket) => {
			socket.write(Buffer.alloc(sent));
			socket.on('data', (chunk: Buffer) => {
				received += chunk.length;
			});
		};

		// Its stdout is not read before we ask for it.
		const start = (port: string) => {
			const {command, args} = bin(role, '--raw', '--port', port);
			const chat = spawn(command, args);
			t.after(() => {
				chat.kill('SIGKILL');
			});
			return chat;
		};

		let chat;
		if (role === 'connect') {
			const {address} = await listenBare(t, converse);
			chat = start(String(portOf(address)));
		} else {
			chat = start('0');
			const [line] = (await once(chat.stderr, 'data')) as [Buffer];
			const peer = connect({
				host: '127.0.0.1',
				port: Number(/:(\d+)\n/.exec(line.toString())![1]),
			});
			t.after(() => {
				peer.destroy();
			});
			converse(peer);
		}

		chat.stdin.write(readFileSync(large));
		await until(() => received === 50_000_000, {
			what: 'all of stdin, though nobody reads stdout',
			seen: () => String(received),
			deadlineMs,
		});
		let read = 0;
		chat.stdout.on('data', (chunk: Buffer) => {
			read += chunk.length;
		});
		await until(() => read === sent, {
			what: 'all that the peer sent',
			seen: () => String(read),
			deadlineMs,
		});
		const status = readFileSync(`/proc/${chat.pid}/status`, 'utf8');
		const peakMb = Number(/VmHWM:\s*(\d+)/.exec(status)![1]) / 1024;
		t.diagnostic(`it took ${Math.round(peakMb)} MB`);
		assert.ok(peakMb < 130, `It took ${Math.round(peakMb)} MB.`);
	});
}

test('e2e: a raw pipe says how much of stdin was not sent', async t => {
	const {address} = await listenBare(t, socket => {
		socket.pause();
		socket.once('readable', () => undefined);
		void until(() => socket.bytesRead > 0, {what: 'a byte'}).then(() => {
			socket.resetAndDestroy();
		});
	});
	const chat = startPipe(
		t,
		String(portOf(address)),
		large,
		join(folder, 'none'),
	);
	assert.deepEqual(await chat.waitForExit({deadlineMs}), {
		code: 1,
		signal: undefined,
	});
	const [, read, taken] =
		/\(RST\)\.\n(?:Not all of stdin was sent|The connection ended before stdin did): (\d+) bytes were read, and the kernel took (\d+) of them\.\n$/.exec(
			chat.stderr(),
		) ?? assert.fail(chat.seen());
	assert.ok(Number(taken) <= Number(read), chat.seen());
	assert.ok(Number(taken) < 50_000_000, chat.seen());
});

test('e2e: a raw server in a pipe keeps stdin for the first peer, whole', async t => {
	const {command, args} = bin('serve', '--raw', '--port', '0');
	const serving = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} < ${toShellLine(large)}`,
	]);
	const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	const hash = createHash('sha256');
	let received = 0;
	const peer = connect({host: '127.0.0.1', port: Number(port)});
	peer.on('data', (chunk: Buffer) => {
		received += chunk.length;
		hash.update(chunk);
	});
	t.after(() => {
		peer.destroy();
	});
	await until(() => received === 50_000_000, {
		what: 'all of stdin',
		seen: () => String(received),
		deadlineMs,
	});
	assert.equal(hash.digest('hex'), largeHash);
});
