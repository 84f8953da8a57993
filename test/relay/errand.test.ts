/** What one server asks of another, as it is read. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {errandIn, wrapErrand} from '../../source/relay/errand.js';
import type {Errand} from '../../source/room/relay.js';

test('errand: a time after which no host could do anything is refused', () => {
	const server = 'f'.repeat(16);
	const read = (errand: Errand) => errandIn(wrapErrand(server, errand));
	const at = Date.UTC(2026, 0, 1);
	for (const errand of [
		{type: 'unlock', done: at},
		{type: 'lock', at, done: at},
		// An older server doesn't say.
		{type: 'unlock'},
		{type: 'lock'},
	] as const) {
		assert.deepEqual(read(errand), {server, errand});
	}

	for (const errand of [
		{type: 'unlock', done: Number.MAX_SAFE_INTEGER},
		{type: 'lock', at: Number.MAX_SAFE_INTEGER},
		{type: 'lock', done: 0.5},
	] as const) {
		assert.equal(read(errand), undefined);
	}
});
