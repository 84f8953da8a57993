import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: three sends are one read, and one send is two', async t => {
	await playLesson(t, readLesson('stream'));
});
