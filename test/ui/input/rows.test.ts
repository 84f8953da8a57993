import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {isBoundary} from '../../../source/ui/input/graphemes.js';
import {
	draftWindow,
	movedByRow,
	rowCount,
	rowsAround,
} from '../../../source/ui/input/rows.js';
import {anyCharacter} from '../../helpers/any-character.js';

const family = '👨‍👩‍👧‍👦';

const lineOf = (text: string, caret = text.length) => ({text, caret});

const shown = (text: string, columns: number, caret = text.length) => {
	const {rows, caret: at} = draftWindow(lineOf(text, caret), columns, 8);
	return [...rows, `${at.column},${at.row}`];
};

test('rows: a draft wraps at spaces, and long words where a row is full', () => {
	assert.deepEqual(shown('', 10), ['', '0,0']);
	assert.deepEqual(shown('hello', 6), ['hello', '5,0']);
	assert.deepEqual(shown('hello', 5), ['hell', 'o', '1,1']);
	assert.deepEqual(shown('one two three', 8), ['one two ', 'three', '5,1']);
	assert.deepEqual(shown('one two', 7), ['one ', 'two', '3,1']);
	assert.deepEqual(shown('one\ntwo\n', 7), ['one', 'two', '', '0,2']);
	assert.deepEqual(shown('日本語日', 6), ['日本', '語日', '4,1']);
	assert.deepEqual(shown(family.repeat(3), 5), [
		family + family,
		family,
		'2,1',
	]);
});

test('rows: the caret stays in its row while a space fills it', () => {
	assert.deepEqual(shown('abcd ', 5), ['abcd ', '4,0']);
	assert.deepEqual(shown('abcd e', 5), ['abcd ', 'e', '1,1']);
	assert.deepEqual(shown('abcd  ', 5), ['abcd ', ' ', '1,1']);
});

test('rows: control characters are marks, and too wide clusters one mark', () => {
	assert.deepEqual(shown('b\u001B[2Jc', 20), ['b␛[2Jc', '6,0']);
	assert.equal(shown('a\u202Eb', 6, 1)[0], 'a\uFFFDb');
});

test('rows: a window keeps the caret in view, and says what is cut', () => {
	const text = Array.from({length: 20}, (_, index) => `row ${index}`).join(
		'\n',
	);
	const top = draftWindow(lineOf(text, 0), 20, 8);
	assert.deepEqual([top.rows[0], top.rows.length], ['row 0', 8]);
	assert.deepEqual([top.hasMoreAbove, top.hasMoreBelow], [false, true]);
	const end = draftWindow(lineOf(text), 20, 8);
	assert.deepEqual([end.rows[7], end.caret.row], ['row 19', 7]);
	assert.deepEqual([end.hasMoreAbove, end.hasMoreBelow], [true, false]);
	assert.deepEqual(draftWindow(lineOf(text), 20, 1).rows, ['row 19']);
	assert.equal(rowCount(lineOf(text), 20, 8), 8);
	assert.equal(rowCount(lineOf('a\nb'), 20, 8), 2);
});

test('rows: Up and Down keep their column through shorter rows', () => {
	const text = 'a long row\nab\n日本語 row';
	let caret = 8;
	let goal: number | undefined;
	const move = (by: 1 | -1) => {
		const moved = movedByRow({text, caret}, by, 40, goal)!;
		caret = moved.caret;
		goal = moved.goalColumn;
		return text.slice(0, caret);
	};

	assert.equal(move(1), 'a long row\nab');
	assert.equal(move(1), 'a long row\nab\n日本語 r');
	assert.equal(movedByRow({text, caret}, 1, 40, goal), undefined);
	move(-1);
	assert.equal(move(-1), 'a long r');
	assert.equal(movedByRow({text, caret}, -1, 40, goal), undefined);
});

const anyText = fc
	.array(
		fc.oneof(
			fc.string({unit: 'grapheme', maxLength: 5}),
			fc.string({unit: anyCharacter, maxLength: 5}),
			fc.constantFrom(
				...'日🇫🇷\u{301}\u{200D}\u{FE0F}\n\u{202E}\t\u{1100}\u{9B}',
			),
			fc.constantFrom(family, '👍🏽', 'क्ष', '0️⃣', '\u{1B}[31m', ' '.repeat(5)),
		),
		{maxLength: 12},
	)
	.map(parts => parts.join('').replaceAll('\r', ''));

