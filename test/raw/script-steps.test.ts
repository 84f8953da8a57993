/** How the texts of a chat script are read. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test from 'node:test';
import fc from 'fast-check';
import {asLine, readEscapes, readHex} from '../../source/raw/script-steps.js';
import {anyCharacter} from '../helpers/any-character.js';

const anyByte = fc.integer({min: 0, max: 255});

/** One byte, in one of the ways to write it. */
const written = anyByte.chain(byte => {
	const hex = byte.toString(16).padStart(2, '0');
	const named: Readonly<Record<number, string>> = {
		0: String.raw`\0`,
		9: String.raw`\t`,
		10: String.raw`\n`,
		13: String.raw`\r`,
		92: String.raw`\\`,
	};
	const isPlain = byte < 0x80 && byte !== 92;
	const ways = [
		`\\x${hex}`,
		`\\x${hex.toUpperCase()}`,
		...(named[byte] === undefined ? [] : [named[byte]]),
		...(isPlain ? [String.fromCodePoint(byte)] : []),
	];
	return fc.constantFrom(...ways).map(text => ({byte, text}));
});

test('script steps: every byte can be written, in any of its ways', () => {
	fc.assert(
		fc.property(fc.array(written), parts => {
			assert.deepEqual(
				readEscapes(parts.map(({text}) => text).join('')),
				Buffer.from(parts.map(({byte}) => byte)),
			);
		}),
	);
});

test('script steps: text without a backslash is its UTF-8', () => {
	fc.assert(
		fc.property(fc.string({unit: anyCharacter}), text => {
			fc.pre(!text.includes('\\'));
			assert.deepEqual(readEscapes(text), Buffer.from(text));
		}),
	);
});

test('script steps: the first escape that is none is named', () => {
	for (const [text, escape] of [
		[String.raw`a\q\z`, String.raw`\q`],
		[String.raw`\x4`, String.raw`\x4`],
		[String.raw`\xg0a`, String.raw`\xg0`],
		[String.raw`\n\\` + '\\', '\\'],
	] as const) {
		assert.equal(readEscapes(text), escape, text);
	}
});

test('script steps: with a line end, a text is a line', () => {
	for (const [text, line] of [
		['PING', 'PING\r\n'],
		['PING\n', 'PING\r\n'],
		['PING\r\n', 'PING\r\n'],
		['', '\r\n'],
		['a\nb', 'a\r\nb\r\n'],
	] as const) {
		assert.equal(asLine(Buffer.from(text), 'crlf').toString(), line);
	}

	assert.equal(asLine(Buffer.from('PING'), 'none').toString(), 'PING');
});

test('script steps: hexadecimal digits are pairs, apart or not', () => {
	fc.assert(
		fc.property(fc.array(anyByte, {minLength: 1}), bytes => {
			const whole = Buffer.from(bytes);
			const hex = whole.toString('hex');
			assert.deepEqual(readHex(hex), whole);
			assert.deepEqual(readHex(hex.replaceAll(/../g, '$& ')), whole);
			assert.equal(readHex(`${hex}0`), undefined);
		}),
	);
	assert.equal(readHex('0x0a'), undefined);
	assert.equal(readHex(''), undefined);
});
