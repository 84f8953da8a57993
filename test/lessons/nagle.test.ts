import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: two small writes wait for a delayed acknowledgment, unless TCP_NODELAY is set', async t => {
	await playLesson(t, readLesson('nagle'));
});
