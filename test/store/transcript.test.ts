import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import type {Chunk, Item} from '../../source/store/item.js';
import {
	appendItems,
	clearTranscript,
	createTranscript,
	emptyTranscript,
	filterItems,
	forgetOlder,
	itemAt,
	newsFrom,
	prependItems,
	replaceItem,
	type Transcript,
} from '../../source/store/transcript.js';

const notice = (number: number): Item => ({
	kind: 'notice',
	at: number,
	tone: 'info',
	text: `number ${number}`,
});

const chunkOf = (size: number): Chunk => ({
	kind: 'chunk',
	at: 0,
	direction: 'in',
	peer: undefined,
	bytes: new Uint8Array(size),
});

const totalOf = (numbers: readonly number[]): number =>
	numbers.reduce((sum, number) => sum + number, 0);

/** Items numbered as they will be indexed. */
const batch = (start: number, count: number): Item[] =>
	Array.from({length: count}, (_item, offset) => notice(start + offset));

type Growth = {readonly isOlder: boolean; readonly count: number};

/** Items that come at either end. */
const anyGrowth: fc.Arbitrary<Growth[]> = fc.array(
	fc.record({isOlder: fc.boolean(), count: fc.nat({max: 30})}),
	{maxLength: 30},
);

const grown = (transcript: Transcript, {isOlder, count}: Growth): Transcript =>
	isOlder
		? prependItems(transcript, batch(transcript.first - count, count), 1)
		: appendItems(transcript, batch(transcript.end, count));

const contents = (transcript: Transcript): number[] =>
	Array.from(
		{length: transcript.length},
		(_item, offset) => itemAt(transcript, transcript.first + offset)!.at,
	);

test('transcript: an empty one has no items and begins at 0', () => {
	assert.equal(emptyTranscript.length, 0);
	assert.equal(emptyTranscript.first, 0);
	assert.equal(emptyTranscript.end, 0);
	assert.equal(itemAt(emptyTranscript, 0), undefined);
});

test('transcript: keeps the newest items, each under its first index', () => {
	const batches = fc.array(fc.nat({max: 90}), {maxLength: 40});
	fc.assert(
		fc.property(fc.integer({min: 1, max: 60}), batches, (maxItems, sizes) => {
			let transcript = createTranscript(maxItems);
			for (const size of sizes) {
				transcript = appendItems(transcript, batch(transcript.end, size));
				const {first, end, length} = transcript;
				assert.equal(length, end - first);
				assert.ok(length <= maxItems);
				assert.ok(transcript.blocks.every(block => block.length > 0));
				assert.ok(length >= Math.min(end, maxItems - Math.sqrt(maxItems)));
				assert.deepEqual(
					contents(transcript),
					Array.from({length}, (_item, offset) => first + offset),
				);
				assert.equal(itemAt(transcript, first - 1), undefined);
				assert.equal(itemAt(transcript, end), undefined);
			}

			assert.equal(
				transcript.end,
				sizes.reduce((sum, size) => sum + size, 0),
			);
		}),
	);
});

test('transcript: keeps the newest items within its bound of size', () => {
	const maxItems = 25;
	const batches = fc.array(fc.array(fc.nat({max: 40}), {maxLength: 20}), {
		maxLength: 20,
	});
	fc.assert(
		fc.property(batches, fc.integer({min: 0, max: 400}), (all, maxSize) => {
			let transcript = createTranscript(maxItems, maxSize);
			const sizes: number[] = [];
			for (const added of all) {
				sizes.push(...added);
				transcript = appendItems(
					transcript,
					added.map((size, index) =>
						index % 2 === 0
							? {...notice(0), text: 'x'.repeat(size)}
							: chunkOf(size),
					),
				);
				const {first, end, length, size} = transcript;
				const kept = sizes.slice(first);
				assert.equal(end, sizes.length);
				assert.equal(length, kept.length);
				assert.equal(size, totalOf(kept));
				assert.ok(size <= maxSize || length <= 2 * Math.sqrt(maxItems));
				// No more was dropped than a chunk too many.
				assert.ok(
					first === 0 ||
						length > maxItems - Math.sqrt(maxItems) ||
						totalOf(sizes.slice(first - Math.sqrt(maxItems))) > maxSize,
				);
				assert.equal(itemAt(transcript, first - 1), undefined);
			}
		}),
	);
});

test('transcript: an append leaves the earlier version unchanged', () => {
	const before = appendItems(createTranscript(20), batch(0, 18));
	const shown = contents(before);
	appendItems(before, batch(18, 50));
	appendItems(before, batch(18, 1));
	assert.deepEqual(contents(before), shown);
	assert.equal(before.end, 18);
});

