/** When what waits reaches the disk. */
import assert from 'node:assert/strict';
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
