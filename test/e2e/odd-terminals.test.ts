/** Terminals of any size and setting. */
import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {bin} from '../helpers/process.js';
import {openShell, toShellLine} from '../helpers/shell.js';
import {until} from '../helpers/until.js';
import {joinBare, openScreen, serveJson} from '../helpers/sockchat.js';
import {waitForWhole} from '../helpers/whole-screen.js';

const {port} = await serveJson({after}, ['--nick', 'host']);
const heron = await joinBare({after}, port, 'heron');
heron.sayNext('seen before', 'a longer text '.repeat(20).trim());
const connect = ['connect', '--port', port, '--nick', 'otter'];
const size = {columns: 80, rows: 24};

test('e2e: a terminal made too small for anything is whole when it grows', async t => {
	const terminal = await openScreen(t, connect, size);
	await waitForWhole(terminal, size, {shown: 'You are otter in'});
	terminal.type('kept');
	await waitForWhole(terminal, size, {draft: 'kept'});
	for (const [columns, rows] of [
		[19, 7],
		[10, 4],
		[3, 3],
		[2, 2],
		[1, 1],
		[1, 50],
		[200, 1],
		[8, 2],
	] as const) {
		terminal.resize(columns, rows);
		const before = terminal.output().length;
		terminal.type('x');
		terminal.press('backspace');

		await until(() => terminal.output().length > before, {
			what: `a frame of ${columns}x${rows}`,
			seen: terminal.framed,
		});
	}

	terminal.resize(size.columns, size.rows);
	await waitForWhole(terminal, size, {
		draft: 'kept',
		shown: 'You are otter in',
	});
});

test('e2e: a terminal that says it has no size gets a screen all the same', async t => {
	const shell = await openShell(t, size);
	const {command, args} = bin(...connect);
	shell.run(`stty rows 0 cols 0; ${toShellLine(command, args)}`);
	await shell.waitForModes({isBracketedPaste: true});
	await shell.waitFor('You are otter in');
	await waitForWhole(shell, size);
	shell.type('/quit\r');
	assert.equal(await shell.exitStatus(), 0);
});

test('e2e: keys that came too early for the screen shift no row of it', async t => {
	const shell = await openShell(t, size);
	const {command, args} = bin(...connect);
	// Where the kernel's echo of two such keys leaves the cursor.
	shell.run(`printf ab; ${toShellLine(command, args)}`);
	await shell.waitForModes({isBracketedPaste: true});
	await shell.waitFor('You are otter in');
	await waitForWhole(shell, size);
	assert.match(shell.screen()[0]!, /^● /);
	shell.type('/quit\r');
	assert.equal(await shell.exitStatus(), 0);
});

test('e2e: Ctrl-L draws all of it again', async t => {
	const terminal = await openScreen(t, connect, size);
	await waitForWhole(terminal, size, {shown: 'You are otter in'});
	const before = terminal.output().length;
	terminal.press('ctrl-l');
	await until(() => terminal.output().slice(before).includes('seen before'), {
		what: 'the transcript to be drawn again',
		seen: () => JSON.stringify(terminal.output().slice(before)),
	});
	await waitForWhole(terminal, size, {shown: 'You are otter in'});
	terminal.type('goes on\r');
	await waitForWhole(terminal, size, {shown: /goes on *✓/});
});

const colours = /\u{1B}\[(?:\d+;)*(?:3[0-8]|4[0-8]|9\d|10\d)[;m]/u;

test('e2e: a CI variable makes no difference to a terminal', async t => {
	const terminal = await openScreen(t, connect, {...size, env: {CI: 'true'}});
	await waitForWhole(terminal, size, {shown: 'You are otter in'});
	terminal.type('from CI\r');
	await waitForWhole(terminal, size, {shown: /from CI *✓/});
	assert.match(terminal.output(), colours);
});

test('e2e: NO_COLOR is a screen without colours', async t => {
	const coloured = await openScreen(t, connect, size);
	await waitForWhole(coloured, size, {shown: 'You are otter in'});

	assert.match(coloured.output(), colours);
	coloured.type('/quit\r');
	assert.equal(await coloured.waitForExit(), 0);

	const plain = await openScreen(t, connect, {...size, env: {NO_COLOR: '1'}});
	await waitForWhole(plain, size, {shown: 'You are otter in'});
	plain.type('grey\r');
	await waitForWhole(plain, size, {shown: /grey *✓/});
	assert.doesNotMatch(plain.output(), colours);
});

for (const name of ['xterm', 'screen', 'linux']) {
	test(`e2e: with the 16 colours of ${name} nothing is black or dark blue`, async t => {
		const nick = `avocet-${name}`;
		const terminal = await openScreen(
			t,
			['connect', '--port', port, '--nick', nick],
			{...size, env: {TERM: name}},
		);
		await waitForWhole(terminal, size, {shown: `${nick} joined`});
		terminal.type('in colour\r');
		await waitForWhole(terminal, size, {shown: /in colour *✓/});
		terminal.type('/nope\r');
		await waitForWhole(terminal, size, {shown: 'Unknown command /nope'});
		const set = new Set(
			[...terminal.output().matchAll(/\u{1B}\[(?<codes>[\d;]*)m/gu)].flatMap(
				({groups}) => groups!['codes']!.split(';'),
			),
		);
		assert.ok(set.has('32'), 'a stored mark is green');
		assert.ok(set.has('91'), 'what is wrong is red');
		for (const hidden of ['30', '34', '38', '90']) {
			assert.ok(!set.has(hidden), `SGR ${hidden} of ${[...set].join(' ')}`);
		}
	});
}

test('e2e: hundreds of members are counted, and as many named as fit', async t => {
	const wide = {columns: 110, rows: 40};
	const terminal = await openScreen(t, connect, wide);
	await terminal.waitFor('members 3');
	await Promise.all(
		Array.from({length: 150}, async (_, index) =>
			joinBare(t, port, `member-${index}`),
		),
	);
	await terminal.waitFor('members 153');
	await waitForWhole(terminal, wide, {shown: /… \d+ more/});
});

test('e2e: --timeout ends a screen that is not connected', async t => {
	const {server, port: stopped} = await serveJson(t);
	server.signal('SIGSTOP');
	const terminal = await openScreen(t, [
		'connect',
		'--port',
		stopped,
		'--timeout',
		'0.5',
	]);
	assert.equal(await terminal.waitForExit({deadlineMs: 5000}), 3);
});
