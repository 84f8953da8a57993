/** Chunks as JSON: exact bytes, and text that no chunk's end cuts. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {ChunkObjects} from '../../source/recording/chunk-objects.js';
import {anyCharacter} from '../helpers/any-character.js';

const chunk = (
	bytes: Uint8Array,
	peer?: string,
	direction: 'in' | 'out' = 'in',
) => ({
	type: 'chunk' as const,
	at: 1,
	direction,
	peer,
	bytes: Buffer.from(bytes),
});

test('chunks: a character cut between two chunks is text with the second', () => {
	const objects = new ChunkObjects();
	const bytes = Buffer.from('é');
	const first = objects.objectOf(chunk(bytes.subarray(0, 1), 'a'));
	const other = objects.objectOf(chunk(Buffer.from('x'), 'b'));
	const own = objects.objectOf(chunk(Buffer.from('y'), 'a', 'out'));
	const second = objects.objectOf(chunk(bytes.subarray(1), 'a'));
	assert.deepEqual(
		[first, other, own, second].map(({text}) => text),
		['', 'x', 'y', 'é'],
	);
	assert.equal(first.base64, 'ww==');
});

test('chunks: a new connection begins with no half of a character', () => {
	const objects = new ChunkObjects();
	objects.objectOf(chunk(Buffer.from([0xc3])));
	objects.forget(undefined);
	assert.equal(objects.objectOf(chunk(Buffer.from('a'))).text, 'a');
});

test('chunks: text is the same wherever it is cut, and no byte is lost', () => {
	fc.assert(
		fc.property(
			fc.string({unit: anyCharacter}),
			fc.array(fc.nat(40)),
			(text, cuts) => {
				const bytes = Buffer.from(text);
				const ends = cuts
					.map(cut => Math.min(cut, bytes.length))
					.toSorted((a, b) => a - b);
				const objects = new ChunkObjects();
				const parts = [...ends, bytes.length].map((end, index) =>
					objects.objectOf(chunk(bytes.subarray(ends[index - 1] ?? 0, end))),
				);
				assert.equal(parts.map(part => part.text).join(''), bytes.toString());
				assert.deepEqual(
					Buffer.concat(parts.map(part => Buffer.from(part.base64, 'base64'))),
					bytes,
				);
			},
		),
	);
});
