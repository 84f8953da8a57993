import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, statSync} from 'node:fs';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {History} from '../../source/history/history.js';
import {takeLock} from '../../source/history/lock.js';
import {recover} from '../../source/history/recover.js';
import {FakeClock} from '../helpers/clock.js';
import {requireExecutable} from '../helpers/environment.js';
import {
	lineOf,
	linesOf,
	look,
	makePath,
	range,
	seqsOf,
	stateAt,
} from '../helpers/history/kept.js';

/**
 * Limits the size of this process's files (RLIMIT_FSIZE): the kernel takes a part
 * of a write and refuses the rest with EFBIG, as on a full disk.
 */
const limitFiles = (bytes: number | 'unlimited'): void => {
	const prlimit = requireExecutable('prlimit', 'util-linux');
	execFileSync(prlimit, ['--pid', String(process.pid), `--fsize=${bytes}:`]);
};

const withLimit = (t: TestContext): void => {
	const ignore = () => undefined;
	// By default, the signal kills the process.
	process.on('SIGXFSZ', ignore);
	t.after(() => {
		limitFiles('unlimited');
		process.off('SIGXFSZ', ignore);
	});
};

for (const fsync of ['always', 'interval'] as const) {
	test(`history: loses nothing on a full disk, with ${fsync}`, async t => {
		const path = makePath(t);
		withLimit(t);
		await look(
			path,
			async ({history, append}) => {
				await append(3);
				const before = readFileSync(path);
				limitFiles(before.length + 150);
				for (let tries = 0; tries < 3; tries++) {
					await assert.rejects(history.append(linesOf(4, 9), stateAt(9)), {
						code: 'ERR_HISTORY_WRITE',
						message:
							/room\.jsonl could not be written: EFBIG: file too large\. /,
					});
					assert.deepEqual(readFileSync(path), before);
				}

				// A shorter one fits.
				await history.append(lineOf(4), stateAt(4));
				limitFiles('unlimited');
				await history.append(linesOf(5, 9), stateAt(9));
			},
			{fsync},
		);
		await look(path, ({history}) => {
			assert.deepEqual(seqsOf(history.recovered.tail), range(1, 9));
			assert.equal(history.recovered.cutBytes, 0);
		});
	});
}

test("history: continues in a full file if the next can't be created", async t => {
	const path = makePath(t);
	withLimit(t);
	await look(
		path,
		async ({history, append, troubles}) => {
			await append(12);
			assert.ok(statSync(path).size < 4000);
			// The checkpoint of many clients is longer than the limit.
			limitFiles(8000);
			await history.append(linesOf(13, 40), () => ({
				head: 40,
				clients: range(1, 1000).map(n => [String(n).padStart(16, 'a'), n]),
			}));
			assert.match(troubles[0]!.message, /EFBIG/);
			assert.equal(troubles.length, 1);
			assert.equal(history.recovered.head, 0);
			limitFiles('unlimited');
			await history.append(lineOf(41), stateAt(41));
			await history.append(lineOf(42), stateAt(42));
			assert.ok(statSync(path).size < 1000, 'it was closed in the end');
			assert.equal(troubles.length, 1);
		},
		{fileBytes: 4000},
	);
	await look(path, ({history}) => {
		assert.deepEqual(seqsOf(history.recovered.tail), range(1, 42));
	});
});

test("history: refuses a group if the lock can't be written", async t => {
	const path = makePath(t);
	const {isLogInDoubt, left, release} = await takeLock(path);
	const recovery = await recover(path, {
		maxTailBytes: 1000,
		isLogInDoubt,
		left,
	});
	let isFull = true;
	const history = new History(
		recovery,
		{
			path,
			fsync: 'interval',
			clock: new FakeClock(),
			onTrouble: () => undefined,
		},
		{
			isLogInDoubt,
			left,
			settle: () => undefined,
			show() {
				if (isFull) {
					throw new Error('ENOSPC: no space left on device');
				}
			},
			release,
		},
	);
	const before = readFileSync(path);
	await assert.rejects(history.append(linesOf(1, 2), stateAt(2)), {
		code: 'ERR_HISTORY_WRITE',
		message: /ENOSPC/,
	});
	assert.deepEqual(readFileSync(path), before);
	isFull = false;
	await history.append(linesOf(1, 1), stateAt(1));
	await history.close();
});
