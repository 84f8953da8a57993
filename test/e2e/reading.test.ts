/** Reading: where one left off, older entries, the search. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {joinBare, openScreen, serveJson} from '../helpers/sockchat.js';

/** A state folder that outlasts each run, as a user's does. */
const stateOf = (t: TestContext): {XDG_STATE_HOME: string} => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-state-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return {XDG_STATE_HOME: folder};
};

const open = async (
	t: TestContext,
	port: string,
	env: Record<string, string>,
	rest: readonly string[] = [],
) =>
	openScreen(t, ['connect', '--port', port, '--nick', 'otter', ...rest], {
		columns: 80,
		rows: 24,
		env,
	});

test('e2e: a restarted screen shows where its reader left off', async t => {
	const env = stateOf(t);
	const {port} = await serveJson(t);
	const heron = await joinBare(t, port, 'heron');
	heron.sayNext('before', 'the last one seen');
	const first = await open(t, port, env);
	await first.waitFor('the last one seen');
	await first.waitFor('You are otter');
	first.press('ctrl-c');
	assert.equal(await first.waitForExit(), 0);

	heron.sayNext('the first one missed', 'and another');
	const second = await open(t, port, env);
	await second.waitFor(
		/the last one seen\n(?:.*\n)*── new since \d\d:\d\d ─+\n(?:.*(?:joined|left).*\n)*.*the first one missed/,
	);
	assert.equal(second.text().match(/new since/g)?.length, 1);

	// Who sees another view, and comes back, finds it where they left.
	second.press('ctrl-t');
	await second.waitFor(/wire/);
	heron.sayNext('said behind its back');
	await second.waitFor('1 new in the chat');
	second.type('/wire\r');
	await second.waitFor(/── new since \d\d:\d\d ─+\n.*said behind its back/);
	assert.equal(second.text().match(/new since/g)?.length, 1);
});

test('e2e: Page Up brings back what /clear took away', async t => {
	const env = stateOf(t);
	const {port} = await serveJson(t);
	const heron = await joinBare(t, port, 'heron');
	heron.sayNext(...Array.from({length: 5}, (_, index) => `word ${index}`));
	const screen = await open(t, port, env);
	await screen.waitFor('word 4');
	screen.type('/clear\r');
	await screen.waitForNot('word 4');
	// End, Page Down, Shift-Down: whichever way leads down again.
	for (const down of ['\u{1B}[F', '\u{1B}[6~', '\u{1B}[1;2B']) {
		screen.press('page-up');
		await screen.waitFor(/word 0\n(?:.*\n)*.*word 4/);
		screen.type(down);
		await screen.waitForNot('word 4');
	}
});

test('e2e: Ctrl-End goes to the bottom although there is a draft', async t => {
	const {port} = await serveJson(t);
	const heron = await joinBare(t, port, 'heron');
	heron.sayNext(...Array.from({length: 60}, (_, index) => `row ${index}.`));
	const screen = await open(t, port, stateOf(t));
	await screen.waitFor('row 59.');
	screen.type('a draft');
	screen.press('page-up');
	await screen.waitForNot('row 59.');
	screen.type('\u{1B}[1;2A');
	await screen.waitFor(/› a draft/);
	screen.type('\u{1B}[1;5F');
	await screen.waitFor('row 59.');
	await screen.waitFor(/› a draft/);
});

test('e2e: the wheel sends no arrows, and is as before after each way out', async t => {
	const take = '\u{1B}[?1007s\u{1B}[?1007l';
	const giveBack = '\u{1B}[?1007h\u{1B}[?1007r';
	const {port} = await serveJson(t);
	for (const end of ['ctrl-c', 'SIGTERM', 'SIGHUP'] as const) {
		const screen = await open(t, port, stateOf(t));
		await screen.waitFor('You are otter');
		assert.equal(screen.output().split(take).length, 2);
		assert.ok(!screen.output().includes(giveBack));
		if (end === 'ctrl-c') {
			screen.press(end);
		} else {
			screen.signal(end);
		}

		await screen.waitForExit();
		assert.equal(screen.output().split(giveBack).length, 2, end);
	}
});

