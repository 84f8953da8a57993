/** The executable of `npm run binary`, on a machine without Node. */
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import process from 'node:process';
import {after, test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {startBin, startProcess} from '../helpers/process.js';
import {loopback, serveJson} from '../helpers/sockchat.js';
import {openTerminal} from '../helpers/terminal.js';
import {joinWire} from '../helpers/wire-peer.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sockchat-binary-'));
after(() => {
	rmSync(folder, {recursive: true, force: true});
});
execFileSync(process.execPath, ['--import=tsx', 'build-binary.ts', folder], {
	cwd: root,
	stdio: ['ignore', 'ignore', 'pipe'],
});
const binary = join(folder, 'sockchat');
/** Nothing of this machine's Node, and elsewhere. */
const elsewhere = {cwd: folder, env: {PATH: folder}};

test('binary: is one file beside its licences, without a path of this machine', () => {
	assert.deepEqual(readdirSync(folder).toSorted(), [
		'THIRD-PARTY-NOTICES.txt',
		'sockchat',
	]);
	const bytes = readFileSync(binary);
	assert.equal(bytes.indexOf(root.slice(0, -1)), -1);
	assert.equal(bytes.indexOf(folder), -1);
	const megabytes = bytes.length / 1e6;
	assert.ok(megabytes < 150, `${megabytes} MB; README says about 130`);
});

test('binary: has the same help and version as the package', async t => {
	for (const args of [['--help'], ['help', 'serve'], ['--version']]) {
		const here = startBin(t, args, {});
		const there = startProcess(t, binary, args, elsewhere);
		for (const each of [here, there]) {
			each.end();
			assert.equal((await each.waitForExit()).code, 0, each.seen());
		}

		assert.equal(there.stdout(), here.stdout());
		assert.equal(there.stderr(), '');
	}
});

test('binary: connect --message stores a message', async t => {
	const {server, port} = await serveJson(t);
	const one = startProcess(
		t,
		binary,
		['connect', '--port', port, '--message', 'from the binary'],
		elsewhere,
	);
	assert.equal((await one.waitForExit()).code, 0, one.seen());
	await server.waitForOutput('"text":"from the binary"');
});

test('binary: shows its panes in a terminal, and Yoga lays them out', async t => {
	const terminal = openTerminal(t, {
		command: binary,
		args: ['serve', '--port', '0', '--nick', 'otter'],
		isHungUp: true,
		columns: 100,
		rows: 30,
		env: {PATH: folder},
	});
	const port = await terminal.waitFor(/listening on 127\.0\.0\.1:(\d+)/);
	const heron = await joinWire(t, loopback(port), 'heron');
	heron.say(1, 'hello from the wire');
	await terminal.waitFor(/heron +hello from the wire/);
	terminal.type('/lifecycle\r');
	await terminal.waitFor(/listen\(\d+\)/);
	terminal.type('/quit\r');
});
