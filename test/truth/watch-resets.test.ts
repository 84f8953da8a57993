/**
 * Plays resets.ts in a network of its own: the kernel's counters of RSTs are of
 * all connections in a network.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import {fileURLToPath} from 'node:url';
import {requireExecutable} from '../helpers/environment.js';
import {startProcess, withTypeScript} from '../helpers/process.js';

test('truth of watch: who is said to have sent RST, and why', async t => {
	const child = startProcess(
		t,
		requireExecutable('unshare', 'util-linux'),
		[
			'--net',
			'sh',
			'-c',
			'ip link set lo up && exec "$@"',
			'sh',
			process.execPath,
			withTypeScript,
			'--test-reporter=tap',
			'--test',
			fileURLToPath(new URL('resets.ts', import.meta.url)),
		],
		{env: {NODE_TEST_CONTEXT: undefined}},
	);
	const {code} = await child.exit;
	assert.equal(code, 0, child.seen().replaceAll('\\n', '\n'));
	assert.match(child.stdout(), /^# pass [1-9]/m);
	assert.match(child.stdout(), /^# fail 0$/m);
});
