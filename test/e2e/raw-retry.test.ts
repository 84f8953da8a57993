/** `connect --raw --retry`: dials again, after an end and after a refusal. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import type {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {isHeldUp, timerBySs} from '../helpers/kernel.js';
import {findPort} from '../helpers/ports.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {toShellLine} from '../helpers/shell.js';
import {openScreen} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const folder = mkdtempSync(join(tmpdir(), 'sockchat-retry-'));
after(() => {
	rmSync(folder, {recursive: true});
});

type Talk = {readonly socket: Socket; said: string};

/** A server whose every connection is kept, in order. */
const listen = async (
	t: TestContext,
	converse: (talk: Talk, index: number) => void = () => undefined,
	port = 0,
) => {
	const talks: Talk[] = [];
	const {address, close} = await listenBare(
		t,
		socket => {
			const talk = {socket, said: ''};
			talks.push(talk);
			socket.setEncoding('utf8').on('data', (text: string) => {
				talk.said += text;
			});
			converse(talk, talks.length - 1);
		},
		port,
	);
	const saidTo = async (index: number, wanted: string) =>
		until(() => talks[index]?.said === wanted, {
			what: `"${wanted}" on connection ${index + 1}`,
			seen: () => JSON.stringify(talks.map(({said}) => said)),
		});
	return {port: String(portOf(address)), talks, saidTo, close};
};

const retry = (t: TestContext, ...args: readonly string[]) =>
	startBin(t, ['connect', '--raw', '--retry', ...args]);

test('e2e: --retry gives the rest of stdin to the next connection, the script first', async t => {
	const {port, talks, saidTo} = await listen(t);
	const chat = retry(t, port, '--send', 'hello ');
	chat.write('one');
	await saidTo(0, 'hello one');
	talks[0]!.socket.end('bye ');
	await saidTo(1, 'hello ');
	chat.write('two');
	await saidTo(1, 'hello two');
	talks[1]!.socket.resetAndDestroy();
	await saidTo(2, 'hello ');
	talks[2]!.socket.write('well');
	chat.write('three');
	chat.end();
	await saidTo(2, 'hello three');
	await until(() => talks[2]!.socket.readableEnded, {what: 'its FIN'});
	talks[2]!.socket.end('come');
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'bye wellcome');
	assert.equal(
		chat.stderr(),
		[
			'The other side ended the connection (FIN). Trying again.',
			`Connected to 127.0.0.1:${port} again.`,
			`ECONNRESET: the connection to 127.0.0.1:${port} was reset by the other side (RST). Trying again.`,
			`Connected to 127.0.0.1:${port} again.`,
			'',
		].join('\n'),
	);
});

test('e2e: --retry on a Unix domain socket speaks of no FIN', async t => {
	const path = join(folder, 'retried.sock');
	await listenBare(
		t,
		socket => {
			socket.end();
		},
		path,
	);
	const chat = retry(t, '--socket', path, '--input', 'none');
	await chat.waitForOutput(
		'The other side ended the connection. Trying again.\n',
		{stream: 'stderr'},
	);
});

test('e2e: --retry waits for a server that is not there yet, and says so once', async t => {
	const port = await findPort();
	const chat = retry(t, port, '--input', 'none');
	await chat.waitForOutput(
		`Nobody listens on 127.0.0.1:${port}. Trying again.\n`,
		{stream: 'stderr'},
	);
	const first = await listen(
		t,
		({socket}) => {
			socket.write('first');
		},
		Number(port),
	);
	await chat.waitForOutput('first');
	await first.close();
	await chat.waitForOutput(/Trying again\.\n[\s\S]*Trying again\.\n/, {
		stream: 'stderr',
	});
	await listen(
		t,
		({socket}) => {
			socket.write(' second');
		},
		Number(port),
	);
	await chat.waitForOutput('first second');
	assert.equal(chat.stderr().match(/Trying again/g)?.length, 2, chat.stderr());
});

test('e2e: --retry never dials in a busy loop', async t => {
	const dials: number[] = [];
	const {port} = await listen(t, ({socket}) => {
		dials.push(performance.now());
		socket.destroy();
	});
	const chat = retry(t, port, '--input', 'none');
	await until(() => dials.length === 4, {
		what: 'four connections',
		deadlineMs: 30_000,
	});
	// At least a quarter of each bound: 1, 2 and 4 seconds.
	assert.ok(dials[3]! - dials[0]! > 1700, String(dials));
	chat.signal('SIGTERM');
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
});

