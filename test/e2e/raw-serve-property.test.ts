/**
 * `serve --raw` with peers that do whatever they like: exit code 0 only if all
 * that was said arrived, and a sentence if it is another.
 */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {env} from 'node:process';
import test, {after, type TestContext} from 'node:test';
import fc from 'fast-check';
import {bin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-property-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const file = join(folder, 'input');
const letters = ['a', 'b', 'c'];

/** Small, more than one read, and more than the kernel takes unread. */
const anySize = fc.constantFrom(0, 1, 3000, 300_000, 6_000_000);

const anyPeer = fc.record({
	says: anySize,
	/** Whether it reads as it goes, or not until the server leaves. */
	isReader: fc.boolean(),
	/** What it does once it has said that. */
	end: fc.constantFrom(...(['stays', 'fin', 'close', 'reset'] as const)),
});

const anyRun = fc.record({
	isJson: fc.boolean(),
	isOnce: fc.boolean(),
	flags: fc.subarray(['--half-open', '--no-shutdown']),
	isEcho: fc.boolean(),
	stdin: fc.record({
		bytes: anySize,
		kind: fc.constantFrom('file', 'pipe', 'open'),
	}),
	peers: fc.array(anyPeer, {minLength: 1, maxLength: 3}),
});

type Run = typeof anyRun extends fc.Arbitrary<infer T> ? T : never;

/** A peer that says its own letter; its `bytesRead` is what it gets. */
const play = async (
	t: TestContext,
	port: number,
	{says, isReader, end}: Run['peers'][number],
	letter: string,
) => {
	const socket = connect({host: '127.0.0.1', port});
	t.after(() => {
		socket.destroy();
	});
	socket.on('error', () => undefined);
	await once(socket, 'connect');
	if (isReader) {
		socket.resume();
	}

	if (says > 0) {
		socket.write(letter.repeat(says));
	}

	switch (end) {
		case 'fin': {
			socket.end();
			break;
		}

		case 'close': {
			socket.destroySoon();
			break;
		}

		case 'reset': {
			socket.resetAndDestroy();
			break;
		}

		case 'stays': {
			break;
		}
	}

	return socket;
};

/** What the server had from its peers, in bytes or in JSON. */
const heardOf = (stdout: string, isJson: boolean): string =>
	isJson
		? stdout
				.split('\n')
				.slice(0, -1)
				.map(line => JSON.parse(line) as Record<string, string>)
				.filter(({type, direction}) => type === 'chunk' && direction === 'in')
				.map(({base64}) => Buffer.from(base64!, 'base64').toString('latin1'))
				.join('')
		: stdout;

const countOf = (text: string, letter: string): number =>
	text.split(letter).length - 1;

const news =
	/^(?:listening on|connection from \S+ (?:made|ended)|draining).*\n/gm;

/** What it said besides how connections came and went. */
const complaintsOf = (
	{stdout, stderr}: ReturnType<typeof startProcess>,
	isJson: boolean,
): string =>
	isJson
		? stdout()
				.split('\n')
				.filter(line => /"type":"error"|"tone":"bad"/.test(line))
				.join('\n')
		: stderr().replaceAll(news, '');

const runOnce = async (t: TestContext, run: Run) => {
	const {isJson, isOnce, flags, isEcho, stdin} = run;
	const peers = run.peers.slice(0, isOnce ? 1 : undefined);
	const {command, args} = bin(
		'serve',
		'--raw',
		'--port',
		'0',
		...flags,
		...(isEcho ? ['--echo'] : []),
		...(isJson ? ['--json'] : []),
		...(isOnce ? ['--once'] : []),
	);
	const input = 'i'.repeat(stdin.bytes);
	writeFileSync(file, input);
	const redirection = stdin.kind === 'file' ? `< ${file}` : '';
	const serving = startProcess(t, 'bash', [
		'-c',
		`exec ${toShellLine(command, args)} ${redirection}`,
	]);
	const said = () => serving.stdout() + serving.stderr();
	const listening = await until(
		() =>
			/listening on \S+:(\d+)\n|"host":"127\.0\.0\.1","port":(\d+)/.exec(
				said(),
			) ?? undefined,
		{what: 'a port', seen: said},
	);
	serving.write(input);
	if (stdin.kind === 'pipe') {
		serving.end();
	}

	const port = Number(listening[1] ?? listening[2]);
	const played = [];
	for (const [place, plan] of peers.entries()) {
		played.push(await play(t, port, plan, letters[place]!));
	}

	// Whoever wasn't accepted yet, or said what wasn't read yet, is unknown to it.
	const count = (pattern: RegExp) => said().match(pattern)?.length ?? 0;
	await until(
		() =>
			count(/ made\n|"accepted"/g) === peers.length &&
			peers.every(
				({says}, place) =>
					says === 0 ||
					count(/ ended \(|"ended"/g) > 0 ||
					heardOf(serving.stdout(), isJson).includes(letters[place]!),
			),
		{what: 'the peers', seen: () => serving.seen().slice(0, 3000)},
	);
	const isEndless =
		!isOnce || stdin.kind === 'open' || peers[0]!.end === 'stays';
	// What its writer keeps back nobody can know of.
	const isGiven = serving.unwritten() === 0;
	if (isEndless) {
		serving.signal('SIGTERM');
	}

	for (const socket of played) {
		socket.resume();
	}

	const {code, signal} = await serving.waitForExit({deadlineMs: 20_000});
	for (const socket of played) {
		await until(() => socket.closed || socket.readableEnded, {
			what: 'the end of a peer',
		});
		socket.destroy();
	}

	if (signal !== undefined) {
		// It was done before the signal came.
		return;
	}

	const complaints = complaintsOf(serving, isJson);
	if (code !== 0) {
		assert.notEqual(complaints, '', `code ${code} without a word`);
		assert.doesNotMatch(complaints, /\.\.|\b(?:read|write) E[A-Z]/);
		return;
	}

	assert.equal(complaints, '');
	const heard = heardOf(serving.stdout(), isJson);
	for (const [place, {says}] of peers.entries()) {
		assert.equal(countOf(heard, letters[place]!), says, `of ${place}`);
	}

	const got = played.map(({bytesRead}) => bytesRead);
	if (isEcho) {
		assert.deepEqual(
			got,
			peers.map(({says}) => says),
		);
		return;
	}

	const sum = got.reduce((all, some) => all + some, 0);
	assert.ok(
		sum === 0 || sum === stdin.bytes || !isGiven,
		`${sum} bytes of stdin`,
	);
	if (stdin.kind === 'file') {
		assert.ok(got.includes(sum), 'a file is for one peer');
	}
};

test('e2e: serve --raw ends with 0 only if all arrived, else it says why', async t => {
	await fc.assert(
		fc.asyncProperty(anyRun, async run => runOnce(t, run)),
		{numRuns: Number(env['FAST_CHECK_RUNS'] ?? 12), endOnFailure: true},
	);
});
