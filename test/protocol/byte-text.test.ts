/** Bytes as text, wherever they are cut. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test from 'node:test';
import fc from 'fast-check';
import {
	ByteText,
	startOfNext,
	textOfBytes,
	unfinishedBytes,
} from '../../source/protocol/byte-text.js';
import {anyCharacter} from '../helpers/any-character.js';

/** All of it, pushed in pieces of these lengths. */
const inPieces = (bytes: Uint8Array, lengths: readonly number[]): string => {
	const text = new ByteText();
	let whole = '';
	let start = 0;
	for (const length of [...lengths, bytes.length]) {
		whole += text.push(bytes.subarray(start, start + length));
		start += length;
	}

	return whole + text.takeRest();
};

const lengths = fc.array(fc.nat(5));

test('byte text: UTF-8 is the same text wherever it is cut', () => {
	fc.assert(
		fc.property(fc.string({unit: anyCharacter}), lengths, (text, cuts) => {
			const bytes = Buffer.from(text);
			assert.equal(inPieces(bytes, cuts), bytes.toString());
		}),
	);
});

test('byte text: any bytes are the same text wherever they are cut', () => {
	const mixed = fc
		.array(
			fc.oneof(
				fc.uint8Array({maxLength: 4}),
				fc.constantFrom('é', '€', '🦦', 'a').map(text => Buffer.from(text)),
			),
		)
		.map(parts => Buffer.concat(parts));
	fc.assert(
		fc.property(mixed, lengths, (bytes, cuts) => {
			const text = inPieces(bytes, cuts);
			assert.equal(text, textOfBytes(bytes));
			assert.ok(!text.includes('\uFFFD'));
			// Each byte is there, as itself.
			const back = text.replaceAll(/‹(..)›/gu, (_, hex: string) =>
				Buffer.from(hex, 'hex').toString('latin1'),
			);
			assert.ok(back.length <= bytes.length);
		}),
	);
});

test('byte text: what is not UTF-8 is written as hex', () => {
	for (const [bytes, text] of [
		[[0x63, 0xe9], 'c‹e9›'],
		[[0xc0, 0x80], '‹c0›‹80›'],
		[[0xed, 0xa0, 0x80], '‹ed›‹a0›‹80›'],
		[[0xf4, 0x90, 0x80, 0x80], '‹f4›‹90›‹80›‹80›'],
		[[0xe2, 0x82, 0x41], '‹e2›‹82›A'],
		[[0xef, 0xbf, 0xbd], '\uFFFD'],
		[[0xef, 0xbb, 0xbf, 0x41], '\uFEFFA'],
	] as const) {
		assert.equal(textOfBytes(Uint8Array.from(bytes)), text);
	}

	assert.equal(unfinishedBytes(Buffer.from('a€').subarray(0, 3)), 2);
	assert.equal(unfinishedBytes(Buffer.from('a€')), 0);
});

test('byte text: the start of a character goes to the bytes that complete it', () => {
	for (const [start, next, isIts] of [
		[[0xc3], [0xa9], true],
		[[0xc3], [0x70], false],
		[[0xe2, 0x82], [0xac, 0x70], true],
		[[0xe2], [0x82], false],
		[[0xe2], [0x82, 0x70], false],
		[[0xf0, 0x9f], [0xa6, 0xa6, 0x70], true],
		[[0xe2], [], false],
		[[], [0x70], false],
	] as const) {
		const bytes = Buffer.from(start);
		assert.equal(
			startOfNext(bytes, Buffer.from(next)),
			isIts ? bytes : undefined,
			`${String(start)}, ${String(next)}`,
		);
	}

	assert.equal(startOfNext(undefined, Buffer.from('x')), undefined);
});
