/** What a terminal gets when somebody calls: with a mention, or a whisper. */
import assert from 'node:assert/strict';
import {test, type TestContext} from 'node:test';
import {
	joinBare,
	joinScreen,
	openScreen,
	serveJson,
	serveScreen,
	type ScreenOptions,
} from '../helpers/sockchat.js';
import type {Terminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';

const bells = (terminal: Terminal): number =>
	terminal.output().split('\u0007').length - 1;

const untilTitle = async (terminal: Terminal, title: string) =>
	until(() => terminal.title() === title, {
		what: `the title ${title}`,
		seen: () => `${terminal.title()}\n${terminal.framed()}`,
	});

/** A room of otter, with a screen, and heron. */
const openRoom = async (
	t: TestContext,
	args: readonly string[] = [],
	options: ScreenOptions = {},
) => {
	const {port} = await serveJson(t);
	const otter = await openScreen(
		t,
		['connect', '--port', port, '--nick', 'otter', ...args],
		options,
	);
	await otter.waitFor('otter joined');
	const heron = await joinBare(t, port, 'heron');
	return {otter, heron};
};

test('calls: a mention rings once, and the title counts it until a key is typed', async t => {
	const {otter, heron} = await openRoom(t);
	await untilTitle(otter, 'sockchat');
	assert.ok(otter.modes.isFocusReported);
	heron.sayNext('otters swim', 'the build is green');
	await otter.waitFor('the build is green');
	assert.equal(bells(otter), 0);
	assert.equal(otter.title(), 'sockchat');

	heron.sayNext('@Otter: are you there?');
	await otter.waitFor(/▌heron +@Otter: are you there\?/u);
	await untilTitle(otter, '(1) sockchat');
	assert.equal(bells(otter), 1);
	// The nick is in reverse.
	const y = otter.screen().findIndex(row => row.includes('@Otter'));
	const x = otter.screen()[y]!.indexOf('Otter');
	assert.ok(otter.cell(x, y).isInverse);
	assert.ok(!otter.cell(x - 1, y).isInverse);
	assert.ok(!otter.cell(x + 5, y).isInverse);

	otter.type('y');
	await untilTitle(otter, 'sockchat');
	otter.type('es, otter is\r');
	await otter.waitFor(/yes, otter is +✓/u);
	assert.equal(bells(otter), 1, "one's own line rings nothing");
});

test('calls: what comes at once rings once, and all of it is counted', async t => {
	const {otter, heron} = await openRoom(t);
	heron.sayNext(...Array.from({length: 40}, (_, index) => `otter ${index}`));
	heron.send({type: 'whisper', n: 41, to: 'otter', text: 'psst'});
	await otter.waitFor('otter 39');
	await untilTitle(otter, '(41) sockchat');
	assert.equal(bells(otter), 1);
});

test('calls: a host is called as well, and a replay rings nobody', async t => {
	const {terminal: otter, port} = await serveScreen(t, 'otter');
	const heron = await joinBare(t, port, 'heron');
	heron.sayNext('otter and stoat?');
	await otter.waitFor(/▌heron +otter and stoat/u);
	await untilTitle(otter, '(1) sockchat');
	assert.equal(bells(otter), 1);

	const stoat = await joinScreen(t, port, 'stoat');
	await stoat.waitFor(/▌heron +otter and stoat/u);
	heron.sayNext('and that is all');
	await stoat.waitFor('and that is all');
	assert.equal(bells(stoat), 0);
	assert.equal(stoat.title(), 'sockchat');
});

test('calls: focus reports are no keys, and end the count', async t => {
	const {otter, heron} = await openRoom(t);
	for (const [index, report] of ['\u001B[I', '\u001B[O'].entries()) {
		heron.sayNext(`otter ${index}?`);
		await untilTitle(otter, '(1) sockchat');
		otter.type(report);
		await untilTitle(otter, 'sockchat');
	}

	otter.type('a\u001B[Ib\u001B[O\u001B[Ic');
	await otter.waitFor(/› abc$/mu);
});

test('calls: /bell turns the bell off and on, and says how it is', async t => {
	const {otter, heron} = await openRoom(t);
	otter.type('/bell\r');
	await otter.waitFor('The bell rings for mentions and whispers.');
	otter.type('/bell off\r');
	await otter.waitFor('The bell is off.');
	heron.sayNext('otter?');
	await untilTitle(otter, '(1) sockchat');
	await otter.waitFor(/▌heron +otter\?/u);
	assert.equal(bells(otter), 0);
	otter.type('/bell on\r');
	await untilTitle(otter, 'sockchat');
	heron.sayNext('otter!');
	await untilTitle(otter, '(1) sockchat');
	await until(() => bells(otter) === 1, {what: 'the bell'});
	otter.type('/bell loud\r');
	await otter.waitFor('Usage: /bell [on|off|status]');
});

test('calls: a notification has the nick and the text, and no more', async t => {
	const hostile = `otter; ]0;evil\u0007 \u001B\\ ${'x'.repeat(1000)}`;
	const shown = `otter, ]0,evil␇ ␛\\ ${'x'.repeat(100)}`;
	for (const [kind, before, cells] of [
		['osc9', '\u001B]9;heron: ', 92],
		['osc777', '\u001B]777;notify;heron;', 99],
	] as const) {
		const {otter, heron} = await openRoom(t, [
			'--bell',
			'off',
			'--notify',
			kind,
		]);
		heron.sayNext(hostile);
		await untilTitle(otter, '(1) sockchat');
		const wanted = `${before}${shown.slice(0, cells)}…\u001B\\`;
		await until(() => otter.output().includes(wanted), {
			what: wanted,
			seen: () => JSON.stringify(/\u001B\](?:9|777).*/su.exec(otter.output())),
		});
		assert.equal(bells(otter), 0);
	}
});

test('calls: the Linux console gets the bell, and no sequence that it might print', async t => {
	const {otter, heron} = await openRoom(t, ['--notify', 'osc9'], {
		env: {TERM: 'linux'},
	});
	heron.sayNext('otter: see http://127.0.0.1/log');
	await otter.waitFor(/▌heron +otter: see/u);
	await until(() => bells(otter) === 1, {what: 'the bell'});
	otter.type('/quit\r');
	assert.equal(await otter.waitForExit(), 0);
	assert.doesNotMatch(otter.output(), /\u001B\]|\u001B\[2[23];0t/u);
});

test('calls: without colours a mention is still in reverse', async t => {
	const {otter, heron} = await openRoom(t, ['--no-color']);
	heron.sayNext('dear otter');
	await otter.waitFor(/▌heron +dear otter/u);
	assert.match(otter.output(), /\u001B\[7motter\u001B\[27m/u);
});

test('calls: a URL is a link to what it says', async t => {
	const {otter, heron} = await openRoom(t);
	heron.sayNext('see http://127.0.0.1:8080/log, please');
	await otter.waitFor('8080/log, please');
	assert.ok(
		otter
			.output()
			.includes(
				'\u001B]8;;http://127.0.0.1:8080/log\u001B\\http://127.0.0.1:8080/log\u001B]8;;\u001B\\',
			),
		JSON.stringify(otter.output()),
	);
});
