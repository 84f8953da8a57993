/** Without a terminal: lines, JSON, and what the exit code says. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test, {after} from 'node:test';
import {readLoginName} from '../../source/chat/login-name.js';
import {nickFromLogin} from '../../source/protocol/nick.js';
import {startBin} from '../helpers/process.js';
import {openWire} from '../helpers/wire-peer.js';
import {loopback, serveJson} from '../helpers/sockchat.js';

const done = {code: 0, signal: undefined};
const failed = {code: 1, signal: undefined};
const late = {code: 3, signal: undefined};

const {server, port} = await serveJson({after}, ['--nick', 'otter']);

/** The texts that one nick said, as the server has them. */
const textsOf = (nick: string): string[] =>
	server
		.stdout()
		.split('\n')
		.filter(
			line =>
				line.startsWith('{"type":"message"') &&
				line.includes(`"from":"${nick}"`),
		)
		.map(line => (JSON.parse(line) as {text: string}).text);

const connect = (
	t: Parameters<typeof startBin>[0],
	nick: string,
	...args: readonly string[]
) => startBin(t, ['connect', '--port', port, '--nick', nick, ...args]);

test('e2e: a server says first where it listens, exactly', async t => {
	const {server: other, port: otherPort} = await serveJson(t);
	assert.equal(
		other.stdout().split('\n', 1)[0],
		`{"type":"state","phase":"listening","host":"127.0.0.1","port":${otherPort}}`,
	);
});

test('e2e: at the end of its input a client waits until all is stored', async t => {
	const chat = connect(t, 'avocet');
	chat.write('one\ntwo\r\n\nthree, with no line end');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	assert.deepEqual(textsOf('avocet'), [
		'one',
		'two',
		'three, with no line end',
	]);
});

test('e2e: a line that is no UTF-8 is refused, and the exit code says so', async t => {
	for (const output of ['--plain', '--json']) {
		const nick = output === '--json' ? 'curlew' : 'godwit';
		const chat = connect(t, nick, output);
		chat.write('one\n');
		chat.write(Buffer.from('caf\u00E9\n', 'latin1'));
		chat.write('two\n');
		chat.end();
		assert.deepEqual(await chat.waitForExit(), failed);
		assert.deepEqual(textsOf(nick), ['one', 'two']);
		const told = output === '--json' ? chat.stdout() : chat.stderr();
		assert.match(told, /byte 0xe9 at position 4 is not UTF-8\./);
	}
});

test('e2e: many lines are stored in order before the end', async t => {
	const lines = Array.from({length: 3000}, (_, index) => `line ${index}`);
	const chat = connect(t, 'bittern');
	chat.write(lines.join('\n'));
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	assert.deepEqual(textsOf('bittern'), lines);
});

test('e2e: stdout has the transcript and the answers, stderr the states', async t => {
	const chat = connect(t, 'crake', '--input', 'commands');
	await chat.waitForOutput('-- crake joined\n');
	server.writeLine('from the host');
	await chat.waitForOutput('otter: from the host\n');
	chat.writeLine('/who');
	await chat.waitForOutput(/^-- \d+ here: .*crake/m);
	chat.writeLine('/me waves');
	await chat.waitForOutput('* crake waves\n');
	chat.writeLine('quit');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.match(chat.stderr(), /^You are crake in 127\.0\.0\.1:\d+; /);
	assert.doesNotMatch(chat.stdout(), /You are/);
	assert.doesNotMatch(chat.stderr(), /from the host|waves|joined|\d here:/);
});

test('e2e: --message is sent, stored, and prints nothing', async t => {
	const chat = connect(t, 'dunlin', '--message', 'the build is green');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.deepEqual(textsOf('dunlin'), ['the build is green']);
	assert.equal(chat.stdout() + chat.stderr(), '');
});

test('e2e: --message sends the next word, whatever it looks like', async t => {
	const texts = [
		['--message', '--- FAIL: TestFoo (0.00s)'],
		['-m', '-v'],
		['-m', '--help'],
		['--message', '--'],
	] as const;
	for (const [flag, text] of texts) {
		const chat = connect(t, 'ruff', flag, text);
		assert.deepEqual(await chat.waitForExit(), done, chat.seen());
		assert.equal(chat.stdout() + chat.stderr(), '');
	}

	assert.deepEqual(
		textsOf('ruff'),
		texts.map(([, text]) => text),
	);
});

