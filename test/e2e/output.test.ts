/** stdout that takes no more: told in one sentence, and exit code 1. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {bin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {serveJson} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const failed = {code: 1, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-output-'));
after(() => {
	rmSync(folder, {recursive: true});
});
const {server, port} = await serveJson({after}, ['--nick', 'host']);

const full = "Can't write to stdout: no space is left on the device (ENOSPC).";

/** A peer that sends this much to whoever connects, and ends. */
const listenSending = async (t: TestContext, bytes: number) => {
	const peers = new Set<Socket>();
	const listening = createServer(socket => {
		peers.add(socket);
		socket.on('error', () => undefined);
		socket.end(Buffer.alloc(bytes, 'x'));
	});
	listening.listen(0, '127.0.0.1');
	await once(listening, 'listening');
	t.after(() => {
		listening.close();
		for (const peer of peers) {
			peer.destroy();
		}
	});
	return String((listening.address() as {port: number}).port);
};

const startInto = (
	t: TestContext,
	target: string,
	args: readonly string[],
	before = '',
) => {
	const {command, args: all} = bin(...args);
	return startProcess(t, 'bash', [
		'-c',
		`${before} exec ${toShellLine(command, all)} > ${toShellLine(target)}`,
	]);
};

test('e2e: a full disk under stdout is one sentence and exit code 1', async t => {
	const sending = await listenSending(t, 100_000);
	const socket = join(folder, 'room.sock');
	for (const args of [
		['--help'],
		['--version'],
		['help', 'connect'],
		['completion', 'bash'],
		['doctor'],
		['status', port],
		['status', '--json', port],
		['watch', port],
		['--json', '--prot'],
		['connect', '--json', '--port', port],
		['connect', '--plain', '--port', port],
		['serve', '--json', '--socket', socket],
		['connect', '--raw', '--port', sending],
		['connect', '--raw', '--json', '--port', sending],
	]) {
		const chat = startInto(t, '/dev/full', args);
		const exit = await chat.waitForExit();
		const isUsage = args.includes('--prot');
		assert.deepEqual(
			exit,
			isUsage ? {...failed, code: 2} : failed,
			chat.seen(),
		);
		assert.ok(chat.stderr().endsWith(`${full}\n`), chat.seen());
		assert.equal(chat.stderr().split(full).length, 2, chat.seen());
		assert.doesNotMatch(chat.stderr(), /Error|at \S+:\d+/);
	}
});

test('e2e: a limit on the size of stdout loses no byte in silence', async t => {
	const file = join(folder, 'limited');
	// In 1 KiB: the first write is taken in part, which Node takes for success.
	const limit = 'ulimit -f 50;';
	const sending = await listenSending(t, 60_000);
	const chat = startInto(
		t,
		file,
		['connect', '--raw', '--port', sending],
		limit,
	);
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.match(
		chat.stderr(),
		/Can't write to stdout: the file has reached its size limit \(EFBIG\)\.\n$/,
	);
	assert.equal(statSync(file).size, 50 * 1024);

	const small = startInto(t, file, ['--help'], 'ulimit -f 1;');
	assert.deepEqual(await small.waitForExit(), failed, small.seen());
	assert.match(small.stderr(), /^Can't write to stdout: .*\(EFBIG\)\.\n$/);
});

test('e2e: a datagram socket gets what is printed', async t => {
	const receiver = createSocket('udp4');
	t.after(() => {
		receiver.close();
	});
	const texts: string[] = [];
	receiver.on('message', bytes => {
		texts.push(bytes.toString());
	});
	receiver.bind(0, '127.0.0.1');
	await once(receiver, 'listening');
	// Bash opens it.
	const target = `/dev/udp/127.0.0.1/${receiver.address().port}`;
	const printing = startInto(t, target, ['--version']);
	assert.equal((await printing.waitForExit()).code, 0, printing.seen());
	await until(() => texts.length > 0, {what: 'a datagram'});
	assert.match(texts.join(''), /^\d+\.\d+\.\d+\n$/);
});

test('e2e: a reader that goes away ends it quietly, unless a line is unstored', async t => {
	const {command, args} = bin('connect', '--port', port, '--nick', 'heron');
	const quiet = startProcess(t, 'bash', [
		'-c',
		`${toShellLine(command, args)} | head -1; echo "\${PIPESTATUS[0]}"`,
	]);
	await quiet.waitForOutput('\n');
	server.writeLine('nobody reads this');
	server.writeLine('nor this');
	await quiet.waitForExit();
	assert.match(quiet.stdout(), /^.*\n0\n$/);
	assert.doesNotMatch(quiet.stderr(), /stdout|Error/);

	// A server that is stopped stores nothing, and the reader goes meanwhile.
	const {server: other, port: otherPort} = await serveJson(t);
	const late = bin('connect', '--json', '--port', otherPort, '--nick', 'ibis');
	const gate = join(folder, 'gate');
	execFileSync('mkfifo', [gate]);
	const unstored = startProcess(t, 'bash', [
		'-c',
		`${toShellLine(late.command, late.args)} | { sed '/"welcome"/q' >&2; cat ${gate}; }; echo "\${PIPESTATUS[0]}"`,
	]);
	await unstored.waitForOutput('"welcome"', {stream: 'stderr'});
	other.signal('SIGSTOP');
	execFileSync('sh', ['-c', `: > ${gate}`]);
	// What is queued is told on stdout, which nobody reads any more.
	unstored.writeLine('never stored');
	await unstored.waitForOutput(/^\d+\n$/);
	assert.equal(unstored.stdout(), '1\n', unstored.seen());
	other.signal('SIGCONT');
});
