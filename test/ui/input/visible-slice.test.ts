import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {isBoundary} from '../../../source/ui/input/graphemes.js';
import {visibleSlice} from '../../../source/ui/input/visible-slice.js';

const family = '👨‍👩‍👧‍👦';

const lineOf = (text: string, caret = text.length) => ({text, caret});

test('slice: shows the whole text if it fits, with a cell for the caret', () => {
	assert.deepEqual(visibleSlice(lineOf('hello'), 6), {
		text: 'hello',
		caretColumn: 5,
	});
	assert.deepEqual(visibleSlice(lineOf('hello'), 5), {
		text: '…llo',
		caretColumn: 4,
	});
	assert.deepEqual(visibleSlice(lineOf('hello', 2), 5), {
		text: 'hello',
		caretColumn: 2,
	});
	assert.deepEqual(visibleSlice(lineOf(''), 4), {text: '', caretColumn: 0});
});

test('slice: marks what is cut off on either side', () => {
	const text = 'abcdefghijklmnopqrstuvwxyz';
	assert.deepEqual(visibleSlice(lineOf(text, 0), 8), {
		text: 'abcdefg…',
		caretColumn: 0,
	});
	assert.deepEqual(visibleSlice(lineOf(text, 13), 8), {
		text: '…klmnop…',
		caretColumn: 4,
	});
	assert.deepEqual(visibleSlice(lineOf(text), 8), {
		text: '…uvwxyz',
		caretColumn: 7,
	});
});

test('slice: cuts no wide character in half', () => {
	assert.deepEqual(visibleSlice(lineOf('日本語日本語'), 8), {
		text: '…日本語',
		caretColumn: 7,
	});
	assert.deepEqual(visibleSlice(lineOf('日本語日本語'), 7), {
		text: '…本語',
		caretColumn: 5,
	});
	assert.deepEqual(visibleSlice(lineOf(family.repeat(3), 0), 5), {
		text: `${family}${family}…`,
		caretColumn: 0,
	});
});

test('slice: shows line ends and control characters as marks', () => {
	assert.deepEqual(visibleSlice(lineOf('a\nb\u{1B}[2Jc'), 20), {
		text: 'a⏎b␛[2Jc',
		caretColumn: 8,
	});
});

test('slice: puts one mark in place of what is wider than the row', () => {
	const draft = lineOf('a\u{202E}b', 1);
	assert.match(visibleSlice(draft, 12).text, /^a.{4,9}b$/v);
	assert.deepEqual(visibleSlice(draft, 6), {
		text: 'a\u{FFFD}b',
		caretColumn: 1,
	});
});

const anyText = fc
	.array(
		fc.oneof(
			fc.string({unit: 'grapheme', maxLength: 5}),
			fc.string({unit: 'binary', maxLength: 5}),
			fc.constantFrom(
				...'日🇫🇷\u{301}\u{200D}\u{FE0F}\n\u{202E}\t\u{1100}\u{9B}',
			),
			fc.constantFrom(family, '👍🏽', 'क्ष', '0️⃣', '\u{1B}[31m'),
		),
		{maxLength: 12},
	)
	.map(parts => parts.join('').replaceAll('\r', ''));

test('slice: is never wider than the row, and the caret is in it', () => {
	fc.assert(
		fc.property(
			anyText,
			fc.nat({max: 60}),
			fc.integer({min: 4, max: 40}),
			(text, index, columns) => {
				let caret = Math.min(index, text.length);
				while (!isBoundary(text, caret)) {
					caret++;
				}

				const slice = visibleSlice({text, caret}, columns);
				assert.ok(stringWidth(slice.text) <= columns, slice.text);
				assert.ok(slice.caretColumn >= 0 && slice.caretColumn < columns);
				assert.doesNotMatch(slice.text, /[\p{Control}\p{Surrogate}]/v);
				assert.ok(slice.caretColumn <= stringWidth(slice.text));
			},
		),
		{numRuns: 2000},
	);
});

test('slice: shows the character at the caret', () => {
	fc.assert(
		fc.property(
			fc.string({maxLength: 60}),
			fc.nat({max: 60}),
			fc.integer({min: 4, max: 40}),
			(text, index, columns) => {
				const caret = Math.min(index, text.length);
				const slice = visibleSlice({text, caret}, columns);
				assert.equal(slice.text[slice.caretColumn], text[caret]);
				// And left of it what comes before, as far as there is room.
				const before = slice.text.slice(0, slice.caretColumn);
				assert.ok(text.slice(0, caret).endsWith(before.replace(/^…/v, '')));
			},
		),
		{numRuns: 1000},
	);
});

test('slice: is quick in the middle of a pasted megabyte', () => {
	const megabyte = 'hello 日本 👍🏽 '.repeat(64 * 1024);
	const draft = lineOf(megabyte, megabyte.indexOf('日', megabyte.length / 2));
	const started = performance.now();
	for (let count = 0; count < 20; count++) {
		visibleSlice(draft, 120);
	}

	// A scan of the whole text takes two seconds, each time.
	assert.ok(performance.now() - started < 1000);
});
