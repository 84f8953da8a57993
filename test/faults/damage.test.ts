/** Any bit of a history changed, by a bad disk or an editor. */
import {test} from 'node:test';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {
	assertFlipsKept,
	bothLocks,
	makeSample,
} from '../helpers/history/damage.js';

const bits = Array.from({length: sized(8, 1)}, (_, bit) => 2 ** bit);

test(
	`faults: each byte of a history changed in ${bits.length} ways, closed and killed: deletes nothing, gives no seq twice`,
	{timeout: deadlineMs},
	async t => {
		const sample = await makeSample(t);
		const tried = await assertFlipsKept(sample, () =>
			bits.flatMap(bit => bothLocks.map(lock => [bit, lock] as const)),
		);
		t.diagnostic(`${tried} histories recovered`);
	},
);
