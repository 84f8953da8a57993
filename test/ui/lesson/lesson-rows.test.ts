/** What the pane of a lesson says. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {advance, startProgress} from '../../../source/lesson/advance.js';
import {parseLesson} from '../../../source/lesson/lesson.js';
import {lessonTexts} from '../../../source/lesson/texts.js';
import {lessonWindow} from '../../../source/ui/lesson/lesson-rows.js';
import {textsOf} from '../../helpers/models.js';

test('lesson: a line that Python still runs is shown, as it may take seconds', () => {
	const begun = startProgress(parseLesson(lessonTexts['udp']!));
	const {progress} = advance(begun.progress, {type: 'line', line: ''});
	const {rows} = lessonWindow(progress, 0, {width: 80, height: 6});
	assert.equal(textsOf(rows).at(-1), '>>> import socket …');
});
