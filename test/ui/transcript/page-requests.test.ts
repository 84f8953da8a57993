import assert from 'node:assert/strict';
import test from 'node:test';
import type {ChatEvent} from '../../../source/event/event.js';
import {createPageRequests} from '../../../source/ui/transcript/page-requests.js';

const answer: ChatEvent = {
	type: 'frame',
	at: 0,
	frame: {type: 'past', id: 1, entries: [], oldest: 1},
};

const openRequests = () => {
	const asked: string[] = [];
	const requests = createPageRequests(page => {
		asked.push(typeof page === 'string' ? page : JSON.stringify(page));
	});
	return {asked, ...requests};
};

test('page requests: keys before the answer send no second request', () => {
	const {asked, want, see} = openRequests();
	want('older');
	want('older');
	assert.deepEqual(asked, ['older']);
	see(answer);
	assert.deepEqual(asked, ['older']);
	want('older');
	assert.deepEqual(asked, ['older', 'older']);
});

test('page requests: Home after Page Up is sent once the page has come', () => {
	const {asked, want, see} = openRequests();
	want('older');
	want('oldest');
	assert.deepEqual(asked, ['older']);
	see(answer);
	assert.deepEqual(asked, ['older', 'oldest']);
	see(answer);
	want('older');
	assert.deepEqual(asked, ['older', 'oldest', 'older']);
});

test('page requests: back at the bottom, the first page is no longer requested', () => {
	const {asked, want, see} = openRequests();
	want('older');
	want('oldest');
	want('none');
	see(answer);
	assert.deepEqual(asked, ['older']);
});

test('page requests: a page and the hits of a search wait for each other', () => {
	const {asked, want, see} = openRequests();
	want({search: 'otter'});
	want({around: 70});
	want({search: undefined});
	assert.deepEqual(asked, ['{"search":"otter"}']);
	see(answer);
	assert.equal(asked[1], '{"around":70}');
	see(answer);
	assert.deepEqual(asked.slice(2), ['{}']);
	see(answer);
	assert.equal(asked.length, 3);
});
