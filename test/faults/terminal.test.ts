/** However the program ends or stops, the terminal is restored. */
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import process from 'node:process';
import test, {after, type TestContext} from 'node:test';
import {bin} from '../helpers/process.js';
import {openShell, toShellLine, type Shell} from '../helpers/shell.js';
import {until} from '../helpers/until.js';
import {serveJson} from '../helpers/sockchat.js';

const {server, port} = await serveJson({after});

const given = {
	isAlternateScreen: false,
	isCursorHidden: false,
	isBracketedPaste: false,
	isMouseTracked: false,
	isApplicationCursor: false,
	isFocusReported: false,
};

const shellTitle = 'a shell';

const childrenOf = (pid: number): number[] =>
	readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
		.split(' ')
		.filter(Boolean)
		.map(Number);

/** Throws from a turn of its own, where nobody catches it. */
const bomb = `data:text/javascript,${encodeURIComponent(
	"process.on('SIGUSR2', () => { setImmediate(() => { throw new Error('injected'); }); });",
)}`;

/** All but the size, which the terminal has of its own. */
const modesOf = (shell: Pick<Shell, 'settings'>): string =>
	shell.settings().replace(/rows \d+; columns \d+;/, '');

const watchShell = async (t: TestContext) => {
	const shell = await openShell(t, {
		columns: 100,
		env: {NODE_OPTIONS: `--import=${bomb}`},
	});
	shell.run(`printf '\\033]0;${shellTitle}\\007'`);
	assert.equal(await shell.exitStatus(), 0);
	const before = modesOf(shell);
	return {
		shell,
		run(...args: readonly string[]) {
			const {command, args: all} = bin(...args);
			shell.run(toShellLine(command, all));
		},
		jobs: () => childrenOf(shell.pid),
		/** What `stty -a` tells is as before, and so are the modes. */
		async assertGiven() {
			await shell.waitForModes(given);
			assert.equal(shell.title(), shellTitle);
			assert.equal(modesOf(shell), before);
		},
		async assertGone() {
			await until(() => childrenOf(shell.pid).length === 0, {
				what: 'no process to be left',
				seen: () => childrenOf(shell.pid).join(' '),
				deadlineMs: 1000,
			});
		},
	};
};

const stateOf = (pid: number): string => {
	const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
	return stat.slice(stat.lastIndexOf(')') + 2)[0]!;
};

const untilStopped = async (pid: number) => {
	await until(() => stateOf(pid) === 'T', {
		what: `process ${pid} to be stopped`,
		seen: () => stateOf(pid),
	});
};

/** 128 + SIGTSTP: what the shell says of a job that Ctrl-Z stopped. */
const stopped = 148;

const onScreen = {
	isBracketedPaste: true,
	isAlternateScreen: true,
	isFocusReported: true,
};

const ends: ReadonlyArray<{
	how: string;
	status: number;
	end: (shell: Shell, job: number) => void;
}> = [
	{
		how: 'quit',
		status: 0,
		end(shell) {
			shell.type('quit\r');
		},
	},
	...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map(signal => ({
		how: signal,
		status: 0,
		end(_shell: Shell, job: number) {
			process.kill(job, signal);
		},
	})),
	{
		how: 'a throw that nobody catches',
		status: 1,
		end(_shell, job) {
			process.kill(job, 'SIGUSR2');
		},
	},
];

for (const [index, {how, status, end}] of ends.entries()) {
	// A nick is kept for who did not say goodbye.
	const nick = `heron-${index}`;
	for (const args of [
		['serve', '--port', '0'],
		['connect', '--port', port, '--nick', nick],
	]) {
		test(`faults: ${args[0]} restores the terminal after ${how}`, async t => {
			const watched = await watchShell(t);
			const {shell} = watched;
			watched.run(...args);
			await shell.waitForModes(onScreen);
			await shell.waitFor(/listening on|You are heron-\d/);
			const [job] = watched.jobs();
			end(shell, job!);
			assert.equal(await shell.exitStatus(), status, shell.framed());
			await watched.assertGiven();
			await watched.assertGone();
		});
	}
}

// Others that came and went may stand before it, in the same rows.
const isJoined = /heron\s+(?:┆\s+)?joined/;

