/** One's own lines, drawn as such by the next process too. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {startBin} from '../helpers/process.js';
import {
	joinBare,
	joinScreen,
	openScreen,
	serveJson,
	serveScreen,
} from '../helpers/sockchat.js';
import type {Terminal} from '../helpers/terminal.js';

const size = {columns: 100, rows: 30};

/** A state folder that lasts longer than a program. */
const keptState = (t: TestContext) => {
	const folder = mkdtempSync(join(tmpdir(), 'sockchat-state-'));
	t.after(() => {
		rmSync(folder, {recursive: true, force: true});
	});
	return {XDG_STATE_HOME: folder};
};

const assertOwn = (terminal: Terminal, text: string, isOwn: boolean) => {
	const row = terminal.screen().findIndex(line => line.includes(text));
	assert.notEqual(row, -1, terminal.framed());
	const cells = terminal.cells().at(row)!;
	const nick = cells.find((cell, x) => x > 6 && /\w/.test(cell.text));
	assert.equal(nick?.isBold, isOwn, terminal.framed());
	const line = terminal.screen()[row]!;
	assert.equal(line.includes('✓'), isOwn, line);
};

test("e2e: one's lines are one's own after a restart", async t => {
	const env = keptState(t);
	const {port} = await serveJson(t, ['--nick', 'host']);
	const heron = await joinBare(t, port, 'heron');
	heron.sayNext('said by heron');
	const options = {...size, env};
	const first = await joinScreen(t, port, 'otter', options);
	first.type('said before\r');
	await first.waitFor(/said before *✓/);
	first.type('/quit\r');
	await first.waitForExit();
	const again = await joinScreen(t, port, 'otter', options);
	await again.waitFor('said before');
	assertOwn(again, 'said before', true);
	assertOwn(again, 'said by heron', false);
});

test("e2e: a host's lines are its own after a restart", async t => {
	const env = keptState(t);
	const history = join(env.XDG_STATE_HOME, 'room.jsonl');
	const options = {...size, env, args: ['--history', history]};
	const {terminal: first, port: own} = await serveScreen(t, 'otter', options);
	const guest = await joinBare(t, own, 'heron');
	guest.sayNext('said by heron');
	await first.waitFor('said by heron');
	first.type('said before\r');
	await first.waitFor(/said before *✓/);
	first.type('/quit\r');
	first.type('\u0003');
	await first.waitForExit();

	const {terminal: again} = await serveScreen(t, 'otter', options);
	await again.waitFor('said before');
	assertOwn(again, 'said before', true);
	assertOwn(again, 'said by heron', false);
	again.type('said after\r');
	await again.waitFor(/said after *✓/);
});

test('e2e: who was the host of a room and comes back as a member is the same', async t => {
	const env = keptState(t);
	const {terminal: host, port: own} = await serveScreen(t, 'otter', {
		...size,
		env,
	});
	host.type('/quit\r');
	await host.waitForExit();
	const history = join(env.XDG_STATE_HOME, 'room.jsonl');
	const args = [own, '--nick', 'otter', '--history', history];
	const opener = await openScreen(t, args, {...size, env});
	await opener.waitFor('listening on');
	opener.type('said as the host\r');
	await opener.waitFor(/said as the host *✓/);
	opener.type('/quit\r');
	await opener.waitForExit();

	const server = startBin(t, [
		'serve',
		own,
		'--json',
		'--nick',
		'other',
		'--history',
		history,
	]);
	await server.waitForOutput('"phase":"listening"');
	const member = await openScreen(t, args, {...size, env});
	await member.waitFor('said as the host');
	assertOwn(member, 'said as the host', true);
});
