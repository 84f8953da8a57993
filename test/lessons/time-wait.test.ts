import {test} from 'node:test';
import {readLesson} from './lesson.js';
import {playLesson} from './play.js';

test('lesson: who closes first keeps the port in TIME-WAIT, and a server rebinds it at once', async t => {
	await playLesson(t, readLesson('time-wait'));
});
