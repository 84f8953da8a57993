/** When `--retry` dials again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {Redial} from '../../source/raw/redial.js';

test('redial: the waits grow from a second to ten, and begin anew after a connection that lasted', () => {
	// As long as they can be, nearly.
	const redial = new Redial(() => 0.999_999);
	const wait = (openMs = 0) => Math.round(redial.nextMs(openMs));
	const growing = [1000, 2000, 4000, 8000, 10_000, 10_000];
	assert.deepEqual(
		growing.map(() => wait()),
		growing,
	);
	// One that a server drops at once changes nothing.
	assert.equal(wait(999), 10_000);
	assert.equal(wait(1000), 1000);
	assert.equal(wait(), 2000);
});

test('redial: no wait is so short that it were a busy loop', () => {
	const redial = new Redial(() => 0);
	assert.equal(redial.nextMs(0), 250);
	assert.equal(redial.nextMs(0), 500);
});
