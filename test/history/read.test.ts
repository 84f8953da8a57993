import assert from 'node:assert/strict';
import type {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Owner} from '../helpers/environment.js';
import {
	lineOf,
	linesOf,
	openNew,
	range,
	seqsOf,
	stateAt,
	type Kept,
} from '../helpers/history/kept.js';

/** Various files: many small groups, a large one, long lines, one entry. */
const openLong = async (owner: Owner): Promise<Kept & {head: number}> => {
	const kept = await openNew(owner, {fileBytes: 400_000});
	let head = 0;
	const append = async (entries: Buffer, count: number) => {
		head += count;
		await kept.history.append(entries, stateAt(head));
	};

	for (let round = 0; round < 3; round++) {
		for (let group = 0; group < 60; group++) {
			await append(linesOf(head + 1, head + 1 + (group % 4)), 1 + (group % 4));
		}

		await append(linesOf(head + 1, head + 1500), 1500);
		for (let long = 0; long < 5; long++) {
			await append(lineOf(head + 1, {text: 'long '.repeat(20_000)}), 1);
		}
	}

	return {...kept, head};
};

test('history: reads from any entry on, in any file', async t => {
	const {history, head} = await openLong(t);
	await fc.assert(
		fc.asyncProperty(
			fc.integer({min: 1, max: head}),
			fc.integer({min: 1, max: 100_000}),
			async (seq, maxBytes) => {
				const found = await history.read(seq, maxBytes);
				const {entries, firstSeq, nextSeq} = found!;
				assert.equal(firstSeq, seq);
				assert.deepEqual(seqsOf(entries), range(seq, nextSeq - 1));
				assert.ok(
					entries.length <= maxBytes || nextSeq === seq + 1,
					`${entries.length} bytes for ${maxBytes}`,
				);
			},
		),
		{
			numRuns: 200,
			examples: [
				[1, 1],
				[head, 1],
				[head, 100_000],
			],
		},
	);
	assert.equal(await history.read(0, 1000), undefined);
	assert.equal(await history.read(head + 1, 1000), undefined);
});

test('history: reads every entry once, page by page', async t => {
	const {history, head} = await openLong(t);
	const seqs: number[] = [];
	let next = 1;
	while (next <= head) {
		const {entries, nextSeq} = (await history.read(next, 65_536))!;
		seqs.push(...seqsOf(entries));
		next = nextSeq;
	}

	assert.deepEqual(seqs, range(1, head));
});

test('history: can be read while it grows and files are closed', async t => {
	const kept = await openNew(t, {fileBytes: 3000});
	const {history} = kept;
	await kept.append(5);
	let reads = 0;
	const progress = {head: 5};
	const reading = async () => {
		while (progress.head < 300) {
			const seq = 1 + (reads++ % progress.head);
			const {entries, nextSeq} = (await history.read(seq, 700))!;
			assert.deepEqual(seqsOf(entries), range(seq, nextSeq - 1));
			const {entries: hits} = await history.search('text', {limit: 3});
			assert.equal(hits.length, 3);
		}
	};

	const readers = Promise.all([reading(), reading(), reading()]);
	while (progress.head < 300) {
		await kept.append();
		progress.head++;
	}

	await readers;
	assert.ok(reads > 10);
});
