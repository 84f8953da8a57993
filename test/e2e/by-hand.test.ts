/** Raw mode by hand, on the screen and in lines: typed, shown, kept, dialled again. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import {
	mkdtempSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {statesBySs, watchStandstill} from '../helpers/kernel.js';
import {startBin, startProcess} from '../helpers/process.js';
import {dialService} from '../helpers/services.js';
import {openScreen} from '../helpers/sockchat.js';
import type {Terminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-hand-'));
after(() => {
	rmSync(folder, {recursive: true});
});

/** A server that keeps what each peer says, and answers nothing by itself. */
const listenBare = async (t: TestContext) => {
	const peers: Array<{
		readonly socket: Socket;
		readonly said: Buffer[];
		hasEnded: boolean;
	}> = [];
	const server = createServer({allowHalfOpen: true}, socket => {
		const peer = {socket, said: [] as Buffer[], hasEnded: false};
		peers.push(peer);
		socket.on('data', (chunk: Buffer) => {
			peer.said.push(chunk);
		});
		socket.on('end', () => {
			peer.hasEnded = true;
		});
		socket.on('error', () => undefined);
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	t.after(() => {
		for (const {socket} of peers) {
			socket.destroy();
		}

		server.close();
	});
	return {
		port: String((server.address() as {port: number}).port),
		async peer(index = 0) {
			const peer = await until(() => peers[index], {what: 'a connection'});
			const said = () => Buffer.concat(peer.said);
			return {
				...peer,
				said,
				untilSaid: async (wanted: string) =>
					until(() => said().toString('latin1') === wanted, {
						what: JSON.stringify(wanted),
						seen: () => JSON.stringify(said().toString('latin1')),
					}),
				untilEnd: async () => until(() => peer.hasEnded, {what: 'its FIN'}),
			};
		},
	};
};

/** One line, and its Enter. */
const enter = (terminal: Terminal, line: string): void => {
	terminal.type(line);
	terminal.press('enter');
};

test('e2e: escapes and hex are bytes, and a wrong one sends nothing', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openScreen(t, ['connect', '--raw', port, '--escapes']);
	const there = await peer();
	enter(terminal, String.raw`a\x00\xff\\`);
	await there.untilSaid('a\0\u00FF\\\n');
	enter(terminal, '/hex 68 69 0a');
	await there.untilSaid('a\0\u00FF\\\nhi\n');
	enter(terminal, String.raw`\q`);
	await terminal.waitFor('Not sent: "\\q" is no escape.');
	enter(terminal, '/escapes off');
	await terminal.waitFor('Typed lines are sent as they are.');
	enter(terminal, String.raw`\q`);
	await there.untilSaid('a\0\u00FF\\\nhi\n\\q\n');
	await terminal.waitFor(/→ 5 +a␀‹ff›\\⏎/u);
});

test('e2e: after the end, /connect dials again; the view stays', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openScreen(t, ['connect', '--raw', port]);
	const first = await peer();
	enter(terminal, '/connect');
	await terminal.waitFor('has not ended: /end or /close ends it.');
	first.socket.end('bye\n');
	await terminal.waitFor('The connection has ended; /connect dials again');
	enter(terminal, 'lost?');
	await terminal.waitFor('The connection has ended: not sent.');
	enter(terminal, '/connect');
	const second = await peer(1);
	enter(terminal, 'again');
	await second.untilSaid('again\n');
	await terminal.waitFor('bye⏎');
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: with --half-open a peer that shut down is still answered', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openScreen(t, [
		'connect',
		'--raw',
		port,
		'--half-open',
	]);
	const there = await peer();
	there.socket.end('question\n');
	await terminal.waitFor('question⏎');
	await terminal.waitFor('CLOSE-WAIT');
	await terminal.waitFor('The other side has ended: it sends nothing more.');
	enter(terminal, 'answer');
	await there.untilSaid('answer\n');
	assert.ok(!terminal.text().includes('The connection has ended'));
	enter(terminal, '/end');
	await there.untilEnd();
	await terminal.waitFor('The connection has ended');
});