test('transcript: appending nothing returns the same version', () => {
	const transcript = appendItems(emptyTranscript, batch(0, 3));
	assert.equal(appendItems(transcript, []), transcript);
});

test('transcript: a cleared one is empty and continues its indexes', () => {
	const cleared = clearTranscript(appendItems(emptyTranscript, batch(0, 700)));
	assert.equal(cleared.length, 0);
	assert.equal(itemAt(cleared, 699), undefined);
	const again = appendItems(cleared, batch(700, 300));
	assert.deepEqual([again.first, again.end], [700, 1000]);
	assert.equal(itemAt(again, 999)?.at, 999);
});

test('transcript: an append copies one block, however long the transcript is', () => {
	const transcript = appendItems(
		createTranscript(1_000_000),
		batch(0, 999_500),
	);
	const appended = appendItems(transcript, batch(999_500, 10));
	const copied = appended.blocks.filter(
		(block, index) => block !== transcript.blocks[index],
	);
	assert.equal(appended.blocks.length, 1000);
	assert.ok(copied.length <= 1);
	assert.ok(copied.every(block => block.length <= 1000));
});

test('transcript: older items are in front, under indexes of their own', () => {
	fc.assert(
		fc.property(fc.integer({min: 1, max: 60}), anyGrowth, (maxItems, steps) => {
			let transcript = createTranscript(maxItems);
			for (const growth of steps) {
				transcript = grown(transcript, growth);
				assert.equal(transcript.length, transcript.end - transcript.first);
				assert.deepEqual(
					contents(transcript),
					Array.from(
						{length: transcript.length},
						(_item, offset) => transcript.first + offset,
					),
				);
				assert.equal(itemAt(transcript, transcript.first - 1), undefined);
			}

			const {end} = transcript;
			const rest = forgetOlder(transcript);
			assert.equal(rest.older.length, 0);
			assert.equal(rest.end, end);
			assert.ok(rest.length <= maxItems);
			assert.deepEqual(
				contents(rest),
				Array.from(
					{length: rest.length},
					(_item, offset) => rest.first + offset,
				),
			);
		}),
	);
});

test('transcript: one item can be put in the place of another', () => {
	fc.assert(
		fc.property(
			fc.integer({min: 1, max: 60}),
			anyGrowth,
			fc.nat(),
			(maxItems, steps, anywhere) => {
				let transcript = createTranscript(maxItems);
				for (const growth of steps) {
					transcript = grown(transcript, growth);
				}

				fc.pre(transcript.length > 0);
				const offset = anywhere % transcript.length;
				const before = contents(transcript);
				const after = replaceItem(
					transcript,
					transcript.first + offset,
					notice(-1000),
				);
				assert.deepEqual(contents(after), before.with(offset, -1000));
				assert.deepEqual(contents(transcript), before, 'the old one stays');
			},
		),
	);
});

test('transcript: counts what is new to a reader, from any index on', () => {
	const kinds = fc.array(
		fc.array(fc.constantFrom('chunk', 'notice'), {maxLength: 40}),
		{maxLength: 20},
	);
	fc.assert(
		fc.property(fc.integer({min: 1, max: 60}), kinds, (maxItems, batches) => {
			let transcript = createTranscript(maxItems);
			for (const kindsOfBatch of batches) {
				transcript = appendItems(
					transcript,
					kindsOfBatch.map(kind => (kind === 'chunk' ? chunkOf(1) : notice(0))),
				);
			}

			const {first, end} = transcript;
			for (let index = first; index <= end; index++) {
				let expected = 0;
				for (let later = index; later < end; later++) {
					expected += itemAt(transcript, later)!.kind === 'chunk' ? 1 : 0;
				}

				assert.equal(newsFrom(transcript, index), expected);
			}
		}),
	);
});

test('transcript: some items can be left out, older ones still apart', () => {
	fc.assert(
		fc.property(fc.integer({min: 1, max: 60}), anyGrowth, (maxItems, steps) => {
			let transcript = createTranscript(maxItems);
			for (const growth of steps) {
				transcript = grown(transcript, growth);
			}

			const isKept = (at: number) => at % 3 !== 0;
			const keep = (items: readonly Item[]) =>
				items.filter(({at}) => isKept(at));
			const filtered = filterItems(transcript, keep, transcript.end);
			assert.equal(filtered.end, transcript.end);
			assert.deepEqual(
				contents(filtered),
				contents(transcript).filter(at => isKept(at)),
			);
			assert.deepEqual(
				contents(forgetOlder(filtered)),
				contents(forgetOlder(transcript)).filter(at => isKept(at)),
			);
		}),
	);
});
