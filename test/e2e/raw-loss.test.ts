/** Raw pipes: not a byte is lost, unless the exit code and a sentence say so. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import {connect, type AddressInfo, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const deadlineMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'sockchat-loss-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const million = randomBytes(1_000_000);
const file = join(folder, 'file');
writeFileSync(file, million);

/** The program in a shell line, where `%` is. */
const inShell = (t: TestContext, line: string, ...args: readonly string[]) => {
	const {command, args: all} = bin(...args);
	return startProcess(t, 'bash', [
		'-c',
		line.replace('%', () => toShellLine(command, all)),
	]);
};

/** A peer that keeps what it gets. */
const listenKeeping = async (
	t: TestContext,
	converse: (socket: Socket) => void = () => undefined,
) => {
	const seen = {bytes: Buffer.alloc(0), hasFin: false};
	const {address} = await listenBare(t, socket => {
		socket.on('data', chunk => {
			seen.bytes = Buffer.concat([seen.bytes, chunk]);
		});
		socket.on('end', () => {
			seen.hasFin = true;
		});
		converse(socket);
	});
	return {port: String(portOf(address)), seen};
};

const serveFile = async (t: TestContext, line: string) => {
	const serving = inShell(t, line, 'serve', '--raw', '--port', '0');
	const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	return {serving, port};
};

/** Talks to a server, and keeps what it says until its FIN. */
const talk = async (t: TestContext, port: string, text: string) => {
	let all = Buffer.alloc(0);
	const socket = connect({host: '127.0.0.1', port: Number(port)});
	t.after(() => {
		socket.destroy();
	});
	socket.on('data', chunk => {
		all = Buffer.concat([all, chunk]);
	});
	socket.end(text);
	await until(() => socket.closed, {
		what: 'its FIN',
		seen: () => `${all.length} bytes`,
	});
	return all;
};

test('e2e: the first peer of a raw server gets the file, and all get FIN', async t => {
	const out = join(folder, 'said');
	const {serving, port} = await serveFile(t, `exec % < ${file} > ${out}`);
	assert.ok((await talk(t, port, 'first')).equals(million));
	assert.equal((await talk(t, port, 'second')).length, 0);
	serving.signal('SIGTERM');
	assert.deepEqual(await serving.waitForExit(), done, serving.seen());
	assert.equal(readFileSync(out, 'utf8'), 'firstsecond');
});

test('e2e: a raw server reads nothing of stdin before somebody is there', async t => {
	// What follows it in the shell finds all of the file there. Without `<&0` its
	// stdin would be /dev/null, as of all that runs in the background.
	const again = inShell(
		t,
		`{ { % <&0 & } 2>${folder}/err; until grep -q listening ${folder}/err; do :; done; kill %1; wait; cat; } < ${file} | cmp - ${file}`.replace(
			'kill %1',
			'kill $!',
		),
		'serve',
		'--raw',
		'--port',
		'0',
	);
	assert.deepEqual(await again.waitForExit(), done, again.seen());
});

for (const flags of [['--message', 'question'], ['-q']]) {
	test(`e2e: a raw reply is printed with ${flags[0]!}`, async t => {
		const {port, seen} = await listenKeeping(t, socket => {
			socket.once('data', () => {
				socket.end('answer');
			});
		});
		const chat = startBin(t, ['connect', '--raw', ...flags, '--port', port]);
		if (flags.length === 1) {
			chat.write('question\n');
		}

		chat.end();
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(chat.stdout(), 'answer');
		assert.equal(seen.bytes.toString(), 'question\n');
	});
}

/**
 * Answers once somebody who came later has sent FIN, and forgets those who have
 * sent it.
 */
