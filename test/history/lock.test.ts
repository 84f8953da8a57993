import assert from 'node:assert/strict';
import {
	readFileSync,
	readdirSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {test, type TestContext} from 'node:test';
import {takeLock} from '../../source/history/lock.js';
import {requireExecutable} from '../helpers/environment.js';
import {startProcess} from '../helpers/process.js';
import {until} from '../helpers/until.js';
import {look, makePath, open} from '../helpers/history/kept.js';
import {startTaker} from '../helpers/history/taker.js';

const locksOf = (path: string): string[] =>
	readdirSync(join(path, '..')).filter(name => name.includes('.lock'));

const writeLock = (path: string, pid: number, started: string) => {
	writeFileSync(`${path}.lock.7`, JSON.stringify({pid, started}));
};

/** How this process's lock names its start. */
const ownStart = async (t: TestContext): Promise<string> => {
	const path = makePath(t);
	const {release} = await takeLock(path);
	const lock = readFileSync(`${path}.lock.1`, 'utf8');
	await release(true);
	return (JSON.parse(lock) as {started: string}).started;
};

test('history: refuses a second server, and names the pid of the first', async t => {
	const path = makePath(t);
	const kept = await open(path);
	await assert.rejects(open(path), {
		code: 'ERR_HISTORY_TAKEN',
		message: new RegExp(`process ${process.pid};.*--no-history`),
	});
	await kept.append();
	await kept.history.close();
	await look(path, ({history}) => {
		assert.equal(history.recovered.head, 1);
	});
});

test('history: a lock of a dead process stops nobody', async t => {
	const path = makePath(t);
	const first = await startTaker(t, path);
	assert.equal(await first.take(), 'taken');
	await assert.rejects(takeLock(path), {
		message: new RegExp(`process ${first.pid};`),
	});
	first.signal('SIGKILL');
	await first.waitForExit();
	await (await takeLock(path)).release(true);
});

test('history: a lock of a zombie stops nobody', async t => {
	const path = makePath(t);
	// Its parent never waits for it.
	const program = `import os, sys
pid = os.fork()
if pid == 0:
    os._exit(0)
print(pid, flush=True)
sys.stdin.read()`;
	const python = requireExecutable('python3', 'python3');
	const parent = startProcess(t, python, ['-c', program]);
	const pid = Number(await parent.waitForOutput(/(\d+)\n/));
	const stat = () => readFileSync(`/proc/${pid}/stat`, 'latin1');
	await until(() => stat().includes(') Z '), {what: 'a zombie', seen: stat});
	writeLock(path, pid, '');
	await (await takeLock(path)).release(true);
});

test("history: doesn't take a reused pid for the holder", async t => {
	const path = makePath(t);
	const started = await ownStart(t);
	assert.match(started, /^[\da-f-]{36} \d+$/);
	writeLock(path, process.pid, started);
	await assert.rejects(takeLock(path), {code: 'ERR_HISTORY_TAKEN'});
	// After a reboot, or later in the same boot.
	for (const other of [started.replace(/^.{8}/, 'ffffffff'), `${started}1`]) {
		writeLock(path, process.pid, other);
		await (await takeLock(path)).release(true);
	}

	// Written without /proc: only the pid counts.
	writeLock(path, process.pid, '');
	writeFileSync(
		`${path}.lock.9`,
		JSON.stringify({pid: process.pid, started: ''}),
	);
	await assert.rejects(takeLock(path), {code: 'ERR_HISTORY_TAKEN'});
});

test('history: an unreadable lock stops nobody', async t => {
	const path = makePath(t);
	for (const text of ['', 'null', '{"pid":"1"}', '\0\0\0']) {
		writeFileSync(`${path}.lock.3`, text);
		await (await takeLock(path)).release(true);
	}
});

test('history: only one of many servers that start at once gets it', async t => {
	const path = makePath(t);
	const rounds = 4;
	const takers = 5;
	const all = await Promise.all(
		Array.from({length: rounds * takers}, async () => startTaker(t, path)),
	);
	for (let round = 0; round < rounds; round++) {
		// From the second round on, after a killed holder.
		const those = all.slice(round * takers, (round + 1) * takers);
		const said = await Promise.all(those.map(async each => each.take()));
		const winners = those.filter((_, index) => said[index] === 'taken');
		assert.equal(winners.length, 1, said.join('\n'));
		for (const answer of said.filter(each => each !== 'taken')) {
			assert.match(
				answer,
				new RegExp(`process ${winners[0]!.pid};|or just starting;`),
			);
		}

		winners[0]!.signal('SIGKILL');
		await winners[0]!.waitForExit();
	}

	assert.equal(locksOf(path).length, 2, locksOf(path).join(' '));
});

test("history: names another file in the place of its lock, and doesn't change it", async t => {
	const path = makePath(t);
	writeFileSync(`${path}.lock`, 'mine\n'.repeat(1000));
	await assert.rejects(open(path), {
		code: 'ERR_HISTORY',
		message: /room\.jsonl\.lock: file is not a database/,
	});
	assert.equal(readFileSync(`${path}.lock`, 'utf8').slice(0, 5), 'mine\n');
	rmSync(`${path}.lock`);
	symlinkSync('/dev/null', `${path}.lock`);
	await assert.rejects(open(path), {
		code: 'ERR_HISTORY',
		message: /room\.jsonl\.lock is not a file of your own.*move it away/,
	});
});

test('history: leaves two lock files, however often it was opened', async t => {
	const path = makePath(t);
	for (let times = 0; times < 5; times++) {
		await look(path, () => undefined);
	}

	assert.deepEqual(locksOf(path).toSorted(), [
		'room.jsonl.lock',
		'room.jsonl.lock.5',
	]);
	for (const name of locksOf(path)) {
		const {mode} = statSync(join(path, '..', name));
		assert.equal(mode & 0o777, 0o600, name);
	}

	assert.equal(readFileSync(`${path}.lock`).length, 0);
});
