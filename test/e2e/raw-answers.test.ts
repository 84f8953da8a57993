/** `serve --raw` that answers by itself: --reply, --echo and --broker. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createHash, randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {connect, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {WebSocket} from 'ws';
import {startBin} from '../helpers/process.js';
import {openScreen} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const deadlineMs = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'sockchat-answers-'));
after(() => {
	rmSync(folder, {recursive: true});
});
let count = 0;

type Kind = 'tcp' | 'unix';

/** A server whose stdin is open, and has something that nobody may get. */
const serve = async (
	t: TestContext,
	kind: Kind,
	...flags: readonly string[]
) => {
	const path = join(folder, `socket-${count++}`);
	const server = startBin(t, [
		'serve',
		'--raw',
		kind === 'tcp' ? '0' : path,
		...flags,
	]);
	server.write('stdin is not read');
	const isJson = flags.includes('--json');
	const port = await server.waitForOutput(
		isJson
			? /"phase":"listening".*?"(?:port":(\d+)|path":"([^"]+))/
			: /listening on (?:[\d.]+:(\d+)|(\S+))\n/,
		{stream: isJson ? 'stdout' : 'stderr'},
	);
	return {server, where: kind === 'tcp' ? {port: Number(port)} : {path}};
};

type Where = {readonly port: number} | {readonly path: string};

/** A peer that reads all it gets. */
const open = (t: TestContext, where: Where) => {
	const chunks: Buffer[] = [];
	const socket = connect({host: '127.0.0.1', allowHalfOpen: true, ...where});
	socket.on('error', () => undefined);
	socket.on('data', chunk => {
		chunks.push(chunk);
	});
	t.after(() => {
		socket.destroy();
	});
	const got = () => Buffer.concat(chunks);
	return {
		socket,
		got: () => got().toString(),
		bytes: got,
		untilGot: async (wanted: string) =>
			until(() => got().toString() === wanted, {
				what: JSON.stringify(wanted),
				seen: () => JSON.stringify(got().toString().slice(-300)),
				deadlineMs,
			}),
		untilEnd: async () =>
			until(() => socket.readableEnded || socket.destroyed, {
				what: 'its end',
				deadlineMs,
			}),
	};
};

const text = (server: {readonly stdout: () => string}, isJson: boolean) =>
	isJson
		? server
				.stdout()
				.split('\n')
				.filter(line => line.includes('"direction":"in"'))
				.map(line => (JSON.parse(line) as {text: string}).text)
				.join('')
		: server.stdout();

for (const kind of ['tcp', 'unix'] as const) {
	for (const output of [[], ['--json']]) {
		const isJson = output.length > 0;
		const as = `${kind}, ${isJson ? 'JSON' : 'bytes'}`;

		test(`e2e: --reply answers each peer, and its FIN after the last answer, ${as}`, async t => {
			const {server, where} = await serve(
				t,
				kind,
				...output,
				'--reply',
				String.raw`PING\r\n=+PONG\r\n`,
				'--reply',
				String.raw`SET (\w+)\==\x4fK\0`,
			);
			const [one, two] = [open(t, where), open(t, where)];
			one.socket.write('PI');
			two.socket.end('PING\r\nSET a=PING\r\n');
			await two.untilEnd();
			assert.equal(two.got(), '+PONG\r\nOK\0+PONG\r\n');
			one.socket.write('NG\r\n');
			await one.untilGot('+PONG\r\n');
			one.socket.end();
			await one.untilEnd();
			server.signal('SIGTERM');
			assert.deepEqual(await server.waitForExit(), done, server.seen());
			assert.match(text(server, isJson), /PING\r\nSET a=PING\r\n/);
			assert.doesNotMatch(server.stdout(), /stdin is not read/);
		});

		test(`e2e: --echo gives each peer its own bytes back, ${as}`, async t => {
			const {server, where} = await serve(t, kind, ...output, '--echo');
			const sent = [randomBytes(3_000_000), randomBytes(2_000_000)];
			const peers = sent.map(() => open(t, where));
			for (const [index, {socket}] of peers.entries()) {
				socket.end(sent[index]!);
			}

			await Promise.all(peers.map(async ({untilEnd}) => untilEnd()));
			for (const [index, {bytes}] of peers.entries()) {
				assert.ok(bytes().equals(sent[index]!), `peer ${index}`);
			}

			server.signal('SIGTERM');
			assert.deepEqual(await server.waitForExit(), done, server.stderr());
		});

		test(`e2e: --broker gives what one peer says to the others, ${as}`, async t => {
			const {server, where} = await serve(t, kind, ...output, '--broker');
			const peers = Array.from({length: 5}, () => open(t, where));
			await until(
				() =>
					(server.stderr() + server.stdout()).match(
						isJson ? /"type":"accepted"/g : / made\n/g,
					)?.length === 5,
				{what: 'five peers', seen: server.seen},
			);
			const [first, second, ...others] = peers;
			first!.socket.write('one ');
			await Promise.all(
				[second!, ...others].map(async ({untilGot}) => untilGot('one ')),
			);
			second!.socket.end('two');
			await second!.untilEnd();
			await Promise.all(others.map(async ({untilGot}) => untilGot('one two')));
			assert.equal(first!.got(), 'two');
			assert.equal(second!.got(), 'one ');
			for (const {socket} of peers) {
				socket.destroy();
			}

			server.signal('SIGTERM');
			assert.deepEqual(await server.waitForExit(), done, server.seen());
			assert.equal(text(server, isJson), 'one two');
		});

		test(`e2e: --once and --replies end it after the last answer, ${as}`, async t => {
			const single = await serve(t, kind, ...output, '--once', '--echo');
			const peer = open(t, single.where);
			peer.socket.end('all of it');
			await peer.untilEnd();
			assert.equal(peer.got(), 'all of it');
			assert.deepEqual(
				await single.server.waitForExit(),
				done,
				single.server.seen(),
			);

			const counted = await serve(
				t,
				kind,
				...output,
				'--replies',
				'1',
				'--reply',
				'a=b',
			);
			const asker = open(t, counted.where);
			asker.socket.write('a');
			await asker.untilEnd();
			assert.equal(asker.got(), 'b');
			asker.socket.destroy();
			assert.deepEqual(
				await counted.server.waitForExit(),
				done,
				counted.server.seen(),
			);
		});

		test(`e2e: --idle ends a server that answers, ${as}`, async t => {
			const {server, where} = await serve(
				t,
				kind,
				...output,
				'--idle',
				'0.3',
				'--echo',
			);
			const peer = open(t, where);
			peer.socket.write('hello');
			await peer.untilGot('hello');
			await peer.untilEnd();
			peer.socket.end();
			assert.deepEqual(await server.waitForExit(), done, server.seen());
		});

		test(`e2e: what is answered is recorded, ${as}`, async t => {
			const file = join(folder, `recording-${count++}`);
			const {server, where} = await serve(
				t,
				kind,
				...output,
				'--record',
				file,
				'--reply',
				'ask=answer',
			);
			const peer = open(t, where);
			peer.socket.end('ask');
			await peer.untilEnd();
			peer.socket.destroy();
			server.signal('SIGTERM');
			assert.deepEqual(await server.waitForExit(), done, server.seen());
			const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
			assert.deepEqual(
				lines
					.map(line => JSON.parse(line) as Record<string, unknown>)
					.filter(({type}) => type === 'chunk' || type === 'fin')
					.map(({type, direction, text: said}) => [type, direction, said]),
				[
					['chunk', 'in', 'ask'],
					['chunk', 'out', 'answer'],
					['fin', 'in', undefined],
					['fin', 'out', undefined],
				],
			);
		});
	}
}

/** Writes much, and reads nothing until it is asked to. */
const pour = (socket: Socket, bytes: Buffer) => {
	socket.pause();
	socket.end(bytes);
};

test('e2e: --echo keeps little for a peer that writes and does not read', async t => {
	const {server, where} = await serve(t, 'tcp', '--echo');
	const socket = connect({host: '127.0.0.1', ...where});
	t.after(() => {
		socket.destroy();
	});
	const million = randomBytes(1_000_000);
	const all = Buffer.concat(Array.from({length: 150}, () => million));
	pour(socket, all);
	// Another peer is served meanwhile, and again and again.
	for (let round = 0; round < 20; round++) {
		const other = open(t, where);
		other.socket.end('hello');
		await other.untilGot('hello');
	}

	const seen = createHash('sha256');
	let length = 0;
	socket.on('data', chunk => {
		seen.update(chunk);
		length += chunk.length;
	});
	socket.resume();
	await until(() => length === all.length, {
		what: 'all of it',
		seen: () => String(length),
		deadlineMs,
	});
	assert.equal(
		seen.digest('hex'),
		createHash('sha256').update(all).digest('hex'),
	);
	const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
	const peakMb = Number(/VmHWM:\s*(\d+)/.exec(status)![1]) / 1024;
	t.diagnostic(`it took ${Math.round(peakMb)} MB`);
	assert.ok(peakMb < 130, `It took ${Math.round(peakMb)} MB.`);
});

test('e2e: --broker disconnects a peer that reads nothing, and says so', async t => {
	const {server, where} = await serve(t, 'tcp', '--broker');
	const stopped = connect({host: '127.0.0.1', ...where});
	t.after(() => {
		stopped.destroy();
	});
	stopped.on('error', () => undefined);
	stopped.pause();
	const [speaker, reader] = [open(t, where), open(t, where)];
	await until(() => server.stderr().match(/ made\n/g)?.length === 3, {
		what: 'three peers',
		seen: server.seen,
	});
	const said = randomBytes(50_000_000);
	speaker.socket.write(said);
	await until(() => reader.bytes().length === said.length, {
		what: 'all that was said',
		seen: () => String(reader.bytes().length),
		deadlineMs,
	});
	assert.ok(reader.bytes().equals(said));
	assert.match(
		server.stderr(),
		/127\.0\.0\.1:\d+ has read nothing for 5 seconds while others waited for it; it is disconnected/,
	);
	for (const {socket} of [speaker, reader]) {
		socket.destroy();
	}

	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), failed, server.stderr());
});