test('e2e: a text that is too long is not stored, which is a failure', async t => {
	const long = 'x'.repeat(20 * 1024);
	const chat = connect(t, 'egret');
	chat.write(`before\n${long}\nafter\n`);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), failed);
	assert.deepEqual(textsOf('egret'), ['before', 'after']);
	assert.match(
		chat.stderr(),
		/^Not sent: The text has 20480 bytes; the limit is 16384\. Send it in parts\.$/m,
	);

	const one = connect(t, 'fulmar', '--message', long);
	assert.deepEqual(await one.waitForExit(), {...failed, code: 2});
	assert.match(one.stderr(), /^The text has 20480 bytes; .*\n$/);
});

test('e2e: any bytes on stdin are lines of some text', async t => {
	const chat = connect(t, 'gannet');
	const bytes = Uint8Array.from({length: 256}, (_, index) => index);
	chat.write(bytes);
	chat.write('\nafter the bytes\n');
	chat.end();
	await chat.waitForExit();
	assert.equal(textsOf('gannet').at(-1), 'after the bytes');
	assert.doesNotMatch(chat.stderr(), /at .*:\d+:\d+/);
});

test('e2e: nobody there is a failure, also when the input ends at once', async t => {
	for (const args of [[], ['--json'], ['--message', 'anybody?']]) {
		const chat = startBin(t, ['connect', '--port', '1', ...args]);
		chat.end();

		assert.deepEqual(await chat.waitForExit(), failed);
		assert.match(
			chat.stdout() + chat.stderr(),
			/Nobody listens on 127\.0\.0\.1:1: the connection was refused\./,
		);
	}
});

test('e2e: a nick that is taken is a failure, if it was asked for', async t => {
	const chat = connect(t, 'OTTER');
	assert.deepEqual(await chat.waitForExit(), failed);
	assert.match(chat.stderr(), /^"OTTER" is taken, or.*\n$/);

	const login = nickFromLogin(readLoginName());
	const {port: otherPort} = await serveJson(t, ['--nick', login]);
	const flexible = startBin(t, ['connect', '--port', otherPort, '--json']);
	flexible.end();
	assert.deepEqual(await flexible.waitForExit(), done);
	assert.match(flexible.stdout(), /"type":"welcome".*"nick":"[^"]+2"/);
});

test('e2e: lost with --no-retry is a failure', async t => {
	const {server: other, port: otherPort} = await serveJson(t);
	const chat = startBin(t, ['connect', '--port', otherPort, '--no-retry']);
	await chat.waitForOutput('joined');
	other.signal('SIGKILL');
	assert.deepEqual(await chat.waitForExit(), failed);
	// A kernel that still held unread bytes for it sends RST instead of FIN.
	assert.match(
		chat.stderr(),
		/\nThe (server closed the connection \(FIN\)|connection to \S+ was reset by the other side \(RST\))\.\n$/,
	);
});

test('e2e: --timeout ends what takes too long', async t => {
	const {server: other, port: otherPort} = await serveJson(t);
	other.signal('SIGSTOP');
	const connecting = startBin(t, [
		'connect',
		'--port',
		otherPort,
		'--timeout',
		'0.3',
	]);
	const sending = startBin(t, [
		'connect',
		'--port',
		otherPort,
		'--timeout',
		'0.3',
		'--message',
		'anybody?',
	]);
	assert.deepEqual(await connecting.waitForExit(), late);
	assert.equal(
		connecting.stderr(),
		'Not connected within 0.3 s. A longer --timeout may help.\n',
	);
	assert.deepEqual(await sending.waitForExit(), late);
	assert.match(
		sending.stderr(),
		/within 0\.3 s\. A longer --timeout may help\.\n$/,
	);
	other.signal('SIGCONT');
});

test('e2e: --quiet prints errors only', async t => {
	const chat = connect(t, 'jacana', '--quiet', '--input', 'commands');
	await server.waitForOutput('"nick":"jacana"');
	server.writeLine('not for the quiet');
	chat.writeLine('said quietly');
	await server.waitForOutput('"text":"said quietly"');
	chat.writeLine('/nope');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), failed);
	assert.equal(chat.stdout(), '');
	assert.match(chat.stderr(), /^Unknown command \/nope. .*\n$/);
});

test('e2e: a peer that connects and says nothing holds up nothing', async t => {
	const peer = await openWire(t, loopback(port));
	const chat = connect(t, 'knot', '--message', 'past the silent one');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.equal(peer.bytes.length, 0);
});