const listenHttp = async (t: TestContext) => {
	const waiting: Array<() => void> = [];
	const server: Server = createServer(({url, socket}, response) => {
		if (url === '/late') {
			socket.once('close', () => {
				for (const answer of waiting.splice(0)) {
					answer();
				}
			});
		} else {
			waiting.push(() => {
				response.end(`you asked for ${url!}`);
			});
		}
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	return {
		port: String((server.address() as AddressInfo).port),
		isAsked: () => waiting.length > 0,
	};
};

test('e2e: without its FIN a raw pipe gets the answer of node:http', async t => {
	const {port, isAsked} = await listenHttp(t);
	const ask = (path: string, protocol: string, flags: readonly string[]) => {
		const chat = startBin(t, ['connect', '--raw', ...flags, '--port', port]);
		chat.write(`GET ${path} ${protocol}\r\n\r\n`);
		chat.end();
		return chat;
	};

	for (const [protocol, flags] of [
		['HTTP/1.0', ['--no-shutdown']],
		['HTTP/1.1\r\nHost: a', ['--no-shutdown', '--replies', '1']],
	] as const) {
		const chat = ask('/tea', protocol, flags);
		await until(isAsked, {what: 'the question'});
		// Its own stdin has ended longer ago by the time that this FIN comes.
		await ask('/late', 'HTTP/1.0', []).waitForExit();
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.match(chat.stdout(), /you asked for \/tea/);
	}
});

test('e2e: an empty stdin sends FIN, and --input none reads none', async t => {
	const asked = await listenKeeping(t, socket => {
		socket.on('end', () => {
			socket.end('after your FIN');
		});
	});
	const empty = inShell(t, '% < /dev/null', 'connect', '--raw', asked.port);
	assert.deepEqual(await empty.waitForExit(), done, empty.seen());
	assert.equal(empty.stdout(), 'after your FIN');

	const sockets: Socket[] = [];
	const {port, seen} = await listenKeeping(t, socket => {
		sockets.push(socket);
	});
	const quiet = inShell(
		t,
		`{ %; cat; } < ${file} | tail -c 1000004`,
		'connect',
		'--raw',
		'--input',
		'none',
		port,
	);
	const socket = await until(() => sockets[0], {what: 'a connection'});
	assert.equal(seen.hasFin, false);
	socket.end('news');
	assert.deepEqual(await quiet.waitForExit(), done, quiet.seen());
	assert.ok(seen.hasFin);
	assert.equal(seen.bytes.length, 0);
	assert.ok(quiet.stdout().startsWith('news'), 'then the file, whole');
});

test('e2e: a signal in the middle of a transfer is 128 + N, either way', async t => {
	const {port} = await listenKeeping(t, socket => {
		socket.on('error', () => undefined);
		socket.write(million);
	});
	const out = join(folder, 'part');
	writeFileSync(out, '');
	for (const [signal, code] of [
		['SIGTERM', 143],
		['SIGINT', 130],
		['SIGHUP', 129],
	] as const) {
		const down = inShell(
			t,
			`exec % < /dev/null > ${out}`,
			'connect',
			'-r',
			port,
		);
		await until(() => readFileSync(out).length === million.length, {
			what: 'what there is so far',
		});
		writeFileSync(out, '');
		down.signal(signal);
		assert.deepEqual(await down.waitForExit(), {code, signal: undefined});
	}

	let isDeaf = false;
	const {port: deaf} = await listenKeeping(t, socket => {
		socket.once('data', () => {
			isDeaf = true;
			socket.pause();
		});
	});
	const sockets: Socket[] = [];
	const {port: silent, seen} = await listenKeeping(t, socket => {
		sockets.push(socket);
	});
	const up = inShell(t, 'exec % < /dev/zero', 'connect', '-r', deaf);
	const idle = startBin(t, ['connect', '-r', silent]);
	const some = startBin(t, ['connect', '-r', silent]);
	some.write('so far');
	await until(() => isDeaf && seen.bytes.length > 0, {what: 'something sent'});
	for (const chat of [up, some]) {
		chat.signal('SIGTERM');
		assert.deepEqual(
			await chat.waitForExit(),
			{code: 143, signal: undefined},
			chat.seen(),
		);
		assert.match(
			chat.stderr(),
			chat === up
				? /^(?:Not all of stdin was sent: \d+ bytes were read, and the kernel took \d+ of them\.\n|Stdin had not ended: the kernel took all that was read, \d+ bytes, and what follows was not sent\.\n(?:The other side was not reading, so \d+ bytes of what was sent waited in the kernel as the connection was closed, and may not arrive\.\n)?)$/
				: /^Stdin had not ended: the kernel took all that was read, 6 bytes, and what follows was not sent\.\n$/,
		);
	}

	await until(() => sockets.length === 2, {what: 'both connections'});
	// Nothing was begun, so nothing is unfinished.
	idle.signal('SIGTERM');
	assert.deepEqual(await idle.waitForExit(), done, idle.seen());
});

for (const [eol, end] of [
	['crlf', '\r\n'],
	['CRLF', '\r\n'],
	['lf', '\n'],
	['cr', '\r'],
	['None', ''],
] as const) {
	test(`e2e: --eol ${eol} rewrites each line end once, wherever reads are cut`, async t => {
		const {port, seen} = await listenKeeping(t, socket => {
			socket.on('end', () => {
				socket.end();
			});
		});
		const sent = join(folder, `lines-${eol}`);
		// The CR is the last byte of a read of 64 KiB.
		const line = 'x'.repeat(65_535);
		writeFileSync(sent, `${line}\r\n${line.slice(1)}\r\n\nend\rhere\r`);
		const flags = ['connect', '--raw', '--eol', eol, port];
		const chat = inShell(t, `% < ${sent}`, ...flags);
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		const wanted = [line, line.slice(1), '', 'end\rhere\r'].join(end);
		assert.ok(seen.bytes.equals(Buffer.from(wanted)), `${seen.bytes.length}`);

		seen.bytes = Buffer.alloc(0);
		const slow = startBin(t, flags);
		slow.write('one\r');
		await until(() => seen.bytes.toString() === 'one', {what: 'one'});
		slow.write('\ntwo');
		slow.end();
		assert.deepEqual(await slow.waitForExit(), done);
		assert.equal(seen.bytes.toString(), `one${end}two`);
	});
}

test('e2e: a raw pipe ends quietly when its reader goes, though the peer is silent', async t => {
	const {port} = await listenKeeping(t, socket => {
		socket.on('error', () => undefined);
		socket.write('a line\n');
	});
	const flags = ['connect', '--raw', '--input', 'none', port];
	const chat = inShell(t, '% | head -1; echo $PIPESTATUS', ...flags);
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'a line\n0\n');
	assert.equal(chat.stderr(), '');
});

for (const flags of [[], ['--json']]) {
	test(`e2e: a raw pipe whose reader goes says what of a file was not sent ${flags.join('')}`, async t => {
		const source = join(folder, 'for nobody');
		writeFileSync(source, Buffer.alloc(20_000_000));
		// It reads nothing, so the file can't have been sent.
		const {address} = await listenBare(t, socket => {
			socket.pause();
		});
		const port = String(portOf(address));
		const {command, args} = bin('connect', '--raw', port, ...flags);
		const pipe = startProcess(t, 'bash', [
			'-c',
			`${toShellLine(command, args)} < '${source}' | true; exit \${PIPESTATUS[0]}`,
		]);
		assert.deepEqual(await pipe.waitForExit(), failed, pipe.seen());
		assert.match(
			pipe.stderr(),
			/^Not all of stdin was sent, as nobody reads stdout any more: \d+ bytes were read, and the kernel took \d+ of them\.\n$/,
		);
	});
}

test('e2e: what serve --raw cannot write is a failure, with its reason', async t => {
	const {serving, port} = await serveFile(t, 'exec % < /dev/null > /dev/full');
	const socket = connect({host: '127.0.0.1', port: Number(port)});
	socket.on('error', () => undefined);
	socket.write('nowhere to go');
	assert.deepEqual(await serving.waitForExit(), failed, serving.seen());
	assert.match(
		serving.stderr(),
		/\nCan't write to stdout: no space is left on the device \(ENOSPC\)\.\n$/,
	);
	socket.destroy();
});

test('e2e: a raw reset names its errno', async t => {
	const {port} = await listenKeeping(t, socket => {
		socket.once('data', () => {
			socket.resetAndDestroy();
		});
	});
	const chat = startBin(t, ['connect', '--raw', '--port', port]);
	chat.write('x');
	assert.deepEqual(await chat.waitForExit(), failed);
	assert.match(
		chat.stderr(),
		/^ECONNRESET: the connection to 127\.0\.0\.1:\d+ was reset by the other side \(RST\)\.\n/,
	);
});

// One reads as fast as it can, and counts; one never reads.
const twoPeers = `
import socket, sys
port, want = int(sys.argv[1]), int(sys.argv[2])
slow = socket.create_connection(('127.0.0.1', port))
fast = socket.create_connection(('127.0.0.1', port))
for peer in (slow, fast):
    peer.sendall(b'here')
print('here', flush=True)
sys.stdin.readline()
`;

test('e2e: a raw server with a peer that reads nothing stays small', async t => {
	const {command, args} = bin('serve', '--raw', '--port', '0');
	const serving = startProcess(t, 'bash', [
		'-c',
		`exec ${toShellLine(command, args)} < /dev/zero`,
	]);
	const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	const peers = startProcess(t, requireExecutable('python3', 'python3'), [
		'-c',
		twoPeers,
		port,
		'1',
	]);
	await peers.waitForOutput('here');
	await serving.waitForOutput('herehere');
	const status = readFileSync(`/proc/${serving.pid}/status`, 'utf8');
	const peakMb = Number(/VmHWM:\s*(\d+)/.exec(status)![1]) / 1024;
	t.diagnostic(`it took ${Math.round(peakMb)} MB`);
	assert.ok(peakMb < 120, `It took ${Math.round(peakMb)} MB.`);
	serving.signal('SIGTERM');
	assert.deepEqual(
		await serving.waitForExit({deadlineMs}),
		{code: 143, signal: undefined},
		serving.seen(),
	);
	assert.match(serving.stderr(), /bytes were read, and the kernel took \d+/);
});
