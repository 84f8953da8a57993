/** Help, variables, the config file and odd words, in the built program. */
import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after, type TestContext} from 'node:test';
import {commandNames} from '../../source/options/command.js';
import {helpText} from '../../source/options/help.js';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {openScreen, serveJson} from '../helpers/sockchat.js';
import {openTerminal} from '../helpers/terminal.js';

const {server, port} = await serveJson({after}, ['--nick', 'host']);

const done = {code: 0, signal: undefined};

/** A folder as XDG_CONFIG_HOME, with this config file. */
const withConfig = (t: TestContext, text: string) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-config-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	mkdirSync(join(folder, 'sockchat'));
	const path = join(folder, 'sockchat', 'config.toml');
	writeFileSync(path, text);
	return {path, env: {XDG_CONFIG_HOME: folder}};
};

test('e2e: help is printed for each command, however it is asked for', async t => {
	for (const [args, text] of [
		[['help'], helpText()],
		[['-h'], helpText()],
		[['--help', '--frobnicate'], helpText()],
		[['help', 'connect'], helpText('connect')],
		...commandNames.flatMap(
			name =>
				[
					[[name, '--help'], helpText(name)],
					[['-h', name], helpText(name)],
				] as const,
		),
	] as const) {
		const help = startBin(t, args);
		assert.deepEqual(await help.waitForExit(), done, help.seen());
		assert.ok(help.stdout().endsWith(`${text}\n`), help.seen());
		assert.equal(help.stderr(), '');
	}
});

test('e2e: an address, a variable and the config file lead to the same room', async t => {
	const {env} = withConfig(t, `[connect]\nport = ${port}\n`);
	for (const [text, args, variables] of [
		['by port', [port], {}],
		['by host and port', [`127.0.0.1:${port}`], {}],
		['by variable', [], {SOCKCHAT_PORT: port}],
		['by config', [], env],
	] as const) {
		const sent = startBin(
			t,
			['connect', ...args, '--message', text, '--nick', 'otter'],
			{env: variables},
		);
		assert.deepEqual(await sent.waitForExit(), done, sent.seen());
		await server.waitForOutput(`"text":"${text}"`);
	}
});

test('e2e: status and watch have tables of their own in the config file', async t => {
	const {env} = withConfig(
		t,
		`port = 1\n[status]\nport = ${port}\njson = true\n[watch]\nport = ${port}\njson = true\n`,
	);
	const status = startBin(t, ['status'], {env});
	assert.deepEqual(await status.waitForExit(), done, status.seen());
	assert.partialDeepStrictEqual(JSON.parse(status.stdout()), {
		isListening: true,
		address: `127.0.0.1:${port}`,
	});
	const watch = startBin(t, ['watch'], {env});
	await watch.waitForOutput(port);
	watch.signal('SIGTERM');
	assert.deepEqual(await watch.waitForExit(), done, watch.seen());
});

test('e2e: a path in the config that leads nowhere is named with its line', async t => {
	const text = '# a room\ntoken-file = "/nonexistent/token"\n';
	const {path, env} = withConfig(t, text);
	for (const args of [
		['connect', port, '--message', 'hi'],
		['status', port],
	]) {
		const asked = startBin(t, args, {env});
		assert.deepEqual(
			await asked.waitForExit(),
			{code: 2, signal: undefined},
			asked.seen(),
		);
		assert.equal(
			asked.stderr(),
			`${path}, line 2, token-file: "/nonexistent/token" can't hold a token: there is no such file.\n`,
		);
	}
});

test('e2e: a mistake in the config file stops every chat, and not the help', async t => {
	const {path, env} = withConfig(t, 'port = 7\nnik = "otter"\n');
	for (const args of [[], ['serve'], ['connect', '--json']]) {
		const chat = startBin(t, args, {env});
		assert.deepEqual(
			await chat.waitForExit(),
			{code: 2, signal: undefined},
			chat.seen(),
		);
		const sentence = `${path}, line 2: "nik" is not a key; did you mean nick?`;
		if (args.includes('--json')) {
			assert.partialDeepStrictEqual(JSON.parse(chat.stdout()), {
				type: 'error',
				code: 'ERR_CONFIG',
				message: sentence,
			});
		} else {
			assert.equal(chat.stderr(), `${sentence}\n`);
		}
	}

	const help = startBin(t, ['--help'], {env});
	assert.deepEqual(await help.waitForExit(), done);
});

test('e2e: bytes that are not UTF-8 are refused, and nothing is sent', async t => {
	const {command, path} = bin();
	const sent = startProcess(t, requireExecutable('dash', 'dash'), [
		'-c',
		`exec "$0" "$1" connect --port "$2" --message "$(printf 'caf\\351')"`,
		command,
		path,
		port,
	]);
	assert.deepEqual(
		await sent.waitForExit(),
		{code: 2, signal: undefined},
		sent.seen(),
	);
	assert.match(
		sent.stderr(),
		/^The argument "caf�" is not valid UTF-8, [^\n]*\.\n$/,
	);
	const last = startBin(t, ['connect', port, '--message', 'all there']);
	assert.deepEqual(await last.waitForExit(), done);
	await server.waitForOutput('"text":"all there"');
	assert.ok(!server.stdout().includes('"text":"caf'));
});

test('e2e: --no-color is a screen without colours', async t => {
	const screen = await openScreen(t, ['connect', port, '--no-color']);
	await screen.waitFor('joined');
	screen.type('grey\r');
	await screen.waitFor(/grey *✓/);
	const colours = /\u{1B}\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)[;m]/u;
	assert.doesNotMatch(screen.output(), colours);
});

test('e2e: TERM=dumb gets lines, without an escape', async t => {
	const lines = openTerminal(t, {
		...bin('connect', port, '--nick', 'heron'),
		env: {TERM: 'dumb'},
	});
	await lines.waitFor('heron joined');
	lines.type('as lines\r');
	await server.waitForOutput('"text":"as lines"');
	assert.ok(!lines.output().includes('\u{1B}'));
});
