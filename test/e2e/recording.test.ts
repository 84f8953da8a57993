/** Recordings: what is kept of a raw connection, and played again. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startBin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-recording-'));
after(() => {
	rmSync(folder, {recursive: true});
});

let count = 0;
const newFile = () => join(folder, `recording-${count++}`);

const noFiles = ['--tls-cert', '/nonexistent', '--tls-key', '/nonexistent'];

const objectIn = (text: string) => JSON.parse(text) as Record<string, unknown>;

/** What a line of a recording has, without its time. */
const linesOf = (file: string) =>
	readFileSync(file, 'utf8')
		.trimEnd()
		.split('\n')
		.map(line => {
			const {at, ...rest} = JSON.parse(line) as Record<string, unknown>;
			assert.equal(typeof at, 'number');
			return rest;
		});

/** Answers each line with its length and itself, as redis does; FIN with FIN. */
const echoServer = `
import socket, sys
listening = socket.create_server(('127.0.0.1', 0))
print(listening.getsockname()[1], flush=True)
while True:
    peer, _ = listening.accept()
    with peer, peer.makefile('rb') as lines:
        for line in lines:
            text = line.strip()
            if text == b'PING' and 'changed' in sys.argv:
                text = b'PONG'
            peer.sendall(b'$%d\\r\\n%s\\r\\n' % (len(text), text))
`;

const startEcho = async (t: TestContext, ...more: readonly string[]) => {
	const server = startProcess(t, requireExecutable('python3', 'python3'), [
		'-c',
		echoServer,
		...more,
	]);
	return server.waitForOutput(/^(\d+)\n/);
};

const record = async (t: TestContext, port: string, file: string) => {
	const chat = startBin(t, ['connect', '--raw', port, '--record', file]);
	chat.write('PING\n');
	await chat.waitForOutput('$4\r\nPING\r\n');
	chat.write('é\n');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), '$4\r\nPING\r\n$2\r\né\r\n');
};

test('e2e: a recording has a head, the chunks as JSON, and the ends', async t => {
	const port = await startEcho(t);
	const file = newFile();
	await record(t, port, file);
	assert.equal(statSync(file).mode & 0o777, 0o600);
	const [head, open, ...rest] = linesOf(file);
	assert.deepEqual(head, {
		type: 'recording',
		v: 1,
		side: 'connect',
		address: `127.0.0.1:${port}`,
	});
	assert.deepEqual(
		{...open, local: undefined},
		{
			type: 'state',
			phase: 'open',
			local: undefined,
			remote: `127.0.0.1:${port}`,
		},
	);
	const base64Of = (text: string) => Buffer.from(text).toString('base64');
	const chunk = (direction: string, text: string) => ({
		type: 'chunk',
		direction,
		bytes: Buffer.byteLength(text),
		base64: base64Of(text),
		text,
	});
	// The kernel's word on our FIN may come after the last answer.
	const isOurFin = ({type, direction}: Record<string, unknown>) =>
		type === 'fin' && direction === 'out';
	assert.equal(rest.filter(line => isOurFin(line)).length, 1);
	assert.deepEqual(
		rest.filter(line => !isOurFin(line)),
		[
			chunk('out', 'PING\n'),
			chunk('in', '$4\r\nPING\r\n'),
			chunk('out', 'é\n'),
			chunk('in', '$2\r\né\r\n'),
			{type: 'fin', direction: 'in'},
			{type: 'state', phase: 'closed'},
		],
	);
});

