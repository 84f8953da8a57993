import assert from 'node:assert/strict';
import {test} from 'node:test';
import {nicksToComplete} from '../../../source/ui/input/nicks.js';
import {
	appendItems,
	emptyTranscript,
} from '../../../source/store/transcript.js';

const said = (from: string) =>
	({
		kind: 'message',
		at: 0,
		from,
		id: from,
		text: 'hi',
		mark: undefined,
	}) as const;

const nicks = (names: readonly string[], ...speakers: readonly string[]) =>
	nicksToComplete({
		nick: 'otter',
		presence: {members: {count: names.length, names}, replayHead: 0},
		transcript: appendItems(
			emptyTranscript,
			speakers.map(speaker => said(speaker)),
		),
	});

test('nicks: those who spoke last are first, and oneself is not there (hexchat#1305)', () => {
	assert.deepEqual(
		nicks(
			['otter', 'ann', 'bob', 'cid'],
			'cid',
			'bob',
			'cid',
			'bob',
			'otter',
			'gone',
		),
		{nicks: ['bob', 'cid', 'ann'], gone: ['gone']},
	);
});

test('nicks: in a room that lists nobody they are those who spoke', () => {
	assert.deepEqual(nicks([], 'cid', 'bob', 'cid', 'bob'), {
		nicks: ['bob', 'cid'],
		gone: [],
	});
});
