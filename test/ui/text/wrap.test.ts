import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {toDisplay} from '../../../source/protocol/display.js';
import {wrapText} from '../../../source/ui/text/wrap.js';
import {anyCharacter} from '../../helpers/any-character.js';

const wrap = (text: string, cells: number, firstCells?: number): string[] =>
	wrapText(toDisplay(text), cells, firstCells);

/** Texts of ASCII words, of wide and of joined characters, and of anything. */
const anyText = fc.oneof(
	fc.string({unit: fc.constantFrom('a', 'b', ' ', '你', '。', '👩‍👩‍👧', 'é')}),
	fc.string({unit: 'grapheme', maxLength: 80}),
	fc.string({unit: anyCharacter, maxLength: 80}),
);

const withoutSpaces = (text: string): string => text.replaceAll(' ', '');

test('wrap: no row is too wide, whatever the text', () => {
	fc.assert(
		fc.property(
			anyText,
			fc.integer({min: 2, max: 60}),
			fc.nat(),
			(text, cells, less) => {
				const firstCells = cells - (less % cells);
				const [first, ...others] = wrap(text, cells, firstCells);
				assert.ok(stringWidth(first!) <= firstCells);
				assert.ok(others.every(row => stringWidth(row) <= cells));
			},
		),
		{numRuns: 2000},
	);
});

test('wrap: the rows together are the text, without spaces at their ends', () => {
	fc.assert(
		fc.property(anyText, fc.integer({min: 2, max: 60}), (text, cells) => {
			const shown = toDisplay(text);
			const rows = wrap(text, cells);
			assert.equal(withoutSpaces(rows.join('')), withoutSpaces(shown));
			if (!shown.includes(' ')) {
				assert.equal(rows.join(''), shown);
			}
		}),
		{numRuns: 2000},
	);
});

test('wrap: a text that fits is one row as it is', () => {
	assert.deepEqual(wrap('', 10), ['']);
	assert.deepEqual(wrap('  two  ', 7), ['  two  ']);
	assert.deepEqual(wrap('你好世界', 8), ['你好世界']);
});

test('wrap: rows end between words', () => {
	assert.deepEqual(wrap('is the port free again?', 10), [
		'is the',
		'port free',
		'again?',
	]);
});

test('wrap: spaces stay within a row and are dropped at its end', () => {
	assert.deepEqual(wrap('a  b    c', 5), ['a  b', 'c']);
	assert.deepEqual(wrap(`a${' '.repeat(30)}b`, 5), ['a', 'b']);
	assert.deepEqual(wrap('  if (a) return b', 9), ['  if (a)', 'return b']);
});

test('wrap: a word wider than a row is cut where the row is full', () => {
	assert.deepEqual(wrap('abcdefghijkl', 5), ['abcde', 'fghij', 'kl']);
	assert.deepEqual(wrap('to abcdefghijkl', 5), ['to', 'abcde', 'fghij', 'kl']);
});

test('wrap: an indented word that is cut leaves no empty row', () => {
	assert.deepEqual(wrap('  abcdefghijkl', 6), ['  abcd', 'efghij', 'kl']);
});

test('wrap: a wide character is never cut in half', () => {
	assert.deepEqual(wrap('你好世界', 5), ['你好', '世界']);
	assert.deepEqual(wrap('a你好世界', 5), ['a你好', '世界']);
});

test('wrap: Chinese breaks anywhere except before closing punctuation', () => {
	assert.deepEqual(wrap('你好世界。', 8), ['你好世', '界。']);
	assert.deepEqual(wrap('hello 你好世界', 10), ['hello 你好', '世界']);
});

test('wrap: an emoji family and a letter with its mark stay whole', () => {
	assert.deepEqual(wrap('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 5), ['👩‍👩‍👧👩‍👩‍👧', '👩‍👩‍👧']);
	assert.deepEqual(wrap('e\u{301}'.repeat(6), 4), [
		'e\u{301}'.repeat(4),
		'e\u{301}'.repeat(2),
	]);
});

test('wrap: a word that does not fit a shorter first row moves to the next', () => {
	assert.deepEqual(wrap('restart it', 10, 4), ['', 'restart it']);
	assert.deepEqual(wrap('now restart it', 10, 4), ['now', 'restart it']);
	assert.deepEqual(wrap('你好世界', 6, 4), ['你好', '世界']);
});
