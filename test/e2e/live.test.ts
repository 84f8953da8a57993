/** The socket in view: what the screens of the built bin say, beside `ss`. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import stringWidth from 'string-width';
import {statesBySs} from '../helpers/kernel.js';
import {startBin} from '../helpers/process.js';
import type {Terminal} from '../helpers/terminal.js';
import {until} from '../helpers/until.js';
import {
	joinBare,
	joinScreen,
	openScreen,
	serveJson,
	serveScreen,
} from '../helpers/sockchat.js';

const wide = {columns: 120, rows: 30} as const;

/** The client's own address, from the route that its pane shows. */
const addressOf = async (terminal: Terminal): Promise<string> =>
	terminal.waitFor(/(127\.0\.0\.1:\d+) → :\d+/);

/** Until the pane and `ss` name the same state of the client's end. */
const agree = async (terminal: Terminal, port: string, state: string) => {
	const local = await addressOf(terminal);
	await terminal.waitFor(`● ${state}`);
	await until(
		async () => {
			const states = await statesBySs(Number(port));
			return (
				states.get(`${local} 127.0.0.1:${port}`) === state &&
				terminal.text().includes(`● ${state}`)
			);
		},
		{what: `the pane and ss to say ${state}`, seen: terminal.framed},
	);
};

test('e2e: a stopped server is silent, says since when, and is heard again', async t => {
	const {server, port} = await serveJson(t);
	const terminal = await joinScreen(t, port, 'otter', wide);
	await agree(terminal, port, 'ESTABLISHED');
	await terminal.waitFor(/● open +<1 min/);
	server.signal('SIGSTOP');
	// By its own clock: no more than 5 s of silence before it is shown.
	await terminal.waitFor(/● silent, heard [3-5] s ago/);
	await terminal.waitFor(/unread by peer [1-9]\d* B/);
	await agree(terminal, port, 'ESTABLISHED');
	server.signal('SIGCONT');
	await terminal.waitFor(/● open +<1 min/);
	await terminal.waitFor('unread by peer 0 B');
});

test('e2e: a killed server is waited for by the second, and found again', async t => {
	const {server, port} = await serveJson(t);
	const terminal = await joinScreen(t, port, 'otter', wide);
	const local = await addressOf(terminal);
	await agree(terminal, port, 'ESTABLISHED');
	server.signal('SIGKILL');
	await server.exit;
	await terminal.waitFor(/● waiting, retry in \d+ s/);
	await terminal.waitForNot(' → :');
	// Its kernel closed for it, and keeps the connection for a while.
	const states = await statesBySs(Number(port));
	assert.equal(states.get(`127.0.0.1:${port} ${local}`), 'TIME-WAIT');
	await terminal.waitFor('→● TIME-WAIT');
	await terminal.waitFor('members 2, last known');
	// Each wait is longer than the one before, so that one counts down.
	const seconds = Number(
		await terminal.waitFor(/retry in ([2-9]) s/, {deadlineMs: 60_000}),
	);
	await terminal.waitFor(`retry in ${seconds - 1} s`);
	startBin(t, ['serve', '--json', '--port', port]);
	await terminal.waitFor(/● open +<1 min/, {deadlineMs: 30_000});
	await agree(terminal, port, 'ESTABLISHED');
	assert.notEqual(await addressOf(terminal), local);
	await terminal.waitFor(/ members 2 ─/);
});

test('e2e: half-closed and TIME-WAIT stand in the ladder as in ss', async t => {
	const {terminal, port} = await serveScreen(t, 'otter', {
		...wide,
		args: ['--raw'],
	});
	const client = await openScreen(
		t,
		['connect', '--raw', '--port', port],
		wide,
	);
	await agree(client, port, 'ESTABLISHED');
	const local = await addressOf(client);
	terminal.type('/lifecycle\r');
	client.type('/lifecycle\r');
	await terminal.waitFor('╭ lifecycle');
	await client.waitFor('╭ lifecycle');
	terminal.type('/pause\r');
	// A server that still reads would answer the FIN at once.
	await terminal.waitFor('pause()');
	client.type('/end\r');
	await agree(client, port, 'FIN-WAIT-2');
	await terminal.waitFor(/┄▸│ ● CLOSE-WAIT/);
	await terminal.waitFor(/\d ● FIN-WAIT-2 +│/);
	terminal.type('/resume\r');
	await client.waitFor('◂');
	await client.waitFor('● TIME-WAIT');
	const states = await statesBySs(Number(port));
	assert.equal(states.get(`${local} 127.0.0.1:${port}`), 'TIME-WAIT');
	assert.equal(states.get(`127.0.0.1:${port} ${local}`), undefined);
	await terminal.waitFor(/\d ● TIME-WAIT ≤\d+ s +│/);
});

