/** Where a lesson and the live view stand. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {contentOf} from '../../../source/ui/layout.js';
import {
	besideColumns,
	chooseLessonLayout,
} from '../../../source/ui/lesson/lesson-layout.js';
import {rungColumns} from '../../../source/ui/lifecycle/rungs.js';

test('lesson: on 80 by 24 it takes at most eight rows, and the ladder the others', () => {
	const {lesson, view, isBeside} = chooseLessonLayout(80, 24, 1, true);
	assert.equal(isBeside, false);
	assert.ok(view);
	assert.equal(lesson.height, 8);
	assert.equal(view.y, lesson.y + 8);
	assert.ok(contentOf(view).width >= rungColumns);
	assert.ok(contentOf(view).height >= 10);
});

test('lesson: its panes fit at any size, and stand beside each other with a ladder', () => {
	const sizes = fc.tuple(
		fc.integer({min: 1, max: 300}),
		fc.integer({min: 1, max: 100}),
	);
	fc.assert(
		fc.property(sizes, ([columns, rows]) => {
			const {lesson, view, isBeside} = chooseLessonLayout(
				columns,
				rows,
				1,
				true,
			);
			assert.ok(view);
			for (const {x, y, width, height} of [lesson, view]) {
				assert.ok(x >= 0 && y >= 0 && width >= 0 && height >= 0);
				assert.ok(x + width <= columns && y + height <= rows);
			}

			if (isBeside) {
				assert.ok(columns >= besideColumns);
				assert.ok(contentOf(view).width >= rungColumns);
				assert.equal(view.x, lesson.width);
			} else {
				assert.ok(lesson.height <= 8);
				assert.equal(view.y, lesson.y + lesson.height);
			}
		}),
	);
});

test('lesson: without a socket there is nothing to look at, and it takes all the room', () => {
	const {lesson, view} = chooseLessonLayout(80, 24, 1, false);
	assert.equal(view, undefined);
	assert.ok(lesson.height > 20);
});
