import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {frameLine} from '../../source/protocol/codec.js';
import {maxFrameBytes, maxTextBytes} from '../../source/protocol/frame.js';
import {checkText} from '../../source/protocol/text.js';
import {anyCharacter} from '../helpers/any-character.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

test('text: any text but the empty one may be sent', () => {
	assert.equal(checkText('hello'), undefined);
	assert.equal(checkText(' '), undefined);
	assert.equal(checkText('two\nlines, \u001B and 🦦'), undefined);
	assert.equal(checkText('')?.code, 'ERR_TEXT_EMPTY');
});

test('text: a NUL is refused anywhere', () => {
	for (const text of ['\0', 'a\0', '\0b', `${'a'.repeat(maxTextBytes)}\0`]) {
		assert.equal(checkText(text)?.code, 'ERR_TEXT_INVALID');
	}
});

test('text: accepts 16 KiB of UTF-8 and refuses one byte more', () => {
	assert.equal(checkText('a'.repeat(maxTextBytes)), undefined);
	assert.equal(checkText('é'.repeat(maxTextBytes / 2)), undefined);
	const error = checkText(`${'é'.repeat(maxTextBytes / 2)}a`);
	assert.equal(error?.code, 'ERR_TEXT_TOO_LONG');
	assert.match(error.message, /has 16385 bytes; the limit is 16384\./);
});

test('text: a short text whose frame would be too long is refused', () => {
	// A control character takes one byte in UTF-8 and six in JSON.
	const controls = '\u0001'.repeat(12_000);
	const error = checkText(controls);
	assert.equal(error?.code, 'ERR_TEXT_TOO_LONG');
	assert.match(error.message, /has 72002 bytes; the limit is 64512\./);
	assert.equal(checkText('a'.repeat(12_000)), undefined);
	assert.equal(checkText('\u0001'.repeat(10_751)), undefined);
});

test('text: an accepted text fits into a frame with the longest names', () => {
	const repeated = fc
		.tuple(fc.string({unit: anyCharacter, minLength: 1}), fc.nat({max: 16_400}))
		.map(([unit, bytes]) =>
			unit.repeat(Math.max(1, Math.floor(bytes / Buffer.byteLength(unit)))),
		);
	// Characters that take more bytes in JSON than in UTF-8.
	const escaped = fc
		.tuple(
			fc.constantFrom('\u0001', '"', '\n', '\u007F', '"\u0001'),
			fc.nat({max: 16_400}),
		)
		.map(([unit, count]) => unit.repeat(count));
	let passed = 0;
	fc.assert(
		fc.property(fc.oneof(repeated, escaped), text => {
			if (checkText(text)) {
				return;
			}

			passed++;
			const name = 'n'.repeat(64);
			const n = Number.MAX_SAFE_INTEGER;
			const frames = [
				{type: 'message', seq: n, at: n, from: name, id: name, n, text},
				{type: 'whispered', n, from: name, to: name, text, at: n},
				{type: 'whisper', n, to: name, text},
			] as const;
			for (const frame of frames) {
				assert.ok(Buffer.byteLength(frameLine(frame)) - 1 <= maxFrameBytes);
			}
		}),
		{numRuns: Math.min(runs, 1000)},
	);
	assert.ok(passed > 10);
});
