import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: a stopped server acknowledges, is silent, is lost, and comes back to a message stored once', async t => {
	const terminal = await playLesson(t, readLesson('frozen-peer'));
	const said = terminal(1)
		.output()
		.match(/^(?:\$ )?heron: are you there\?/gm);
	assert.equal(said?.length, 1);
});
