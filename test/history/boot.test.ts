/** After a power cut, entries shown in the last second may be lost. */
import assert from 'node:assert/strict';
import {readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test, type TestContext} from 'node:test';
import {takeLock} from '../../source/history/lock.js';
import {killedLock} from '../helpers/history/damage.js';
import {
	look,
	makePath,
	namesBeside,
	open,
	range,
	seqsOf,
} from '../helpers/history/kept.js';

type Left = {readonly pid: number; readonly started: string};

/** A pid that no process has: it is above the kernel's limit. */
const gonePid = 2 ** 30;
const otherBoot = '00000000-0000-4000-8000-000000000000 4711';

const lockOf = (path: string): string => {
	const name = readdirSync(join(path, '..')).findLast(each =>
		each.includes('.lock.'),
	);
	return join(path, '..', name!);
};

/** Leaves the lock of a holder that died, with its machine or alone. */
const leave = (path: string, holder: Partial<Left> & {fsync?: string}) => {
	writeFileSync(
		lockOf(path),
		JSON.stringify({pid: gonePid, started: otherBoot, ...holder}),
	);
};

/** A history with some entries, closed in good order. */
const makeHistory = async (t: TestContext, entries = 3): Promise<string> => {
	const path = makePath(t);
	await look(path, async ({appendEach}) => {
		await appendEach(entries);
	});
	return path;
};

const logOf = async (path: string): Promise<string> =>
	look(path, ({history}) => history.recovered.logId);

/** This boot, as a lock names it. */
const ownStart = async (t: TestContext): Promise<string> => {
	const path = makePath(t);
	const {release} = await takeLock(path);
	const {started} = JSON.parse(readFileSync(lockOf(path), 'utf8')) as Left;
	await release(true);
	return started;
};

test('history: after a power cut, entries continue in another log', async t => {
	const path = await makeHistory(t);
	const before = await logOf(path);
	leave(path, {});
	const after = await look(path, async ({history, append}) => {
		const {recovered} = history;
		assert.notEqual(recovered.logId, before);
		assert.equal(recovered.isNextLog, true);
		// The seqs continue, and the old entries can still be read.
		assert.equal(recovered.head, 3);
		assert.deepEqual(seqsOf(recovered.tail), range(1, 3));
		assert.equal(recovered.lastN.size, 1, 'so no say is stored twice');
		assert.equal(history.firstSeq, 1);
		await append();
		const {entries} = (await history.read(2, 1000))!;
		assert.deepEqual(seqsOf(entries), [2, 3]);
		return recovered.logId;
	});
	assert.deepEqual(namesBeside(path), [
		'room.jsonl',
		'room.jsonl.000000000001',
	]);
	// Closed in good order, it is that log from now on.
	await look(path, ({history}) => {
		assert.equal(history.recovered.logId, after);
		assert.equal(history.recovered.isNextLog, false);
		assert.deepEqual(seqsOf(history.recovered.tail), range(1, 4));
	});
});

test('history: after a kill, the log stays the same', async t => {
	const path = await makeHistory(t);
	const before = await logOf(path);
	leave(path, {started: await ownStart(t)});
	assert.equal(await logOf(path), before);
});

test('history: with --fsync always, the log stays the same after a power cut', async t => {
	const path = await makeHistory(t);
	const before = await logOf(path);
	leave(path, {fsync: 'always'});
	assert.equal(await logOf(path), before);
});

test('history: after a power cut that emptied the lock, another log continues', async t => {
	for (const text of ['', '\0\0\0', 'null']) {
		const path = await makeHistory(t);
		const before = await logOf(path);
		writeFileSync(lockOf(path), text);
		assert.notEqual(await logOf(path), before, JSON.stringify(text));
	}
});

