/** What moving through the transcript costs. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Item} from '../../../source/store/item.js';
import {
	appendItems,
	emptyTranscript,
} from '../../../source/store/transcript.js';
import {openApp} from '../../helpers/app.js';
import {message} from '../../helpers/items.js';
import {modelOf} from '../../helpers/models.js';

/** A message that counts how often its text is asked for. */
const counted = (text: string) => {
	let count = 0;
	const item: Item = {...message(), kind: 'message'} as Item;
	Object.defineProperty(item, 'text', {
		get() {
			count++;
			return text;
		},
	});
	return {item, reads: () => count};
};

test('chat: a long message is not wrapped again for each page', async t => {
	const {item, reads} = counted('\n'.repeat(16_384));
	const items = [message({text: 'before'}), item, message({text: 'after'})];
	const app = await openApp(t, {
		model: modelOf({transcript: appendItems(emptyTranscript, items)}),
	});
	await app.press('page-up');
	await app.press('page-up');
	const before = reads();
	for (let page = 0; page < 20; page++) {
		await app.press('page-up');
	}

	assert.equal(reads() - before, 0, 'reads of its text in 20 pages');
	await app.press('page-down');
	assert.equal(reads() - before, 0, 'and in one more down');
});
