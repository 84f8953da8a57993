/** What is typed and pasted, in a pseudo-terminal. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {after} from 'node:test';
import {joinScreen, serveScreen} from '../helpers/sockchat.js';

const {terminal: otter, port: room} = await serveScreen({after}, 'otter');

test('e2e: a paste that never ends is in the draft after a second (irssi#942)', async () => {
	otter.type('\u001B[200~');
	otter.type('half of a paste\u001B[20');
	await otter.waitFor('› half of a paste');
	otter.press('ctrl-u');
	otter.type('and still here\r');
	await otter.waitFor(/otter +and still here/);
});

test('e2e: unfinished answers of the terminal swallow no key for long', async () => {
	for (const [index, chunk] of [
		'\u001B]11;rgb:1e1e',
		'\u001BP>|xterm',
		'\u001B[<64;10;5M\u001B[<64',
		'\u001B[I',
	].entries()) {
		otter.type(chunk);
		otter.press('ctrl-u');
		otter.type(`after answer ${index}\r`);
		await otter.waitFor(new RegExp(`otter +after answer ${index}`));
	}
});

test('e2e: a paste without brackets keeps its lines and its tabs', async t => {
	const old = await joinScreen(t, room, 'heron', {isOld: true});
	const lines = Array.from({length: 30}, (_, index) => `\tline ${index}`);
	old.paste(lines.map(line => `${line}\n`).join(''));
	await old.waitFor('Send 30 lines');
	old.press('enter');
	await old.waitFor('line 29');
	assert.match(old.text(), / {4}line 28$/m);
});

test('e2e: one line with its Enter is sent, however long', async () => {
	otter.type(`${'long '.repeat(900)}end\r`);
	await otter.waitFor(/long end *✓?$/m);
});

test('e2e: sent lines can be recalled and found in the next run', async t => {
	const state = mkdtempSync(join(tmpdir(), 'sockchat-typed-'));
	t.after(() => {
		rmSync(state, {recursive: true});
	});
	const env = {XDG_STATE_HOME: state};
	const {terminal: first, port} = await serveScreen(t, 'heron', {env});
	const yesterday = await joinScreen(t, port, 'egret', {env});
	yesterday.type('the words of yesterday\r');
	await first.waitFor(/egret +the words of yesterday/);
	yesterday.press('ctrl-c');
	await yesterday.waitForExit();
	const today = await joinScreen(t, port, 'egret', {env});
	today.press('up');
	await today.waitFor('egret › the words of yesterday');
	today.press('ctrl-u', 'ctrl-r');
	today.type('yester');
	await today.waitFor('(search) yester: the words of yesterday');
	today.press('enter');
	await today.waitFor('egret › the words of yesterday');
	today.press('enter');
	await first.waitFor(/yesterday[\s\S]*egret +the words of yesterday/);
});
