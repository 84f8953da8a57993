/** In which state the terminal is left, whatever the end was. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createServer} from 'node:net';
import process from 'node:process';
import test, {after, type TestContext} from 'node:test';
import {requireExecutable} from '../helpers/environment.js';
import {bin, startProcess} from '../helpers/process.js';
import {openShell, toShellLine, type Shell} from '../helpers/shell.js';
import {until} from '../helpers/until.js';
import {joinBare, serveJson} from '../helpers/sockchat.js';

const {port: openPort} = await serveJson({after});

const childrenOf = (pid: number): number[] =>
	readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
		.split(' ')
		.filter(Boolean)
		.map(Number);

/** Sends a signal to what the shell runs. */
const signalJob = (shell: Shell, signal: NodeJS.Signals) => {
	const [job] = childrenOf(shell.pid);
	process.kill(job!, signal);
};

const run = (shell: Shell, ...args: readonly string[]) => {
	const {command, args: all} = bin(...args);
	shell.run(toShellLine(command, all));
};

const shellTitle = 'a shell';

/** Opens a shell; the check is that it is left as it was. */
const watchShell = async (t: TestContext) => {
	const shell = await openShell(t, {columns: 100});
	shell.run(`printf '\\033]0;${shellTitle}\\007'`);
	assert.equal(await shell.exitStatus(), 0);
	const before = shell.settings();
	const assertRestored = async (status: number) => {
		assert.equal(await shell.exitStatus(), status, shell.framed());
		assert.equal(shell.settings(), before);
		await shell.waitForModes({
			isAlternateScreen: false,
			isCursorHidden: false,
			isBracketedPaste: false,
			isMouseTracked: false,
			isApplicationCursor: false,
			isFocusReported: false,
		});
		assert.equal(shell.title(), shellTitle);
		assert.deepEqual(childrenOf(shell.pid), []);
		// Keys are the shell's again, and colours its own.
		shell.run('echo $((6 * 7)) again');
		await shell.waitFor(/^42 again$/m);
		assert.equal(await shell.exitStatus(), 0);
		const row = shell.screen().lastIndexOf('42 again');
		assert.equal(shell.cellColour(0, row), 'default');
	};

	return {shell, assertRestored};
};

const ends: ReadonlyArray<{how: string; end: (shell: Shell) => void}> = [
	{
		how: '/quit',
		end(shell) {
			shell.type('/quit\r');
		},
	},
	{
		how: 'Ctrl-C',
		end(shell) {
			shell.press('ctrl-c');
		},
	},
	...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(signal => ({
		how: signal,
		end(shell: Shell) {
			signalJob(shell, signal);
		},
	})),
];

for (const {how, end} of ends) {
	test(`e2e: the terminal is left as it was after ${how}, by a host`, async t => {
		const {shell, assertRestored} = await watchShell(t);
		run(shell, 'serve', '--port', '0');
		await shell.waitForModes({isBracketedPaste: true, isAlternateScreen: true});
		await shell.waitFor('listening on');
		end(shell);
		await assertRestored(0);
		assert.doesNotMatch(shell.text(), /listening on/);
	});

	test(`e2e: the terminal is left as it was after ${how}, by a member`, async t => {
		const {shell, assertRestored} = await watchShell(t);
		run(shell, 'connect', '--port', openPort, '--nick', 'heron');
		await shell.waitForModes({isBracketedPaste: true, isAlternateScreen: true});
		await shell.waitFor('You are heron');
		end(shell);
		await assertRestored(0);
	});
}

test('e2e: a refused connection is one sentence on the terminal as it was', async t => {
	const {shell, assertRestored} = await watchShell(t);
	run(shell, 'connect', '--port', '1');
	await assertRestored(1);
	assert.match(
		shell.text(),
		/^Nobody listens on 127\.0\.0\.1:1: the connection was refused\. Start a room there with: /m,
	);
});