test('faults: Ctrl-Z restores the terminal, and fg continues', async t => {
	const watched = await watchShell(t);
	const {shell} = watched;
	watched.run('connect', '--port', port, '--nick', 'heron');
	await shell.waitForModes(onScreen);
	await shell.waitFor(isJoined);
	shell.type('a draft');
	await shell.waitFor('› a draft');
	for (let round = 0; round < 2; round++) {
		const [job] = watched.jobs();
		shell.press('ctrl-z');
		await untilStopped(job!);
		assert.equal(await shell.exitStatus(), stopped);
		await watched.assertGiven();
		shell.run(`echo $((6 * 7)) meanwhile ${round}`);
		await shell.waitFor(new RegExp(`^42 meanwhile ${round}$`, 'm'));
		assert.equal(await shell.exitStatus(), 0);
		assert.doesNotMatch(shell.text(), isJoined);
		shell.resize(90 + round, 24);
		shell.run('fg');
		await shell.waitForModes(onScreen);
		await shell.waitFor('› a draft');
		await shell.waitFor(isJoined);
		await shell.waitFor('● open');
	}

	// Its keys are its own again, one by one.
	shell.type(' sent\r');
	await server.waitForOutput('"text":"a draft sent"');
	shell.press('ctrl-c');
	assert.equal(await shell.exitStatus(), 0, shell.framed());
	await watched.assertGiven();
	await watched.assertGone();
});

test('faults: a stop by another process restores the terminal too', async t => {
	const watched = await watchShell(t);
	const {shell} = watched;
	watched.run('serve', '--port', '0');
	await shell.waitForModes(onScreen);
	const [job] = watched.jobs();
	process.kill(job!, 'SIGTSTP');
	await untilStopped(job!);
	assert.equal(await shell.exitStatus(), stopped);
	await watched.assertGiven();
	shell.run('fg');
	await shell.waitForModes(onScreen);
	await shell.waitFor('listening on');
	// One that can't be announced: the modes are set anew when it goes on.
	process.kill(job!, 'SIGSTOP');
	await untilStopped(job!);
	await shell.waitFor('[exit 147]');
	// The line end that it takes in the modes it was left with.
	shell.type('stty sane\n');
	await shell.waitFor('[exit 147] [exit 0]');
	await until(() => !shell.settings().includes('-icanon'), {
		what: 'stty to have set the terminal',
		seen: shell.settings,
	});
	shell.run('fg');
	await until(() => shell.settings().includes('-icanon'), {
		what: 'raw mode',
		seen: shell.settings,
	});
	shell.type('/quit\r');
	assert.equal(await shell.exitStatus(), 0, shell.framed());
	await watched.assertGone();
});

test('faults: a client stopped for long returns and misses nothing', async t => {
	const room = await serveJson(t);
	const watched = await watchShell(t);
	const {shell} = watched;
	watched.run('connect', '--port', room.port, '--nick', 'heron');
	await shell.waitForModes(onScreen);
	await shell.waitFor('heron joined');
	const [job] = watched.jobs();
	shell.press('ctrl-z');
	await untilStopped(job!);
	// The room counts it as lost, and continues.
	await room.server.waitForOutput(/"type":"left".*"reason":"timeout"/, {
		deadlineMs: 20_000,
	});
	room.server.writeLine('said meanwhile');
	await room.server.waitForOutput('"text":"said meanwhile"');
	assert.equal(await shell.exitStatus(), stopped);
	shell.run('fg');
	await shell.waitForModes(onScreen);
	await shell.waitFor(/said meanwhile/);
	await shell.waitFor('● open');
	shell.press('ctrl-c');
	assert.equal(await shell.exitStatus(), 0, shell.framed());
});

test("faults: lines on a terminal stop and continue with the shell's job control", async t => {
	const watched = await watchShell(t);
	const {shell} = watched;
	watched.run('connect', '--plain', '--port', port, '--nick', 'wren');
	await shell.waitFor('You are wren');
	const [job] = watched.jobs();
	shell.type('\u001A');
	await untilStopped(job!);
	assert.equal(await shell.exitStatus(), stopped);
	await watched.assertGiven();
	shell.run('fg');
	await until(() => stateOf(job!) !== 'T', {what: 'it to go on'});
	shell.type('said in lines\r');
	await server.waitForOutput('"text":"said in lines"');
	shell.press('ctrl-c');
	assert.equal(await shell.exitStatus(), 0, shell.framed());
	await watched.assertGiven();
	await watched.assertGone();
});
