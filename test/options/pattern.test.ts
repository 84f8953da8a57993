import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parsePattern} from '../../source/options/pattern.js';

const matches = (pattern: string, text: string): boolean => {
	const parsed = parsePattern(pattern, 'waitFor');
	assert.ok(parsed instanceof RegExp, pattern);
	return parsed.test(text);
};

test('pattern: knows the properties of Unicode, and whole characters', () => {
	assert.ok(matches(String.raw`^\p{L}+$`, 'ответ'));
	assert.ok(!matches(String.raw`^\p{L}+$`, 'p{L}'));
	assert.ok(matches(String.raw`^\u{1F600}$`, '😀'));
	assert.ok(matches('^.$', '😀'));
	assert.ok(matches('^[^a]$', '😀'));
});

test('pattern: one that is only valid without the flag u is taken so', () => {
	assert.ok(matches(String.raw`^a\-b\_c\:$`, 'a-b_c:'));
	assert.ok(matches('^{"ok":true}$', '{"ok":true}'));
	assert.ok(matches('^]$', ']'));
	assert.ok(!matches('^ready$', 'READY'));
});

test('pattern: a wrong one is refused, in the words of the flag that it needs', () => {
	for (const [pattern, why] of [
		[
			'(',
			/^--wait-for needs a regular expression; got "\(": Unterminated group\.$/,
		],
		['/(/u: ', /; got "\/\(\/u: ": Unterminated group\.$/],
		[String.raw`\p{Nonsense}`, /": Invalid property name\.$/],
		// Without the flag it would mean the letters p{L}.
		[String.raw`\p{L}\-`, /Invalid escape/],
	] as const) {
		const parsed = parsePattern(pattern, 'waitFor');
		assert.ok(parsed instanceof Error, pattern);
		assert.match(parsed.message, why);
	}
});
