/** Lessons with real sockets and a real Python, as fast as they go. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseLesson} from '../../source/lesson/lesson.js';
import {lessonTexts} from '../../source/lesson/texts.js';
import {learn} from '../helpers/lessons/learner.js';

for (const [name, markdown] of Object.entries(lessonTexts)) {
	const {stages} = parseLesson(markdown);
	test(`lesson: ${name} comes to its end by what it asks for`, async t => {
		const {verdicts} = await learn(t, markdown);
		const questions = stages.filter(({ask}) => ask.kind === 'predict');
		assert.equal(
			verdicts.filter(verdict => verdict.includes(', rightly: ')).length,
			questions.length,
			verdicts.join('\n'),
		);
	});
}
