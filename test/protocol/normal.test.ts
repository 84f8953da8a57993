import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {maxMarksInRow, normalized} from '../../source/protocol/normal.js';
import {anyCharacter} from '../helpers/any-character.js';

const forms = ['NFC', 'NFKD'] as const;

test('normal: equals normalize() for text that people write', () => {
	const mark = fc.constantFrom(...'\u0301\u0316\u0345\u0334\u3099\uFF9E');
	const texts = fc.oneof(
		fc.string({unit: anyCharacter}),
		fc.string({unit: 'grapheme'}),
		fc.string({unit: mark, maxLength: maxMarksInRow}),
	);
	const property = fc.property(
		texts,
		fc.constantFrom(...forms),
		(text, form) => {
			fc.pre(!/[\p{M}\uFF9E\uFF9F]{31}/v.test(text));
			assert.equal(normalized(text, form), text.normalize(form));
		},
	);
	fc.assert(property);
});

test('normal: drops marks after thirty in a row', () => {
	const thirty = '\u0301'.repeat(maxMarksInRow);
	assert.equal(
		normalized(`x${thirty}\u0316\u0316y${thirty}`, 'NFKD'),
		`x${thirty}y${thirty}`,
	);
});

/** Whether normalize() may move it: then its class is not 0. */
const isMovable = (character: string): boolean =>
	['\u0334', '\u0345'].some(other =>
		[character + other, other + character].some(
			text =>
				text.normalize('NFKD') !==
				Array.from(text, one => one.normalize('NFKD')).join(''),
		),
	);

test('normal: counts every character that normalize() moves', () => {
	// Of these there are too many, and none is a mark.
	const neverMoved = /[\p{Cn}\p{Co}\p{Cs}\p{Script=Han}\p{Script=Hangul}]/v;
	const missed: string[] = [];
	for (let code = 0; code <= 0x10_ff_ff; code++) {
		const character = String.fromCodePoint(code);
		if (neverMoved.test(character) || !isMovable(character)) {
			continue;
		}

		const many = `x${character.repeat(maxMarksInRow * 2)}`;
		const isCounted =
			normalized(many, 'NFC').length < many.normalize('NFC').length;
		// Some end in a mark and begin with a letter: no run is longer for it.
		const startsWell = !isMovable([...character.normalize('NFKD')][0]!);
		if (!isCounted && !startsWell) {
			missed.push(code.toString(16));
		}
	}

	assert.deepEqual(missed, []);
});
