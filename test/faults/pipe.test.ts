/**
 * Raw pipes, both ways at once, compared by hash, and their memory: 1 GiB each
 * way at full size.
 */
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess, type Exit} from '../helpers/process.js';
import {isFull} from '../helpers/faults/size.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const mebibytes = isFull ? 1024 : 64;
const deadlineMs = 120_000;
const maxRssMb = 120;

const folder = mkdtempSync(join(tmpdir(), 'sockchat-soak-'));
after(() => {
	rmSync(folder, {recursive: true});
});

// Different from one mebibyte to the next, and from one side to the other.
const stream = `
import hashlib, sys
def pieces(seed, count):
    block = hashlib.shake_256(seed).digest(1 << 20)
    for index in range(count):
        yield index.to_bytes(8, 'big') + block[8:]
def hash_of(seed, count):
    total = hashlib.sha256()
    for piece in pieces(seed, count):
        total.update(piece)
    return total.hexdigest()
`;

const generate = `${stream}
for piece in pieces(b'input', int(sys.argv[1])):
    sys.stdout.buffer.write(piece)
`;

// Each side reads and writes at its own pace. It listens, or connects.
const converse = `${stream}
import socket, threading
count, port = int(sys.argv[1]), int(sys.argv[2])
if port:
    peer = socket.create_connection(('127.0.0.1', port))
else:
    listening = socket.create_server(('127.0.0.1', 0))
    print(listening.getsockname()[1], flush=True)
    peer, _ = listening.accept()
def say():
    for piece in pieces(b'peer', count):
        peer.sendall(piece)
    peer.shutdown(socket.SHUT_WR)
saying = threading.Thread(target=say)
saying.start()
heard = hashlib.sha256()
while chunk := peer.recv(1 << 16):
    heard.update(chunk)
saying.join()
print('same' if heard.hexdigest() == hash_of(b'input', count) else 'other')
print(hash_of(b'peer', count))
`;

const python = requireExecutable('python3', 'python3');

const startPeer = (t: TestContext, port: string) =>
	startProcess(t, python, ['-c', converse, String(mebibytes), port]);

for (const role of ['connect', 'serve'] as const) {
	test(`faults: raw ${role} copies ${mebibytes} MiB each way, in little memory`, async t => {
		const listening = role === 'connect' ? startPeer(t, '0') : undefined;
		const args = listening
			? ['connect', '--raw', await listening.waitForOutput(/^(\d+)\n/)]
			: ['serve', '--raw', '--once', '0'];
		const {command, args: all} = bin(...args);
		const sum = join(folder, role);
		const input = toShellLine(python, ['-c', generate, String(mebibytes)]);
		const chat = startProcess(t, 'bash', [
			'-c',
			`exec ${toShellLine(command, all)} < <(${input}) > >(sha256sum > ${sum})`,
		]);
		const peer =
			listening ??
			startPeer(
				t,
				await chat.waitForOutput(/listening on \S+:(\d+)\n/, {
					stream: 'stderr',
				}),
			);
		let peakMb = 0;
		let exit: Exit | undefined;
		void chat.exit.then(ended => {
			exit = ended;
		});
		await until(
			() => {
				const status = readStatus(chat.pid!);
				const peak = /VmHWM:\s*(\d+)/.exec(status)?.[1];
				peakMb = Math.max(peakMb, Number(peak ?? 0) / 1024);
				return exit;
			},
			{what: 'its end', seen: chat.seen, deadlineMs},
		);
		assert.deepEqual(exit, {code: 0, signal: undefined}, chat.seen());
		const saidHash = await peer.waitForOutput(/same\n(\w{64})\n/, {deadlineMs});
		await until(() => readFileSync(sum, 'utf8').startsWith(saidHash), {
			what: 'all that the peer said, in its order',
			seen: () => readFileSync(sum, 'utf8'),
		});
		t.diagnostic(`it took ${Math.round(peakMb)} MB`);
		assert.ok(peakMb > 20 && peakMb < maxRssMb, `It took ${peakMb} MB.`);
	});
}

/** Empty once it has ended. */
const readStatus = (pid: number): string => {
	try {
		return readFileSync(`/proc/${pid}/status`, 'utf8');
	} catch {
		return '';
	}
};
