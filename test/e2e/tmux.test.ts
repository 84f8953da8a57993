/** In a real tmux, which gives emoji widths of its own. */
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import stringWidth from 'string-width';
import {createEnvironment, requireExecutable} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {joinBare, serveJson} from '../helpers/sockchat.js';
import {until} from '../helpers/until.js';

const columns = 110;
const rows = 30;

/** Where the frames are; tmux counts the cells of each character by itself. */
const framesOf = (lines: readonly string[]) =>
	lines.flatMap((line, y) => {
		let x = 0;
		return Array.from(line, character => {
			const place = /[│╭╮╰╯]/u.test(character)
				? [`${character} ${x},${y}`]
				: [];
			x += stringWidth(character);
			return place;
		}).flat();
	});

/** Without the connection pane, which goes on meanwhile. */
const transcriptOf = (lines: readonly string[]) =>
	lines.map(line => line.split('││', 1)[0]);

/** A tmux server of its own, with one window that runs a program. */
const openTmux = async (
	t: TestContext,
	{command, args}: {command: string; args: readonly string[]},
) => {
	const tmux = requireExecutable('tmux', 'tmux');
	const environment = createEnvironment({LC_ALL: 'C.UTF-8'});
	const socket = [
		'-S',
		join(environment.home, 'tmux'),
		'-f',
		'/dev/null',
		'-u',
	];
	const run = async (...words: readonly string[]) => {
		const process = startProcess(t, tmux, [...socket, ...words], {
			env: {LC_ALL: 'C.UTF-8'},
		});
		const {code} = await process.waitForExit();
		assert.equal(code, 0, process.seen());
		return process.stdout();
	};

	const size = ['-x', String(columns), '-y', String(rows)];
	// Without a client in front of it, no window has the focus, which tmux says
	// as soon as it is asked.
	const focus = ['start-server', ';', 'set', '-s', 'focus-events', 'on', ';'];
	await run(...focus, 'new-session', '-d', ...size, command, ...args);
	t.after(async () => {
		await run('kill-server');
		environment.remove();
	});
	const screen = async () => (await run('capture-pane', '-p')).split('\n');
	return {run, screen};
};

test('e2e: in tmux, a burst of emoji with skin tones leaves the frames in place', async t => {
	const {port} = await serveJson(t);
	const tmux = await openTmux(
		t,
		bin('connect', '--port', port, '--nick', 'heron'),
	);
	const shows = async (text: string) => {
		let seen = '';
		return until(
			async () => {
				seen = (await tmux.screen()).join('\n');
				return seen.includes(text) ? seen.split('\n') : undefined;
			},
			{what: text, seen: () => seen},
		);
	};

	await shows('heron joined');
	const otter = await joinBare(t, port, 'otter');
	otter.sayNext('calm');
	const calm = framesOf(await shows('otter   '));
	assert.ok(calm.length > 2 * rows - 10, 'there are frames');

	const tones = ['👍🏻', '👋🏼', '☝🏽', '🖐🏾', '🏃🏿'];
	const texts = Array.from(
		{length: 40},
		(_, index) => `${tones[index % 5]!.repeat(index % 25)} ❤️ ${index}.`,
	);
	otter.sayNext(...texts);
	assert.deepEqual(framesOf(await shows(' 39.')), calm);

	// What is said now scrolls them away, row by row.
	otter.sayNext(...texts.map((_, index) => `calm ${index}.`));
	const lines = await shows('calm 39.');
	assert.deepEqual(framesOf(lines), calm);
	await tmux.run('send-keys', 'C-l');
	const redrawn = await shows('calm 39.');
	assert.deepEqual(framesOf(redrawn), calm);
	assert.deepEqual(transcriptOf(lines), transcriptOf(redrawn), 'after Ctrl-L');
});

test('e2e: tmux flags the window for a mention, and for nothing else', async t => {
	const {port} = await serveJson(t);
	const tmux = await openTmux(
		t,
		bin('connect', '--port', port, '--nick', 'heron'),
	);
	await tmux.run('set', '-g', 'monitor-bell', 'on');
	const otter = await joinBare(t, port, 'otter');
	const seen = async () => tmux.run('capture-pane', '-p', '-t', ':0');
	const shows = async (text: string) =>
		until(async () => (await seen()).includes(text), {what: text});
	const flag = async () =>
		tmux.run('display', '-p', '-t', ':0', '#{window_bell_flag}');
	await shows('heron joined');
	await tmux.run('new-window');
	otter.sayNext('herons fish');
	await shows('herons fish');
	assert.equal((await flag()).trim(), '0');
	otter.sayNext('heron: are you there?');
	await shows('▌otter');
	await until(async () => (await flag()).trim() === '1', {
		what: 'the flag of the window',
	});
	assert.equal(
		(await tmux.run('display', '-p', '-t', ':0', '#{pane_title}')).trim(),
		'(1) sockchat',
	);
});

test('e2e: tmux sees activity when somebody speaks, and none before (iamb#339)', async t => {
	// A server that is silent for 1.5 heartbeats is news, and a busy machine may
	// keep it from running for long.
	const {port} = await serveJson(t, ['--heartbeat', '2']);
	const tmux = await openTmux(
		t,
		bin('connect', '--port', port, '--nick', 'heron'),
	);
	const otter = await joinBare(t, port, 'otter');
	await until(
		async () =>
			(await tmux.run('capture-pane', '-p', '-t', ':0')).includes('otter'),
		{what: 'otter'},
	);
	const untilPings = async (count: number) => {
		const before = otter.of('ping').length;
		await until(() => otter.of('ping').length >= before + count, {
			what: `${count} heartbeats`,
		});
	};

	// What the screen has to say of its start.
	await untilPings(3);
	await tmux.run('set', '-g', 'monitor-activity', 'on');
	await tmux.run('new-window');
	const flag = async () =>
		(
			await tmux.run('display', '-p', '-t', ':0', '#{window_activity_flag}')
		).trim();
	await untilPings(3);
	assert.equal(await flag(), '0', 'though heartbeats came and went');
	otter.sayNext('the build is green');
	await until(async () => (await flag()) === '1', {
		what: 'the flag of the window',
	});
});

for (const [how, flags] of [
	['the screen', []],
	['lines', ['--plain']],
] as const) {
	test(`e2e: in tmux, send-keys of two lines sends both, on ${how}`, async t => {
		const {port} = await serveJson(t);
		const otter = await joinBare(t, port, 'otter');
		const tmux = await openTmux(
			t,
			bin('connect', '--port', port, '--nick', 'heron', ...flags),
		);
		const shows = async (text: string) =>
			until(async () => (await tmux.screen()).join('\n').includes(text), {
				what: text,
			});
		await shows('heron ›');
		await tmux.run('send-keys', '-l', 'ready');
		await shows('heron › ready');
		await tmux.run('send-keys', 'Enter', 'a', 'Enter', 'b', 'Enter');
		await until(() => otter.of('message').length === 3, {
			what: 'three messages',
		});
		assert.deepEqual(
			otter.of('message').map(({text}) => text),
			['ready', 'a', 'b'],
		);
		// tmux itself brackets a paste, if it is asked to.
		await tmux.run('set-buffer', 'one\ntwo');
		await tmux.run('paste-buffer', '-p');
		await shows(flags.length === 0 ? 'Send 2 lines' : '2 lines are pasted');
	});
}
