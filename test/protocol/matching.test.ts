import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
	firstMatchInTime,
	longestMatch,
	matchInTime,
} from '../../source/protocol/matching.js';

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

test('matching: of several patterns, the earliest match that has a character', () => {
	fc.assert(
		fc.property(
			fc.stringMatching(/^[abc]{0,12}$/),
			fc.array(fc.stringMatching(/^[ab.]{1,3}[*?]?$/), {
				minLength: 1,
				maxLength: 3,
			}),
			(text, sources) => {
				const all = sources.flatMap((source, index) =>
					[...text.matchAll(new RegExp(source, 'g'))]
						.filter(([found]) => found !== '')
						.map(found => ({
							index,
							start: found.index,
							end: found.index + found[0].length,
						})),
				);
				const [first] = all.toSorted(
					(a, b) => a.start - b.start || a.index - b.index,
				);
				const patterns = sources.map(source => new RegExp(source, 'g'));
				assert.deepEqual(firstMatchInTime(patterns, text), first);
			},
		),
	);
});

test('matching: several patterns have one second together', () => {
	const patterns = [/b/g, new RegExp(hungry('a').source, 'g')];
	const startedAt = performance.now();
	assert.equal(firstMatchInTime(patterns, `${'a'.repeat(60)}!`), 'late');
	assert.ok(performance.now() - startedAt >= longestMatch);
	assert.deepEqual(firstMatchInTime(patterns, 'aab'), {
		index: 0,
		start: 2,
		end: 3,
	});
});

test('matching: an empty match before an emoji is passed, with the flag u too', () => {
	for (const pattern of [/x*/g, /x*/gu]) {
		assert.deepEqual(firstMatchInTime([pattern], '😀x'), {
			index: 0,
			start: 2,
			end: 3,
		});
	}
});