test('e2e: the host has a table of its peers, and takes one in hand', async t => {
	const {terminal, port} = await serveScreen(t, 'otter', {
		columns: 200,
		rows: 30,
	});
	const anna = await joinBare(t, port, 'anna');
	await joinBare(t, port, 'bert');
	await joinBare(t, port, 'cleo');
	terminal.type('/peers\r');
	await terminal.waitFor(' peers 3 ');
	for (const nick of ['anna', 'bert', 'cleo']) {
		await terminal.waitFor(
			new RegExp(
				`127\\.0\\.0\\.1:\\d+ +${nick} +open +0 B +0 +0 B  ESTABLISHED +[\\d.]+ m?s .* framed`,
			),
		);
	}

	const states = await statesBySs(Number(port));
	assert.equal(states.get(`127.0.0.1:${port} ${anna.name}`), 'ESTABLISHED');
	terminal.type('/pause bert\r');
	await terminal.waitFor(/bert +open, paused/);
	terminal.press('ctrl-o', 'ctrl-o');
	await terminal.waitFor('by queue');
	anna.end();
	await terminal.waitFor('peers 2 ');
	terminal.type('/reset cleo\r');
	await terminal.waitFor('peers 1 ');
	terminal.type('/peers\r');
	await terminal.waitFor("cleo's socket has sent RST");
});

test('e2e: three frames of one write are one chunk of the wire', async t => {
	const {terminal, port} = await serveScreen(t, 'otter', {
		...wide,
		rows: 90,
	});
	const peer = await joinBare(t, port, 'heron');
	terminal.type('/wire\r');
	// A heartbeat: from now on all is noted.
	await terminal.waitFor(`→ ${peer.name} · `);
	// Its answer, too, which may else be read with what is said.
	await terminal.waitFor(`← ${peer.name} · 23 bytes · 1 frame`);
	const before = peer.socket.bytesWritten;
	peer.sayNext('one', 'two', 'three');
	const bytes = peer.socket.bytesWritten - before;
	await terminal.waitFor(`← ${peer.name} · ${bytes} bytes · 3 frames`);
	await terminal.waitFor(/three"\}⏎/);
});

test('e2e: --explain says of each step what just happened', async t => {
	const {port} = await serveJson(t);
	const client = await openScreen(
		t,
		['connect', '--port', port, '--nick', 'heron', '--explain'],
		wide,
	);
	// The newest step alone has its sentence in the pane.
	await client.waitFor(/ {2}The (?:handshake is|other process took) +│/);
	// High, so that heartbeats don't push the first steps out of it.
	client.resize(80, 120);
	client.type('/lifecycle\r');
	await client.waitFor(/client \(here\) +server/);
	await client.waitFor(
		/connect\(:\d+\) +│ +│ *\n {2}The kernel sends SYN to the other/,
	);
	await client.waitFor(/○ SYN-SENT +│.*\n {2}This side has sent SYN and waits/);
	await client.waitFor(/│ ● ESTABLISHED\n {2}The handshake is complete at/);
});

/** No row past the edge, the input last, and the phase first. */
const assertWhole = (terminal: Terminal, columns: number) => {
	const rows = terminal.screen();
	for (const row of rows) {
		assert.ok(stringWidth(row) <= columns, terminal.framed());
	}

	assert.match(
		rows.at(-1)!,
		/^(?:\S+ )?› message, or \/help$/,
		terminal.framed(),
	);
	assert.match(rows[0]!, /^● listening/u);
};

test('e2e: each view is whole in a narrow terminal, and after it was made so', async t => {
	const {terminal, port} = await serveScreen(t, 'otter', {
		columns: 80,
		rows: 20,
	});
	await joinBare(t, port, 'anna');
	for (const [view, last] of [
		['peers', /by nick/gu],
		['lifecycle', /● read/gu],
		['wire', /─ wire/gu],
	] as const) {
		terminal.type(`/${view}\r`);

		await terminal.waitFor(`─ ${view} `);
		for (const columns of [40, 20, 80]) {
			terminal.resize(columns, 20);

			await terminal.waitFor(
				new RegExp(`^─ ${view} .{0,60}─$`.replace('60', String(columns)), 'mu'),
			);
			await until(
				() =>
					terminal.screen().filter(row => stringWidth(row) > columns).length ===
						0 && terminal.text().match(last)?.length === 1,
				{what: 'one lower line', seen: terminal.framed},
			);
			assertWhole(terminal, columns);
		}
	}
});
