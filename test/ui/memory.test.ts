import assert from 'node:assert/strict';
import {test} from 'node:test';
import {returnMemory} from '../../source/ui/memory.js';
import {until} from '../helpers/until.js';

test('memory: what is no longer in use is given back', async () => {
	const references = Array.from(
		{length: 100},
		() => new WeakRef(new Uint8Array(10_000)),
	);
	const kept = () => references.filter(each => each.deref()).length;
	assert.equal(kept(), 100);
	// A reference holds its target until the turn in which it was read is over.
	await until(
		() => {
			setImmediate(returnMemory);
			return kept() === 0;
		},
		{what: 'the garbage to be collected', seen: () => `${kept()} are left`},
	);
	assert.equal(Reflect.get(globalThis, 'gc'), undefined);
});
