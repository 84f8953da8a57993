import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {startBin} from '../helpers/process.js';
import {until} from '../helpers/until.js';
import {openPlain} from '../helpers/wire-peer.js';
import {
	joinBare,
	joinScreen,
	loopback,
	serveScreen,
} from '../helpers/sockchat.js';
import {waitForWhole} from '../helpers/whole-screen.js';

const size = {columns: 100, rows: 24};
const {terminal: otter, port} = await serveScreen({after}, 'otter', size);

const hostile = [
	'clipboard \u{1B}]52;c;ZXZpbA==\u{7}',
	'title \u{1B}]0;owned\u{7}',
	'clear \u{1B}[2J\u{1B}[H\u{1B}[31m',
	'c1 \u{9B}2J \u{9D}0;owned\u{9C}',
	'return \rforged: text',
	'backspace \u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}',
	'bell \u{7} shift \u{E} delete \u{7F}',
	'bidi \u{202E}desrever\u{202C} \u{2066}x\u{2069}',
	'screen \u{1B}[?1049l\u{1B}c\u{1B}[?25l\u{1B}[?2004l',
];

// What Ink itself sends: cursor moves, erasing, colours, modes. And our title,
// which is on the terminal's stack meanwhile, the questions for its ground, its
// name and its brackets around pastes, and the return to the first column before
// the screen.
const ownSequences =
	/\u{1B}\[(?:\d*[A-HKXJ]|\d+;\d+H|[\d;]*m|\?(?:25|1004|1007|1049|2004|2026)[hlrs]|2[23];0t|>?\??[\d;]*u|>q|\?2004\$p)|\u{1B}\]11;\?\u{1B}\\|\u{1B}\]0;(?:\(\d+\) )?sockchat\u{1B}\\\r?/gu;

/** Controls that are neither line ends nor in a sequence of our own. */
const foreignControls = (output: string): readonly string[] =>
	output
		.replaceAll(ownSequences, '')
		// The last may have come in part so far.

		.replace(/\u{1B}(?:\[[?\d;]*)?$/u, '')
		.replaceAll(/\r?\n/g, '')
		.match(/\p{Cc}|\p{Bidi_Control}/gu) ?? [];

test('e2e: what a peer says drives no terminal', async t => {
	const member = await joinScreen(t, port, 'heron', size);
	const lines = startBin(t, ['connect', '--port', port, '--nick', 'lines']);
	const json = startBin(t, [
		'connect',
		'--port',
		port,
		'--nick',
		'json',
		'--json',
	]);
	await lines.waitForOutput('-- lines joined');
	await json.waitForOutput('"nick":"json"');
	// In one row with the others, whoever of them came last.
	await otter.waitFor(/\bjson\b.* joined/);
	assert.notDeepEqual(foreignControls(hostile[0]!), []);

	const framed = await joinBare(t, port, 'mallory');
	framed.sayNext(...hostile, 'framed end');
	await otter.waitFor(/mallory +framed end/);
	const guest = await openPlain(t, loopback(port));
	guest.write(`${hostile.join('\n')}\nplain end\n`);

	for (const terminal of [otter, member]) {
		await waitForWhole(terminal, size, {shown: 'plain end'});
		assert.deepEqual(foreignControls(terminal.output()), []);
		assert.equal(terminal.modes.isAlternateScreen, true);
		assert.match(terminal.text(), /clipboard .*52;c;ZXZpbA==/);
		assert.match(terminal.text(), /bidi .*desrever/);
		assert.doesNotMatch(terminal.text(), /^\S*forged: text/m);
	}

	await lines.waitForOutput('plain end\n');
	await json.waitForOutput('"text":"plain end"');
	for (const output of [lines.stdout(), lines.stderr(), json.stdout()]) {
		assert.deepEqual(foreignControls(output), []);
	}

	for (const line of json.stdout().trimEnd().split('\n')) {
		JSON.parse(line);
	}

	const told = json
		.stdout()
		.split('\n')
		.filter(
			line =>
				line.includes('"from":"mallory"') &&
				line.startsWith('{"type":"message"'),
		)
		.map(line => (JSON.parse(line) as {text: string}).text);
	assert.deepEqual(told, [...hostile, 'framed end']);
	framed.end();
	guest.end();
});

test('e2e: a nick with controls is refused in one sentence', async t => {
	const guest = await openPlain(t, loopback(port));
	guest.write('/nick \u{1B}]0;owned\u{7}\n');
	await guest.untilText("can't be a nick");
	assert.equal(guest.text.split('\n').length, 2);
	assert.deepEqual(foreignControls(guest.text), []);
	assert.deepEqual(foreignControls(otter.output()), []);
	guest.end();
});

test('e2e: raw chunks drive no terminal either', async t => {
	const {terminal, port: rawPort} = await serveScreen(t, 'otter', {
		...size,
		args: ['--raw'],
	});
	const peer = await openPlain(t, loopback(rawPort));
	peer.write(`${hostile.join('\n')}\nraw end\n`);
	await terminal.waitFor('raw end');
	peer.write(new Uint8Array(256).map((_, index) => index));
	await terminal.waitFor('← 256');
	await terminal.waitFor('~␡');
	assert.deepEqual(foreignControls(terminal.output()), []);
	assert.equal(terminal.modes.isAlternateScreen, true);
});

test('e2e: the caret stands behind wide and combined letters', async () => {
	otter.type('漢字e\u{301}👨‍👩‍👧‍👦');
	const prompt = 'otter › '.length;
	const widths = 2 + 2 + 1 + 2;
	const caretAt = async (x: number) =>
		until(() => otter.cursor().x === x && otter.cursor().y === size.rows - 1, {
			what: `the caret in column ${x}`,
			seen: () => `${JSON.stringify(otter.cursor())}\n${otter.framed()}`,
		});
	await caretAt(prompt + widths);
	otter.press('left');
	await caretAt(prompt + widths - 2);
	otter.press('left', 'left');
	await caretAt(prompt + 2);
	otter.press('end', 'backspace', 'backspace');
	await caretAt(prompt + 4);
	otter.press('ctrl-u');
	await otter.waitFor('› message, or /help');
});
