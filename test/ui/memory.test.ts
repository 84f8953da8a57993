import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createPace, returnMemory} from '../../source/ui/memory.js';
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

/** Looks at a process so often, which uses so much of a core. */
const paced = () => {
	const changes: boolean[] = [];
	const look = createPace(isBusy => {
		changes.push(isBusy);
	});
	let at = 0;
	let cpuMs = 0;
	return {
		changes,
		run(share: number, seconds: number, everyMs: number) {
			const end = at + seconds * 1000;
			while (at < end) {
				at += everyMs;
				cpuMs += share * everyMs;
				look(at, () => cpuMs);
			}
		},
	};
};

test('pace: an idle screen never optimizes, also not after a day', () => {
	const {changes, run} = paced();
	run(0.003, 24 * 60 * 60, 2000);
	assert.deepEqual(changes, []);
});

test('pace: a flood is work within a second, also after a day of rest', () => {
	const {changes, run} = paced();
	run(0.003, 24 * 60 * 60, 2000);
	run(0.5, 1, 33);
	assert.deepEqual(changes, [true]);
});

test('pace: a pause in a flood is no rest, and ten seconds are', () => {
	const {changes, run} = paced();
	run(0.5, 60, 33);
	run(0.003, 8, 2000);
	run(0.5, 60, 33);
	assert.deepEqual(changes, [true]);
	run(0.003, 24, 2000);
	assert.deepEqual(changes, [true, false]);
});
