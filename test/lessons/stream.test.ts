import {test} from 'node:test';
import {readLesson} from './lesson.js';
import {playLesson} from './play.js';

test('lesson: three sends are one read, and one send is two', async t => {
	await playLesson(t, readLesson('stream'));
});
