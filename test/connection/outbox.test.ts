import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Outbox} from '../../source/connection/outbox.js';

test('outbox: numbers messages and whispers together from 1', () => {
	const outbox = new Outbox();
	assert.deepEqual(
		[outbox.add('a', undefined), outbox.add('b', 'heron'), outbox.add('', '')],
		[
			{type: 'say', n: 1, text: 'a'},
			{type: 'whisper', n: 2, to: 'heron', text: 'b'},
			{type: 'whisper', n: 3, to: '', text: ''},
		],
	);
	assert.equal(outbox.size, 3);
});

test('outbox: a settled message is removed and its n never reused', () => {
	const outbox = new Outbox();
	const first = outbox.add('a', undefined);
	assert.equal(outbox.settle(1), first);
	assert.equal(outbox.settle(1), undefined);
	assert.equal(outbox.settle(99), undefined);
	assert.equal(outbox.size, 0);
	assert.equal(outbox.add('b', undefined).n, 2);
});

test('outbox: returns the messages on either side of an n, oldest first', () => {
	const outbox = new Outbox();
	for (const text of ['a', 'b', 'c', 'd', 'e']) {
		outbox.add(text, undefined);
	}

	outbox.settle(3);
	const after = (n: number) => outbox.after(n).map(frame => frame.n);
	const upTo = (n: number) => outbox.upTo(n).map(frame => frame.n);
	assert.deepEqual([after(0), upTo(0)], [[1, 2, 4, 5], []]);
	assert.deepEqual(
		[after(2), upTo(2)],
		[
			[4, 5],
			[1, 2],
		],
	);
	assert.deepEqual(
		[after(3), upTo(3)],
		[
			[4, 5],
			[1, 2],
		],
	);
	assert.deepEqual([after(5), upTo(5)], [[], [1, 2, 4, 5]]);
	assert.equal(outbox.size, 4, 'to look is not to take');
});

test('outbox: a resend is the same frame', () => {
	const outbox = new Outbox();
	const frame = outbox.add('a', undefined);
	assert.equal(outbox.after(0)[0], frame);
	assert.equal(outbox.upTo(1)[0], frame);
});

test('outbox: goes on from the numbers of an earlier process, and never back', () => {
	const outbox = new Outbox(7);
	assert.equal(outbox.add('a', undefined).n, 8);
	outbox.goOnFrom(20);
	assert.equal(outbox.add('b', undefined).n, 21);
	outbox.goOnFrom(3);
	assert.equal(outbox.add('c', undefined).n, 22);
});

test('outbox: counts what the room keeps, as long as it waits', () => {
	const outbox = new Outbox();
	for (const text of ['a', 'b', 'c']) {
		outbox.add(text, undefined);
	}

	outbox.keep(1);
	outbox.keep(2);
	outbox.keep(2);
	outbox.keep(99);
	assert.equal(outbox.kept, 2);
	outbox.settle(1);
	assert.equal(outbox.kept, 1);
	outbox.forgetKept();
	assert.deepEqual([outbox.kept, outbox.size], [0, 2]);
});
