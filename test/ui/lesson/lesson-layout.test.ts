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
	const {lesson, view, isBeside} = chooseLessonLayout(80, 24, 1, 'own');
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
	const sockets = fc.constantFrom('own' as const, 'room' as const);
	fc.assert(
		fc.property(sizes, sockets, ([columns, rows], whose) => {
			const {lesson, view, isBeside} = chooseLessonLayout(
				columns,
				rows,
				1,
				whose,
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

test('lesson: a room has its connection beside the transcript, and on a small terminal above', () => {
	const {lesson, view, connection, kind} = chooseLessonLayout(
		80,
		24,
		1,
		'room',
	);
	assert.ok(view);
	assert.equal(kind, 'wide');
	assert.equal(lesson.height, 8);
	assert.deepEqual(
		[view.y, view.height, connection.y, connection.height],
		[8, 15, 8, 15],
	);
	assert.equal(view.width + connection.width, 80);
	assert.equal(connection.x, view.width);
	for (const [columns, rows] of [
		[59, 24],
		[80, 10],
		[20, 8],
	] as const) {
		const small = chooseLessonLayout(columns, rows, 1, 'room');
		assert.equal(small.kind, 'narrow');
		assert.deepEqual([small.connection.y, small.connection.height], [0, 1]);
	}
});

test('lesson: without a socket there is nothing to look at, and it takes all the room', () => {
	const {lesson, view} = chooseLessonLayout(80, 24, 1, 'none');
	assert.equal(view, undefined);
	assert.ok(lesson.height > 20);
});

test('lesson: below 120 columns it stands above the ladder, from 120 on beside it', () => {
	for (const sockets of ['own', 'others'] as const) {
		const above = chooseLessonLayout(119, 40, 1, sockets);
		assert.equal(above.lesson.width, 119);
		assert.equal(above.view?.y, above.lesson.y + above.lesson.height);
		const beside = chooseLessonLayout(120, 40, 1, sockets);
		assert.equal(beside.view?.x, beside.lesson.width);
		assert.equal(beside.view?.y, beside.lesson.y);
	}
});
