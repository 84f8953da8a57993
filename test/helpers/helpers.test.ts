import assert from 'node:assert/strict';
import {once} from 'node:events';
import {connect, createServer, type AddressInfo} from 'node:net';
import process from 'node:process';
import test from 'node:test';
import {fileURLToPath} from 'node:url';
import {
	createScope,
	findExecutable,
	lastFirst,
	type Owner,
} from './environment.js';
import {startNetcat, startPython} from './peers.js';
import {findPort, isFree} from './ports.js';
import {machineNode, startProcess, withTypeScript} from './process.js';
import {openShell, toShellLine} from './shell.js';
import {openTerminal} from './terminal.js';
import {until} from './until.js';

const standIn = {
	command: process.execPath,
	args: [
		withTypeScript,
		fileURLToPath(new URL('../fixtures/stand-in.tsx', import.meta.url)),
	],
};

test('until: returns the first value', async () => {
	const values = [undefined, false, 0] as const;
	let looks = 0;
	const value = await until(() => values[looks++], {what: 'a value'});
	assert.equal(value, 0);
});

test('lastFirst: what is opened last ends first, whoever opens it', async () => {
	const ended: string[] = [];
	const open = (owner: Owner, name: string) => {
		owner.after(async () => {
			ended.push(name);
		});
	};

	// A test's own hooks go first to last.
	const hooks: Array<() => Promise<void>> = [];
	const owner: Owner = {
		after(stop) {
			hooks.push(stop);
		},
	};
	const engine = createScope();
	lastFirst(owner).after(engine.close);
	open(engine, 'folder');
	open(lastFirst(owner), 'room');
	open(engine, 'process');
	for (const hook of hooks) {
		await hook();
	}

	assert.deepEqual(ended, ['room', 'process', 'folder']);
});

