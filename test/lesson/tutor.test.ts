/** Lessons with real sockets and a real Python, as fast as they go. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {parseLesson} from '../../source/lesson/lesson.js';
import {lessonTexts} from '../../source/lesson/texts.js';
import {isGone} from '../../source/lesson/over.js';
import {learn, startTutor} from '../helpers/lessons/learner.js';
import {until} from '../helpers/until.js';

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

const page = (...lines: readonly string[]) => `# A

You will learn it.

1. Start:

   \`\`\`console
   # terminal 1
${lines.map(line => `   ${line}`).join('\n')}
   \`\`\`

   > **Check:** \`printed "never"\`.
`;

test('lesson: when the other side is killed, it says that it is over', async t => {
	for (const lines of [
		['>>> import os', '>>> os._exit(0)', '>>> print("never")'],
		[
			'$ sockchat serve --nick otter --no-history < /dev/null &',
			'$ kill -KILL %1',
		],
	]) {
		const tutor = await startTutor(t, page(...lines));
		tutor.submit('', {view() {}});
		await until(() => isGone(tutor.progress), {
			what: 'the lesson to say that it is over',
			seen: () => JSON.stringify(tutor.progress),
		});
	}
});
