import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {backoffMs} from '../../source/connection/backoff.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const almostOne = 1 - Number.EPSILON;

test('backoff: its bound doubles from 1 s to 10 s', () => {
	assert.deepEqual(
		[1, 2, 3, 4, 5, 6, 1000, 1e9].map(attempt => backoffMs(attempt, almostOne)),
		[1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 10_000],
	);
});

test('backoff: the jitter is full, from zero to the bound', () => {
	assert.equal(backoffMs(3, 0), 0);
	assert.equal(backoffMs(3, 0.25), 1000);
	assert.equal(backoffMs(3, 0.5), 2000);
});

test('backoff: is a whole number of milliseconds, never over its bound', () => {
	const random = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true});
	fc.assert(
		fc.property(fc.integer({min: 1, max: 10_000}), random, (attempt, part) => {
			const delayMs = backoffMs(attempt, part);
			assert.ok(Number.isSafeInteger(delayMs));
			assert.ok(delayMs >= 0);
			assert.ok(delayMs <= Math.min(10_000, 1000 * 2 ** (attempt - 1)));
			assert.ok(delayMs <= backoffMs(attempt + 1, part));
		}),
		{numRuns: runs},
	);
});

test('backoff: 200 clients of one lost server return at different times', () => {
	for (const attempt of [1, 2, 5]) {
		const delays = Array.from({length: 200}, (_value, index) =>
			backoffMs(attempt, index / 200),
		);
		for (let start = 0; start < 10_000; start += 100) {
			const together = delays.filter(
				delay => delay >= start && delay < start + 100,
			);
			assert.ok(together.length <= 200 / 10);
		}
	}
});
