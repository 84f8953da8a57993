import assert from 'node:assert/strict';
import test from 'node:test';
import {startBin} from '../helpers/process.js';
import {until} from '../helpers/until.js';
import {
	joinBare,
	openScreen,
	serveJson,
	serveScreen,
} from '../helpers/sockchat.js';
import {waitForWhole} from '../helpers/whole-screen.js';

const count = 2000;
const size = {columns: 110, rows: 24};
const flood = Array.from({length: count}, (_, index) => `flood ${index + 1}`);

/** The numbers of the messages that a screen shows, from above. */
const shownNumbers = (text: string) =>
	Array.from(text.matchAll(/flood (\d+)/g), ([, number]) => Number(number));

test('e2e: in a flood nothing is lost or out of order, and keys still work', async t => {
	const {server, port} = await serveJson(t);
	const lines = startBin(t, ['connect', '--port', port, '--nick', 'reader']);
	const terminal = await openScreen(
		t,
		['connect', '--port', port, '--nick', 'otter'],
		size,
	);
	await terminal.waitFor('otter joined');
	await lines.waitForOutput('-- reader joined');
	const heron = await joinBare(t, port, 'heron');
	const word = 'typed while it pours';
	for (const [index, letter] of [...word].entries()) {
		const share = count / word.length;
		heron.sayNext(...flood.slice(index * share, (index + 1) * share));
		terminal.type(letter);
	}

	await waitForWhole(terminal, size, {draft: word, shown: `flood ${count}`});
	const shown = shownNumbers(terminal.text());
	assert.ok(shown.length >= 20, terminal.framed());
	assert.deepEqual(
		shown,
		Array.from(
			{length: shown.length},
			(_, index) => count - shown.length + 1 + index,
		),
	);

	await lines.waitForOutput(`heron: flood ${count}\n`);
	assert.deepEqual(
		lines
			.stdout()
			.split('\n')
			.filter(line => line.startsWith('heron: ')),
		flood.map(text => `heron: ${text}`),
	);
	terminal.press('enter');
	await server.waitForOutput(`"text":"${word}"`);
});

test("e2e: a flood doesn't move what is being read", async t => {
	const {terminal, port} = await serveScreen(t, 'otter', size);
	const heron = await joinBare(t, port, 'heron');
	heron.sayNext(...flood.slice(0, 60));
	await terminal.waitFor('flood 60');
	terminal.press('home');
	await waitForWhole(terminal, size, {shown: /listening on.*flood 1 /s});
	const before = shownNumbers(terminal.text());
	heron.sayNext(...flood.slice(60));
	await terminal.waitFor(`↓ ${count - 60} new below`);
	assert.deepEqual(shownNumbers(terminal.text()), before);
	terminal.press('escape');
	await until(() => shownNumbers(terminal.text()).at(-1) === count, {
		what: 'the bottom',
		seen: terminal.framed,
	});
});
