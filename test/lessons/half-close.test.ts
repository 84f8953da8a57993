import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: an end that has sent FIN still receives in FIN-WAIT-2, and ends in TIME-WAIT', async t => {
	await playLesson(t, readLesson('half-close'));
});
