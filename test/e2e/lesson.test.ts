/** Lessons on a screen, done right and wrong. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {startBin} from '../helpers/process.js';
import {openScreen} from '../helpers/sockchat.js';
import type {Terminal} from '../helpers/terminal.js';

const names =
	/^"nope" is not a lesson; the lessons are backlog, .*half-close.* and time-wait\.$/;

const enter = async (terminal: Terminal, text: string) => {
	terminal.type(text);
	await terminal.waitFor(`› ${text}`);
	terminal.press('enter');
};

/** Goes on once the step is done, to the next stage or page. */
const goOn = async (terminal: Terminal, pattern: RegExp | string) => {
	terminal.press('enter');
	await terminal.waitFor(pattern);
};

const toPrediction = async (terminal: Terminal) => {
	await terminal.waitFor(/Python plays/);
	await goOn(terminal, '✓ Seen on the socket');
	await goOn(terminal, /≤ 03\.790 means/);
	await goOn(terminal, /1 ESTABLISHED {3}2 CLOSE-WAIT {3}3 CLOSED/);
};

test('lesson: one is done on a screen of 80 by 24, first wrong, then right', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close']);
	await toPrediction(terminal);
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
	await goOn(terminal, /What happens if the client sends now\?/);
	await enter(terminal, '2');
	// It was paused, which the learner has to take back.
	await terminal.waitFor('… this is awaited');
	await enter(terminal, '/resume');
	await terminal.waitFor('✓ You predicted "the bytes arrive here", rightly');
	// What the client did came after the text: there is more to be read.
	await goOn(terminal, 'Enter: next');
	await goOn(terminal, /Which end then keeps the connection/);
	await enter(terminal, '2');
	await terminal.waitFor('✓ You predicted "this one, which closed first"');
	await goOn(terminal, /A minute later/);
	await goOn(terminal, /Why\. CLOSE means/);
	terminal.press('ctrl-c');
	assert.equal(await terminal.waitForExit(), 0);
});

test('lesson: a connection that was reset can be opened again', async t => {
	const terminal = await openScreen(t, ['lesson', 'half-close'], {
		columns: 130,
		rows: 40,
	});
	await toPrediction(terminal);
	await enter(terminal, '2');
	await terminal.waitFor('› Type: /end');
	await enter(terminal, '/reset');
	await terminal.waitFor('/again starts it again');
	await enter(terminal, '/again');
	await terminal.waitFor(/Python plays/);
	await goOn(terminal, '✓ Seen on the socket');
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
