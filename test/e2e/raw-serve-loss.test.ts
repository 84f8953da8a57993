/** What peers of `serve --raw` lose is said, and its exit code says so. */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {connect as connectTls} from 'node:tls';
import {WebSocket} from 'ws';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-serve-'));
after(() => {
	rmSync(folder, {recursive: true});
});

// More than the kernel takes of it for a peer that doesn't read.
const file = join(folder, 'file');
const fileBytes = 20_000_000;
writeFileSync(file, 'x'.repeat(fileBytes));

type Serving = ReturnType<typeof startBin>;

const listeningOf = async (serving: Serving): Promise<string> => {
	const port = await until(
		() =>
			/listening on \S+:(\d+)\n|"host":"127\.0\.0\.1","port":(\d+)/.exec(
				serving.stdout() + serving.stderr(),
			) ?? undefined,
		{what: 'a port', seen: () => serving.seen()},
	);
	return port[1] ?? port[2]!;
};

const serve = async (t: TestContext, ...flags: readonly string[]) => {
	const serving = startBin(t, ['serve', '--raw', '--port', '0', ...flags]);
	return {serving, port: await listeningOf(serving)};
};

/** The same with a file as stdin. */
const serveFile = async (
	t: TestContext,
	path: string,
	...flags: readonly string[]
) => {
	const {command, args} = bin('serve', '--raw', '--port', '0', ...flags);
	const serving = startProcess(t, 'bash', [
		'-c',
		`exec ${toShellLine(command, args)} < ${path}`,
	]);
	return {serving, port: await listeningOf(serving)};
};

/** A peer that doesn't read. */
const meet = async (t: TestContext, port: string): Promise<Socket> => {
	const socket = connect({host: '127.0.0.1', port: Number(port)});
	t.after(() => {
		socket.destroy();
	});
	socket.on('error', () => undefined);
	await once(socket, 'connect');
	return socket;
};

/** @returns What it is sent until FIN. */
const readAll = async (socket: Socket): Promise<string> => {
	let all = '';
	socket.setEncoding('latin1').on('data', (text: string) => {
		all += text;
	});
	socket.end();
	await once(socket, 'close');
	return all;
};

/** It says something, is answered if stdin has something, and resets. */
const resetAfter = async (socket: Socket, isAnswered: boolean) => {
	socket.write('hello');
	if (isAnswered) {
		await once(socket, 'readable');
	}

	await until(() => socket.bytesWritten === 5, {what: 'hello'});
	socket.resetAndDestroy();
};

const reset =
	/ECONNRESET: the connection from 127\.0\.0\.1:\d+ was reset by the other side \(RST\)\./;

