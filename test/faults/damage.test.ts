/** Any bit of a history changed, by a bad disk or an editor. */
import {test} from 'node:test';
import {deadlineMs, sized} from '../helpers/faults/size.js';
import {
	assertFlipsKept,
	bothLocks,
	makeSample,
} from '../helpers/history/damage.js';

// test/history changes each byte, too, without a program that is killed.
const step = sized(1, 16);
const bits = Array.from({length: sized(8, 1)}, (_, bit) => 2 ** bit);

test(
	`faults: ${step === 1 ? 'each byte' : `one of ${step} bytes`} of a history changed in ${bits.length} ways, closed and killed: deletes nothing, gives no seq twice`,
	{timeout: deadlineMs},
	async t => {
		const sample = await makeSample(t);
		const tried = await assertFlipsKept(sample, (_name, at) =>
			at % step === 0
				? bits.flatMap(bit => bothLocks.map(lock => [bit, lock] as const))
				: [],
		);
		t.diagnostic(`${tried} histories recovered`);
	},
);
