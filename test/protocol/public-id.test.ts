import assert from 'node:assert/strict';
import {createHash, randomUUID} from 'node:crypto';
import {test} from 'node:test';
import {publicId} from '../../source/protocol/public-id.js';

const client = '0f8fad5b-d9cb-469f-a165-70867728950e';

test('public-id: is the start of the SHA-256 in lower-case hex', () => {
	const hash = createHash('sha256').update(client).digest('hex');
	assert.equal(publicId(client), hash.slice(0, 16));
	assert.match(publicId(client), /^[\da-f]{16}$/);
});

test('public-id: stays the same for a client without revealing it', () => {
	assert.equal(publicId(client), publicId(client));
	for (const part of client.split('-')) {
		assert.ok(!publicId(client).includes(part));
	}
});

test('public-id: tells clients apart', () => {
	const ids = Array.from({length: 1000}, () => publicId(randomUUID()));
	assert.equal(new Set(ids).size, 1000);
});