test('e2e: with --mouse the wheel scrolls, with a draft too, and each way out gives it back', async t => {
	const take = '\u{1B}[?1000h\u{1B}[?1006h';
	const giveBack = '\u{1B}[?1006l\u{1B}[?1000l';
	const {port} = await serveJson(t);
	const heron = await joinBare(t, port, 'heron');
	heron.sayNext(...Array.from({length: 60}, (_, index) => `row ${index}.`));
	for (const end of ['ctrl-c', 'SIGTERM', 'SIGHUP'] as const) {
		const screen = await open(t, port, stateOf(t), ['--mouse']);
		await screen.waitFor('row 59.');
		await screen.waitFor('You are otter');
		assert.equal(screen.output().split(take).length, 2);
		screen.type('a draft');
		screen.type('\u{1B}[<64;10;5M'.repeat(4));
		await screen.waitForNot('row 59.');
		screen.type('\u{1B}[<0;10;5M\u{1B}[<0;10;5m');
		screen.type('\u{1B}[<65;10;5M'.repeat(4));
		await screen.waitFor('row 59.');
		await screen.waitFor(/› a draft *$/m);
		if (end === 'ctrl-c') {
			screen.press(end);
			screen.press(end);
		} else {
			screen.signal(end);
		}

		await screen.waitForExit();
		assert.equal(screen.output().split(giveBack).length, 2, end);
	}
});

test('e2e: a search goes from hit to hit, also to those not loaded', async t => {
	const {port} = await serveJson(t);
	const heron = await joinBare(t, port, 'heron');
	for (let group = 0; group < 5; group++) {
		heron.sayNext(
			...Array.from({length: 100}, (_, index) => {
				const count = group * 100 + index;
				return count % 100 === 30
					? `the port is ${4900 + group}`
					: `message ${count}`;
			}),
		);
	}

	const screen = await open(t, port, stateOf(t));
	await screen.waitFor('message 499');
	screen.type('/search PORT heron\r');
	await screen.waitFor('1 of 5 · n older');
	await screen.waitFor('the port is 4904');
	screen.type('n');
	await screen.waitFor('2 of 5');
	await screen.waitFor('the port is 4903');
	screen.type('nnn');
	await screen.waitFor(/message 29\n.*the port is 4900\n.*message 31/);
	await screen.waitFor('5 of 5');
	// Between two pages that are not in a row.
	screen.type('NN');
	await screen.waitFor(/message 229\n.*the port is 4902\n.*message 231/);
	screen.type('\u{13}');
	await screen.waitFor(/message 129\n.*the port is 4901\n.*message 131/);

	screen.press('escape');
	await screen.waitFor('message, or /help');
	screen.type('no\r');
	await screen.waitFor(/ no *✓/);
	// Among others on the screen the one that the reader is at is seen.
	screen.type('/search message 49\r');
	const lookOf = (text: string) => {
		const rows = screen.screen();
		const y = rows.findIndex(row => row.includes(text));
		const {isInverse, isUnderlined} = screen.cell(rows[y]!.indexOf(text), y);
		return {isInverse, isUnderlined};
	};

	const isAt = {isInverse: true, isUnderlined: false};
	const isOther = {isInverse: false, isUnderlined: true};
	await screen.waitFor('message 498');
	await screen.waitFor(/1 of \d+/u);
	assert.deepEqual(lookOf('message 499'), isAt);
	assert.deepEqual(lookOf('message 498'), isOther);
	screen.type('n');
	await screen.waitFor(/2 of \d+/u);
	assert.deepEqual(lookOf('message 499'), isOther);
	assert.deepEqual(lookOf('message 498'), isAt);
	screen.press('escape');
	await screen.waitFor('message, or /help');
	screen.type('/search nowhere at all\r');
	await screen.waitFor('nothing found; Esc ends');
});
