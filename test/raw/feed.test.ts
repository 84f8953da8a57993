/** How much of an input counts as read. */
import assert from 'node:assert/strict';
import {PassThrough} from 'node:stream';
import test from 'node:test';
import {bytesReadBy} from '../../source/raw/feed.js';
import {LineCutter} from '../../source/raw/messages/cut.js';

test('feed: what waits as a message, or for the rest of its line, was read', () => {
	const source = new PassThrough();
	const cutter = new LineCutter('', 1000);
	source.write('more');
	cutter.write('one\ntwo\nthr');
	assert.equal(bytesReadBy([source, cutter], 0), 13);
	assert.equal(String(cutter.read()), 'one');
	assert.equal(bytesReadBy([source, cutter], 3), 13);
});
