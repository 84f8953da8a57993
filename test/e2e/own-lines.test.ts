/** One's own lines, drawn as such by the next process too. */
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type TestContext} from 'node:test';
import {findPort} from '../helpers/ports.js';
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

test('e2e: a host and a member of one user, with one nick, both keep theirs', async t => {
	const env = keptState(t);
	const options = {...size, env};
	const port = await findPort();
	const host = await openScreen(t, ['serve', port, '--nick', 'otter'], options);
	const joinAgain = async () => {
		const member = await openScreen(t, ['connect', '--port', port], {
			...size,
			// A nick that may be another, if it is taken.
			env: {...env, SOCKCHAT_NICK: 'otter'},
		});
		await member.waitFor('otter-2 joined');
		return member;
	};

	const first = await joinAgain();
	first.type('said as a member\r');
	await first.waitFor(/said as a member *✓/);
	first.type('/quit\r');
	await first.waitForExit();
	host.type('said as the host\r');
	await host.waitFor(/said as the host *✓/);
	const again = await joinAgain();
	await again.waitFor('said as the host');
	assertOwn(again, 'said as a member', true);
	assertOwn(again, 'said as the host', false);
});