test('e2e: with --half-open lines say that the other side has ended', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openLines(t, port, '--half-open');
	const there = await peer();
	there.socket.end('question\n');
	await terminal.waitFor('The other side has ended: it sends nothing more.');
	enter(terminal, 'answer');
	await there.untilSaid('answer\n');
	enter(terminal, '/end');
	await there.untilEnd();
	await terminal.waitFor('The connection has ended');
});

test('e2e: with --half-open a server says which peer has ended, and who hears', async t => {
	const terminal = await openScreen(t, ['serve', '--raw', '0', '--half-open']);
	const port = await terminal.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	const client = await dialService(t, port);
	client.end('question\n');
	const name = `127.0.0.1:${client.localPort!}`;
	await terminal.waitFor(`${name} has ended: it sends nothing more.`);
	const heard = once(client, 'data');
	enter(terminal, 'answer');
	assert.equal(String((await heard)[0]), 'answer\n');
	const end = once(client, 'end');
	enter(terminal, `/end ${name}`);
	await end;
	await terminal.waitFor(`connection from ${name} ended (closed: FIN)`);
});

test('e2e: a file is sent whole, as one line', async t => {
	const {port, peer} = await listenBare(t);
	const path = join(folder, 'request.bin');
	const bytes = Buffer.from('\0\u00FF\r\n'.repeat(100_000), 'latin1');
	writeFileSync(path, bytes);
	const terminal = await openScreen(t, ['connect', '--raw', port]);
	const there = await peer();
	enter(terminal, `/send ${path}`);
	await terminal.waitFor('Sent request.bin: 400000 bytes.');
	await until(() => there.said().equals(bytes), {what: 'the file'});
	assert.doesNotMatch(terminal.text(), /→ 65536/);
});

test('e2e: Esc stops a file, and Ctrl-C does not leave', async t => {
	const {port, peer} = await listenBare(t);
	const path = join(folder, 'large.bin');
	writeFileSync(path, Buffer.alloc(16 * 1024 * 1024));
	const terminal = await openScreen(t, ['connect', '--raw', port]);
	const {socket} = await peer();
	socket.pause();
	for (const key of ['escape', 'ctrl-c'] as const) {
		enter(terminal, `/send ${path}`);
		await terminal.waitFor(
			/Sending large\.bin █*░+ \d+ % · \S+ MB of 16\.8 MB/,
		);
		terminal.press(key);
		await terminal.waitForNot('Sending large.bin');
		await terminal.waitFor(/Stopped: \d+ of 16777216 bytes/);
		socket.resume();
		enter(terminal, '/clear');
		await terminal.waitForNot('Stopped');
		socket.pause();
	}
});

/** `connect --raw --plain` on a terminal, once it reads keys. */
const openLines = async (
	t: TestContext,
	port: string,
	...more: readonly string[]
): Promise<Terminal> =>
	openScreen(t, ['connect', '--raw', '--plain', port, ...more], {
		env: {XDG_STATE_HOME: join(folder, 'state-of-lines')},
	});

/**
 * Sends a file to a peer that reads nothing, and waits until the kernel takes no
 * more: while its buffers grow, it would take the lines that follow, too.
 */
const sendHeld = async (
	t: TestContext,
	front: 'the screen' | 'lines',
	name: string,
) => {
	const {port, peer} = await listenBare(t);
	const path = join(folder, name);
	writeFileSync(path, Buffer.alloc(16 * 1024 * 1024));
	const terminal =
		front === 'lines'
			? await openLines(t, port)
			: await openScreen(t, ['connect', '--raw', port]);
	const {socket} = await peer();
	socket.pause();
	enter(terminal, `/send ${path}`);
	if (front === 'the screen') {
		// In lines it is said at each quarter, if the kernel takes so much.
		await terminal.waitFor(new RegExp(`Sending ${name} █*░+ \\d+ %`));
	}

	await until(
		watchStandstill(`127.0.0.1:${socket.remotePort}`, `127.0.0.1:${port}`),
		{what: 'a flow that stands still', seen: terminal.framed},
	);
	return {terminal, socket};
};

