import assert from 'node:assert/strict';
import {closeSync, openSync} from 'node:fs';
import {test} from 'node:test';
import {Syncing} from '../../source/history/syncing.js';
import {FakeClock} from '../helpers/clock.js';
import {until} from '../helpers/until.js';
import {makePath} from '../helpers/history/kept.js';

// No file has this descriptor: its error stands for a failing disk.
const badFd = 1_000_000;

test('history: reports a failed sync, and tries again', async t => {
	const clock = new FakeClock();
	const failures: Array<NodeJS.ErrnoException | undefined> = [];
	const codes = () => failures.map(error => error?.code);
	const syncing = new Syncing(clock.setTimer, error => {
		failures.push(error as NodeJS.ErrnoException | undefined);
	});
	const fd = openSync(makePath(t), 'w');
	t.after(() => {
		closeSync(fd);
	});
	syncing.wrote(badFd);
	clock.advance(999);
	assert.deepEqual(codes(), []);
	clock.advance(1);
	await until(() => failures.length === 1, {what: 'the failure'});

	await assert.rejects(syncing.now(badFd), {code: 'EBADF'});
	await syncing.now(fd);
	await syncing.now(badFd);
	assert.deepEqual(clock.delays, [], 'nothing is left to sync');
	assert.deepEqual(codes(), ['EBADF', undefined], 'reported, then mended');
});

test('history: a close waits for both of two syncs in progress', async () => {
	const clock = new FakeClock();
	const ends: Array<() => void> = [];
	const syncing = new Syncing(
		clock.setTimer,
		() => undefined,
		async () =>
			new Promise<void>(resolve => {
				ends.push(resolve);
			}),
	);
	const begun = async (count: number) =>
		until(() => ends.length === count, {what: `sync ${count}`});
	syncing.wrote(1);
	clock.advance(1000);
	await begun(1);
	syncing.wrote(1);
	clock.advance(1000);
	// One at a time: on a disk that takes a second, both take two.
	await new Promise(setImmediate);
	assert.equal(ends.length, 1);
	let isOver = false;
	const now = syncing.now(1).then(() => {
		isOver = true;
	});
	ends[0]!();
	await begun(2);
	assert.equal(isOver, false);
	ends[1]!();
	await now;
});

test("history: doesn't sync a file that was replaced", async () => {
	const clock = new FakeClock();
	const failures: unknown[] = [];
	const syncing = new Syncing(clock.setTimer, error => {
		failures.push(error);
	});
	syncing.wrote(badFd);
	await syncing.forget();
	assert.deepEqual(clock.delays, []);
	syncing.wrote(badFd);
	clock.advance(1000);
	await syncing.forget();
	assert.equal(failures.length, 1);
	await syncing.now(badFd);
});

test('history: tries a failed sync again once a second, and reports it once', async () => {
	const clock = new FakeClock();
	const reports: Array<'failed' | 'mended'> = [];
	let syncs = 0;
	let isFailing = true;
	const syncing = new Syncing(
		clock.setTimer,
		error => {
			reports.push(error ? 'failed' : 'mended');
		},
		async () => {
			syncs++;
			if (isFailing) {
				throw new Error('EIO: i/o error');
			}
		},
	);
	await syncing.retry(1);
	assert.equal(syncs, 0, 'nothing was written');
	syncing.wrote(1);
	await syncing.retry(1);
	assert.equal(syncs, 0, 'the timer does it');
	clock.advance(1000);
	await until(() => reports.length === 1, {what: 'the failure'});
	await syncing.retry(1);
	await syncing.retry(1);
	assert.equal(syncs, 3);
	isFailing = false;
	await syncing.retry(1);
	await syncing.retry(1);
	assert.equal(syncs, 4);
	assert.deepEqual(reports, ['failed', 'mended']);
	syncing.wrote(1);
	isFailing = true;
	clock.advance(1000);
	await until(() => reports.length === 3, {what: 'another failure'});
});