for (const more of [[], ['--json'], ['--once']] as const) {
	test(`e2e: serve ${more.join(' ')} records its peers by name`, async t => {
		const file = newFile();
		const chat = startBin(t, [
			'serve',
			'--raw',
			'0',
			'--record',
			file,
			...more,
		]);
		const port = await chat.waitForOutput(/127\.0\.0\.1(?::|","port":)(\d+)/, {
			stream: more[0] === '--json' ? 'stdout' : 'stderr',
		});
		const peer = startProcess(t, 'nc', ['-N', '127.0.0.1', port]);
		chat.write('for you\n');
		await peer.waitForOutput('for you\n');
		peer.write('for us');
		await chat.waitForOutput('for us');
		peer.end();
		chat.end();
		assert.deepEqual(await peer.waitForExit(), done, peer.seen());
		if (more[0] !== '--once') {
			await chat.waitForOutput(/ended|left|closed/, {
				stream: more[0] === '--json' ? 'stdout' : 'stderr',
			});
			chat.signal('SIGTERM');
		}

		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		const [head, accepted, ...rest] = linesOf(file);
		assert.equal(head?.['side'], 'serve');
		assert.equal(accepted?.['type'], 'accepted');
		const {peer: name} = accepted as {peer: string};
		assert.deepEqual(
			rest
				.filter(({type}) => type === 'chunk')
				.map(chunk => [chunk['direction'], chunk['text'], chunk['peer']]),
			[
				['out', 'for you\n', name],
				['in', 'for us', name],
			],
		);
		assert.deepEqual(rest.at(-1), {
			type: 'ended',
			peer: name,
			reason: 'closed',
			bytesIn: 6,
			bytesOut: 8,
		});
	});
}

test('e2e: a full disk ends the recording, not the connection; the code is 1', async t => {
	const port = await startEcho(t);
	const chat = startBin(t, ['connect', '--raw', port, '--record', '/dev/full']);
	chat.write('PING\n');
	await chat.waitForOutput('$4\r\nPING\r\n');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.equal(
		chat.stderr(),
		'The recording /dev/full is not complete: no space is left on the device (ENOSPC).\n',
	);
});

test('e2e: a recording replaces no file, and takes an empty one', async t => {
	const port = await startEcho(t);
	const file = newFile();
	writeFileSync(file, 'mine');
	const chat = startBin(t, ['connect', '--raw', port, '--record', file]);
	assert.deepEqual(await chat.waitForExit(), {...failed, code: 2}, chat.seen());
	assert.equal(
		chat.stderr(),
		`Can't record to ${file}: the file is there already, and not empty.\n`,
	);
	assert.equal(readFileSync(file, 'utf8'), 'mine');
	truncateSync(file);
	await record(t, port, file);
	assert.equal(linesOf(file).length, 9);
});

test('e2e: no file is made if one of several cannot be', async t => {
	const port = await startEcho(t);
	const mine = newFile();
	writeFileSync(mine, 'mine');
	const away = join(newFile(), 'file');
	for (const [sentence, ...flags] of [
		[
			`The packets can't be written to ${mine}: the file is there already, and not empty.`,
			'--record',
			newFile(),
			'--log',
			newFile(),
			'--pcapng',
			mine,
		],
		[
			`Can't record to ${away}: there is no such folder (ENOENT).`,
			'--log',
			newFile(),
			'--record',
			away,
		],
		[
			`Can't record to ${mine}.new: another file is to be written there.`,
			'--log',
			`${mine}.new`,
			'--record',
			`${mine}.new`,
		],
	]) {
		const args = ['connect', '--raw', '--json', port, ...flags];
		const chat = startBin(t, args);
		const exit = await chat.waitForExit();
		assert.deepEqual(exit, {...failed, code: 2}, chat.seen());
		assert.ok(chat.seen().includes(sentence!), chat.seen());
		const made = flags.filter(path => path !== mine && existsSync(path));
		assert.deepEqual(made, []);
	}

	const nowhere = ['--log', '/dev/null', '--record', '/dev/null'];
	const chat = startBin(t, ['connect', '-r', '--json', port, ...nowhere]);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
});

