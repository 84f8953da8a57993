import assert from 'node:assert/strict';
import {test} from 'node:test';
import fc from 'fast-check';
import {
	chooseLayout,
	contentOf,
	nextPanes,
	type Layout,
	type Panes,
	type Rectangle,
} from '../../source/ui/layout.js';
import {nickCellsFor} from '../../source/ui/transcript/nick-column.js';

const areasOf = ({transcript, connection, input}: Layout) => [
	transcript,
	connection,
	input,
];

const anyPanes = fc.constantFrom<Panes>('side', 'none', 'bare');

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
			anyPanes,
			(columns, rows, inputRows, panes) => {
				const layout = chooseLayout(columns, rows, inputRows, panes);
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
			for (const panes of ['side', 'bare'] as const) {
				const layout = chooseLayout(columns, rows, 1, panes);
				const cells = coverage(areasOf(layout), columns, rows);
				assert.ok(cells.every(times => times === 1));
			}
		}
	}
});

test('layout: from 110 columns people and the connection are on the right', () => {
	const layout = chooseLayout(110, 30);
	assert.equal(layout.kind, 'wide');
	assert.deepEqual(layout.connection, {
		x: 84,
		y: 0,
		width: 26,
		height: 29,
		frame: 'box',
	});
	assert.equal(layout.transcript.width, 84);
	assert.equal(chooseLayout(120, 30).connection.width, 28);
	assert.equal(chooseLayout(134, 30).connection.width, 32);
	assert.equal(chooseLayout(400, 60).connection.width, 32);
});

test('layout: beside the pane a message keeps 60 cells, whatever the nicks', () => {
	fc.assert(
		fc.property(fc.integer({min: 100, max: 260}), columns => {
			const layout = chooseLayout(columns, 30);
			if (layout.kind === 'wide') {
				const {width} = contentOf(layout.transcript);
				assert.ok(width - 5 - 2 - nickCellsFor(width, 40) - 2 >= 60);
			}
		}),
	);
});

test('layout: below 110 columns the connection is one line', () => {
	const layout = chooseLayout(109, 24);
	assert.equal(layout.kind, 'narrow');
	assert.deepEqual(layout.connection, {
		x: 0,
		y: 0,
		width: 109,
		height: 1,
		frame: 'bare',
	});
	assert.equal(layout.transcript.frame, 'rules');
});

test('layout: Ctrl-G shows the side pane, none, and only text', () => {
	const cycle = (columns: number, rows: number) => {
		const kinds: string[] = [];
		let panes: Panes = 'side';
		do {
			kinds.push(chooseLayout(columns, rows, 1, panes).kind);
			panes = nextPanes(panes, columns, rows);
		} while (panes !== 'side');

		return kinds;
	};

	assert.deepEqual(cycle(110, 30), ['wide', 'narrow', 'bare']);
	assert.deepEqual(cycle(109, 30), ['narrow', 'bare']);
	assert.deepEqual(cycle(20, 8), ['tiny', 'bare']);
	// It was widened or made narrower meanwhile.
	assert.equal(nextPanes('none', 80, 24), 'bare');
	assert.equal(nextPanes('bare', 200, 60), 'side');
});

test('layout: only text means a transcript and an input', () => {
	const {connection, transcript, input} = chooseLayout(110, 30, 3, 'bare');
	assert.equal(connection.height, 0);
	assert.deepEqual(transcript, {
		x: 0,
		y: 0,
		width: 110,
		height: 27,
		frame: 'text',
	});
	assert.equal(input.height, 3);
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
	assert.equal(layout.transcript.height, 11);
});
