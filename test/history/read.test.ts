import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {frameLine} from '../../source/protocol/codec.js';
import type {Owner} from '../helpers/environment.js';
import {
	heronId,
	lineOf,
	linesOf,
	openNew,
	range,
	seqsOf,
	stateAt,
	type Kept,
} from './kept.js';

/** Files of all kinds: many small groups, a large one, long lines, one entry. */
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

test('history: reads any entry on, out of whatever file', async t => {
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

test('history: page by page, all of it is read once', async t => {
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

test('history: is read while it grows and its files are closed', async t => {
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

test('history: finds words in texts and nicks, newest first', async t => {
	const kept = await openNew(t, {fileBytes: 1200});
	const {history} = kept;
	const texts = [
		'Is the port free?',
		'the PORT is "free"\n',
		'e\u0301cluse',
		'ΟΔΟΣ and back\\slash',
		'a port in a storm',
		'quite another thing',
	];
	let seq = 0;
	for (const text of texts) {
		seq++;
		const from = seq === 6 ? 'Porter' : 'otter';
		await history.append(lineOf(seq, {text, from}), stateAt(seq));
	}

	// Presence isn't said by anybody.
	const joined = {type: 'joined', seq: 7, at: 1, nick: 'port', id: heronId};
	await history.append(Buffer.from(frameLine(joined as never)), stateAt(7));
	const find = async (text: string, options: {before?: number} = {}) =>
		seqsOf((await history.search(text, {limit: 9, ...options})).entries);
	assert.deepEqual(await find('port'), [6, 5, 2, 1]);
	assert.deepEqual(await find('PORT', {before: 5}), [2, 1]);
	assert.deepEqual(await find('"free"\n'), [2]);
	assert.deepEqual(await find('ÉCLUSE'), [3]);
	assert.deepEqual(await find('Οδος'), [4]);
	assert.deepEqual(await find('k\\S'), [4]);
	assert.deepEqual(await find('joined'), []);
	assert.deepEqual(await find('nowhere'), []);
	assert.deepEqual(await find(''), [6, 5, 4, 3, 2, 1]);

	const first = await history.search('port', {limit: 2});
	assert.deepEqual(seqsOf(first.entries), [6, 5]);
	assert.equal(first.next, 5);
	const rest = await history.search('port', {limit: 3, before: first.next});
	assert.deepEqual(seqsOf(rest.entries), [2, 1]);
	assert.equal(rest.next, undefined);
});

test('history: a search gives what a look at each message gives', async t => {
	const alphabet = fc.constantFrom(
		'a',
		'B',
		'É',
		'e\u0301',
		'Σ',
		'"',
		'\\',
		'\n',
		'İ',
		' ',
		'\u0301',
	);
	const words = fc.array(alphabet, {maxLength: 8}).map(parts => parts.join(''));
	const fold = (text: string) => text.normalize('NFC').toLowerCase();
	let head = 0;
	const said: string[] = [];
	const kept = await openNew(t, {fileBytes: 5000});
	await fc.assert(
		fc.asyncProperty(
			fc.array(words, {maxLength: 5}),
			words,
			async (texts, wanted) => {
				for (const text of texts) {
					head++;
					said.push(text);
					await kept.history.append(
						lineOf(head, {text, from: '-'}),
						stateAt(head),
					);
				}

				const expected = range(1, head)
					.filter(seq =>
						[said[seq - 1]!, '-'].some(text =>
							fold(text).includes(fold(wanted)),
						),
					)
					.toReversed();
				const {entries} = await kept.history.search(wanted, {limit: 1000});
				assert.deepEqual(seqsOf(entries), expected);
			},
		),
		{numRuns: 100},
	);
});

test('history: a search lets others in between its blocks', async t => {
	const {history} = await openLong(t);
	let turns = 0;
	let isSearching = true;
	const count = () => {
		turns++;
		if (isSearching) {
			setImmediate(count);
		}
	};

	setImmediate(count);
	await history.search('found nowhere', {limit: 1});
	isSearching = false;
	assert.ok(turns >= 5, `${turns} turns`);
});