test('e2e: a run that opened nothing leaves no file', async t => {
	const taken = await startEcho(t);
	const free = await findPort();
	for (const [code, ...args] of [
		['1', 'connect', '--raw', free, '--record'],
		['1', 'connect', '--raw', free, '--json', '--record'],
		['1', 'serve', '--raw', taken, '--record'],
		['1', 'serve', '--raw', taken, '--once', '--record'],
		['1', 'serve', '--raw', taken, '--json', '--record'],
		['1', 'serve', '--raw', taken, '--json', '--log'],
		['1', 'serve', '--raw', taken, '--json', '--pcapng'],
		['2', 'serve', '--raw', free, '--tls', ...noFiles, '--json', '--log'],
		['2', 'serve', '--raw', free, '--tls', ...noFiles, '--record'],
		['1', 'proxy', taken, free, '--record'],
	]) {
		const file = newFile();
		const chat = startBin(t, [...args, file]);
		chat.end();
		const exit = await chat.waitForExit();
		assert.deepEqual(exit, {...failed, code: Number(code)}, chat.seen());
		assert.ok(!existsSync(file), chat.seen());
	}
});

test('e2e: a server that nobody came to has a recording with its head', async t => {
	for (const more of [[], ['--once'], ['--json']]) {
		const file = newFile();
		const args = ['serve', '--raw', '--port', '0', ...more, '--record', file];
		const server = startBin(t, args);
		await until(
			() => (server.stderr() + server.stdout()).includes('listening'),
			{
				what: 'a port',
				seen: server.seen,
			},
		);
		server.signal('SIGTERM');
		await server.waitForExit();
		assert.equal(linesOf(file)[0]!['type'], 'recording', server.seen());
	}
});

test('e2e: where no file can be made, that is said before anything is opened', async t => {
	const file = newFile();
	writeFileSync(file, 'mine');
	for (const wrong of [join(file, 'below'), `${newFile()}/`, folder]) {
		for (const flag of ['--record', '--log', '--pcapng']) {
			const port = await findPort();
			const args = ['serve', '--raw', port, '--json', flag, wrong];
			const server = startBin(t, args);
			const exit = await server.waitForExit();
			assert.deepEqual(exit, {...failed, code: 2}, server.seen());
			assert.doesNotMatch(server.seen(), /listening/);
		}
	}
});

test('e2e: 50 MB are recorded as they are, and arrive as they are', async t => {
	const size = 50_000_000;
	const file = newFile();
	const {address} = await listenBare(t, (socket: Socket) => {
		socket.end(Buffer.alloc(size, 'ab'));
	});
	const chat = startBin(t, [
		'connect',
		'--raw',
		String(portOf(address)),
		'--record',
		file,
	]);
	chat.end();
	assert.deepEqual(await chat.waitForExit({deadlineMs: 60_000}), done);
	assert.equal(chat.stdout(), 'ab'.repeat(size / 2));
	const bytes = linesOf(file).map(line => Number(line['bytes'] ?? 0));
	assert.equal(
		bytes.reduce((sum, each) => sum + each),
		size,
	);
});

test('e2e: a replay to the same server finds no difference', async t => {
	const port = await startEcho(t);
	const file = newFile();
	await record(t, port, file);
	for (const more of [[], ['--fast'], [port, '--connect']]) {
		const again = startBin(t, ['replay', file, ...more]);
		assert.deepEqual(await again.waitForExit(), done, again.seen());
		assert.equal(
			again.stdout(),
			'No difference: 8 bytes sent, 18 bytes received as recorded, 1 connection.\n',
		);
	}
});

test('e2e: a replay to a changed server says where it differs; the code is 1', async t => {
	const file = newFile();
	await record(t, await startEcho(t), file);
	const changed = await startEcho(t, 'changed');
	const again = startBin(t, ['replay', file, changed, '--fast']);
	assert.deepEqual(await again.waitForExit(), failed, again.seen());
	assert.equal(
		again.stdout(),
		`The answer differs after 5 bytes on connection 1:
  recorded  49 4e 47 0d 0a                                   ING..
  now       4f 4e 47 0d 0a                                   ONG..
`,
	);
});

test('e2e: a replay answers nc as the recorded server did', async t => {
	const file = newFile();
	await record(t, await startEcho(t), file);
	const server = startBin(t, ['replay', file, '0', '--serve', '--fast']);
	const port = await server.waitForOutput(/127\.0\.0\.1:(\d+)/, {
		stream: 'stderr',
	});
	const client = startProcess(t, 'nc', ['-N', '127.0.0.1', port]);
	client.write('PING\n');
	await client.waitForOutput('$4\r\nPING\r\n');
	client.write('é\n');
	client.end();
	assert.deepEqual(await client.waitForExit(), done, client.seen());
	assert.equal(client.stdout(), '$4\r\nPING\r\n$2\r\né\r\n');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.match(server.stdout(), /^No difference: 18 bytes sent, 8 bytes/);
});

