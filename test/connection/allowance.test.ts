import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {Allowance} from '../../source/connection/allowance.js';

test('allowance: starts with a second of tokens and refills with time', () => {
	const allowance = new Allowance(100, 5000);
	for (let count = 0; count < 100; count++) {
		assert.equal(allowance.take(1, 5000), 0);
	}

	assert.equal(allowance.take(1, 5000), 10);
	assert.equal(allowance.take(50, 5000), 510);
	assert.equal(allowance.take(0, 5500), 10);
	assert.equal(allowance.take(0, 5510), 0);
	// However long the pause, it saves up no more than one second's worth.
	assert.equal(allowance.take(101, 99_000), 10);
});

test('allowance: may hold more than a second of tokens', () => {
	const allowance = new Allowance(100, 5000, 200);
	assert.equal(allowance.take(200, 5000), 0);
	assert.equal(allowance.take(1, 5000), 10);
	assert.equal(allowance.take(201, 99_000), 10);
});

test('allowance: waiting as required keeps to the rate', () => {
	const costs = fc.array(fc.integer({min: 1, max: 500}), {minLength: 20});
	fc.assert(
		fc.property(fc.integer({min: 1, max: 5000}), costs, (rate, all) => {
			const allowance = new Allowance(rate, 0);
			let at = 0;
			let said = 0;
			for (const cost of all) {
				at += allowance.take(cost, at);
				said += cost;
				// A second's worth at the start.
				assert.ok(said <= rate + (at / 1000) * rate + 1e-6, `${said} in ${at}`);
			}
		}),
	);
});
