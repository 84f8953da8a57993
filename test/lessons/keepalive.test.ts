import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: a program that hangs passes the test of keepalive', async t => {
	await playLesson(t, readLesson('keepalive'));
});