for (const flags of [
	['--echo'],
	['--reply', 'hello=hello'],
	['--echo', '--once'],
	['--reply', 'hello=hello', '--once'],
]) {
	test(`e2e: what a peer that closes its WebSocket is not answered is said: ${flags.join(' ')}`, async t => {
		const {server, where} = await serve(t, 'tcp', '--ws', '/', ...flags);
		const socket = connect({host: '127.0.0.1', ...where} as const);
		const peer = new WebSocket('ws://127.0.0.1/', {
			createConnection: () => socket,
		});
		await once(peer, 'open');
		// The server reads both at once, and can't answer after the Close.
		socket.cork();
		peer.send('hello');
		peer.close(1000);
		socket.uncork();
		await server.waitForOutput(/ ended \(/, {stream: 'stderr'});
		if (!flags.includes('--once')) {
			server.signal('SIGTERM');
		}

		assert.deepEqual(await server.waitForExit(), failed, server.seen());
		assert.match(
			server.stderr(),
			/Not all answers to \S+ were sent: of 5 bytes the kernel took 0\.\n/,
		);
		assert.equal(server.stdout(), 'hello\n');
	});
}

test('e2e: a chat script comes before the answers', async t => {
	const {server, where} = await serve(
		t,
		'tcp',
		'--send',
		'name? ',
		'--expect',
		String.raw`\w+\n`,
		'--reply',
		String.raw`bye\n=see you\n`,
	);
	const peer = open(t, where);
	// The rest of what matched is answered, too.
	peer.socket.write('otter\nbye\n');
	await peer.untilGot('name? see you\n');
	peer.socket.end('bye\n');
	await peer.untilEnd();
	assert.equal(peer.got(), 'name? see you\nsee you\n');
	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
});

test('e2e: an equals sign in a REGEX of --reply stands beside all that JavaScript knows', async t => {
	const {server, where} = await serve(
		t,
		'tcp',
		'--reply',
		String.raw`\p{L}+\=\d=yes`,
		'--reply',
		String.raw`ask(?\=!)=no`,
	);
	const peer = open(t, where);
	peer.socket.end('ask? é=1 ask!');
	await peer.untilEnd();
	assert.equal(peer.got(), 'yesno');
	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
});

test('e2e: with --eol the TEXT of --reply is a line', async t => {
	const {server, where} = await serve(
		t,
		'tcp',
		'--eol',
		'crlf',
		'--reply',
		'PING=+PONG',
		'--reply',
		String.raw`two=one\ntwo\n`,
	);
	const peer = open(t, where);
	peer.socket.end('PING two');
	await peer.untilEnd();
	assert.equal(peer.got(), '+PONG\r\none\r\ntwo\r\n');
	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
});

test('e2e: --reply answers half a character that the FIN ends, and FIN follows', async t => {
	const {server, where} = await serve(t, 'tcp', '--reply', '‹e2›‹82›=half');
	const peer = open(t, where);
	peer.socket.end(Buffer.from([0x61, 0xe2, 0x82]));
	await peer.untilEnd();
	assert.equal(peer.got(), 'half');
	server.signal('SIGTERM');
	assert.deepEqual(await server.waitForExit(), done, server.seen());
});

test('e2e: what makes no sense with answers is refused in a sentence', async t => {
	for (const [line, sentence] of [
		['connect --raw --echo', /--echo is for serve/],
		['serve --echo', /^--echo needs --raw\.\n$/],
		['serve --broker', /^--broker needs --raw\.\n$/],
		['serve --reply a=b', /^--reply needs --raw\.\n$/],
		['serve --raw --echo --broker', /--echo and --broker exclude each other/],
		['serve --raw --reply a=b --echo', /--reply and --echo exclude/],
		['serve --raw --broker --once', /and --once serves one peer/],
		['serve --raw --echo --expect a', /--echo takes all that a peer says/],
		['serve --raw --reply ab', /^--reply needs REGEX=TEXT, .*; got "ab"\.\n$/],
		['serve --raw --reply =b', /^--reply needs REGEX=TEXT/],
		[
			'serve --raw --reply (=b',
			/^--reply needs a regular expression; got "\("/,
		],
		[String.raw`serve --raw --reply a=\q`, /^--reply knows .*; got "\\q" in/],
	] as const) {
		const server = startBin(t, line.split(' '));
		assert.deepEqual(await server.waitForExit(), {code: 2, signal: undefined});
		assert.match(server.stderr(), sentence, line);
	}
});

test('e2e: on the screen, what is answered is shown, and one can type', async t => {
	const screen = await openScreen(t, [
		'serve',
		'--raw',
		'0',
		'--reply',
		String.raw`ping=pong`,
	]);
	const port = await screen.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	const peer = open(t, {port: Number(port)});
	peer.socket.write('ping\n');
	await peer.untilGot('pong');
	await screen.waitFor('ping');
	await screen.waitFor('pong');
	screen.type('by hand\r');
	await peer.untilGot('pongby hand\n');
});