for (const [how, code] of [
	['/quit', 1],
	['SIGTERM', 128 + 15],
] as const) {
	for (const front of ['the screen', 'lines'] as const) {
		test(`e2e: a file that ${how} cuts on ${front} is said, and is exit code ${code}`, async t => {
			const {terminal} = await sendHeld(t, front, 'cut.bin');
			if (how === '/quit') {
				enter(terminal, how);
			} else {
				terminal.signal(how);
			}

			assert.equal(await terminal.waitForExit(), code);
			assert.match(
				terminal.text().replaceAll('\n', ''),
				/Not all of cut\.bin was sent: the kernel took \d+ of 16777216 bytes/,
			);
		});
	}
}

for (const [front, code] of [
	['the screen', 1],
	['lines', 128 + 2],
] as const) {
	test(`e2e: what waits as Ctrl-C leaves ${front} is said, and is exit code ${code}`, async t => {
		const {terminal} = await sendHeld(t, front, 'stopped.bin');
		enter(terminal, '/stop');
		await terminal.waitFor(/Stopped: \d+ of 16777216 bytes/);
		enter(terminal, 'and this');
		terminal.press('ctrl-c');
		assert.equal(await terminal.waitForExit(), code);
		// The kernel may have had room for a line more.
		assert.match(
			terminal.text().replaceAll('\n', ''),
			/Not all was sent: the connection ended amid \d+ bytes, a part of which may have arrived\.|The other side was not reading, so \d+ bytes/,
		);
	});
}

test('e2e: what the kernel took and still has as one leaves the screen is said', async t => {
	const {port, peer} = await listenBare(t);
	const path = join(folder, 'kept.bin');
	// More than a receive buffer that nobody reads, less than ours.
	writeFileSync(path, Buffer.alloc(1024 * 1024));
	const terminal = await openScreen(t, ['connect', '--raw', port]);
	const {socket} = await peer();
	socket.pause();
	enter(terminal, `/send ${path}`);
	await terminal.waitFor(/Sent kept\.bin/);
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 1);
	assert.match(
		terminal.text().replaceAll('\n', ''),
		/The other side was not reading, so \d+ bytes of what was sent waited in the kernel/,
	);
});