test('e2e: a recording that was cut off is played to its last whole line', async t => {
	const port = await startEcho(t);
	const file = newFile();
	await record(t, port, file);
	const lines = readFileSync(file, 'utf8').split('\n');
	writeFileSync(
		file,
		`${lines.slice(0, 4).join('\n')}\n${lines[4]!.slice(0, 20)}`,
	);
	const again = startBin(t, ['replay', file]);
	assert.deepEqual(await again.waitForExit(), done, again.seen());
	assert.equal(
		again.stderr(),
		'The recording ends amid a line: it is played up to line 4.\n',
	);
	assert.match(again.stdout(), /^No difference: 5 bytes sent, 10 bytes/);
});

test('e2e: what is no recording is refused with its line and what was expected, and nothing is opened', async t => {
	const file = newFile();
	let connections = 0;
	const {address} = await listenBare(t, () => {
		connections++;
	});
	const head = `{"type":"recording","v":1,"side":"connect","address":"127.0.0.1:${portOf(address)}","at":1}\n{"type":"state","phase":"open","at":1}\n`;
	const cases = [
		['hello\n', 1, /^the head of a recording/],
		[`${head}nonsense\n`, 3, /^a JSON object with a "type"/],
		[
			`${head}{"type":"chunk","at":1,"direction":"in","bytes":2,"base64":"YQ=="}\n`,
			3,
			/^"bytes" to be 1/,
		],
	] as const;
	for (const [text, number, expected] of cases) {
		writeFileSync(file, text);
		const again = startBin(t, ['replay', file]);
		assert.deepEqual(await again.waitForExit(), {...done, code: 2});
		const start = `${file}, line ${number}: expected `;
		assert.ok(again.stderr().startsWith(start), again.seen());
		assert.match(again.stderr().slice(start.length), expected);
	}

	assert.equal(connections, 0);
});

test('e2e: a replay keeps the pauses of then; a signal or --timeout ends them', async t => {
	let said = '';
	const {address} = await listenBare(t, socket => {
		socket.on('data', chunk => {
			said += String(chunk);
		});
		socket.on('end', () => {
			socket.end();
		});
	});
	const place = `127.0.0.1:${portOf(address)}`;
	const at = 1_790_000_000_000;
	const hourMs = 3_600_000;
	const file = newFile();
	const sent = (text: string, later: number) => ({
		type: 'chunk',
		direction: 'out',
		at: at + later,
		bytes: text.length,
		base64: Buffer.from(text).toString('base64'),
		text,
	});
	const lines = [
		{type: 'recording', v: 1, side: 'connect', address: place, at},
		{type: 'state', phase: 'open', at, local: '127.0.0.1:1', remote: place},
		sent('now', 0),
		sent(' later', hourMs),
	];
	writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
	for (const [end, code] of [
		['SIGTERM', 143],
		['SIGINT', 130],
		[undefined, 3],
	] as const) {
		said = '';
		const more = end === undefined ? ['--timeout', '3'] : [];
		const replay = startBin(t, ['replay', file, ...more]);
		await until(() => said === 'now', {what: 'the first chunk'});
		if (end) {
			replay.signal(end);
		}

		assert.deepEqual(
			await replay.waitForExit(),
			{code, signal: undefined},
			replay.seen(),
		);
		assert.equal(said, 'now');
	}

	said = '';
	const fast = startBin(t, ['replay', file, '--fast']);
	assert.deepEqual(await fast.waitForExit(), done, fast.seen());
	assert.equal(said, 'now later');
});

