import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {appendNewest, lastOf, noneYet} from '../../source/store/newest.js';

test('newest: keeps the limit and at most two blocks more, in order', () => {
	fc.assert(
		fc.property(
			fc.nat({max: 3000}),
			fc.integer({min: 1, max: 900}),
			fc.nat({max: 1200}),
			(count, limit, wanted) => {
				let newest = noneYet as ReturnType<typeof appendNewest<number>>;
				for (let item = 0; item < count; item++) {
					newest = appendNewest(newest, item, limit);
				}

				const all = lastOf(newest);
				assert.equal(newest.length, all.length);
				assert.ok(all.length >= Math.min(limit, count));
				assert.ok(all.length <= limit + 256);
				assert.deepEqual(
					all,
					Array.from({length: all.length}, (_, i) => newest.dropped + i),
				);
				assert.deepEqual(
					lastOf(newest, wanted),
					wanted === 0 ? [] : all.slice(-wanted),
				);
			},
		),
	);
});
