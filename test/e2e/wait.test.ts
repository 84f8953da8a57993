/** `--wait` and `--wait-for`: a script that waits for a room, or for a word. */
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import type {Owner} from '../helpers/environment.js';
import {findPort} from '../helpers/ports.js';
import {startBin} from '../helpers/process.js';
import {listenBare} from '../helpers/scripted.js';
import {loopback, serveJson} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';
import {joinWire} from '../helpers/wire-peer.js';

const done = {code: 0, signal: undefined};
const failed = {...done, code: 1};
const wrong = {...done, code: 2};
const late = {...done, code: 3};

const {server, port} = await serveJson({after}, ['--nick', 'otter']);
const heron = await joinWire({after}, loopback(port), 'heron');
heron.isAnsweringPings = true;
let count = 0;
const say = (text: string) => {
	heron.say(++count, text);
};

const start = (owner: Owner, nick: string, ...args: readonly string[]) => {
	const chat = startBin(owner, [
		'connect',
		'--port',
		port,
		'--nick',
		nick,
		...args,
	]);
	// As under cron: stdin has ended before it began.
	chat.end();
	return chat;
};

const untilJoined = async (nick: string) =>
	server.waitForOutput(new RegExp(`"type":"joined".*"nick":"${nick}"`));

test('e2e: a pattern that would backtrack for ever ends the wait in a sentence', async t => {
	const chat = start(t, 'stuck', '--wait-for', '^(a+)+$', '--input', 'none');
	await untilJoined('stuck');
	say(`${'a'.repeat(60)}!`);
	assert.deepEqual(await chat.waitForExit(), failed);
	assert.match(
		chat.stderr(),
		/^--wait-for '\^\(a\+\)\+\$' took over 1 s for one message; [^\n]+\n$/m,
	);
});

test('e2e: --wait connects once somebody listens', async t => {
	const later = await findPort();
	const chat = startBin(t, [
		'connect',
		'--port',
		later,
		'--json',
		'--wait',
		'--message',
		'at last',
	]);
	// More than once, so it goes on trying.
	await chat.waitForOutput(/"waiting"(.|\n)*"waiting"/);
	const opened = startBin(t, ['serve', '--json', '--port', later]);
	assert.deepEqual(await chat.waitForExit(), done);
	await opened.waitForOutput('"at last"');
	const delays = Array.from(
		chat.stdout().matchAll(/"retryInMs":(\d+)/g),
		([, delay]) => Number(delay),
	);
	assert.ok(
		delays.every(delay => delay <= 1000),
		`at least once a second: ${delays.join(' ')}`,
	);
});

test('e2e: --wait outlasts a server that drains', async t => {
	let connections = 0;
	const {address, close} = await listenBare(t, socket => {
		connections++;
		// As to a peer that hasn't said hello when the drain begins.
		socket.end();
	});
	const later = String((address as {port: number}).port);
	const args = ['connect', '--port', later, '--wait', '--message', 'at last'];
	const chat = startBin(t, args);
	await until(() => connections > 1, {what: 'a second try', seen: chat.seen});
	await close();
	const opened = startBin(t, ['serve', '--json', '--port', later]);
	await opened.waitForOutput('"at last"');
	assert.deepEqual(await chat.waitForExit(), done, chat.seen());
});

test('e2e: --wait ends by --timeout, with code 3', async t => {
	const chat = startBin(t, [
		'connect',
		'--port',
		await findPort(),
		'--wait',
		'--timeout',
		'0.5',
	]);
	assert.deepEqual(await chat.waitForExit(), late);
	assert.equal(
		chat.stderr(),
		'Not connected within 0.5 s. A longer --timeout may help.\n',
	);
});

test('e2e: --wait does not wait for what is there and no room', async t => {
	const chat = start(t, 'OTTER', '--wait');
	assert.deepEqual(await chat.waitForExit(), failed);
	assert.match(chat.stderr(), /^"OTTER" is taken/);
});

test('e2e: --wait-for ends with the first message that matches', async t => {
	say('go');
	await server.waitForOutput('"text":"go"');
	const chat = start(t, 'ibis', '--wait-for', '^(go|stop)$');
	await untilJoined('ibis');
	say('going');
	say('stop');
	say('go');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.equal(chat.stdout(), 'heron: stop\n');
	assert.equal(chat.stderr(), '');
});

test('e2e: --wait-for with --json prints the message alone', async t => {
	const chat = start(t, 'knot', '--json', '--wait-for', 'ready');
	await untilJoined('knot');
	say('ready now');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.match(chat.stdout(), /^\{"type":"message",.*"text":"ready now"\}\n$/);
});

test('e2e: --message with --wait-for takes the answer, not the question', async t => {
	const chat = start(t, 'dunlin', '-m', 'ready or not?', '--wait-for', 'ready');
	await heron.untilSaid('ready or not?');
	say('ready, dunlin');
	assert.deepEqual(await chat.waitForExit(), done);
	assert.equal(chat.stdout(), 'heron: ready, dunlin\n');

	// Its stdin is empty.
	const refused = start(t, 'egret', '-m', '-', '--wait-for', 'ready');
	assert.deepEqual(await refused.waitForExit(), failed);
	assert.match(refused.stderr(), /^The text is empty; .*\n$/);
});

test('e2e: --wait-for-mention takes a whole word, folded, and whispers', async t => {
	for (const [nick, sent, printed] of [
		['godwit', 'GODWIT, are you there?', 'heron: GODWIT, are you there?\n'],
		['plover', 'see @plover.', 'heron: see @plover.\n'],
		['sanderling', 'see _sanderling_', 'heron: see _sanderling_\n'],
	] as const) {
		const chat = start(t, nick, '--wait-for-mention', nick);
		await untilJoined(nick);
		say(`${nick}s are birds, and ${nick}-2 is another`);
		say(sent);
		assert.deepEqual(await chat.waitForExit(), done);
		assert.equal(chat.stdout(), printed);
	}

	const chat = start(t, 'ruff', '--wait-for-mention', 'ruff');
	await untilJoined('ruff');
	heron.send({type: 'whisper', n: ++count, to: 'ruff', text: 'psst'});
	assert.deepEqual(await chat.waitForExit(), done);
	assert.equal(chat.stdout(), 'heron → ruff: psst\n');
});

test('e2e: --wait-for ends by --timeout, with code 3', async t => {
	const chat = start(t, 'snipe', '--wait-for', 'never', '--timeout', '1');
	assert.deepEqual(await chat.waitForExit(), late);
	assert.equal(
		chat.stderr(),
		'No message matched within 1 s. A longer --timeout may help.\n',
	);
});

test('e2e: a wrong expression or name is code 2, and nothing is opened', async t => {
	for (const [flag, value, sentence] of [
		['--wait-for', '(', /^--wait-for needs a regular expression; .*\n$/],
		['--wait-for-mention', 'a b', /^"a b" can't be a nick: .*\n$/],
	] as const) {
		const chat = start(t, 'tern', flag, value);
		assert.deepEqual(await chat.waitForExit(), wrong);
		assert.match(chat.stderr(), sentence);
	}

	assert.doesNotMatch(server.stdout(), /"tern"/);
});
