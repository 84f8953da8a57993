import {test} from 'node:test';
import {readLesson} from '../helpers/lessons/lesson.js';
import {playLesson} from '../helpers/lessons/play.js';

test('lesson: a datagram is read once, whole or cut, and its sender is told nothing', async t => {
	await playLesson(t, readLesson('udp'));
});
