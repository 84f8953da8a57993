/** Line ends, wherever the chunks are cut. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import test from 'node:test';
import fc from 'fast-check';
import {LineEnds, lineEnds, lineEndings} from '../../source/raw/line-ends.js';

test('line ends: each LF or CRLF is replaced once, whatever the chunks', () => {
	const text = fc.string({unit: fc.constantFrom('\r', '\n', 'a', '\u00E9')});
	const cuts = fc.array(fc.nat(4));
	fc.assert(
		fc.property(
			text,
			cuts,
			fc.constantFrom(...lineEndings),
			(whole, lengths, ending) => {
				const bytes = Buffer.from(whole, 'latin1');
				const ends = new LineEnds(ending);
				const sent: Buffer[] = [];
				let start = 0;
				for (const length of [...lengths, bytes.length]) {
					sent.push(ends.push(bytes.subarray(start, start + length)));
					start += length;
				}

				sent.push(ends.takeRest());
				assert.equal(
					Buffer.concat(sent).toString('latin1'),
					whole.replaceAll(/\r?\n/g, lineEnds[ending]),
				);
			},
		),
	);
});
