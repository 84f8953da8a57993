import assert from 'node:assert/strict';
import test from 'node:test';
import type {ChatEvent} from '../../source/event/event.js';
import {createPastQueue} from '../../source/ui/past-queue.js';

const answer: ChatEvent = {
	type: 'frame',
	at: 0,
	frame: {type: 'past', id: 1, entries: [], oldest: 1},
};

const openQueue = () => {
	const asked: string[] = [];
	const queue = createPastQueue(wish => {
		asked.push(wish);
	});
	return {asked, ...queue};
};

test('past: keys that come before the answer ask no second time', () => {
	const {asked, wish, see} = openQueue();
	wish('older');
	wish('older');
	assert.deepEqual(asked, ['older']);
	see(answer);
	assert.deepEqual(asked, ['older']);
	wish('older');
	assert.deepEqual(asked, ['older', 'older']);
});

test('past: Home behind Page Up is asked for once the page is there', () => {
	const {asked, wish, see} = openQueue();
	wish('older');
	wish('oldest');
	assert.deepEqual(asked, ['older']);
	see(answer);
	assert.deepEqual(asked, ['older', 'oldest']);
	see(answer);
	wish('older');
	assert.deepEqual(asked, ['older', 'oldest', 'older']);
});

test('past: who has left the past wants no first page any more', () => {
	const {asked, wish, see} = openQueue();
	wish('older');
	wish('oldest');
	wish('none');
	see(answer);
	assert.deepEqual(asked, ['older']);
});
