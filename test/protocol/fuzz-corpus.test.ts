/** The finds of `npm run fuzz`: inputs that cover the codec. */
import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {test} from 'node:test';
import {fuzz} from '../fuzz/target.js';

const folder = new URL('../fixtures/fuzz/', import.meta.url);

test('codec: keeps its promises on every find of the fuzzer', () => {
	const names = readdirSync(folder);
	assert.ok(names.length > 10);
	for (const name of names) {
		fuzz(readFileSync(new URL(name, folder)));
	}
});