test('e2e: --retry counts --replies, and records, on all connections', async t => {
	const {port} = await listen(t, ({socket}, index) => {
		socket.end(`reply ${index}`);
	});
	const file = join(folder, 'recording');
	const chat = retry(
		t,
		port,
		'--input',
		'none',
		'--replies',
		'2',
		'--record',
		file,
	);
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'reply 0reply 1');
	const texts = readFileSync(file, 'utf8')
		.trimEnd()
		.split('\n')
		.map(line => JSON.parse(line) as {type: string; text?: string})
		.filter(({type}) => type === 'chunk')
		.map(({text}) => text);
	assert.deepEqual(texts, ['reply 0', 'reply 1']);
});

test('e2e: --retry says at once what of stdin was not sent', async t => {
	const {port, talks} = await listen(t, ({socket}, index) => {
		if (index === 0) {
			socket.pause();
		}
	});
	const chat = retry(t, port);
	const megabyte = 'x'.repeat(1_000_000);
	for (let count = 0; count < 20; count++) {
		chat.write(megabyte);
	}

	await until(() => talks.length === 1, {what: 'a connection'});
	const {socket} = talks[0]!;
	const ends = [
		`127.0.0.1:${socket.remotePort}`,
		`127.0.0.1:${socket.localPort}`,
	] as const;
	// The window is closed, and the kernel takes no more.
	await until(
		async () => (await timerBySs(...ends)) === 'persist' && isHeldUp(chat.pid!),
		{what: 'a flow that stands'},
	);
	socket.resetAndDestroy();
	await chat.waitForOutput(
		/^The connection ended amid \d+ bytes that were to be sent; they are not/,
		{stream: 'stderr'},
	);
	await until(() => (talks[1]?.said.length ?? 0) > 0, {what: 'the rest'});
	chat.end();
	await until(() => talks[1]!.socket.readableEnded, {what: 'its end'});
	talks[1]!.socket.end();
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	const [, lost] = /amid (\d+) bytes/.exec(chat.stderr())!;
	const [, read, taken] =
		/(\d+) bytes were read, and the kernel took (\d+)/.exec(chat.stderr())!;
	assert.equal(Number(read), 20_000_000);
	assert.equal(Number(read) - Number(taken), Number(lost));
});