test('e2e: a replay that is stopped says what it waited for', async t => {
	const file = newFile();
	await record(t, await startEcho(t), file);
	let onSaid = () => {};
	const {address} = await listenBare(t, socket => {
		socket.on('data', () => {
			onSaid();
		});
	});
	const port = String(portOf(address));
	const waited =
		'Connection 1 had 0 bytes as recorded, and waited for 24 34 0d 0a 50 49 4e 47 0d 0a.';
	const late = startBin(t, ['replay', file, port, '--timeout', '1']);
	assert.deepEqual(await late.waitForExit(), {...done, code: 3}, late.seen());
	assert.equal(
		late.stderr(),
		`Not all of the recording was played within 1 s. ${waited} A longer --timeout may help.\n`,
	);

	for (const more of [[], ['--json']]) {
		const said = new Promise<void>(resolve => {
			onSaid = resolve;
		});
		const replay = startBin(t, ['replay', file, port, '--fast', ...more]);
		await said;
		replay.signal('SIGINT');
		const exit = await replay.waitForExit();
		assert.deepEqual(exit, {...done, code: 130}, replay.seen());
		const sentence = `Not all of the recording was played. ${waited}`;
		if (more.length > 0) {
			assert.equal(objectIn(replay.stdout())['text'], sentence);
		} else {
			assert.equal(replay.stderr(), `${sentence}\n`);
		}
	}

	const server = startBin(t, ['replay', file, '0', '--serve']);
	await server.waitForOutput(/127\.0\.0\.1:(\d+)/, {stream: 'stderr'});
	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), {...done, code: 143});
	assert.match(
		server.stderr(),
		/Not all of the recording was played\. Connection 1 was waited for\.\n$/,
	);
});

test('e2e: a replay prints one object with --json, and with --quiet only a difference', async t => {
	const port = await startEcho(t);
	const file = newFile();
	await record(t, port, file);
	const changed = await startEcho(t, 'changed');
	const same = startBin(t, ['replay', file, '--fast', '--json']);
	assert.deepEqual(await same.waitForExit(), done, same.seen());
	assert.deepEqual(JSON.parse(same.stdout()), {
		type: 'replayed',
		connections: 1,
		bytesSent: 8,
		bytesSame: 18,
	});
	const other = startBin(t, ['replay', file, changed, '--fast', '--json']);
	assert.deepEqual(await other.waitForExit(), failed, other.seen());
	assert.deepEqual(objectIn(other.stdout())['difference'], {
		connection: 1,
		equalBytes: 5,
		recorded: {bytes: 5, hex: '494e470d0a'},
		now: {bytes: 5, hex: '4f4e470d0a'},
	});
	const quiet = startBin(t, ['replay', file, '--fast', '--quiet']);
	assert.deepEqual(await quiet.waitForExit(), done, quiet.seen());
	assert.equal(quiet.stdout() + quiet.stderr(), '');
	const differs = startBin(t, ['replay', file, changed, '--fast', '-q']);
	assert.deepEqual(await differs.waitForExit(), failed, differs.seen());
	assert.match(differs.stdout(), /^The answer differs after 5 bytes/);
	const wrong = startBin(t, ['replay', folder, '--json']);
	assert.deepEqual(await wrong.waitForExit(), {...done, code: 2});
	assert.equal(objectIn(wrong.stdout())['code'], 'ERR_RECORDING');
});

test('e2e: a replay has a table in the config file; a port set for rooms is none of its', async t => {
	const port = await startEcho(t);
	const file = newFile();
	await record(t, port, file);
	const config = join(folder, 'config');
	mkdirSync(join(config, 'sockchat'), {recursive: true});
	writeFileSync(
		join(config, 'sockchat', 'config.toml'),
		'port = 9\n[replay]\nfast = true\njson = true\n',
	);
	const env = {XDG_CONFIG_HOME: config, SOCKCHAT_PORT: '9'};
	const again = startBin(t, ['replay', file], {env});
	assert.deepEqual(await again.waitForExit(), done, again.seen());
	assert.equal(objectIn(again.stdout())['bytesSame'], 18);
});

