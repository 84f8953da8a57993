import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import {graphemeSegmenter, oneCell} from '../../source/protocol/segments.js';
import {anyCharacter} from '../helpers/any-character.js';

const intl = new Intl.Segmenter('en', {granularity: 'grapheme'});
const isOneCell = new RegExp(`^[${oneCell}]$`);
const oneCells = Array.from({length: 0x1_00_00}, (_, code) =>
	String.fromCharCode(code),
).filter(character => isOneCell.test(character));

const segmentsOf = (segments: Iterable<{segment: string; index: number}>) =>
	Array.from(segments, ({segment, index}) => ({segment, index}));

const alike = (text: string) => {
	const [own, theirs] = [graphemeSegmenter, intl].map(each =>
		each.segment(text),
	);
	assert.deepEqual(segmentsOf(own!), segmentsOf(theirs!));
	for (let index = -1; index <= text.length + 1; index++) {
		const [one, other] = [own, theirs].map(each => each!.containing(index));
		assert.equal(one?.segment, other?.segment);
		assert.equal(one?.index, other?.index);
	}
};

test('segments: are those of Intl.Segmenter', () => {
	const piece = fc.oneof(
		fc.constantFrom(...oneCells),
		fc.constantFrom('\u001B[2m', '\n', '\r\n', '\r', '\u0007', '\t', ' ', 'a'),
		fc.constantFrom(
			'e\u0301',
			'👩‍👩‍👧',
			'🇫🇷',
			'한',
			'\u0301',
			'\u200D',
			'#\uFE0F\u20E3',
		),
		fc.string({unit: anyCharacter, maxLength: 3}),
	);
	fc.assert(
		fc.property(fc.array(piece, {maxLength: 12}), pieces => {
			alike(pieces.join(''));
		}),
	);
});

test('segments: each character of one cell is alone and takes one cell', () => {
	for (const character of oneCells) {
		assert.equal(stringWidth(character), 1, character);
		assert.doesNotMatch(character, /\p{RGI_Emoji}/v);
		alike(`${character}${character}e${character}`);
	}
});
