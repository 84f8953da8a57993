import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {Readable} from 'node:stream';
import {test} from 'node:test';
import {SockchatError} from '../../source/errors.js';
import {readLines} from '../../source/plain/input.js';

const read = async (chunks: Iterable<Buffer>): Promise<string[]> => {
	const lines: string[] = [];
	for await (const line of readLines(Readable.from(chunks))) {
		lines.push(line instanceof SockchatError ? `! ${line.message}` : line);
	}

	return lines;
};

test('input: gives the same lines whatever the chunk boundaries', async () => {
	const bytes = Buffer.from(
		'one\r\ncaf\u00E9 \u{1F600}\n\nlast\u2028line, no end',
	);
	const lines = ['one', 'caf\u00E9 \u{1F600}', '', 'last\u2028line, no end'];
	for (const size of [1, 2, 3, 5, 100]) {
		const chunks = Array.from(
			{length: Math.ceil(bytes.length / size)},
			(_, index) => bytes.subarray(index * size, (index + 1) * size),
		);
		assert.deepEqual(await read(chunks), lines);
	}
});

test('input: only a line that is not valid UTF-8 is refused', async () => {
	const [first, bad, next] = await read([
		Buffer.from('first\n'),
		Buffer.from('caf\u00E9\nnext\n', 'latin1'),
	]);
	assert.equal(first, 'first');
	assert.match(bad!, /^! .*byte 0xe9 at position 4 is not UTF-8/);
	assert.equal(next, 'next');
});

test('input: of a line longer than any request only the length is kept', async () => {
	const endless = function* () {
		yield Buffer.from('first\n');
		for (let count = 0; count < 1000; count++) {
			yield Buffer.alloc(65_536, 'x');
		}

		yield Buffer.from('end\nlast');
	};

	const refused =
		'! The line has 65536003 bytes; the limit is 1048576. Send it in parts.';
	assert.deepEqual(await read(endless()), ['first', refused, 'last']);
	assert.deepEqual(await read([Buffer.alloc(1_048_577, 'x')]), [
		'! The line has 1048577 bytes; the limit is 1048576. Send it in parts.',
	]);
});
