import assert from 'node:assert/strict';
import test, {after} from 'node:test';
import {joinBare, openScreen, serveJson} from '../helpers/sockchat.js';
import {waitForWhole} from '../helpers/whole-screen.js';

const {port} = await serveJson({after});
const heron = await joinBare({after}, port, 'heron');

// Texts that are hard to measure: wide, joined, combined, long, of two lines.
heron.sayNext(
	'漢字かな交じり文は幅が二倍で、折り返しは文字の途中で起きない。'.repeat(3),
	'👨‍👩‍👧‍👦🏳️‍🌈👍🏽🇫🇮❤️ é ñ ก็ กำ นี้ 각 ﷺ ①',
	`a-word-without-any-blank-${'in-it-'.repeat(40)}end`,
	'two lines:\nthe second',
	'last words',
);

const open = async (
	t: Parameters<typeof openScreen>[0],
	columns: number,
	rows: number,
) =>
	openScreen(t, ['connect', '--port', port, '--nick', 'otter'], {
		columns,
		rows,
	});

// Its own window opens at the size; the rest is reached by resizing.
for (const [columns, rows] of [
	[20, 8],
	[40, 12],
	[80, 24],
	[100, 24],
	[200, 50],
] as const) {
	test(`e2e: the screen is whole at ${columns}x${rows}`, async t => {
		const terminal = await open(t, columns, rows);
		const size = {columns, rows};
		await waitForWhole(terminal, size, {shown: 'last words'});
		await terminal.waitFor('otter joined');
		terminal.type('a draft');
		await waitForWhole(terminal, size, {draft: 'a draft'});
		terminal.press('enter');
		await waitForWhole(terminal, size, {shown: /a draft *✓/});
	});
}

test('e2e: the screen is whole after any resize', async t => {
	const terminal = await open(t, 80, 24);
	await terminal.waitFor('last words');
	heron.sayNext('the very last');
	terminal.type('kept');
	for (const rows of [8, 12, 24, 50]) {
		for (const columns of [200, 20, 100, 40, 80]) {
			terminal.resize(columns, rows);
			// One size after the other: that is what is tested.

			await waitForWhole(
				terminal,
				{columns, rows},
				{draft: 'kept', shown: 'the very last'},
			);
		}
	}
});

test('e2e: many resizes at once end in a whole screen', async t => {
	const terminal = await open(t, 80, 24);
	await terminal.waitFor('the very last');
	for (let step = 0; step < 60; step++) {
		terminal.resize(20 + ((step * 37) % 180), 8 + ((step * 13) % 42));
	}

	terminal.resize(101, 23);
	await waitForWhole(
		terminal,
		{columns: 101, rows: 23},
		{shown: 'the very last'},
	);
});

test('e2e: nothing is cleared to be drawn again while messages come', async t => {
	const terminal = await open(t, 100, 24);
	await terminal.waitFor('otter joined');
	const before = terminal.output().length;
	for (let index = 1; index <= 30; index++) {
		heron.sayNext(`drawn ${index}`);
		// Each of them a frame of its own.

		await terminal.waitFor(`drawn ${index}`);
	}

	terminal.type('typed');
	await waitForWhole(
		terminal,
		{columns: 100, rows: 24},
		{draft: 'typed', shown: 'drawn 30'},
	);

	assert.doesNotMatch(terminal.output().slice(before), /\u{1B}\[[23]?J/u);
});

test('e2e: page up and down, Home and End move through the transcript', async t => {
	const size = {columns: 80, rows: 24};
	const terminal = await open(t, size.columns, size.rows);
	await terminal.waitFor(/otter (joined|came back)/);
	heron.sayNext(
		...Array.from({length: 99}, (_, index) => `page ${101 + index}`),
	);

	await waitForWhole(terminal, size, {shown: 'page 199'});
	terminal.press('page-up');
	await terminal.waitForNot('page 199');
	await terminal.waitFor(/↓ \d+ below/);
	heron.sayNext('while you read');
	await terminal.waitFor('↓ 1 new below');
	heron.sayNext('and again');
	await waitForWhole(terminal, size, {shown: '↓ 2 new below'});
	assert.doesNotMatch(terminal.text(), /while you read/);

	// The first goes back to where the new ones begin.
	terminal.press('page-down', 'page-down');
	await waitForWhole(terminal, size, {shown: /while you read\n.*and again/});
	terminal.press('home');
	await waitForWhole(terminal, size, {shown: /heron joined/});
	assert.doesNotMatch(terminal.text(), /page 199/);
	terminal.press('end');
	await waitForWhole(terminal, size, {shown: 'and again'});
	assert.doesNotMatch(terminal.text(), / below/);

	// Who speaks wants to see it.
	terminal.press('page-up', 'page-up');
	await terminal.waitForNot('and again');
	terminal.type('answered\r');
	await waitForWhole(terminal, size, {shown: /answered *✓/});
});
