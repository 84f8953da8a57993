/** Colours: by the flag, by variables, and by what the terminal answers. */
import assert from 'node:assert/strict';
import test, {after, type TestContext} from 'node:test';
import type {Cell, Colour} from '../helpers/cells.js';
import type {Variables} from '../helpers/environment.js';
import {joinBare, openScreen, serveJson} from '../helpers/sockchat.js';
import type {Terminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const {port} = await serveJson({after}, ['--nick', 'host']);
const heron = await joinBare({after}, port, 'heron');

const size = {columns: 120, rows: 30};
const question = '\u001B]11;?\u001B\\';
const faintOnDark = 247;
const faintOnLight = 242;

const open = async (
	t: TestContext,
	nick: string,
	env: Variables = {},
	...args: readonly string[]
) => {
	const terminal = await openScreen(
		t,
		['connect', '--port', port, '--nick', nick, ...args],
		{...size, env},
	);
	await terminal.waitFor(`${nick} joined`);
	heron.sayNext(`hello ${nick}`);
	await terminal.waitFor(`hello ${nick}`);
	return terminal;
};

/** The first cell of a text on the screen. */
const cellOf = (terminal: Terminal, text: string): Cell => {
	const rows = terminal.cells().map(row => row.map(cell => cell.text || ' '));
	const y = rows.findIndex(row => row.join('').includes(text));
	assert.notEqual(y, -1, terminal.framed());
	return terminal.cell(rows[y]!.join('').indexOf(text), y);
};

/** Of the frame, which is always there. */
const frameColour = (terminal: Terminal): Colour => terminal.cellColour(0, 0);

const waitForFrame = async (terminal: Terminal, colour: Colour) =>
	until(() => frameColour(terminal) === colour, {
		what: `a frame in ${colour}`,
		seen: () => `${frameColour(terminal)}\n${terminal.framed()}`,
	});

const codesOf = (terminal: Terminal) =>
	new Set(
		[...terminal.output().matchAll(/\u{1B}\[(?<codes>[\d;]*)m/gu)].map(
			({groups}) => groups!['codes']!,
		),
	);

/** Types a line that everything passed before, and one that is its own proof. */
const assertTyped = async (terminal: Terminal, text: string) => {
	await terminal.waitFor(`› ${text}`);
	terminal.type('.\r');
	await terminal.waitFor(new RegExp(`${text}\\. *✓`));
};

test('e2e: with nothing known the colours are for a dark ground', async t => {
	const terminal = await open(t, 'unknown');
	assert.equal(frameColour(terminal), faintOnDark);
	assert.ok(terminal.output().includes(question));
	// It is asked once, and after the first frame.
	assert.equal(terminal.output().split(question).length, 2);
	assert.ok(
		terminal.output().indexOf('╭') < terminal.output().indexOf(question),
	);
});

test('e2e: COLORFGBG chooses the theme, before any answer', async t => {
	const terminal = await open(t, 'variable', {COLORFGBG: '0;15'});
	assert.equal(frameColour(terminal), faintOnLight);
	assert.ok(!codesOf(terminal).has(`38;5;${faintOnDark}`));
});

for (const [what, answer] of [
	['ended by BEL', '\u001B]11;rgb:fdfd/f6f6/e3e3\u0007'],
	['ended by ST', '\u001B]11;rgb:ffff/ffff/ffff\u001B\\'],
	['with alpha', '\u001B]11;rgba:fafa/fafa/fafa/ffff\u001B\\'],
] as const) {
	test(`e2e: an answer ${what} repaints for a light ground`, async t => {
		const terminal = await open(t, `light-${what.length}`);
		await waitForFrame(terminal, faintOnDark);
		terminal.type(`before${answer}after`);
		await waitForFrame(terminal, faintOnLight);
		await assertTyped(terminal, 'beforeafter');
	});
}

test('e2e: an answer that comes late, cut anywhere, never reaches the draft', async t => {
	const terminal = await open(t, 'late');
	terminal.type('a line that was sent\r');
	await terminal.waitFor(/a line that was sent *✓/);
	const pieces = ['ab\u001B', ']1', '1;rgb:ff', 'ff/ffff/ffff\u001B', '\\cd'];
	for (const piece of pieces) {
		terminal.type(piece);
	}

	await waitForFrame(terminal, faintOnLight);
	await assertTyped(terminal, 'abcd');
});

test('e2e: a garbled answer changes nothing, and reaches nothing', async t => {
	const terminal = await open(t, 'garbled');
	terminal.type('ab\u001B]11;rgb:zz/??/oops\u001B\\cd');
	await assertTyped(terminal, 'abcd');
	assert.equal(frameColour(terminal), faintOnDark);
	terminal.type('ef\u001B]11;rgb:12');
	terminal.press('enter');
	await terminal.waitFor(/ef *✓/);
});

test('e2e: an answer that says what was assumed repaints nothing', async t => {
	const terminal = await open(t, 'same');
	await waitForFrame(terminal, faintOnDark);
	terminal.type('\u001B]11;rgb:0000/0000/0000\u0007typed');
	await assertTyped(terminal, 'typed');
	assert.ok(!codesOf(terminal).has(`38;5;${faintOnLight}`));
});

test('e2e: Escape still works while no answer has come', async t => {
	const terminal = await open(t, 'escape');
	terminal.paste('one\ntwo');
	await terminal.waitFor('Send 2 lines');
	terminal.press('escape');
	await terminal.waitForNot('Send 2 lines');
});

test('e2e: --theme needs no question, and beats what the terminal says', async t => {
	const light = await open(t, 'flag', {COLORFGBG: '15;0'}, '--theme', 'light');
	assert.equal(frameColour(light), faintOnLight);
	assert.ok(!light.output().includes(question));

	const mono = await open(
		t,
		'mono',
		{COLORTERM: 'truecolor'},
		'--theme',
		'mono',
	);
	assert.equal(cellOf(mono, 'mono joined').isDim, false);
	assert.equal(mono.cell(0, 0).isDim, true);
	assert.ok([...codesOf(mono)].every(code => /^(?:[127]|22|27)$/.test(code)));
});

for (const [what, env] of [
	['NO_COLOR', {NO_COLOR: '1'}],
	['NO_COLOR with truecolor', {NO_COLOR: '1', COLORTERM: 'truecolor'}],
	['NO_COLOR on xterm', {NO_COLOR: '1', TERM: 'xterm'}],
	['a terminal of unknown colours', {TERM: 'tmux'}],
] as const) {
	test(`e2e: ${what} keeps bold and dim`, async t => {
		const nick = what.replaceAll(/\W/g, '-').slice(0, 24);
		const terminal = await open(t, nick, env);
		terminal.type('mine\r');
		await terminal.waitFor(/mine *✓/);
		assert.equal(cellOf(terminal, `${nick} joined`).isDim, false);
		assert.equal(terminal.cell(0, 0).isDim, true, 'lines');
		assert.equal(terminal.cell(7, 0).foreground, 'default');
		assert.ok(codesOf(terminal).has('1'), 'one is bold oneself');
		assert.ok(
			[...codesOf(terminal)].every(code => /^(?:[127]|22|27)$/.test(code)),
		);
	});
}

for (const env of [
	{TERM: 'xterm-256color'},
	{TERM: 'xterm-256color', COLORTERM: 'truecolor'},
	{TERM: 'xterm'},
	{TERM: 'xterm', COLORFGBG: '0;15'},
	{TERM: 'screen', COLORFGBG: '15;0'},
	{TERM: 'linux'},
]) {
	test(`e2e: nothing is black or dark blue with ${JSON.stringify(env)}`, async t => {
		const nick = `n${Object.values(env).join('-').replaceAll(/\W/g, '-')}`;
		const terminal = await open(t, nick.slice(0, 24), env);
		terminal.type('/nope\r');
		await terminal.waitFor('Unknown command /nope');
		terminal.type('in colour\r');
		await terminal.waitFor(/in colour *✓/);
		const codes = [...codesOf(terminal)];
		for (const code of codes) {
			assert.doesNotMatch(code, /^(?:.*;)?(?:30|34|90)$/, codes.join(' '));
		}

		assert.notEqual(cellOf(terminal, 'heron  ').foreground, 'default');
	});
}

test('e2e: a nick has one colour in the transcript and among the members', async t => {
	const terminal = await open(t, 'observer');
	const {foreground} = cellOf(terminal, 'heron  ');
	const rows = terminal.screen();
	const y = rows.findIndex(row => / members \d/u.test(row));
	const named = rows[y + 1]!;
	const among = terminal.cell(named.lastIndexOf('heron'), y + 1);
	assert.equal(among.foreground, foreground);
});

test('e2e: who leaves at once does not leave the answer to the shell', async t => {
	const terminal = await openScreen(
		t,
		['connect', '--port', port, '--nick', 'hasty'],
		size,
	);
	await until(() => terminal.output().includes(question), {
		what: 'the question',
		seen: terminal.framed,
	});
	terminal.type('\u0003');
	assert.equal(await terminal.waitForExit(), 0);
});
