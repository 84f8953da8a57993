import assert from 'node:assert/strict';
import {env} from 'node:process';
import {test} from 'node:test';
import fc from 'fast-check';
import {formatBytes} from '../../source/tcp/format-bytes.js';

const runs = Number(env['FAST_CHECK_RUNS'] ?? 1000);

test('format: bytes use decimal units, with one digit after the point', () => {
	for (const [bytes, text] of [
		[0, '0 B'],
		[999, '999 B'],
		[999.5, '1.0 kB'],
		[1000, '1.0 kB'],
		[12_400, '12.4 kB'],
		[999_949, '999.9 kB'],
		[999_950, '1.0 MB'],
		[3_100_000, '3.1 MB'],
		[2_000_000_000, '2.0 GB'],
		[5e15, '5000.0 TB'],
	] as const) {
		assert.equal(formatBytes(bytes), text);
	}
});

test('format: bytes never show 1000 of a unit that has a larger one', () => {
	fc.assert(
		fc.property(fc.double({min: 0, max: 999e12, noNaN: true}), bytes => {
			assert.match(formatBytes(bytes), /^\d{1,3}(\.\d)? (?:B|[kMGT]B)$/u);
		}),
		{numRuns: runs},
	);
});
