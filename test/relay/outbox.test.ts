/** When what waits reaches the disk. */
import assert from 'node:assert/strict';
import {copyFileSync, readFileSync, renameSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import type {FsyncMode} from '../../source/history/syncing.js';
import {openOutbox} from '../../source/relay/outbox.js';
import {FakeClock} from '../helpers/clock.js';
import {makeScratch} from '../helpers/nats.js';

const waiting = (n: number) => ({
	key: `0123456789abcdef:${n}`,
	id: '0123456789abcdef',
	n,
	text: `{"type":"message","n":${n}}`,
	since: 0,
});

for (const [fsync, delays] of [
	['interval', [1000]],
	['always', []],
] as ReadonlyArray<[FsyncMode, readonly number[]]>) {
	test(`outbox: with ${fsync}, it sets ${delays.length} timers to sync what it keeps`, async t => {
		const clock = new FakeClock();
		const {setTimer} = clock;
		const path = join(makeScratch(t), 'lab.jsonl.outbox');
		const outbox = await openOutbox({path, fsync, setTimer});
		assert.deepEqual(clock.delays, []);
		await outbox.keep([waiting(1)]);
		await outbox.keep([waiting(2)]);
		assert.deepEqual(clock.delays, delays);
		clock.advance(1000);
		assert.deepEqual(clock.delays, []);
		await outbox.close();
		const again = await openOutbox({path, fsync, setTimer});
		assert.deepEqual(
			again.left.map(({n}) => n),
			[1, 2],
		);
		assert.equal(again.server, outbox.server);
		await again.close();
	});
}

test('outbox: a copy has another name, and all that waits in the original', async t => {
	const folder = makeScratch(t);
	const [path, copy, moved] = ['a', 'b', 'c'].map(name =>
		join(folder, `${name}.jsonl.outbox`),
	) as [string, string, string];
	const options = {
		fsync: 'always',
		setTimer: new FakeClock().setTimer,
	} as const;
	const outbox = await openOutbox({path, ...options});
	await outbox.keep([waiting(1), waiting(2)]);
	await outbox.close();
	copyFileSync(path, copy);
	let copied = await openOutbox({path: copy, ...options});
	const {server} = copied;
	assert.notEqual(server, outbox.server);
	for (let start = 1; start <= 2; start++) {
		assert.equal(copied.server, server);
		assert.deepEqual(copied.left, [waiting(1), waiting(2)]);
		await copied.close();
		copied = await openOutbox({path: copy, ...options});
	}

	copied.done([waiting(1).key, waiting(2).key]);
	await copied.close();
	assert.equal(readFileSync(copy, 'utf8').split('\n').length, 2);
	renameSync(path, moved);
	const again = await openOutbox({path: moved, ...options});
	assert.equal(again.server, outbox.server);
	assert.equal(again.left.length, 2);
	await again.close();
});