test('ports: one with a connection in TIME-WAIT can be bound, and is not free', async t => {
	const server = createServer(socket => {
		socket.end();
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const {port} = server.address() as AddressInfo;
	const client = connect(port, '127.0.0.1').resume();
	await once(client, 'close');
	server.close();
	await once(server, 'close');
	const again = createServer().listen(port, '127.0.0.1');
	t.after(() => {
		again.close();
	});
	await once(again, 'listening');
	again.close();
	await once(again, 'close');
	assert.equal(await isFree(port), false);
	assert.equal(await isFree(Number(await findPort())), true);
});

test('until: reports at the deadline what was there instead', async () => {
	await assert.rejects(
		until(() => false, {
			what: 'a third member',
			seen: () => 'otter, heron',
			deadlineMs: 20,
		}),
		{
			message:
				'Waited 20 ms for a third member in vain. What was there:\notter, heron',
		},
	);
});

test('until: keeps its deadline if the condition never settles', async () => {
	await assert.rejects(
		until(async () => new Promise<undefined>(() => {}), {
			what: 'an answer',
			deadlineMs: 20,
		}),
		/^Error: Waited 20 ms for an answer in vain\.$/,
	);
});

test('terminal: shows the screen, colours and modes of a program', async t => {
	const terminal = openTerminal(t, {...standIn, columns: 30, rows: 8});
	await terminal.waitFor('pasted');
	await terminal.waitForModes({isBracketedPaste: true});
	assert.deepEqual(terminal.screen(), [
		'╭────────────────────────────╮',
		'│size 30x8                   │',
		'│otter                       │',
		'│日本 👨‍👩‍👧‍👦 é|                  │',
		'│keys                        │',
		'│pasted                      │',
		'╰────────────────────────────╯',
		'',
	]);
	assert.equal(terminal.cellColour(1, 2), 2);
	assert.equal(terminal.cellColour(1, 1), 'default');
	assert.equal(terminal.cell(1, 2).isBold, true);
	assert.deepEqual(
		[terminal.cell(1, 3).width, terminal.cell(2, 3).width],
		[2, 0],
	);
	assert.deepEqual(terminal.modes, {
		isAlternateScreen: true,
		isCursorHidden: true,
		isBracketedPaste: true,
		isMouseTracked: false,
		isApplicationCursor: false,
		isFocusReported: false,
	});
});

test('terminal: resizes, types, presses keys and pastes', async t => {
	const terminal = openTerminal(t, {...standIn, columns: 40, rows: 10});
	await terminal.waitFor('size 40x10');
	await terminal.waitForModes({isBracketedPaste: true});
	terminal.resize(60, 12);
	await terminal.waitFor('size 60x12');
	await terminal.waitForNot('40x10');
	assert.equal(terminal.screen()[0]?.length, 60);

	terminal.press('page-up', 'ctrl-w');
	await terminal.waitFor('keys pageUp ctrl');
	terminal.paste('one\ntwo');
	await terminal.waitFor(String.raw`pasted "one\rtwo"`);

	terminal.type('q');
	assert.equal(await terminal.exitCode, 7);
	assert.equal(terminal.modes.isAlternateScreen, false);
	assert.throws(() => {
		terminal.type('more');
	}, /has ended with exit code 7/);
});

test('terminal: shows the screen in a frame when a wait times out', async t => {
	const terminal = openTerminal(t, {command: 'cat', columns: 12, rows: 3});
	terminal.type('日本\r');
	await terminal.waitFor(/日本\n日本/);
	await assert.rejects(terminal.waitFor(/never/, {deadlineMs: 20}), {
		message: [
			'Waited 20 ms for the screen to show /never/ in vain. What was there:',
			'┌────────────┐',
			'│日本        │',
			'│日本        │',
			'│            │',
			'└────────────┘',
		].join('\n'),
	});
});

test('terminal: stops waiting when the program has ended', async t => {
	const terminal = openTerminal(t, {
		command: 'sh',
		args: ['-c', 'echo refused; kill -TERM $$'],
	});
	await assert.rejects(
		terminal.waitFor('welcome'),
		/sh has ended with exit code 143; its last screen:\n┌─+┐\n│refused/,
	);
});

test('terminal: gives each program a home and the same environment', async t => {
	const terminal = openTerminal(t, {
		command: 'sh',
		args: ['-c', 'echo "$TERM $LANG $CI$NO_COLOR"; cd; pwd'],
	});
	assert.equal(await terminal.waitForExit(), 0);
	assert.deepEqual(terminal.screen().slice(0, 2), [
		'xterm-256color C.UTF-8',
		terminal.home,
	]);
});

test('shell: shows whether a program restored the terminal', async t => {
	const shell = await openShell(t);
	const before = shell.settings();
	shell.run(toShellLine(standIn.command, standIn.args));
	await shell.waitForModes({isBracketedPaste: true});
	assert.notEqual(shell.settings(), before);
	assert.equal(shell.modes.isCursorHidden, true);
	shell.type('q');
	assert.equal(await shell.exitStatus(), 7);
	assert.equal(shell.settings(), before);
	assert.equal(shell.modes.isCursorHidden, false);

	// And that it can fail: a program killed in raw mode restores nothing.
	shell.run("sh -c 'stty -icanon; kill -KILL $$'");
	assert.equal(await shell.exitStatus(), 137);
	assert.notEqual(shell.settings(), before);
});

test('process: collects output until its stdin ends', async t => {
	const cat = startProcess(t, 'cat');
	cat.writeLine('one');
	cat.write(new TextEncoder().encode('tw'));
	assert.equal(await cat.waitForOutput(/\n(tw)/), 'tw');
	cat.end();
	assert.deepEqual(await cat.exit, {code: 0, signal: undefined});
	assert.equal(cat.stdout(), 'one\ntw');
	await assert.rejects(
		cat.waitForOutput('three'),
		/^Error: It ended before stdout to have "three"\.\n\$ cat\n/,
	);
});

test('process: reports that it could not be started', async t => {
	const missing = startProcess(t, 'no-such-program');
	await assert.rejects(missing.exit, {code: 'ENOENT'});
	await assert.rejects(missing.waitForOutput('any'), {code: 'ENOENT'});
});

test('process: finds the Node of the machine, not the pinned one', async t => {
	assert.ok(!machineNode().includes('node_modules'));
	assert.equal(findExecutable('no-such-program'), undefined);
	const node = startProcess(t, machineNode(), ['--version']);
	await node.waitForOutput(/^v\d+\.\d+/);
});

test('peers: the two scripts of the tutorial talk to each other', async t => {
	const server = startPython(t, 'server', [0]);
	const port = await server.waitForOutput(/listening on: \S+ (\d+)\)\n/);
	const client = startPython(t, 'client', [port]);
	await server.waitForOutput('connection from: (');
	client.writeLine('is the port free?');
	await server.waitForOutput('from connected user: is the port free?\n -> ');
	server.writeLine('since the FIN');
	await client.waitForOutput('Received from server: since the FIN\n -> ');
	client.writeLine(' QUIT ');
	assert.deepEqual(await client.waitForExit(), {code: 0, signal: undefined});
	assert.deepEqual(await server.waitForExit(), {code: 0, signal: undefined});
});

test("peers: netcat talks to the tutorial's server", async t => {
	const server = startPython(t, 'server', [0]);
	const port = await server.waitForOutput(/listening on: \S+ (\d+)\)\n/);
	const netcat = startNetcat(t, Number(port), ['-N']);
	netcat.writeLine('by hand');
	await server.waitForOutput('from connected user: by hand\n');
	server.writeLine('heard');
	await netcat.waitForOutput('heard');
	netcat.end();
	assert.equal((await server.waitForExit()).code, 0);
});
