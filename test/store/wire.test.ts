import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	appendWire,
	emptyWire,
	isSameWire,
	maxWireBytes,
	maxWireChunks,
	type Wire,
} from '../../source/store/wire.js';
import {maxChunkBytes, type WireChunk} from '../../source/event/event.js';

const chunkOf = (bytes: number, at = 0): WireChunk => ({
	at,
	direction: 'in',
	peer: undefined,
	offset: 0,
	bytes: new Uint8Array(bytes),
	length: bytes,
});

const chunksOf = (count: number, bytes = 1, firstAt = 0): WireChunk[] =>
	Array.from({length: count}, (_chunk, index) =>
		chunkOf(bytes, firstAt + index),
	);

test('wire: keeps chunks in order', () => {
	const first = chunksOf(2);
	const second = chunksOf(3, 10, 2);
	const wire = appendWire(appendWire(emptyWire, first), second);
	assert.deepEqual(wire, {
		dropped: 0,
		chunks: [...first, ...second],
		keptBytes: 32,
		beats: 0,
	});
});

test('wire: stays the same object if nothing is added', () => {
	const wire = appendWire(emptyWire, chunksOf(2));
	assert.equal(appendWire(wire, []), wire);
});

test('wire: an earlier version stays as it was', () => {
	const early = appendWire(emptyWire, chunksOf(maxWireChunks));
	const copy = structuredClone(early);
	appendWire(early, chunksOf(5));
	assert.deepEqual(early, copy);
});

test('wire: drops the oldest chunks over its bound of chunks, and counts them', () => {
	const wire = appendWire(emptyWire, chunksOf(maxWireChunks));
	assert.equal(wire.dropped, 0);
	const later = appendWire(wire, chunksOf(3, 1, maxWireChunks));
	assert.equal(later.dropped, 3);
	assert.equal(later.chunks.length, maxWireChunks);
	assert.equal(later.chunks[0]!.at, 3);
	assert.equal(later.chunks.at(-1)!.at, maxWireChunks + 2);
});

test('wire: drops the oldest chunks over its bound of bytes, and no others', () => {
	const count = maxWireBytes / maxChunkBytes;
	const full = appendWire(emptyWire, chunksOf(count, maxChunkBytes));
	assert.deepEqual([full.dropped, full.keptBytes], [0, maxWireBytes]);
	const later = appendWire(full, [chunkOf(1, count)]);
	assert.equal(later.dropped, 1);
	assert.equal(later.keptBytes, maxWireBytes - maxChunkBytes + 1);
	assert.equal(later.chunks[0]!.at, 1);
});

/** Bounded, and the newest of `count` chunks without a hole. */
const assertSound = (wire: Wire, count: number) => {
	assert.ok(wire.keptBytes <= maxWireBytes);
	assert.ok(wire.chunks.length <= maxWireChunks);
	assert.equal(wire.dropped + wire.chunks.length, count);
	let next = wire.dropped;
	let keptBytes = 0;
	for (const {at, bytes} of wire.chunks) {
		assert.equal(at, next);
		next++;
		keptBytes += bytes.length;
	}

	assert.equal(wire.keptBytes, keptBytes);
};

test('wire: is bounded and without gaps, whatever arrives', () => {
	// Few but large ones reach the bound of bytes, many small ones the other.
	const batch = fc.oneof(
		fc.tuple(fc.nat({max: 90}), fc.constant(maxChunkBytes)),
		fc.tuple(fc.nat({max: 3000}), fc.nat({max: 1000})),
	);
	fc.assert(
		fc.property(fc.array(batch, {maxLength: 6}), batches => {
			let wire = emptyWire;
			let count = 0;
			for (const [chunks, bytes] of batches) {
				wire = appendWire(wire, chunksOf(chunks, bytes, count));
				count += chunks;
				assertSound(wire, count);
			}
		}),
		{numRuns: 30},
	);
});

test('wire: of heartbeats in a row only the first are news', () => {
	const textOf = (text: string): WireChunk => ({
		...chunkOf(0),
		bytes: Buffer.from(text),
		length: text.length,
	});
	const beat = textOf('{"type":"pong","id":1}\n{"type":"ping","id":2}\n');
	const after = (wire: Wire, ...chunks: readonly WireChunk[]) =>
		appendWire(wire, chunks);
	const said = after(emptyWire, textOf('{"type":"say","n":1,"text":"hi"}\n'));
	const four = after(said, beat, beat, beat, beat);
	assert.equal(isSameWire(said, after(said, beat)), false);
	assert.equal(isSameWire(four, after(four, beat)), true);
	const many = after(four, ...Array.from({length: 5000}, () => beat));
	assert.equal(isSameWire(four, many), true);
	assert.equal(isSameWire(four, after(many, textOf('hello\n'))), false);
	for (const text of [
		'{"type":"pong","id":1}',
		'{"type":"pong","id":1}\nx',
		String.raw`{"type":"say","n":1,"text":"{\"type\":\"ping\",\"id\":1}"}`,
	]) {
		assert.equal(isSameWire(four, after(four, textOf(text))), false, text);
	}
});
