import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	appendItems,
	emptyTranscript,
	prependItems,
} from '../../../source/store/transcript.js';
import {rowsOfItem} from '../../../source/ui/transcript/item-rows.js';
import {
	createNickColumn,
	nickCellsFor,
} from '../../../source/ui/transcript/nick-column.js';
import {message, notice} from '../../helpers/items.js';
import {textsOf} from '../../helpers/models.js';

const from = (...nicks: string[]) => nicks.map(nick => message({from: nick}));

test('nick column: is as wide as the widest nick so far, and only grows', () => {
	const column = createNickColumn();
	let transcript = appendItems(emptyTranscript, from('ci', 'otter'));
	assert.equal(column.fit(transcript, []), 5);
	transcript = appendItems(transcript, [...from('ci'), notice()]);
	assert.equal(column.fit(transcript, []), 5);
	assert.equal(column.fit(transcript, from('kingfisher')), 10);
	assert.equal(column.fit(transcript, []), 10);
	transcript = prependItems(transcript, from('an old otter'), 1);
	assert.equal(column.fit(transcript, []), 12);
	transcript = appendItems(transcript, from('漢字漢字漢字漢'));
	assert.equal(column.fit(transcript, []), 14);
	transcript = appendItems(transcript, from('x'.repeat(32)));
	assert.equal(column.fit(transcript, []), 16);
});

test('nick column: has 4 to 16 cells, and leaves the text 60 if it can', () => {
	assert.equal(nickCellsFor(47, 9), 0);
	assert.equal(nickCellsFor(48, 1), 4);
	assert.equal(nickCellsFor(48, 16), 10);
	assert.equal(nickCellsFor(80, 16), 12);
	assert.equal(nickCellsFor(81, 16), 12);
	assert.equal(nickCellsFor(84, 16), 15);
	assert.equal(nickCellsFor(100, 16), 16);
});

test('nick column: the text begins two cells after it', () => {
	const shape = {nickCells: 5, isPlain: false};
	const [ci, otter] = from('ci', 'otter').map(item =>
		textsOf(rowsOfItem(item, 80, shape)),
	);
	assert.deepEqual(ci, ['14:02  ci     hello']);
	assert.deepEqual(otter, ['14:02  otter  hello']);
});

const plain = {nickCells: 5, isPlain: true};

test('item rows: as plain text they are words alone', () => {
	const text = 'is the port free again, or not?';
	const rows = (mark: 'stored' | 'failed') =>
		textsOf(rowsOfItem(message({text, mark, reason: 'too long'}), 24, plain));
	assert.deepEqual(rows('stored'), [
		'otter: is the port free',
		' again, or not?',
	]);
	assert.deepEqual(rows('failed').slice(2), [' too long']);
});

test('item rows: in plain text no row of a message passes for another message', () => {
	fc.assert(
		fc.property(
			fc.string({unit: fc.constantFrom('a', ' ', '\n', 'heron: hi', '漢')}),
			fc.integer({min: 8, max: 100}),
			(text, width) => {
				const [first, ...others] = textsOf(
					rowsOfItem(message({text}), width, plain),
				);
				assert.match(first!, /^\S/u);
				assert.ok(
					others.every(row => /^(?: |$)/u.test(row)),
					others.join('|'),
				);
			},
		),
	);
});
