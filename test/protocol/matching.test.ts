import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {matchesInTime} from '../../source/protocol/matching.js';

// As somebody might type it.
const hungry = (letter: string) => new RegExp(`^(${letter}+)+$`);

test('matching: gives what the pattern says, whatever text it gets', () => {
	fc.assert(
		fc.property(
			fc.string(),
			fc.stringMatching(/^[ab.]{1,5}$/),
			(text, source) => {
				const pattern = new RegExp(source);
				assert.equal(matchesInTime(pattern, text), pattern.test(text));
			},
		),
	);
});

test('matching: gives up a pattern that backtracks without end, and goes on', () => {
	const pattern = hungry('a');
	assert.equal(matchesInTime(pattern, `${'a'.repeat(60)}!`), undefined);
	assert.equal(matchesInTime(pattern, 'aaa'), true);
	assert.equal(matchesInTime(pattern, 'b'), false);
});
