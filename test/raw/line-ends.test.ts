/** Line ends, wherever the chunks are cut. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import {Readable, Writable} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import test from 'node:test';
import fc from 'fast-check';
import {
	LineEnds,
	lineEnds,
	lineEndings,
	lineEndTransform,
} from '../../source/raw/line-ends.js';
import {BufferPool} from '../../source/socket/stream/buffer-pool.js';

const hashOf = (text: string) =>
	createHash('sha256').update(text).digest('hex');

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

test('line ends: what is changed goes through the same few buffers, and nothing is lost', async () => {
	const pool = new BufferPool();
	const large = Buffer.from('a line\r\nanother\r\r\n'.repeat(4000));
	// Two bytes for each, and a CR before that may be half of one.
	const allEnds = Buffer.from(`\r${'\n'.repeat(100_000)}`);
	const chunks = [...Array.from({length: 100}, () => large), allEnds];
	const given = Buffer.concat(chunks).toString('latin1');
	const buffers = new Set<ArrayBufferLike>();
	let sent = '';
	await pipeline(
		Readable.from(chunks, {objectMode: false}),
		lineEndTransform('crlf', {pool}),
		new Writable({
			write(chunk: Buffer, _encoding, done) {
				buffers.add(chunk.buffer);
				sent += chunk.toString('latin1');
				pool.giveBack(chunk);
				done();
			},
		}),
	);
	assert.equal(hashOf(sent), hashOf(given.replaceAll(/\r?\n/g, '\r\n')));
	assert.ok(buffers.size < 10, `${buffers.size} buffers`);
});
