/** `--events`: exactly the JSON events that a script asks for. */
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {startBin} from '../helpers/process.js';
import {loopback, serveJson} from '../helpers/sockchat.js';
import {joinWire} from '../helpers/wire-peer.js';

const done = {code: 0, signal: undefined};

const typesIn = (stdout: string): string[] => [
	...new Set(
		stdout
			.split('\n')
			.slice(0, -1)
			.map(line => (JSON.parse(line) as {type: string}).type),
	),
];

const {server, port} = await serveJson({after}, ['--nick', 'otter']);
const heron = await joinWire({after}, loopback(port), 'heron');
heron.isAnsweringPings = true;

test('e2e: --events prints these types alone, and errors', async t => {
	const chat = startBin(t, [
		'connect',
		'--port',
		port,
		'--json',
		'--events',
		'message,joined',
	]);
	await chat.waitForOutput('"joined"');
	heron.say(1, 'one');
	await chat.waitForOutput('"one"');
	chat.write(new Uint8Array([0xff, 0x0a]));
	chat.end();
	assert.deepEqual(await chat.waitForExit(), {...done, code: 1});
	assert.deepEqual(typesIn(chat.stdout()), ['joined', 'message', 'error']);
});

test('e2e: with --events a refused message says why, as an error', async t => {
	const long = 'x'.repeat(17_000);
	const chat = startBin(t, [
		'connect',
		`--port=${port}`,
		'--json',
		'--events=message',
	]);
	chat.writeLine(long);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), {...done, code: 1});
	assert.match(
		chat.stdout(),
		/^\{"type":"error",.*"code":"ERR_TEXT_TOO_LONG","message":".*17000.*\}\n$/,
	);
});

test('e2e: --json has no samples unless --events asks for them', async t => {
	const chat = startBin(t, ['connect', '--port', port, '--json']);
	const sampled = startBin(t, [
		'connect',
		'--json',
		'--port',
		port,
		'--events',
		'rtt,traffic,kernel,step',
	]);
	for (const type of ['rtt', 'traffic', 'kernel', 'step']) {
		await sampled.waitForOutput(`{"type":"${type}"`);
	}

	chat.writeLine('said');
	await chat.waitForOutput('"said"');
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	const types = typesIn(chat.stdout() + server.stdout());
	for (const type of ['rtt', 'traffic', 'kernel', 'step', 'peers']) {
		assert.ok(!types.includes(type), `${type} is a sample`);
	}

	const {server: other} = await serveJson(t, ['--events', 'state,peers']);
	await other.waitForOutput('{"type":"peers"');
	assert.deepEqual(typesIn(other.stdout()), ['state', 'peers']);
});

test('e2e: --events wire shows the wire from the start', async t => {
	const chat = startBin(t, [
		'connect',
		'--port',
		port,
		'--json',
		'--events',
		'wire',
	]);
	await chat.waitForOutput(
		/"direction":"out".*"hex":"7b2274797065223a2268656c6c6f22/,
	);
	chat.end();
	assert.deepEqual(await chat.waitForExit(), done);
	assert.deepEqual(typesIn(chat.stdout()), ['wire']);
});

test('e2e: an unknown event is code 2, with the known ones', async t => {
	for (const [args, sentence] of [
		[
			['--json', '--events', 'message,join'],
			/^--events knows no "join"; the events are state, mark, .*\.$/,
		],
		[['--events', 'message'], /^--events needs --json\.$/],
	] as const) {
		const chat = startBin(t, ['connect', '--port', port, ...args]);
		assert.deepEqual(await chat.waitForExit(), {...done, code: 2});
		const said = args.includes('--json' as never)
			? (JSON.parse(chat.stdout()) as {message: string}).message
			: chat.stderr().trimEnd();
		assert.match(said, sentence);
	}
});
