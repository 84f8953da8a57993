import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {itemLines} from '../../source/hand/transcript-lines.js';
import {chunk, notice} from '../helpers/items.js';

const at = '2026-01-02 14:02:00.000';

test('transcript lines: a chunk has its time, direction, length and peer', () => {
	assert.equal(itemLines(chunk('PING\r\n')), `${at} ← 6 PING␍⏎\n`);
	assert.equal(itemLines(chunk('a\tb')), `${at} ← 3 a␉b\n`);
	assert.equal(
		itemLines(chunk('one\ntwo', {direction: 'out', peer: '127.0.0.1:40000'})),
		`${at} → 7 127.0.0.1:40000 one⏎\n${' '.repeat(42)}┆ two\n`,
	);
	assert.equal(itemLines(notice({text: 'made'})), `${at} -- made\n`);
});

test('transcript lines: no byte controls a terminal, and each line that continues has a mark', () => {
	fc.assert(
		fc.property(fc.uint8Array({minLength: 1}), bytes => {
			const lines = itemLines(chunk(Buffer.from(bytes)))!;
			assert.doesNotMatch(lines, /[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
			const [first, ...others] = lines.split('\n').slice(0, -1);
			assert.ok(first!.startsWith(`${at} ← ${bytes.length} `));
			assert.ok(others.every(line => /^ +┆ /.test(line)));
			assert.equal(
				others.length,
				bytes.slice(0, -1).filter(byte => byte === 0x0a).length,
			);
		}),
	);
});
