/** Chat scripts: what is sent and waited for before stdin is read. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {Buffer} from 'node:buffer';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {randomBytes} from 'node:crypto';
import {createServer} from 'node:http';
import {
	connect,
	createServer as createTcpServer,
	type AddressInfo,
	type Server,
	type Socket,
} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import test, {after, type TestContext} from 'node:test';
import {promisify} from 'node:util';
import {requireExecutable} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const connectionsOf = async (server: Server): Promise<number> =>
	promisify<number>(server.getConnections.bind(server))();
const folder = mkdtempSync(join(tmpdir(), 'sockchat-script-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const listen = async (
	t: TestContext,
	converse: (socket: Socket) => void = () => undefined,
) => {
	const {address} = await listenBare(t, converse);
	return String(portOf(address));
};

const python = (t: TestContext, lines: readonly string[]) =>
	startProcess(t, requireExecutable('python3', 'python3'), [
		'-c',
		lines.join('\n'),
	]);

test('e2e: a chat script runs in the order given, then stdin is sent', async t => {
	// Speaks SMTP as far as the script does, and drops who speaks too early.
	const server = python(t, [
		'import socket',
		"listening = socket.create_server(('127.0.0.1', 0))",
		'print(listening.getsockname()[1], flush=True)',
		'peer, _ = listening.accept()',
		'peer.settimeout(0.2)',
		'try:',
		"    print('early', peer.recv(100), flush=True)",
		'except TimeoutError:',
		'    peer.settimeout(None)',
		"peer.sendall(b'220 ready\\r\\n')",
		"lines = peer.makefile('rb')",
		'print(lines.readline(), flush=True)',
		"for piece in (b'250-a', b'\\r\\n25', b'0 ok\\r\\n'):",
		'    peer.sendall(piece)',
		'print(lines.read(), flush=True)',
		"peer.sendall(b'221 bye\\r\\n')",
	]);
	const port = await server.waitForOutput(/^(\d+)\n/);
	const file = join(folder, 'part');
	writeFileSync(file, Buffer.from([0, 0xff, 0x0a]));
	const chat = startBin(t, [
		'connect',
		'--raw',
		port,
		'--expect',
		'^220 .*\r\n',
		'--send',
		String.raw`EHLO \x6de\r\n`,
		'--expect',
		'^250 ok|\n250 ok',
		'--send-hex',
		'00 ff',
		'--send-file',
		file,
		'--send',
		'last',
	]);
	chat.write('stdin');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.equal(
		server.stdout(),
		`${port}\nb'EHLO me\\r\\n'\nb'\\x00\\xff\\x00\\xff\\nlaststdin'\n`,
	);
	assert.equal(chat.stdout(), '220 ready\r\n250-a\r\n250 ok\r\n221 bye\r\n');
	assert.equal(chat.stderr(), '');
});

test('e2e: --send-file of a named pipe waits for its writer, and no longer than asked', async t => {
	const server = createTcpServer(socket => {
		socket.pipe(socket);
	});
	server.listen(0, '127.0.0.1');
	t.after(() => {
		server.close();
	});
	await until(() => server.listening, {what: 'the server'});
	const {port} = server.address() as AddressInfo;
	const pipe = join(folder, 'pipe');
	execFileSync('mkfifo', [pipe]);
	const args = ['connect', '--raw', String(port), '--send-file', pipe];
	const late = startBin(t, [...args, '--timeout', '0.5', '--expect', 'x']);
	assert.equal((await late.waitForExit()).code, 3, late.seen());
	const left = startBin(t, args);
	await until(async () => (await connectionsOf(server)) === 1, {what: 'it'});
	process.kill(left.pid!, 'SIGTERM');
	assert.equal((await left.waitForExit()).code, 143, left.seen());

	const chat = startBin(t, args);
	chat.end();
	const writer = startProcess(t, 'sh', [
		'-c',
		`yes | head -c 300000 > ${toShellLine(pipe)}`,
	]);
	assert.deepEqual(await writer.waitForExit(), done);
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'y\n'.repeat(150_000));
});

test('e2e: --eol ends each --send', async t => {
	const server = createServer((request, response) => {
		response.end(`${request.method} ${request.url}`);
	});
	server.listen(0, '127.0.0.1');
	t.after(() => {
		server.closeAllConnections();
		server.close();
	});
	await until(() => server.listening, {what: 'the server'});
	const {port} = server.address() as AddressInfo;
	const chat = startBin(t, [
		'connect',
		'--raw',
		'--eol',
		'crlf',
		String(port),
		'--send',
		'GET /a HTTP/1.1',
		'--send',
		'Host: here',
		'--send',
		'Connection: close',
		'--send',
		'',
		'--expect',
		'200 OK',
		'--expect',
		'GET /a$',
	]);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.match(chat.stdout(), /^HTTP\/1\.1 200 OK\r\n/);
});

for (const [name, command, ready] of [
	['nc', 'nc.openbsd -v -N -l 127.0.0.1', /listening on/i],
	['socat', 'socat -d -d EXEC:cat TCP-LISTEN:', /listening on/i],
] as const) {
	test(`e2e: a chat script speaks with ${name}`, async t => {
		const port = await findPort();
		const isNc = name === 'nc';
		const line = isNc
			? `printf 'hello\\n' | ${command} ${port}`
			: `${command}${port},bind=127.0.0.1,reuseaddr`;
		const peer = startProcess(t, 'sh', ['-c', line]);
		await peer.waitForOutput(ready, {stream: 'stderr'});
		const chat = startBin(t, [
			'connect',
			'--raw',
			port,
			...(isNc
				? ['--expect', '^hello\n', '--send', String.raw`answer\n`]
				: ['--send', String.raw`hello\n`, '--expect', '^hello\n']),
		]);
		chat.end();
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		await peer.waitForExit();
		assert.equal(chat.stdout(), 'hello\n');
		assert.equal(peer.stdout(), isNc ? 'answer\n' : '');
	});
}

test('e2e: an --expect that is not met is exit code 1, and stdin is not sent', async t => {
	let received = '';
	const port = await listen(t, socket => {
		socket.on('data', data => {
			received += data.toString();
		});
		socket.end('554 no\r\n');
	});
	const chat = startBin(t, ['connect', '--raw', '--expect', '^220', port]);
	chat.write('secret');
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.equal(chat.stdout(), '554 no\r\n');
	assert.match(
		chat.stderr(),
		/^--expect "\^220" was not met; the last that was said: "554 no.*"\.\n$/,
	);
	assert.equal(received, '');
});

test('e2e: an --expect that is not met in time is exit code 3', async t => {
	const port = await listen(t);
	const chat = startBin(t, [
		'connect',
		'--raw',
		'--timeout',
		'0.3',
		'--expect',
		'x',
		port,
	]);
	assert.deepEqual(
		await chat.waitForExit(),
		{code: 3, signal: undefined},
		chat.seen(),
	);
	assert.match(chat.stderr(), /^--expect "x" was not met within 0\.3 s\./);
});

test('e2e: an --expect with ^ that met the rest of a line says what ^ is', async t => {
	const port = await listen(t, socket => {
		socket.write('220 mail ready\r\n');
		socket.once('data', () => {
			socket.write('250 mail\r\n');
		});
		socket.on('end', () => {
			socket.end();
		});
	});
	const answerTo = async (expected: string) => {
		const chat = startBin(t, [
			'connect',
			'--raw',
			'--timeout',
			'1',
			'--expect',
			'^220 ',
			'--send',
			String.raw`EHLO me\r\n`,
			'--expect',
			expected,
			port,
		]);
		chat.end();
		const {code} = await chat.waitForExit();
		return {code, said: chat.stderr()};
	};

	assert.deepEqual(await answerTo('^250 '), {
		code: 3,
		said: String.raw`--expect "^250 " was not met within 1 s. ^ is only the start of what came since the last match; (?:^|\n) is that of each line.
`,
	});
	assert.deepEqual(await answerTo(String.raw`(?:^|\n)250 `), {
		code: 0,
		said: '',
	});

	const ending = await listen(t, socket => {
		socket.end('220 mail\r\n421 busy\r\n');
	});
	const chat = startBin(t, [
		'connect',
		'--raw',
		'--expect',
		'^220 ',
		'--expect',
		'^421',
		ending,
	]);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.match(
		chat.stderr(),
		/the last that was said: "mail␍⏎421 busy␍⏎"\. \^ is only the start of what came since the last match/,
	);
});

test('e2e: an --expect that took . or \\n for CR LF says how lines end', async t => {
	const ending = await listen(t, socket => {
		socket.end('220 mail\r\n');
	});
	const open = await listen(t, socket => {
		socket.write('220 mail\r\n');
	});
	const expect = ['--expect', String.raw`^220 .*\n`];
	const advice = String.raw`The lines end with CR LF: \r?\n is the end of each.
`;
	for (const [args, code] of [
		[[ending], 1],
		[[open, '--timeout', '1'], 3],
	] as const) {
		const chat = startBin(t, ['connect', '--raw', ...args, ...expect]);
		chat.end();

		assert.equal((await chat.waitForExit()).code, code, chat.seen());
		assert.ok(chat.stderr().endsWith(advice), chat.seen());
	}
});

test('e2e: a signal while an --expect is not met is 128 + its number', async t => {
	let isThere = false;
	const port = await listen(t, () => {
		isThere = true;
	});
	const chat = startBin(t, ['connect', '--raw', '--expect', 'x', port]);
	await until(() => isThere, {what: 'the connection'});
	chat.signal('SIGTERM');
	assert.deepEqual(
		await chat.waitForExit(),
		{code: 143, signal: undefined},
		chat.seen(),
	);
	assert.match(chat.stderr(), /^--expect "x" was not met;/);
});

test('e2e: an --expect that backtracks without end is stopped, and said', async t => {
	const port = await listen(t, socket => {
		socket.write(`${'a'.repeat(60)}!`);
	});
	const chat = startBin(t, ['connect', '--raw', '--expect', '^(a+)+$', port]);
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.match(chat.stderr(), /took more than a second on 61 characters/);
});

test('e2e: a chat script that is wrong opens nothing', async t => {
	let count = 0;
	const port = await listen(t, () => {
		count++;
	});
	const socketFile = join(folder, 'socket');
	await listenBare(t, () => undefined, socketFile);
	for (const [args, sentence] of [
		[['--expect', '('], /^--expect needs a regular expression; got "\(": /],
		[['--send', String.raw`a\q`], /^--send knows .*; got "\\q" in "a\\q"\.\n$/],
		[['--send-hex', '0d0'], /^--send-hex needs pairs .*; got "0d0"\.\n$/],
		[
			['--send-file', join(folder, 'none')],
			/^--send-file can't read \S+none: there is no such file \(ENOENT\)\.\n$/,
		],
		[
			['--send-file', folder],
			/^--send-file can't read .*: it is a folder\.\n$/,
		],
		[
			['--send-file', socketFile],
			/^--send-file can't read \S+socket: it is a socket\.\n$/,
		],
		[['--send', 'a', '--json'], /--send copies bytes, and --json prints/],
	] as const) {
		const chat = startBin(t, ['connect', '--raw', port, ...args]);

		assert.deepEqual(await chat.waitForExit(), {code: 2, signal: undefined});
		assert.match(chat.stderr() + chat.stdout(), sentence);
	}

	const room = startBin(t, ['connect', '--send', 'a', port]);
	assert.deepEqual(await room.waitForExit(), {code: 2, signal: undefined});
	assert.equal(room.stderr(), '--send needs --raw.\n');
	assert.equal(count, 0);
});

for (const once of [[], ['--once']]) {
	test(`e2e: serve --raw ${once.join('')} runs the script with each peer`, async t => {
		const server = startBin(t, [
			'serve',
			'--raw',
			'0',
			...once,
			'--send',
			String.raw`login: `,
			'--expect',
			'\n',
			'--send',
			'welcome ',
		]);
		server.write('stdin');
		server.end();
		const port = await server.waitForOutput(/listening on \S+:(\d+)\n/, {
			stream: 'stderr',
		});
		const talk = async () => {
			let heard = '';
			const peer = connect(Number(port), '127.0.0.1');
			peer.setEncoding('utf8').on('data', (text: string) => {
				heard += text;
			});
			await until(() => heard === 'login: ', {what: 'the first step'});
			peer.end('otter\n');
			await until(() => peer.readableEnded, {what: 'its end'});
			return heard;
		};

		assert.equal(await talk(), 'login: welcome stdin');
		if (once.length === 0) {
			assert.equal(await talk(), 'login: welcome ');
			server.signal('SIGTERM');
		}

		assert.deepEqual(await server.waitForExit(), done, server.seen());
		assert.match(server.stdout(), /^(?:otter\n){1,2}$/);
	});
}

test('e2e: serve --raw says which peer did not meet an --expect', async t => {
	const server = startBin(t, ['serve', '--raw', '0', '--expect', 'open']);
	const port = await server.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	const peer = connect(Number(port), '127.0.0.1');
	peer.end('shut');
	peer.resume();
	await server.waitForOutput(
		/--expect "open" was not met by 127\.0\.0\.1:\d+; the last that was said: "shut"\.\n/,
		{stream: 'stderr'},
	);
	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), failed, server.seen());
});

// A server for each example of docs/raw.md, at the port that it names.
const examples: Readonly<Record<string, (socket: Socket) => void>> = {
	'25'(socket) {
		socket.write('220 here\r\n');
		let said = '';
		socket.on('data', data => {
			said += data.toString();
			if (said === 'EHLO me\r\n') {
				socket.write('250 ok\r\n');
			} else if (said === 'EHLO me\r\nQUIT\r\n') {
				socket.end();
			}
		});
	},
	'6379'(socket) {
		socket.on('data', data => {
			assert.equal(data.toString(), 'PING\r\n');
			socket.end('+PONG\r\n');
		});
	},
};

const page = readFileSync(
	new URL('../../docs/raw.md', import.meta.url),
	'utf8',
);
const [, section = ''] = /## Chat scripts\n(.*?)\n## /s.exec(page) ?? [];
const lines = [...section.matchAll(/^\$ sockchat (.*)$/gm)].map(
	([, line]) => line!,
);

for (const [port, converse] of Object.entries(examples)) {
	test(`e2e: the example of docs/raw.md for port ${port} works`, async t => {
		const line = lines.find(each => each.startsWith(`connect --raw ${port} `));
		assert.notEqual(line, undefined, section);
		const real = await listen(t, converse);
		const {command, args} = bin();
		const chat = startProcess(t, 'sh', [
			'-c',
			`exec ${toShellLine(command, args)} ${line!.replace(port, real)}`,
		]);
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	});
}

test('e2e: the example of docs/raw.md for serve works', async t => {
	const line = lines.find(each => each.startsWith('serve --raw 9000 --once'));
	assert.notEqual(line, undefined, section);
	const {command, args} = bin();
	const server = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} ${line!.replace('9000', '0')}`,
	]);
	const port = await server.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	const peer = connect(Number(port), '127.0.0.1');
	peer.resume();
	peer.end('otter\n');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
	assert.equal(server.stdout(), 'otter\n');
});

test('e2e: a large file of a chat script arrives whole, and stdin after it', async t => {
	const file = join(folder, 'large');
	const bytes = randomBytes(20_000_000);
	writeFileSync(file, bytes);
	const received: Buffer[] = [];
	const port = await listen(t, socket => {
		socket.write('go');
		socket.on('data', data => {
			received.push(data);
		});
		socket.on('end', () => {
			socket.end(bytes);
		});
	});
	const answer = join(folder, 'answer');
	const {command, args} = bin(
		'connect',
		'--raw',
		'--expect',
		'go',
		'--send-file',
		file,
		port,
	);
	const chat = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} < ${file} > ${answer}`,
	]);
	assert.deepEqual(
		await chat.waitForExit({deadlineMs: 60_000}),
		done,
		chat.seen(),
	);
	assert.ok(Buffer.concat(received).equals(Buffer.concat([bytes, bytes])));
	assert.ok(
		readFileSync(answer).equals(Buffer.concat([Buffer.from('go'), bytes])),
	);
});