test('e2e: a recording is written for Wireshark, and nothing is opened', async t => {
	const file = newFile();
	await record(t, await startEcho(t), file);
	const out = join(folder, 'out.pcapng');
	const written = startBin(t, ['replay', file, '--pcapng', out]);
	assert.deepEqual(await written.waitForExit(), done, written.seen());
	assert.match(
		written.stdout(),
		/^Wrote \d exported PDUs, as nothing was captured: /,
	);
	assert.equal(readFileSync(out).readUInt32LE(), 0x0a_0d_0d_0a);
	assert.equal(statSync(out).mode % 0o1000, 0o600);
	for (const [more, sentence] of [
		[[out, '--fast'], /leave out --fast\.\n$/],
		[[out, '9'], /leave out ADDRESS\.\n$/],
		[[file], /is the recording itself; name another file\.\n$/],
		[[out], /: the file is there already, and not empty\.\n$/],
		[[join(folder, 'none', 'x')], /there is no such folder \(ENOENT\)\.\n$/],
	] as const) {
		const wrong = startBin(t, ['replay', file, '--pcapng', ...more]);
		assert.deepEqual(await wrong.waitForExit(), {...done, code: 2});
		assert.match(wrong.stderr(), sentence);
	}

	const full = startBin(t, ['replay', file, '--pcapng', '/dev/full']);
	assert.deepEqual(await full.waitForExit(), failed, full.seen());
	assert.match(full.stderr(), /no space is left on the device \(ENOSPC\)/);
});

test('e2e: a replay compares a reset with an end, and an end with a reset, whoever recorded', async t => {
	let isReset = true;
	const end = (socket: Socket) => {
		if (isReset) {
			socket.resetAndDestroy();
		} else {
			socket.end('');
		}
	};

	/** Ends, once it was spoken to. */
	const {address} = await listenBare(t, socket => {
		socket.once('data', () => {
			end(socket);
		});
	});
	const target = String(portOf(address));
	/** The same as a client. */
	const dialTo = (port: string) => {
		const socket = connect({port: Number(port), allowHalfOpen: true});
		t.after(() => socket.destroy());
		socket.on('error', () => undefined).write('PING');
		socket.once('data', () => {
			end(socket);
		});
		socket.on('end', () => {
			socket.end();
		});
	};

	const listening = /127\.0\.0\.1:(\d+)/;
	for (const side of ['connect', 'serve', 'proxy']) {
		for (const recorded of ['a reset (ECONNRESET)', 'the end (FIN)']) {
			const file = newFile();
			isReset = recorded.startsWith('a reset');
			if (side === 'connect') {
				const flags = ['-r', target, '--no-shutdown', '--record', file];
				const chat = startBin(t, ['connect', ...flags, '-m', 'PING']);
				assert.equal((await chat.waitForExit()).code, isReset ? 1 : 0);
			} else {
				const flags =
					side === 'serve' ? ['-r', '0', '--echo'] : ['0', target, '--plain'];
				const server = startBin(t, [
					side,
					...flags,
					'--once',
					'--record',
					file,
				]);
				const port = await server.waitForOutput(listening, {
					stream: side === 'serve' ? 'stderr' : 'stdout',
				});
				dialTo(port);
				await server.waitForExit();
			}

			for (const now of ['a reset (ECONNRESET)', 'the end (FIN)']) {
				isReset = now.startsWith('a reset');
				const where =
					side === 'serve' ? ['--serve', '0'] : ['--connect', target];
				const again = startBin(t, ['replay', file, ...where, '--fast']);
				if (side === 'serve') {
					dialTo(await again.waitForOutput(listening, {stream: 'stderr'}));
				}

				const what = `${side}: ${recorded}, ${now}`;
				assert.deepEqual(
					await again.waitForExit(),
					now === recorded ? done : failed,
					`${what}\n${again.seen()}\n${readFileSync(file, 'utf8')}`,
				);
				assert.match(
					again.stdout(),
					now === recorded ? /^No difference/ : /^The answer differs after/,
				);
				assert.equal(
					again.stdout().includes(`recorded  ${recorded}\n  now       ${now}`),
					now !== recorded,
					what,
				);
			}
		}
	}
});
