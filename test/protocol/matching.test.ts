import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {matchInTime} from '../../source/protocol/matching.js';

// As somebody might type it.
const hungry = (letter: string) => new RegExp(`^(${letter}+)+$`);

test('matching: gives what the pattern says, whatever text it gets', () => {
	fc.assert(
		fc.property(
			fc.string(),
			fc.stringMatching(/^[ab.]{1,5}$/),
			(text, source) => {
				const pattern = new RegExp(source);
				const match = pattern.exec(text);
				assert.deepEqual(
					matchInTime(pattern, text),
					match
						? {start: match.index, end: match.index + match[0].length}
						: undefined,
				);
			},
		),
	);
});

test('matching: gives up a pattern that backtracks without end, and goes on', () => {
	const pattern = hungry('a');
	assert.equal(matchInTime(pattern, `${'a'.repeat(60)}!`), 'late');
	assert.deepEqual(matchInTime(pattern, 'aaa'), {start: 0, end: 3});
	assert.equal(matchInTime(pattern, 'b'), undefined);
});