test('e2e: --retry sends a file to one connection, or says that it broke off', async t => {
	const file = join(folder, 'file');
	writeFileSync(file, 'x'.repeat(20_000_000));
	const {port, talks} = await listen(t, ({socket}) => {
		socket.once('data', () => {
			socket.resetAndDestroy();
		});
	});
	const {command, args} = bin('connect', '--raw', '--retry', port);
	const chat = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} < ${toShellLine(file)}`,
	]);
	assert.deepEqual(await chat.waitForExit(), failed, chat.seen());
	assert.match(chat.stderr(), /ECONNRESET/);
	assert.match(chat.stderr(), /bytes were read, and the kernel took/);
	assert.equal(talks.length, 1);
});

test('e2e: --retry tries a script that was not met again', async t => {
	const {port} = await listen(t, ({socket}, index) => {
		if (index < 2) {
			socket.end('busy\n');
		} else {
			socket.write('ready\n');
			socket.on('end', () => {
				socket.end('done\n');
			});
		}
	});
	const chat = retry(t, port, '--expect', '^ready');
	chat.write('work');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'busy\nbusy\nready\ndone\n');
});

test('e2e: --retry says which --expect was not met, and --timeout and a signal end it between two connections too', async t => {
	const {port, talks} = await listen(t, ({socket}) => {
		socket.end('busy\n');
	});
	const expect = ['--input', 'none', '--expect', '^ready'];
	// Most of its time there is no connection.
	const late = retry(t, port, ...expect, '--timeout', '1');
	assert.deepEqual(
		await late.waitForExit(),
		{code: 3, signal: undefined},
		late.seen(),
	);
	const [first, ...more] = late.stderr().split('\n');
	assert.equal(
		first,
		'--expect "^ready" was not met; the last that was said: "busy⏎". Trying again.',
	);
	assert.match(
		more.join('\n'),
		/^--expect "\^ready" was not met within 1 s\./m,
	);

	const before = talks.length;
	const left = retry(t, port, ...expect);
	await until(() => talks.length > before, {what: 'a connection'});
	await left.waitForOutput(/Trying again\.\n/, {stream: 'stderr'});
	left.signal('SIGTERM');
	assert.deepEqual(
		await left.waitForExit(),
		{code: 143, signal: undefined},
		left.seen(),
	);
	assert.match(left.stderr(), /^--expect "\^ready" was not met;.*\.\n$/m);
});

test('e2e: --retry ends by a signal while it waits', async t => {
	const {port, talks, close} = await listen(t);
	const chat = retry(t, port, '--input', 'none');
	await until(() => talks.length === 1, {what: 'a connection'});
	await close();
	await chat.waitForOutput(/Trying again/, {stream: 'stderr'});
	chat.signal('SIGINT');
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());

	const never = retry(t, await findPort(), '--input', 'none');
	await never.waitForOutput(/Trying again/, {stream: 'stderr'});
	never.signal('SIGINT');
	assert.deepEqual(await never.waitForExit(), {code: 130, signal: undefined});
});

/** The texts that came, from the events. */
const heard = (chat: {readonly stdout: () => string}) =>
	chat
		.stdout()
		.split('\n')
		.filter(line => line.includes('"direction":"in"'))
		.map(line => (JSON.parse(line) as {text: string}).text)
		.join('');

test('e2e: --retry with --json dials again, and ends as a pipe does', async t => {
	const {port, talks, saidTo} = await listen(t);
	const file = join(folder, 'events');
	const chat = retry(t, port, '--json', '--record', file);
	chat.write('one');
	await saidTo(0, 'one');
	talks[0]!.socket.end('bye ');
	await chat.waitForOutput(/"phase":"waiting"/);
	chat.write('two');
	await saidTo(1, 'two');
	talks[1]!.socket.resetAndDestroy();
	await until(() => talks.length === 3, {what: 'another connection'});
	chat.end();
	await until(() => talks[2]!.socket.readableEnded, {what: 'its FIN'});
	talks[2]!.socket.end('done');
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(heard(chat), 'bye done');
	assert.match(readFileSync(file, 'utf8'), /"text":"two"/);
});

test('e2e: --retry with --json waits, receives, and ends by a signal', async t => {
	const port = await findPort();
	const chat = retry(t, port, '--json', '--input', 'none');
	await chat.waitForOutput(/"phase":"waiting"/);
	const {talks} = await listen(
		t,
		({socket}, index) => {
			socket.end(`${index} `);
		},
		Number(port),
	);
	await until(() => talks.length === 3, {what: 'three connections'});
	await until(() => heard(chat) === '0 1 2 ', {
		what: 'what all said',
		seen: chat.seen,
	});
	chat.signal('SIGTERM');
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
});

test('e2e: --retry with --json sends a text once', async t => {
	const {port, talks} = await listen(t, ({socket}) => {
		socket.on('end', () => {
			socket.end();
		});
	});
	const chat = retry(t, port, '--json', '--message', 'hello');
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.deepEqual(
		talks.map(({said}) => said),
		['hello\n'],
	);
});

test('e2e: the screen dials again with --retry, and says what was not sent', async t => {
	const {port, talks, saidTo, close} = await listen(t);
	const screen = await openScreen(t, ['connect', '--raw', '--retry', port]);
	screen.type('one\r');
	await saidTo(0, 'one\n');
	await close();
	await screen.waitFor('The other side ended the connection (FIN). Trying');
	screen.type('two\r');
	await screen.waitFor('Not connected now: not sent.');
	const again = await listen(t, undefined, Number(port));
	await until(() => again.talks.length === 1, {
		what: 'another connection',
		deadlineMs: 30_000,
	});
	await screen.waitFor(/Connected|open/);
	screen.type('three\r');
	await again.saidTo(0, 'three\n');
	assert.equal(talks.length, 1);
});

test('e2e: --no-retry is accepted in raw mode, where it is the default', async t => {
	const {port} = await listen(t, ({socket}) => {
		socket.end('once');
	});
	const chat = startBin(t, [
		'connect',
		'--raw',
		'--no-retry',
		'--input',
		'none',
		port,
	]);
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
	assert.equal(chat.stdout(), 'once');
});

test('e2e: --retry joins half a character of one connection to nothing of the next', async t => {
	const {port} = await listen(t, ({socket}, index) => {
		if (index === 0) {
			socket.end(Buffer.from([0xe2, 0x82]));
		} else {
			socket.write('whole');
		}
	});
	const chat = retry(t, port, '--json');
	assert.equal(await chat.waitForOutput(/"text":"(.*?whole)"/), 'whole');
});