for (const flags of [[], ['--json'], ['--once'], ['--once', '--json']]) {
	const how = flags.join(' ');
	test(`e2e: a reset of a peer of serve --raw ${how} is said, and code 1`, async t => {
		const {serving, port} = await serve(t, ...flags);
		const socket = await meet(t, port);
		socket.write('hello');
		await serving.waitForOutput(/hello|aGVsbG8=/);
		socket.resetAndDestroy();
		const stream = flags.includes('--json') ? 'stdout' : 'stderr';
		await serving.waitForOutput(reset, {stream});
		if (!flags.includes('--once')) {
			// It goes on for others.
			const next = await meet(t, port);
			next.end('next');
			await serving.waitForOutput(/next|bmV4dA==/);
			serving.signal('SIGTERM');
		}

		assert.deepEqual(await serving.waitForExit(), failed, serving.seen());
	});

	test(`e2e: what a peer of serve --raw ${how} did not get of stdin is said`, async t => {
		const {serving, port} = await serveFile(t, file, ...flags);
		await resetAfter(await meet(t, port), true);
		if (!flags.includes('--once')) {
			await serving.waitForOutput(/\(reset|"reason":"reset"/, {
				stream: flags.includes('--json') ? 'stdout' : 'stderr',
			});
			// Half of a file is for nobody else.
			assert.equal(await readAll(await meet(t, port)), '');
			serving.signal('SIGTERM');
		}

		assert.deepEqual(await serving.waitForExit(), failed, serving.seen());
		const said = serving.stdout() + serving.stderr();
		assert.match(said, reset);
		const [, read, taken] =
			/The connection ended before stdin did: (\d+) bytes were read, and the kernel took (\d+) of them\./.exec(
				said,
			) ?? [];
		assert.ok(Number(read) < fileBytes, said);
		assert.ok(Number(taken) <= Number(read), said);
	});
}

for (const flags of [[], ['--json']]) {
	const stream = flags.length === 0 ? 'stderr' : 'stdout';
	test(`e2e: what was under way to a peer that reset is not silently the next one's ${flags.join('')}`, async t => {
		const {serving, port} = await serve(t, ...flags);
		const first = await meet(t, port);
		await serving.waitForOutput(/ made\n|"accepted"/, {stream});
		serving.write('first');
		await once(first, 'readable');
		first.resetAndDestroy();
		await serving.waitForOutput(
			/Of stdin, 5 bytes were read for 127\.0\.0\.1:\d+, the kernel took 5 of them, and how many arrived is unknown\. Nobody else gets them; the next peer gets what follows\./,
			{stream},
		);
		const second = await meet(t, port);
		await serving.waitForOutput(
			/(?: made\n|"accepted")[\s\S]*(?: made\n|"accepted")/,
			{stream},
		);
		serving.write('second');
		serving.end();
		assert.equal(await readAll(second), 'second');
		serving.signal('SIGTERM');
		assert.deepEqual(await serving.waitForExit(), failed, serving.seen());
	});
}

test('e2e: serve --raw --quiet says a broken connection, too', async t => {
	const path = join(folder, 'quiet.sock');
	const serving = startBin(t, ['serve', '--raw', '--quiet', path]);
	serving.write('first');
	const socket = await until(
		async () => {
			const tried = connect({path});
			return once(tried, 'connect')
				.then(() => tried)
				.catch(() => undefined);
		},
		{what: 'a connection', seen: () => serving.seen()},
	);
	await once(socket, 'readable');
	socket.destroy();
	await once(socket, 'close');
	serving.write('nobody reads it');
	await serving.waitForOutput(/unix:1/, {stream: 'stderr'});
	serving.signal('SIGTERM');
	assert.deepEqual(await serving.waitForExit(), failed, serving.seen());
	assert.match(
		serving.stderr(),
		/^EPIPE: the connection from unix:1 was closed by the other side\.\n/,
	);
});

/** A WebSocket that says a word, and closes with a code, or without a frame. */
const speakWebSocket = async (port: string, code: number) => {
	const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
	await once(socket, 'open');
	socket.send('word');
	if (code === 1006) {
		// Nothing is left unread, so this is FIN.
		(socket as unknown as {_socket: Socket})._socket.end();
	} else {
		socket.close(code);
	}

	await once(socket, 'close');
};

/** TLS whose end is FIN alone. */
const speakTls = async (t: TestContext, port: string) => {
	const inner = await meet(t, port);
	const socket = connectTls({socket: inner, rejectUnauthorized: false});
	socket.on('error', () => undefined);
	await once(socket, 'secureConnect');
	await new Promise(resolve => {
		socket.write('word', resolve);
	});
	inner.end();
};

for (const few of [[], ['--once']]) {
	for (const json of [[], ['--json']]) {
		const how = [...few, ...json].join(' ');
		const stream = json.length === 0 ? 'stderr' : 'stdout';
		const finish = async (
			serving: Serving,
			{sentence, flaw}: {readonly sentence: RegExp; readonly flaw: string},
		) => {
			if (few.length > 0) {
				serving.end();
			}

			await serving.waitForOutput(sentence, {stream});
			if (few.length === 0) {
				serving.signal('SIGTERM');
			}

			assert.deepEqual(await serving.waitForExit(), failed, serving.seen());
			const said = serving.stdout() + serving.stderr();
			assert.doesNotMatch(said, /RST|"reason":"reset"/);
			assert.ok(
				said.includes(
					json.length === 0 ? ` ended (${flaw})\n` : `"flaw":"${flaw}"`,
				),
				said,
			);
		};

		test(`e2e: serve --raw --tls ${how} says that close_notify is missing`, async t => {
			const {serving, port} = await serve(t, '--tls', ...few, ...json);
			await speakTls(t, port);
			await finish(serving, {
				sentence: /The other side sent FIN without close_notify/,
				flaw: 'FIN without close_notify',
			});
		});

		for (const [code, sentence, flaw] of [
			[1006, /ended without a Close frame \(1006\)/, 'no Close frame: 1006'],
			[1011, /closed the WebSocket with 1011/, 'Close frame: 1011'],
		] as const) {
			test(`e2e: serve --raw --ws ${how} says that it was closed with ${code}`, async t => {
				const {serving, port} = await serve(t, '--ws', '/', ...few, ...json);
				await speakWebSocket(port, code);
				await finish(serving, {sentence, flaw});
			});
		}
	}
}

test('e2e: a signal amid what serve --raw sends by itself says what was not sent', async t => {
	for (const [flags, sentence] of [
		[['--send-file', file], /--send-file \S+ was not done by 127\.0\.0\.1:\d+/],
		[['--send-file', file, '--once'], /--send-file \S+ was not done/],
	] as const) {
		const {serving, port} = await serve(t, ...flags);
		const socket = await meet(t, port);
		await once(socket, 'readable');
		serving.signal('SIGTERM');
		assert.deepEqual(
			await serving.waitForExit(),
			{code: 143, signal: undefined},
			serving.seen(),
		);
		assert.match(serving.stderr(), sentence);
	}
});

for (const flags of [[], ['--json'], ['--once'], ['--once', '--json']]) {
	const how = flags.join(' ');
	test(`e2e: a signal amid the answers of serve --raw --echo ${how} says so`, async t => {
		const {serving, port} = await serve(t, '--echo', ...flags);
		const socket = await meet(t, port);
		socket.pause();
		socket.write('x'.repeat(fileBytes));
		// The kernel has taken what it takes, on both ways.
		let before = -1;
		await until(
			() => {
				const isStill = socket.bytesRead === before && before > 0;
				before = socket.bytesRead;
				return isStill;
			},
			{what: 'a first answer'},
		);
		serving.signal('SIGTERM');
		assert.deepEqual(
			await serving.waitForExit(),
			{code: 143, signal: undefined},
			serving.stderr(),
		);
		assert.match(
			flags.includes('--json') ? serving.stdout() : serving.stderr(),
			// The kernel may just have taken all that was read by then.
			/Not all answers to 127\.0\.0\.1:\d+ were sent: of \d+ bytes the kernel took \d+\.|connection from 127\.0\.0\.1:\d+ was closed before the other side had ended/,
		);
	});

	test(`e2e: with --half-open, too, serve --raw --echo ${how} ends after the last answer`, async t => {
		const {serving, port} = await serve(t, '--echo', '--half-open', ...flags);
		const socket = await meet(t, port);
		socket.write('word');
		assert.equal(await readAll(socket), 'word');
		if (!flags.includes('--once')) {
			serving.signal('SIGTERM');
		}

		assert.deepEqual(await serving.waitForExit(), done, serving.seen());
	});

	test(`e2e: a signal while a peer of serve --raw ${how} sends is said`, async t => {
		const {serving, port} = await serve(t, '--input', 'none', ...flags);
		const socket = connect({
			host: '127.0.0.1',
			port: Number(port),
			allowHalfOpen: true,
		});
		t.after(() => {
			socket.destroy();
		});
		socket.on('error', () => undefined);
		const sendOn = () => {
			if (socket.writable) {
				socket.write('and on', () => {
					setImmediate(sendOn);
				});
			}
		};

		sendOn();
		await serving.waitForOutput(/and on|YW5kIG9u/);
		serving.signal('SIGTERM');
		assert.deepEqual(
			await serving.waitForExit(),
			{code: 143, signal: undefined},
			serving.stderr(),
		);
		assert.match(
			flags.includes('--json') ? serving.stdout() : serving.stderr(),
			/The connection from 127\.0\.0\.1:\d+ was closed before the other side had ended: \d+ bytes of it were read/,
		);
	});
}

test('e2e: a peer of serve --raw that ends in good order is code 0', async t => {
	for (const flags of [[], ['--json']]) {
		const {serving, port} = await serveFile(t, file, ...flags);
		assert.equal((await readAll(await meet(t, port))).length, fileBytes);
		serving.signal('SIGTERM');
		assert.deepEqual(await serving.waitForExit(), done, serving.stderr());
	}
});

test('e2e: a signal to serve --raw --json while nobody reads stdout says what of stdin waits', async t => {
	const {command, args} = bin('serve', '--raw', '--json', '--port', '0');
	const child = spawn(command, args);
	t.after(() => {
		child.kill('SIGKILL');
	});
	let lines = '';
	const onLines = (text: string) => {
		lines += text;
	};

	child.stdout.setEncoding('utf8').on('data', onLines);
	await until(() => /"port":\d+/.test(lines), {what: 'a port'});
	const socket = await meet(t, /"port":(\d+)/.exec(lines)![1]!);
	socket.resume();
	await until(() => lines.includes('"accepted"'), {what: 'the peer'});
	child.stdout.pause();
	child.stdin.on('error', () => undefined);
	child.stdin.write('x'.repeat(fileBytes));
	// Nobody reads, so it stops, wherever that is.
	const stat = `/proc/${child.pid}/stat`;
	let before = -1;
	await until(
		() => {
			const isStill = socket.bytesRead === before && before > 0;
			before = socket.bytesRead;
			return isStill && readFileSync(stat, 'utf8').includes(') S ');
		},
		{what: 'that it waits'},
	);
	child.kill('SIGTERM');
	child.stdout.resume();
	const [code] = (await once(child, 'close')) as [number];
	assert.equal(code, 143, lines.slice(-1000));
	assert.match(lines, /Not all of stdin was sent|Stdin had not ended/);
});

test('raw: a server of one peer whose stdin is open says at a signal that it had not ended', async t => {
	const {serving, port} = await serve(t, '--once');
	const socket = connect(Number(port), '127.0.0.1');
	t.after(() => {
		socket.destroy();
	});
	socket.resume();
	serving.write('x'.repeat(100));
	await until(() => socket.bytesRead === 100, {what: 'all of it'});
	serving.signal('SIGTERM');
	socket.end();
	assert.deepEqual(await serving.waitForExit(), {
		code: 143,
		signal: undefined,
	});
	assert.match(
		serving.stderr(),
		/^Stdin had not ended: the kernel took all that was read, 100 bytes, and what follows was not sent\.$/m,
	);
});