test('e2e: a port that is taken is one sentence on the terminal as it was', async t => {
	const {shell, assertRestored} = await watchShell(t);
	run(shell, 'serve', '--port', openPort);
	await assertRestored(1);
	assert.match(
		shell.text(),
		new RegExp(
			String.raw`^127\.0\.0\.1:${openPort} is taken by \S+ \(process \d+\)\. Choose another port`,
			'm',
		),
	);
});

test('e2e: a lost server with --no-retry is a sentence on the screen it came from', async t => {
	const {server, port} = await serveJson(t);
	const {shell, assertRestored} = await watchShell(t);
	run(shell, 'connect', '--no-retry', '--port', port, '--nick', 'heron');
	await shell.waitForModes({isBracketedPaste: true});
	await shell.waitFor('heron joined');
	shell.type('a draft that is lost');
	await shell.waitFor('› a draft');
	server.signal('SIGTERM');
	await assertRestored(1);
	assert.match(shell.text(), /^The server has shut down\.$/m);
	assert.doesNotMatch(shell.text(), /heron joined|a draft/);
});

test('e2e: garbage instead of a welcome is a sentence, whatever it holds', async t => {
	const server = createServer(socket => {
		socket.end('\u{1B}]0;owned\u{7}220 mail.example ESMTP\r\n');
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	t.after(() => {
		server.close();
	});
	const {port} = server.address() as {port: number};
	const {shell, assertRestored} = await watchShell(t);
	run(shell, 'connect', '--port', String(port));
	await assertRestored(1);
	assert.match(shell.text(), /^This is not a sockchat server: /m);
	assert.ok(!shell.output().includes('\u{1B}]0;owned'));
});

test('e2e: a nick that is taken is a sentence on the terminal as it was', async t => {
	const {port} = await serveJson(t, ['--nick', 'otter']);
	const {shell, assertRestored} = await watchShell(t);
	run(shell, 'connect', '--port', port, '--nick', 'Otter');
	await assertRestored(1);
	assert.match(shell.text(), /^"Otter" is taken, or/m);
});

test('e2e: a host that leaves hands on what a slow member lacks, on its screen', async t => {
	const {shell, assertRestored} = await watchShell(t);
	// At the default rate, one speaker may not fill the log.
	run(shell, 'serve', '--port', '0', '--rate', 'off');
	await shell.waitForModes({isBracketedPaste: true});
	const port = await shell.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	const speaker = await joinBare(t, port, 'speaker');
	const slow = await joinBare(t, port, 'slow');
	slow.duplex.pause();
	// More than the kernel holds for one connection.
	const count = 800;
	const text = 'x'.repeat(16_000);
	speaker.sayNext(...Array.from({length: count}, () => text));
	await speaker.until(
		'all it said',
		() => speaker.of('message').length === count,
	);
	signalJob(shell, 'SIGTERM');
	await shell.waitFor('draining: no new connections are accepted');
	assert.equal(shell.modes.isAlternateScreen, true);
	slow.duplex.resume();
	await slow.untilFin();
	assert.equal(slow.of('message').length, count);
	assert.deepEqual(slow.of('bye'), [{type: 'bye', reason: 'shutdown'}]);
	slow.end();
	speaker.end();
	await assertRestored(0);
});

test('e2e: a terminal that is closed ends what ran in it', async t => {
	const {command, args} = bin('serve', '--port', '0');
	const script = startProcess(t, requireExecutable('script', 'bsdutils'), [
		'--quiet',
		'--command',
		`exec ${toShellLine(command, args)}`,
		'/dev/null',
	]);
	await script.waitForOutput('listening on');
	const [job] = await until(
		() => {
			const jobs = childrenOf(script.pid!);
			return jobs.length > 0 && jobs;
		},
		{what: 'the job of script(1)', seen: script.seen},
	);
	script.signal('SIGKILL');
	await until(
		() => {
			try {
				process.kill(job!, 0);
				return false;
			} catch {
				return true;
			}
		},
		{what: `process ${job} to end`},
	);
});
