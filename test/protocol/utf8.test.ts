import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {decodeClientFrame} from '../../source/protocol/codec.js';
import {checkUtf8} from '../../source/protocol/utf8.js';
import {anyCharacter} from '../helpers/any-character.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

const goodText = fc
	.string({unit: anyCharacter})
	.map(text => text.toWellFormed());
const badBytes = fc.constantFrom(
	[0xff],
	[0x80],
	[0xc3],
	[0xc0, 0x80],
	[0xe2, 0x82],
	[0xed, 0xa0, 0x80],
	[0xef, 0xbf],
	[0xf0, 0x9f, 0x98],
	[0xf5, 0x80, 0x80, 0x80],
);

test('utf-8: the first bad byte is named, and its position', () => {
	fc.assert(
		fc.property(goodText, badBytes, goodText, (before, bad, after) => {
			const start = Buffer.from(before);
			// An ASCII character behind it, so that nothing completes it.
			const line = Buffer.concat([
				start,
				Buffer.from(bad),
				Buffer.from(`.${after}`),
			]);
			const byte = bad[0].toString(16);
			assert.equal(
				checkUtf8(line)?.message,
				`The line was refused: byte 0x${byte} at position ${start.length + 1} is not UTF-8. Send UTF-8; --raw sends any bytes.`,
			);
		}),
		{numRuns: runs},
	);
});

test('utf-8: accepts every text, also with U+FFFD in it', () => {
	fc.assert(
		fc.property(goodText, text => {
			assert.equal(checkUtf8(Buffer.from(`${text}\uFFFD${text}`)), undefined);
		}),
		{numRuns: runs},
	);
});

test('utf-8: a frame is refused with the same words', () => {
	const frame = Buffer.from(
		'{"type":"say","n":1,"text":"caf\u00E9"}',
		'latin1',
	);
	const decoded = decodeClientFrame(frame);
	assert.equal(decoded.kind, 'bad');
	assert.match(
		decoded.kind === 'bad' ? decoded.error.message : '',
		/: byte 0xe9 at position 32 is not UTF-8\. It begins with "\{\\"type\\"/,
	);
});