test('e2e: --log has the lines as shown, /save those of the transcript', async t => {
	const {port, peer} = await listenBare(t);
	const log = join(folder, 'lines.log');
	const saved = join(folder, 'saved.txt');
	const terminal = await openScreen(t, [
		'connect',
		'--raw',
		port,
		'--log',
		log,
	]);
	const {socket} = await peer();
	enter(terminal, 'hi');
	await terminal.waitFor('hi⏎');
	socket.write('\u001B[2Jho\n');
	await terminal.waitFor('ho⏎');
	enter(terminal, `/save ${saved}`);
	await terminal.waitFor(/Saved to .*: 2/);
	const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`;
	const lines = String.raw`${time} → 3 hi⏎\n${time} ← 7 ␛\[2Jho⏎\n`;
	assert.match(readFileSync(saved, 'utf8'), new RegExp(`^${lines}$`));
	assert.match(readFileSync(log, 'utf8'), new RegExp(`^${lines}`));
	assert.equal(statSync(log).mode % 0o1000, 0o600);
});

test('e2e: in /send and /save, ~ is the home folder, as no shell has seen it', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openScreen(t, ['connect', '--raw', port], {
		env: {HOME: folder},
	});
	const there = await peer();
	writeFileSync(join(folder, 'of-home.txt'), 'from home');
	enter(terminal, '/send ~/of-home.txt');
	await there.untilSaid('from home');
	await terminal.waitFor('Sent of-home.txt: 9 bytes.');
	enter(terminal, '/save ~/saved-at-home.txt');
	await terminal.waitFor('saved-at-home.txt: 1 item.');
	const saved = readFileSync(join(folder, 'saved-at-home.txt'), 'utf8');
	assert.match(saved, /Sent of-home\.txt: 9 bytes\./);
});

test('e2e: a log that cannot go on is said, and is exit code 1', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openScreen(t, [
		'connect',
		'--raw',
		port,
		'--log',
		'/dev/full',
	]);
	await peer();
	enter(terminal, 'hi');
	await terminal.waitFor('The log /dev/full is not complete');
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 1);
	assert.match(
		terminal.text(),
		/The log \/dev\/full is not complete: no space/,
	);
});

test('e2e: what was typed at an address is recalled there, in the next run', async t => {
	const {port, peer} = await listenBare(t);
	const other = await listenBare(t);
	const state = join(folder, 'state');
	const open = async (at: string) =>
		openScreen(t, ['connect', '--raw', at], {env: {XDG_STATE_HOME: state}});
	const first = await open(port);
	const {untilSaid} = await peer();
	enter(first, 'SELECT 1');
	await untilSaid('SELECT 1\n');
	first.press('ctrl-c');
	await first.waitForExit();
	const elsewhere = await open(other.port);
	elsewhere.press('up');
	elsewhere.type('x');
	await elsewhere.waitFor('› x');
	const again = await open(port);
	again.press('up');
	await again.waitFor('› SELECT 1');
	const kept = join(state, 'sockchat', 'typed.jsonl');
	assert.equal(statSync(kept).mode % 0o1000, 0o600);
});

test('e2e: --telnet refuses what is asked for, and shows it by name', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openScreen(t, ['connect', '--raw', port, '--telnet']);
	const there = await peer();
	there.socket.write(Buffer.from('fffd01fffb18', 'hex'));
	await there.untilSaid('\u00FF\u00FC\u0001\u00FF\u00FE\u0018');
	await terminal.waitFor('‹IAC DO ECHO›‹IAC WILL TERMINAL-TYPE›');
	await terminal.waitFor('‹IAC WONT ECHO›‹IAC DONT TERMINAL-TYPE›');
	enter(terminal, 'otter');
	await there.untilSaid('\u00FF\u00FC\u0001\u00FF\u00FE\u0018otter\r\n');
});

test('e2e: /pretty, /times and Ctrl-O change what is shown', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openScreen(t, ['connect', '--raw', port]);
	const {socket} = await peer();
	socket.write('{"a":[1]}');
	await terminal.waitFor('{"a":[1]}');
	enter(terminal, '/pretty');
	await terminal.waitFor(/\{\n +┆ +"a": \[\n/);
	enter(terminal, '/times');
	await terminal.waitFor(/\d\d:\d\d:\d\d\.\d{3} +← 9/);
	socket.write('x'.repeat(9000));
	await terminal.waitFor('… 4904 B more; Ctrl-O shows all');
	terminal.press('ctrl-o');
	await terminal.waitForNot('B more');
});

test('e2e: in lines, commands are commands too', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openLines(t, port);
	const there = await peer();
	enter(terminal, 'quit');
	await there.untilSaid('quit\n');
	enter(terminal, '/hex 68 69 0a');
	await there.untilSaid('quit\nhi\n');
	enter(terminal, '/pretty');
	await terminal.waitFor('JSON and HTTP heads are laid out');
	there.socket.write('{"a":1}');
	await terminal.waitFor('{\n  "a": 1\n}\n›');
	there.socket.write(Buffer.from('fffd01', 'hex'));
	await terminal.waitFor('‹IAC DO ECHO›\n›');
	enter(terminal, '/times');
	await terminal.waitFor('Times are to the millisecond');
	there.socket.write('late\n');
	await terminal.waitFor(
		/^-- \d\d:\d\d:\d\d\.\d{3}, \d+ ms later, 5 bytes\nlate\n›/m,
	);
	enter(terminal, '/hex 4');
	await terminal.waitFor(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d Not sent: /m);
	enter(terminal, '/times off');
	await terminal.waitFor('\nTimes to the millisecond are off.');
	enter(terminal, '/hex 5');
	await terminal.waitFor('\nNot sent: /hex needs pairs');
	const saved = join(folder, 'lines.txt');
	enter(terminal, `/save ${saved}`);
	await terminal.waitFor(/Saved to .*: \d+ items/);
	assert.match(readFileSync(saved, 'utf8'), / → 5 quit⏎\n.* → 3 hi⏎\n/);
	enter(terminal, '/peers');
	await terminal.waitFor('/peers works only on the screen');
	enter(terminal, '//hex');
	await there.untilSaid('quit\nhi\n/hex\n');
});

test('e2e: a mistyped command is not sent, on the screen and in lines', async t => {
	for (const open of [openScreen, openLines]) {
		const {port, peer} = await listenBare(t);
		const terminal = await (open === openScreen
			? openScreen(t, ['connect', '--raw', port])
			: openLines(t, port));
		const there = await peer();
		enter(terminal, '/hexx 00');
		await terminal.waitFor('Unknown command /hexx. Did you mean /hex?');
		enter(terminal, '//hexx');
		await there.untilSaid('/hexx\n');
		enter(terminal, '/api/v1');
		await there.untilSaid('/hexx\n/api/v1\n');
	}
});

test('e2e: in lines, the view stays after the end, and what was typed is recalled', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openLines(t, port);
	const first = await peer();
	enter(terminal, 'SELECT 1');
	await first.untilSaid('SELECT 1\n');
	first.socket.end();
	await terminal.waitFor('The connection has ended; /connect dials again');
	enter(terminal, '/connect');
	const second = await peer(1);
	second.socket.write('login: ');
	await terminal.waitFor(/^login: ?\n›/m);
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
	const again = await openLines(t, port);
	await peer(2);
	again.press('up', 'up');
	await again.waitFor('› SELECT 1');
});

test('e2e: in lines, Ctrl-C stops a file, and a second one leaves', async t => {
	const {terminal, socket} = await sendHeld(t, 'lines', 'stopped.bin');
	terminal.press('ctrl-c');
	await terminal.waitFor(/Stopped: \d+ of 16777216 bytes/);
	socket.resume();
	enter(terminal, '/quit');
	assert.equal(await terminal.waitForExit(), 0);
});

test('e2e: in lines, Ctrl-D sends FIN, and ends with the other side', async t => {
	const {port, peer} = await listenBare(t);
	const terminal = await openLines(t, port);
	const there = await peer();
	terminal.press('ctrl-d');
	await there.untilEnd();
	there.socket.end('bye\n');
	assert.equal(await terminal.waitForExit(), 0);
	assert.match(terminal.text(), /bye/);
});

test('e2e: in a pipe, --half-open gives stdin to a peer that shut down', async t => {
	const serving = startBin(t, ['serve', '--raw', '0', '--half-open']);
	const port = await serving.waitForOutput(/listening on \S+:(\d+)\n/, {
		stream: 'stderr',
	});
	const peer = startProcess(t, 'nc', ['-N', '127.0.0.1', port]);
	peer.write('question\n');
	peer.end();
	await serving.waitForOutput('question\n');
	let states = new Map<string, string>();
	const isHalfClosed = async () => {
		states = new Map(await statesBySs(Number(port)));
		return [...states.values()].includes('CLOSE-WAIT');
	};

	await until(isHalfClosed, {
		what: 'CLOSE-WAIT',
		seen: () => JSON.stringify([...states]),
	});
	serving.write('answer\n');
	await peer.waitForOutput('answer\n');
	serving.end();
	assert.deepEqual(await peer.waitForExit(), {code: 0, signal: undefined});
});
