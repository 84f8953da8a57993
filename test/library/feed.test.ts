import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {Feed, maxUnread} from '../../source/library/feed.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 200);

/** Items are numbers in order; one may also state a range that is missing. */
type Item = {readonly n: number; readonly from?: number};

const openFeed = () =>
	new Feed<Item>((lost, {n}) => ({n, from: lost.from ?? lost.n}));

/** The numbers that an item stands for, those it reports as missing included. */
const covered = ({n, from = n}: Item): number[] =>
	Array.from({length: n - from + 1}, (_value, index) => from + index);

const readAll = async (
	items: AsyncIterable<Item>,
	count: number,
): Promise<Item[]> => {
	const read: Item[] = [];
	for await (const item of items) {
		read.push(item);
		if (read.length === count) {
			break;
		}
	}

	return read;
};

test('feed: a loop continues where the last one stopped, whatever came meanwhile', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(
				fc.record({
					pushed: fc.oneof(fc.nat({max: 5}), fc.nat({max: maxUnread + 500})),
					read: fc.nat({max: 5}),
				}),
				{maxLength: 8},
			),
			async steps => {
				const feed = openFeed();
				let pushed = 0;
				let unread = 0;
				const seen: number[] = [];
				for (const step of steps) {
					for (let count = 0; count < step.pushed; count++) {
						feed.push({n: ++pushed});
					}

					unread = Math.min(maxUnread, unread + step.pushed);
					const count = Math.min(step.read, unread);
					if (count === 0) {
						continue;
					}

					const items = await readAll(feed.read(), count);
					assert.equal(items.length, count);
					seen.push(...items.flatMap(covered));
					unread -= count;
				}

				feed.end(undefined);
				const rest = await readAll(feed.read(), Infinity);
				assert.equal(rest.length, unread);
				seen.push(...rest.flatMap(covered));
				assert.deepEqual(
					seen,
					Array.from({length: pushed}, (_value, index) => index + 1),
				);
			},
		),
		{numRuns: runs},
	);
});

test('feed: readers at the same time each get everything', async () => {
	const feed = openFeed();
	const one = feed.read();
	const two = feed.read();
	const reads = [one.next(), two.next(), two.next()];
	feed.push({n: 1});
	feed.push({n: 2});
	reads.push(one.next());
	const results = await Promise.all(reads);
	assert.deepEqual(
		results.map(({value}) => value!.n),
		[1, 1, 2, 2],
	);
});

test('feed: a reader that waits ends when it is stopped', async () => {
	const feed = openFeed();
	const reader = feed.read();
	const waiting = reader.next();
	await reader.return!();
	assert.deepEqual(await waiting, {done: true, value: undefined});
	assert.deepEqual(await reader.next(), {done: true, value: undefined});
	feed.push({n: 1});
	assert.deepEqual(await readAll(feed.read(), 1), [{n: 1}]);
});

test('feed: an error comes after what was still unread, and once', async () => {
	const feed = openFeed();
	feed.push({n: 1});
	const reader = feed.read();
	feed.end(new RangeError('mine'));
	feed.push({n: 2});
	assert.deepEqual(await reader.next(), {done: false, value: {n: 1}});
	await assert.rejects(reader.next(), RangeError);
	assert.deepEqual(await reader.next(), {done: true, value: undefined});
	await assert.rejects(feed.read().next(), RangeError);
});

test('feed: an abort drops what is unread', async () => {
	const feed = openFeed();
	const reader = feed.read();
	feed.push({n: 1});
	feed.abort(new RangeError('mine'));
	await assert.rejects(reader.next(), RangeError);
});
