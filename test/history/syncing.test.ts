import assert from 'node:assert/strict';
import {closeSync, openSync} from 'node:fs';
import {test} from 'node:test';
import {Syncing} from '../../source/history/syncing.js';
import {FakeClock} from '../helpers/clock.js';
import {until} from '../helpers/until.js';
import {makePath} from '../helpers/history/kept.js';

// No file has it: what fdatasync says of it stands for a disk that fails.
const badFd = 1_000_000;

test('history: a sync that failed is told, and tried again', async t => {
	const clock = new FakeClock();
	const failures: NodeJS.ErrnoException[] = [];
	const codes = () => failures.map(({code}) => code);
	const syncing = new Syncing(clock.setTimer, error => {
		failures.push(error as NodeJS.ErrnoException);
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
	assert.deepEqual(codes(), ['EBADF']);
});
