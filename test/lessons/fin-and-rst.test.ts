import assert from 'node:assert/strict';
import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: FIN delivers what is on its way, RST loses it', async t => {
	const terminal = await playLesson(t, readLesson('fin-and-rst'));
	const transcript = terminal(1).text();
	assert.match(transcript, /last words/);
	assert.doesNotMatch(transcript, /lost words/);
});
