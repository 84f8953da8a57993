import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	chooseLayout,
	contentOf,
	type Layout,
	type Rectangle,
} from '../../source/ui/layout.js';

const areasOf = ({transcript, connection, input}: Layout) => [
	transcript,
	connection,
	input,
];

/** How often each cell of the screen is covered. */
const coverage = (
	areas: readonly Rectangle[],
	columns: number,
	rows: number,
) => {
	const cells = new Uint8Array(columns * rows);
	for (const {x, y, width, height} of areas) {
		for (let row = y; row < y + height; row++) {
			for (let column = x; column < x + width; column++) {
				const isOnScreen = column < columns && row < rows;
				assert.ok(isOnScreen, `Cell ${column},${row} is off the screen.`);
				cells[row * columns + column]!++;
			}
		}
	}

	return cells;
};

test('layout: the panes cover every cell of the screen once', () => {
	fc.assert(
		fc.property(
			fc.integer({min: 20, max: 260}),
			fc.integer({min: 4, max: 90}),
			fc.integer({min: 0, max: 100}),
			(columns, rows, inputRows) => {
				const layout = chooseLayout(columns, rows, inputRows);
				const cells = coverage(areasOf(layout), columns, rows);
				assert.ok(cells.every(times => times === 1));
			},
		),
	);
});

test('layout: each pane has at least one row, and its frame fits', () => {
	fc.assert(
		fc.property(
			fc.integer({min: 20, max: 260}),
			fc.integer({min: 4, max: 90}),
			fc.integer({min: 1, max: 100}),
			(columns, rows, inputRows) => {
				for (const area of areasOf(chooseLayout(columns, rows, inputRows))) {
					const inner = contentOf(area);
					assert.ok(inner.width >= 1 && inner.height >= 1);
					assert.ok(inner.x >= area.x && inner.y >= area.y);
					assert.ok(inner.x + inner.width <= area.x + area.width);
					assert.ok(inner.y + inner.height <= area.y + area.height);
				}
			},
		),
	);
});

test('layout: even a terminal of one cell gets panes that tile it', () => {
	for (let columns = 1; columns < 20; columns++) {
		for (let rows = 1; rows < 12; rows++) {
			const layout = chooseLayout(columns, rows);
			const cells = coverage(areasOf(layout), columns, rows);
			assert.ok(cells.every(times => times === 1));
		}
	}
});

test('layout: from 100 columns the connection is on the right', () => {
	const layout = chooseLayout(100, 30);
	assert.equal(layout.kind, 'wide');
	assert.deepEqual(layout.connection, {
		x: 68,
		y: 0,
		width: 32,
		height: 29,
		frame: 'box',
	});
	assert.equal(layout.transcript.width, 68);
	assert.equal(chooseLayout(200, 60).connection.width, 48);
	assert.equal(chooseLayout(400, 60).connection.width, 48);
});

test('layout: below 100 columns the connection is two lines', () => {
	const layout = chooseLayout(99, 24);
	assert.equal(layout.kind, 'narrow');
	assert.deepEqual(layout.connection, {
		x: 0,
		y: 0,
		width: 99,
		height: 2,
		frame: 'bare',
	});
	assert.equal(layout.transcript.frame, 'rules');
	assert.equal(chooseLayout(99, 15).connection.height, 1);
});

test('layout: ten rows have a status line, the transcript and the input', () => {
	for (const columns of [20, 80, 200]) {
		const layout = chooseLayout(columns, 10);
		assert.equal(layout.kind, 'tiny');
		assert.deepEqual(
			[layout.connection, layout.transcript, layout.input].map(
				({y, height, frame}) => ({y, height, frame}),
			),
			[
				{y: 0, height: 1, frame: 'bare'},
				{y: 1, height: 8, frame: 'bare'},
				{y: 9, height: 1, frame: 'bare'},
			],
		);
	}
});

test('layout: an input of many rows gets half of the screen at most', () => {
	const layout = chooseLayout(80, 24, 40);
	assert.equal(layout.input.height, 12);
	assert.equal(layout.transcript.height, 10);
});
