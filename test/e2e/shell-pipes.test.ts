/** In a shell's pipes: ends that are closed, missing, or read by nobody. */
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import test, {after} from 'node:test';
import {bin, startBin, startProcess} from '../helpers/process.js';
import {toShellLine} from '../helpers/shell.js';
import {serveJson} from '../helpers/sockchat.js';

const done = {code: 0, signal: undefined};

const {server, port} = await serveJson({after}, ['--nick', 'host']);

test('e2e: whoever reads the output may go, as in | head -1', async t => {
	const {command, args} = bin('connect', '--port', port, '--nick', 'heron');
	const pipe = startProcess(t, 'bash', [
		'-c',
		`${toShellLine(command, args)} | head -1; echo "\${PIPESTATUS[0]}"`,
	]);
	await pipe.waitForOutput('\n');
	server.writeLine('nobody reads this');
	server.writeLine('nor this');
	assert.deepEqual(await pipe.waitForExit(), done);
	assert.match(pipe.stdout(), /^.*\n0\n$/);
	assert.doesNotMatch(pipe.stderr(), /EPIPE|Error|at /);
});

test('e2e: --help and --version end well where nobody reads them', async t => {
	for (const flag of ['--help', '--version']) {
		const {command, args} = bin(flag);
		const pipe = startProcess(t, 'bash', [
			'-c',
			`${toShellLine(command, args)} | true; echo "\${PIPESTATUS[0]}"`,
		]);

		assert.deepEqual(await pipe.waitForExit(), done);
		assert.equal(pipe.stdout() + pipe.stderr(), '0\n');
	}
});

test('e2e: a server goes on when its input ends', async t => {
	const {command, args} = bin('serve', '--json', '--port', '0');
	const serving = startProcess(t, 'sh', [
		'-c',
		`exec ${toShellLine(command, args)} < /dev/null`,
	]);
	const own = await serving.waitForOutput(/"port":(\d+)/);
	const chat = startBin(t, [
		'connect',
		'--port',
		own,
		'--message',
		'still there',
	]);
	assert.deepEqual(await chat.waitForExit(), done);
	await serving.waitForOutput('"text":"still there"');
});

test('e2e: a closed stdin or stdout is no crash', () => {
	const {command, args} = bin('connect', '--port', port, '--nick', 'ibis');
	const line = toShellLine(command, args);
	for (const redirect of ['<&-', '>&- </dev/null', '2>&- </dev/null']) {
		const {status, stderr} = spawnSync('sh', ['-c', `${line} ${redirect}`], {
			encoding: 'utf8',
			timeout: 10_000,
		});
		assert.equal(status, 0, `${redirect}: ${stderr}`);
		assert.doesNotMatch(stderr, /Error|at /);
	}
});
