import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Rounds} from '../source/rounds.js';

/** Something that settles when told to. */
const createGate = () => Promise.withResolvers<void>();

test('rounds: one with nothing to do stops none that is asked for later', async () => {
	let done = 0;
	// All of it runs before the first `await`, as there is none.
	const rounds = new Rounds(async () => {
		done++;
	});
	for (let count = 1; count <= 3; count++) {
		await rounds.request();
		assert.equal(done, count);
	}
});

test('rounds: what is asked for during one is done in one more, after it', async () => {
	const seen: string[] = [];
	const gate = createGate();
	let waiting = ['a'];
	const rounds = new Rounds(async () => {
		const taken = waiting;
		waiting = [];
		seen.push(`begin ${taken.join(',')}`);
		await gate.promise;
		seen.push(`end ${taken.join(',')}`);
	});
	const first = rounds.request();
	await new Promise(setImmediate);
	waiting.push('b');
	const second = rounds.request();
	waiting.push('c');
	const third = rounds.request();
	gate.resolve();
	await Promise.all([first, second, third]);
	assert.deepEqual(seen, ['begin a', 'end a', 'begin b,c', 'end b,c']);
});

test('rounds: one that fails is a failure for who asked, and for nobody later', async () => {
	let isFailing = true;
	let done = 0;
	const rounds = new Rounds(async () => {
		if (isFailing) {
			isFailing = false;
			throw new Error('once');
		}

		done++;
	});
	await assert.rejects(rounds.request(), /once/);
	await rounds.request();
	assert.equal(done, 1);
});
