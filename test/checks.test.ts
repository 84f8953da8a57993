/**
 * The types, the format and the linter, as tests among the others: most of these
 * wait for a process or the kernel, and the checks use the time between. They
 * have a low priority, but not the lowest: what comes after them is reported
 * once they are done.
 */
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {text} from 'node:stream/consumers';
import {describe, test} from 'node:test';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

describe('checks', {concurrency: true}, () => {
	for (const [program, ...args] of [
		// The linter takes longest and uses one core; these are its halves.
		['xo', 'test'],
		['xo', '--ignore', 'test/**'],
		['tsc'],
		['prettier', '--check', '.'],
	] as const) {
		test(`checks: ${[program, ...args].join(' ')} finds no error`, async t => {
			const check = spawn(
				'nice',
				['-n', '5', `node_modules/.bin/${program}`, ...args],
				{cwd: root, stdio: ['ignore', 'pipe', 'pipe'], signal: t.signal},
			);
			const [stdout, stderr, [code]] = await Promise.all([
				text(check.stdout),
				text(check.stderr),
				once(check, 'close') as Promise<[number | null]>,
			]);
			const found = `${stdout}${stderr}`;
			assert.equal(code, 0, found);
			// Warnings.
			t.diagnostic(found);
		});
	}
});
