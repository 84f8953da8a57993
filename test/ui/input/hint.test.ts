import assert from 'node:assert/strict';
import {test} from 'node:test';
import {hintFor} from '../../../source/ui/input/hint.js';
import {after, draftOf} from '../../helpers/drafts.js';

const known = ['/help', '/msg', '/me', '/mute', '/quit'];

test('hint: a command that is being typed shows what it can become', () => {
	assert.equal(hintFor(draftOf('/m|'), known), '/msg /me /mute');
	assert.match(hintFor(draftOf('/h|'), known), /^\/help \[TOPIC\] {2}list/);
	assert.match(hintFor(draftOf('/msg|'), known), /^NAME TEXT {2}whisper/);
	assert.match(hintFor(draftOf('/msg |'), known), /^NAME TEXT {2}whisper/);
	assert.match(hintFor(draftOf('/w |'), known), /^NAME TEXT {2}whisper/);
	for (const text of ['|', 'hello|', '/usr/bin|', '/x|', '/m|sg', '/msg a|']) {
		assert.equal(hintFor(draftOf(text), known), '', text);
	}
});

test('hint: a choice of Tab shows the others', () => {
	const draft = after(draftOf('ott|'), 'complete');
	assert.equal(hintFor(draft, known), 'otto');
	assert.equal(hintFor(after(draft, 'complete'), known), 'Otter');
});

test('hint: a command of a bot shows what it takes, with nothing that a terminal obeys', () => {
	const offered = [
		{name: 'deploy-2', usage: 'A|B', help: 'red \u001B[31m', from: 'bot'},
	];
	const names = [...known, '/deploy-2'];
	assert.equal(
		hintFor(draftOf('/dep|'), names, offered),
		'/deploy-2 A|B  red \u241B[31m (bot)',
	);
	assert.match(hintFor(draftOf('/deploy-2 |'), names, offered), /^A\|B/);
});
