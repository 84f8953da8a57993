import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: a window that closes makes the sender wait and probe', async t => {
	await playLesson(t, readLesson('zero-window'));
});
