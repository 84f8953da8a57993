import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {ServerFrame} from '../../source/protocol/frame.js';
import {Progress} from '../../source/plain/progress.js';
import {welcomeFrame} from '../helpers/scripted.js';

const at = 0;

const openProgress = () => {
	const progress = new Progress(false);
	progress.id = 'own';
	const see = (frame: ServerFrame) => {
		progress.see({type: 'frame', at, frame});
	};

	return {progress, see};
};

test('progress: only the answer to a question settles it', () => {
	const {progress, see} = openProgress();
	progress.askNick('heron');
	see({type: 'renamed', seq: 1, at, from: 'a', to: 'b', id: 'other'});
	see({type: 'found', id: 1, text: 'x', entries: []});
	see({type: 'error', code: 'ERR_RATE', message: 'You are read more slowly.'});
	assert.ok(progress.isAsking);
	see({type: 'renamed', seq: 2, at, from: 'otter', to: 'heron', id: 'own'});
	assert.ok(!progress.isAsking);
	assert.ok(!progress.hasFailed);
	assert.equal(progress.nick, 'heron');

	progress.ask('past');
	see({type: 'error', code: 'ERR_BUSY', message: 'Wait for your query.'});
	assert.ok(!progress.isAsking);
	assert.ok(progress.hasFailed);
});

test('progress: a new nick of an earlier time answers nothing', () => {
	const {progress, see} = openProgress();
	see(welcomeFrame({nick: 'heron', head: 2}));
	progress.askNick('crane');
	see({type: 'renamed', seq: 2, at, from: 'heron', to: 'otter', id: 'own'});
	assert.ok(progress.isAsking);
	assert.equal(progress.nick, 'heron');
	see({type: 'renamed', seq: 3, at, from: 'heron', to: 'crane', id: 'own'});
	assert.ok(!progress.isAsking);
	assert.equal(progress.nick, 'crane');
});

test('progress: an error that answers no question is no failure', () => {
	const {progress, see} = openProgress();
	see({type: 'error', code: 'ERR_HISTORY', message: 'It failed.'});
	assert.ok(!progress.hasFailed);
});

test('progress: where renames are not announced, the list of members answers', () => {
	const {progress, see} = openProgress();
	progress.askNick('heron');
	see({type: 'members', count: 2, names: ['otter', 'heron']});
	assert.ok(!progress.isAsking);
	assert.equal(progress.nick, 'heron');
});
