import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {needleOf, searchBlocks} from '../../source/history/search.js';
import {frameLine} from '../../source/protocol/codec.js';
import {
	heronId,
	lineOf,
	linesOf,
	openNew,
	range,
	seqsOf,
	stateAt,
} from '../helpers/history/kept.js';

const fold = (text: string) => text.normalize('NFC').toLowerCase();

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

	// Joins and leaves aren't messages.
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
	assert.deepEqual(await find('storm  port'), [5]);
	assert.deepEqual(await find('otter PORT a'), [5]);
	assert.deepEqual(await find('porter thing another'), [6]);
	assert.deepEqual(await find('port nowhere'), []);
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

test('history: a search finds the same as a check of each message', async t => {
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
		// The Kelvin sign folds to it.
		'k',
		'\u212A',
		'\u007F',
		'𝄞',
		'\uD834',
		// In each line, but not in the texts.
		'text',
		'23',
	);
	const words = fc.array(alphabet, {maxLength: 8}).map(parts => parts.join(''));
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
						fold(wanted)
							.split(/\s+/)
							.every(word =>
								[said[seq - 1]!, '-'].some(text => fold(text).includes(word)),
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

test('history: finds characters that fold to ASCII', async () => {
	const characters = Array.from({length: 0x11_00_00}, (_, code) =>
		String.fromCodePoint(code),
	).filter(character => /[\u0020-\u007E]/.test(fold(character)));
	// ASCII, and four more.
	assert.equal(characters.length, 0x5f + 4);
	for (const character of characters) {
		for (const wanted of fold(character)) {
			const found = await searchBlocks(
				[lineOf(1, {from: '-', text: `0${character}0`})],
				needleOf(wanted),
				1,
			);
			assert.equal(found.length, 1, JSON.stringify({character, wanted}));
		}
	}
});

test('history: a search covers all blocks, wherever they end', async t => {
	// Some blocks, and lines of which a few are longer than a piece of one.
	const {history} = await openNew(t, {fileBytes: 4_000_000});
	let head = 0;
	const isLong = (seq: number) => seq % 2000 < 3;
	while (head < 40_000) {
		const group = range(head + 1, head + 2000).map(seq =>
			lineOf(seq, {
				text: `text ${seq}${isLong(seq) ? ' long'.repeat(9000) : ''}`,
			}),
		);
		head += 2000;
		await history.append(Buffer.concat(group), stateAt(head));
	}

	await fc.assert(
		fc.asyncProperty(
			fc.oneof(
				fc.integer({min: 1, max: head}).map(seq => `TEXT ${seq}`),
				fc.integer({min: 1, max: 99}).map(seq => `xt ${seq}`),
				fc.constantFrom('long', 'otter', 'ottér', '0123456789abcdef', ''),
			),
			fc.option(fc.integer({min: 1, max: head + 1}), {nil: undefined}),
			fc.integer({min: 1, max: 50}),
			async (wanted, before, limit) => {
				const expected: number[] = [];
				for (
					let seq = (before ?? head + 1) - 1;
					seq > 0 && expected.length < limit;
					seq--
				) {
					const said = `text ${seq}${isLong(seq) ? ' long long' : ''} otter`;
					const words = fold(wanted).split(' ');
					if (words.every(word => said.includes(word))) {
						expected.push(seq);
					}
				}

				const found = await history.search(wanted, {before, limit});
				assert.deepEqual(seqsOf(found.entries), expected);
			},
		),
		{numRuns: 100},
	);
});

test('history: a search lets other events in between its blocks', async t => {
	const {history} = await openNew(t);
	const lines = range(1, 20_000).map(seq => lineOf(seq, {text: 'naïve'}));
	const entries = Buffer.concat(lines);
	await history.append(entries, stateAt(20_000));
	let turns = 0;
	let isSearching = true;
	const count = () => {
		turns++;
		if (isSearching) {
			setImmediate(count);
		}
	};

	setImmediate(count);
	// Each line has to be parsed for this one.
	await history.search('é', {limit: 1});
	isSearching = false;
	const turnBytes = 128 * 1024;
	assert.ok(turns >= entries.length / turnBytes - 1, `${turns} turns`);
});

test('history: a search parses only lines with the words', async t => {
	const parse = t.mock.method(JSON, 'parse');
	const find = async (text: string) => {
		parse.mock.resetCalls();
		const found = await searchBlocks([linesOf(1, 1000)], needleOf(text), 3);
		return [found.length, parse.mock.callCount()];
	};

	assert.deepEqual(await find('nowhere'), [0, 0]);
	// Keys, a client's id, the times: what is in all lines, but was not said.
	assert.deepEqual(await find('message'), [0, 0]);
	assert.deepEqual(await find('cdef'), [0, 0]);
	assert.deepEqual(await find('17670'), [0, 0]);
	assert.deepEqual(await find('é'), [0, 0]);
	assert.deepEqual(await find('"'), [0, 0]);
	assert.deepEqual(await find('TEXT 77'), [3, 3]);
	assert.deepEqual(await find('otter'), [3, 3]);
});
