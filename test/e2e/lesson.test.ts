/** Lessons on a screen, done right and wrong. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {startBin} from '../helpers/process.js';
import {openScreen} from '../helpers/sockchat.js';
import type {Terminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const names =
	/^"nope" is not a lesson; the lessons are backlog, .*half-close.* and time-wait\.$/;

const enter = async (terminal: Terminal, text: string) => {
	terminal.type(text);
	await terminal.waitFor(`› ${text}`);
	terminal.press('enter');
	await terminal.waitForNot(`› ${text}`);
};

/** The lesson's pane, above the live view or beside it. */
const lessonOf = (terminal: Terminal): string => {
	const rows = terminal.screen();
	const isBeside = rows[1]!.length >= 120;
	return isBeside
		? rows.map(row => row.slice(0, 54)).join('\n')
		: rows.slice(1, 9).join('\n');
};

/** Reads on, page by page, until something comes. */
const readUntil = async (terminal: Terminal, pattern: RegExp) => {
	await terminal.waitFor(/Enter: (?:more|next)/);
	while (!pattern.test(terminal.text())) {
		const before = lessonOf(terminal);
		terminal.press('enter');
		// More of the text, or the next stage.
		await until(() => lessonOf(terminal) !== before, {
			what: 'Enter to go on',
			seen: terminal.framed,
		});
		await terminal.waitFor(
			new RegExp(`${pattern.source}|Enter: (?:more|next)`),
		);
	}
};

test('lesson: one is done on a screen of 80 by 24, first wrong, then right', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close']);
	await terminal.waitFor(/Python plays/);
	await readUntil(terminal, /Half-close · 1 of 5/);
	await terminal.waitFor('✓ Seen on the socket');
	await readUntil(terminal, /≤ 03\.790 means/);
	await readUntil(terminal, /1 ESTABLISHED {3}2 CLOSE-WAIT {3}3 CLOSED/);
	await enter(terminal, 'perhaps');
	await terminal.waitFor('First your prediction: a number from 1 to 3.');
	await enter(terminal, '1');
	await terminal.waitFor('› Type: /end');
	await enter(terminal, '/pause');
	await terminal.waitFor('✗ Not /pause. Type /end and Enter.');
	await enter(terminal, '/end');
	await terminal.waitFor('● CLOSE-WAIT');
	await terminal.waitFor(
		'✗ You predicted "ESTABLISHED", but it is "CLOSE-WAIT"',
	);
	await readUntil(terminal, /What happens if the client sends now\?/);
	await enter(terminal, '2');
	// It was paused, which the learner has to take back.
	await terminal.waitFor('… this is awaited');
	await enter(terminal, '/resume');
	await terminal.waitFor('✓ You predicted "the bytes arrive here", rightly');
	await readUntil(terminal, /Which end then keeps the connection/);
	await enter(terminal, '2');
	await terminal.waitFor('● TIME-WAIT');
	await readUntil(terminal, /A minute later/);
	await readUntil(terminal, /Why\. CLOSE means/);
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});

test('lesson: a connection that was reset can be opened again', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close'], {
		columns: 130,
		rows: 40,
	});
	await readUntil(terminal, /✓ Seen on the socket/);
	await readUntil(terminal, /means: by then/);
	await readUntil(terminal, /1 ESTABLISHED/);
	await enter(terminal, '2');
	await terminal.waitFor('› Type: /end');
	await enter(terminal, '/reset');
	await terminal.waitFor('/again starts it again');
	await enter(terminal, '/again');
	await terminal.waitFor(/Python plays/);
	await readUntil(terminal, /✓ Seen on the socket/);
	await enter(terminal, '/quit');
	assert.equal(await terminal.waitForExit(), 0);
});

test('lesson: a name that is none is refused with those that are', async t => {
	const child = startBin(t, ['lesson', 'nope']);
	const {code} = await child.waitForExit();
	assert.equal(code, 2);
	assert.equal(child.stdout(), '');
	assert.match(child.stderr().trim(), names);
});

test('lesson: off a terminal its page is printed, and without a name the list', async t => {
	const page = startBin(t, ['lesson', 'half-close']);
	assert.equal((await page.waitForExit()).code, 0);
	assert.equal(page.stdout(), readLesson('half-close'));
	const list = startBin(t, ['lesson']);
	assert.equal((await list.waitForExit()).code, 0);
	assert.match(list.stdout(), /^Lessons\n {2}backlog /);
	assert.match(list.stdout(), /\n {2}half-close +Half-close\n/);
});

test('lesson: without Python one sentence says what to install', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close'], {
		env: {PATH: '/nowhere'},
	});
	await terminal.waitFor('Enter: next');
	terminal.press('enter');
	assert.equal(await terminal.waitForExit(), 1);
	assert.match(terminal.text(), /python3\s+can't\s+be\s+run: .*Install/s);
});