const anyLine = fc.tuple(anyText, fc.nat({max: 60})).map(([text, index]) => {
	let caret = Math.min(index, text.length);
	while (!isBoundary(text, caret)) {
		caret++;
	}

	return {text, caret};
});

test('rows: are never wider than the pane, and the caret is in them', () => {
	fc.assert(
		fc.property(
			anyLine,
			fc.integer({min: 4, max: 40}),
			fc.integer({min: 1, max: 8}),
			(line, columns, height) => {
				const {rows, caret} = draftWindow(line, columns, height);
				assert.ok(rows.length > 0 && rows.length <= height);
				for (const row of rows) {
					assert.ok(stringWidth(row) <= columns, JSON.stringify(row));
					assert.doesNotMatch(row, /[\p{Control}\p{Surrogate}]/v);
				}

				assert.ok(caret.column >= 0 && caret.column < columns);
				assert.ok(caret.row >= 0 && caret.row < rows.length);
			},
		),
		{numRuns: 2000},
	);
});

test('rows: hold all of the text, in order', () => {
	fc.assert(
		fc.property(anyLine, fc.integer({min: 4, max: 40}), (line, columns) => {
			const {rows} = rowsAround(line, columns, line.text.length + 1);
			assert.equal(rows[0]!.start, 0);
			assert.equal(rows.at(-1)!.end, line.text.length);
			for (const [index, row] of rows.entries()) {
				assert.equal(row.start, rows[index - 1]?.end ?? 0);
				assert.ok(isBoundary(line.text, row.start));
			}
		}),
	);
});

test('rows: Up, then Down, is in the same row, on a grapheme boundary', () => {
	fc.assert(
		fc.property(anyLine, fc.integer({min: 4, max: 40}), (line, columns) => {
			const up = movedByRow(line, -1, columns, undefined);
			if (up === undefined) {
				return;
			}

			assert.ok(up.caret < line.caret);
			assert.ok(isBoundary(line.text, up.caret));
			const {text} = line;
			const down = movedByRow(
				{text, caret: up.caret},
				1,
				columns,
				up.goalColumn,
			)!;
			assert.ok(isBoundary(text, down.caret));
			const startOf = (caret: number) => {
				const {rows, at} = rowsAround({text, caret}, columns, 0);
				return rows[at]!.start;
			};

			assert.equal(startOf(down.caret), startOf(line.caret));
		}),
		{numRuns: 1000},
	);
});

test('rows: a pasted megabyte takes no more work than a page of it', t => {
	const iterator = new Intl.Segmenter().segment('')[Symbol.iterator]();
	const prototype = Object.getPrototypeOf(iterator) as typeof iterator;
	const next = t.mock.method(prototype, 'next');
	const segment = t.mock.method(Intl.Segmenter.prototype, 'segment');
	const slice = t.mock.method(String.prototype, 'slice');
	const mocks = [next.mock, segment.mock, slice.mock] as const;
	const workIn = (text: string) => {
		const middle = text.indexOf('日', text.length / 2);
		for (const mock of mocks) {
			mock.resetCalls();
		}

		draftWindow(lineOf(text, middle), 120, 8);
		movedByRow(lineOf(text, middle), -1, 120, undefined);
		return mocks.map(mock => mock.callCount());
	};

	const words = 'hello 日本 👍🏽 ';
	const few = workIn(words.repeat(1024));
	const many = workIn(words.repeat(64 * 1024));
	for (const [index, count] of few.entries()) {
		assert.ok(count > 0);
		// Where the parts are cut differs a little.
		assert.ok(
			many[index]! < 2 * count,
			`${many.join(' ')} instead of ${few.join(' ')}`,
		);
	}
});

test('rows: a long line is cut between words, and its rows follow each other', () => {
	const text = 'words and some more '.repeat(400);
	for (const caret of [0, 1000, 1023, 1024, 1025, 4090, text.length]) {
		const {rows, at} = rowsAround({text, caret}, 40, 30);
		assert.ok(rows[at]!.start <= caret && caret <= rows[at]!.end);
		for (const [index, {start}] of rows.entries()) {
			assert.equal(start, rows[index - 1]?.end ?? start);
			assert.ok(start === 0 || text[start - 1] === ' ');
		}
	}
});
