/** What the pane of a lesson says. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {advance, startProgress} from '../../../source/lesson/advance.js';
import {parseLesson, socketsOf} from '../../../source/lesson/lesson.js';
import {lessonTexts} from '../../../source/lesson/texts.js';
import {lessonWindow} from '../../../source/ui/lesson/lesson-rows.js';
import {contentOf} from '../../../source/ui/layout.js';
import {chooseLessonLayout} from '../../../source/ui/lesson/lesson-layout.js';
import {textsOf} from '../../helpers/models.js';

test('lesson: a line that Python still runs is shown, as it may take seconds', () => {
	const begun = startProgress(parseLesson(lessonTexts['udp']!));
	const {progress} = advance(begun.progress, {type: 'line', line: ''});
	const {rows} = lessonWindow(progress, 0, {width: 80, height: 6});
	assert.equal(textsOf(rows).at(-1), '>>> import socket …');
});

/** Without what wraps it. */
const essenceOf = (text: string) => text.replaceAll(/\s+/g, ' ');

test('lesson: on 80x24 what is asked stands there whole, with what is said to the last line', () => {
	for (const [name, markdown] of Object.entries(lessonTexts)) {
		// Ports are as long as those of the kernel.
		const lesson = parseLesson(markdown.replaceAll(/\b500\d\b/g, '45678'));
		const layout = chooseLessonLayout(80, 24, 1, socketsOf(lesson));
		const {progress: begun} = startProgress(lesson);
		for (const [index, {ask, moves}] of lesson.stages.entries()) {
			if (ask.kind !== 'predict') {
				continue;
			}

			const at = moves.length;
			const asking = {...begun, index, at, phase: 'asking'} as const;
			for (const typed of ['', '9', 'perhaps', '/hint', '/help']) {
				const {progress} = advance(asking, {type: 'line', line: typed});
				const {rows} = lessonWindow(progress, 0, contentOf(layout.lesson));
				const shown = essenceOf(textsOf(rows).join(' '));
				const wanted = [
					...progress.notes.map(({text}) => text),
					ask.question,
					...ask.choices,
				];
				for (const text of wanted) {
					assert.ok(
						shown.includes(essenceOf(text)),
						`${name}, "${typed}": no "${text}" in "${shown}"`,
					);
				}
			}
		}
	}
});
