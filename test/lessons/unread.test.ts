import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: unread bytes make a close an RST, and writing after one is EPIPE', async t => {
	await playLesson(t, readLesson('unread'));
});
