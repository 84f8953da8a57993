import assert from 'node:assert/strict';
import {test} from 'node:test';
import {peersNamed} from '../../source/raw/peer-name.js';

test('peer name: an address, or what follows its colon', () => {
	const names = ['127.0.0.1:5312', '127.0.0.1:15312', '[::1]:5312', 'unix:2'];
	assert.deepEqual(peersNamed(names, '127.0.0.1:5312'), ['127.0.0.1:5312']);
	assert.deepEqual(peersNamed(names, '[::1]:5312'), ['[::1]:5312']);
	assert.deepEqual(peersNamed(names, ':15312'), ['127.0.0.1:15312']);
	assert.deepEqual(peersNamed(names, '15312'), ['127.0.0.1:15312']);
	assert.deepEqual(peersNamed(names, '5312'), ['127.0.0.1:5312', '[::1]:5312']);
	assert.deepEqual(peersNamed(names, '2'), ['unix:2']);
	for (const none of ['', ':', '1', '127.0.0.1', '12']) {
		assert.deepEqual(peersNamed(names, none), [], none);
	}
});
