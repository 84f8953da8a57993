import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import {peersToComplete} from '../../../source/ui/input/peers.js';
import {
	appendItems,
	emptyTranscript,
} from '../../../source/store/transcript.js';

const said = (peer: string) =>
	({
		kind: 'chunk',
		at: 0,
		direction: 'in',
		peer,
		bytes: Buffer.from('hi'),
	}) as const;

test('peers: those who spoke last are first, and who left is not there', () => {
	const speakers = ['b:2', 'c:3', 'b:2', 'd:4'];
	const transcript = appendItems(
		emptyTranscript,
		speakers.map(speaker => said(speaker)),
	);
	assert.deepEqual(peersToComplete({transcript}, ['a:1', 'b:2', 'c:3']), [
		'b:2',
		'c:3',
		'a:1',
	]);
});