test('history: after a power cut and a killed start, another log continues', async t => {
	const path = await makeHistory(t);
	const before = await logOf(path);
	leave(path, {});
	// It took the lock, and was killed before another log was begun.
	const {isLogInDoubt, release} = await takeLock(path);
	assert.equal(isLogInDoubt, true);
	const half = JSON.parse(readFileSync(lockOf(path), 'utf8')) as Left;
	await release(false);
	leave(path, {...half, pid: gonePid});
	assert.notEqual(await logOf(path), before);
});

test('history: after a power cut and a failed start, another log continues', async t => {
	const path = await makeHistory(t);
	const before = await logOf(path);
	const bytes = readFileSync(path);
	leave(path, {});
	writeFileSync(path, 'not a history\n');
	await assert.rejects(open(path), {code: 'ERR_HISTORY'});
	writeFileSync(path, bytes);
	assert.notEqual(await logOf(path), before);
});

test('history: survives repeated power cuts', async t => {
	const path = await makeHistory(t, 0);
	const logs = new Set<string>([await logOf(path)]);
	for (let round = 1; round <= 3; round++) {
		leave(path, {});
		logs.add(await logOf(path));
	}

	assert.equal(logs.size, 4);
	assert.deepEqual(namesBeside(path), ['room.jsonl'], 'there was no entry');
	await look(
		path,
		async ({appendEach, history}) => {
			await appendEach(40);
			assert.deepEqual(
				seqsOf((await history.read(1, 100_000))!.entries).slice(0, 1),
				[1],
			);
		},
		{fileBytes: 3000},
	);
	leave(path, {});
	await look(path, ({history}) => {
		assert.deepEqual(seqsOf(history.recovered.tail), range(1, 40));
	});
});

test('history: entries lost in a power cut are replaced in another log', async t => {
	const path = await makeHistory(t, 5);
	const whole = readFileSync(path);
	leave(path, {});
	// The last two groups were only in the kernel's cache.
	const lines = whole.toString().split('\n');
	writeFileSync(path, `${lines.slice(0, -5).join('\n')}\n`);
	await look(path, async ({history, append}) => {
		assert.equal(history.recovered.head, 3);
		assert.equal(history.recovered.cutBytes, 0, 'nothing tells it by itself');
		assert.equal(history.recovered.isNextLog, true);
		await append();
		assert.equal(history.recovered.head + 1, 4, 'a seq that was given before');
	});
});

test('history: with --fsync always, an unfinished group after a power cut is set aside', async t => {
	const path = await makeHistory(t);
	const before = await logOf(path);
	const bytes = readFileSync(path).subarray(0, -40);
	writeFileSync(path, bytes);
	leave(path, {fsync: 'always'});
	await look(path, ({history}) => {
		// The lock's last entry may be an earlier one than was shown.
		const {logId, damagedPath, head} = history.recovered;
		assert.notEqual(logId, before);
		assert.deepEqual(readFileSync(damagedPath!), bytes);
		assert.equal(head, 2);
	});
});

test('history: a killed start hands on what the last server left in its lock', async t => {
	for (const isClosed of [true, false]) {
		const path = await makeHistory(t);
		const before = await look(path, ({history}) => {
			const lock = killedLock(readFileSync(lockOf(path), 'utf8'));
			return {log: history.recovered.logId, lock};
		});
		if (!isClosed) {
			writeFileSync(lockOf(path), before.lock);
		}

		// It took the lock, and was killed before it read FILE.
		const {release} = await takeLock(path);
		const half = killedLock(readFileSync(lockOf(path), 'utf8'));
		await release(true);
		const released = readFileSync(lockOf(path), 'utf8');
		const bytes = readFileSync(path);
		const lines = bytes.toString().split('\n');
		for (const lock of [half, released]) {
			writeFileSync(lockOf(path), lock);
			writeFileSync(path, `${lines.slice(0, -3).join('\n')}\n`);
			await look(path, ({history}) => {
				const {logId, head} = history.recovered;
				assert.notEqual(logId, before.log, `${lock}: entry 3 was shown`);
				assert.equal(head, 2);
			});
			rmSync(`${path}.000000000001`);
			writeFileSync(path, bytes);
		}
	}
});
