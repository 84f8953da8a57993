import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test("lesson: each call of the tutorial's server does its part", async t => {
	await playLesson(t, readLesson('pair'));
});
