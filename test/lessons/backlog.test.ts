import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: a backlog of 1 holds two that nobody accepted, and a third stays in SYN-SENT', async t => {
	await playLesson(t, readLesson('backlog'));
});
