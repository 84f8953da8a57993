/**
 * A draft in rows: where each begins and ends, and how the caret moves between
 * them.
 *
 * A row ends at a line end, after a space, next to a wide character, or where it
 * is full. The last cell of a row is kept for the caret; only a space may be
 * there. A long line is laid out in parts of a fixed length, and only the rows
 * around the caret are looked for: a pasted megabyte is as fast as a line.
 */
import {
	display,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import {graphemeCells} from '../text/cells.js';
import {boundaryFrom, graphemesOf} from './graphemes.js';
import type {Line} from './line.js';

/** Indexes are UTF-16 units; a line end belongs to the row that it ends. */
export type DraftRow = {readonly start: number; readonly end: number};

export type RowsAround = {
	readonly rows: readonly DraftRow[];
	/** The index of the caret's row. */
	readonly at: number;
};

const partUnits = 1024;
const nearUnits = 64;

const unshowable = display`\u{FFFD}`;

const shownGrapheme = (grapheme: string, columns: number): DisplayText => {
	const shown = toDisplay(grapheme);
	// A cluster of many marks can be wider than the row.
	return cellsOf(shown) < columns ? shown : unshowable;
};

const cellsOf = (shown: DisplayText): number => {
	let cells = 0;
	for (const {segment} of graphemesOf(shown)) {
		cells += graphemeCells(segment);
	}

	return cells;
};

/** Measures the graphemes of a row, and remembers them. */
const createDraftMeasure = (columns: number) => {
	const known = new Map<string, number>([['\n', 0]]);
	return (grapheme: string): number => {
		if (printable.test(grapheme)) {
			return 1;
		}

		let cells = known.get(grapheme);
		if (cells === undefined) {
			cells = cellsOf(shownGrapheme(grapheme, columns));
			known.set(grapheme, cells);
		}

		return cells;
	};
};

type Measure = (grapheme: string) => number;

const printable = /^[\u{20}-\u{7E}]$/u;
const ascii = /^[\u{20}-\u{7E}\n]*$/u;

const graphemesIn = (text: string): Iterable<string> =>
	ascii.test(text)
		? text
		: Array.from(graphemesOf(text), ({segment}) => segment);

/** Lays out a part: no line end but its last character. */
const rowsOfPart = (
	text: string,
	{start, end: partEnds}: DraftRow,
	columns: number,
	measure: Measure,
): DraftRow[] => {
	const rows: DraftRow[] = [];
	let rowStart = start;
	let cells = 0;
	let breakAt = start;
	let cellsAtBreak = 0;
	let index = start;
	for (const grapheme of graphemesIn(text.slice(start, partEnds))) {
		const width = measure(grapheme);
		const limit = grapheme === ' ' ? columns : columns - 1;
		while (cells + width > limit && index > rowStart) {
			const hasBreak = breakAt > rowStart;
			const end = hasBreak ? breakAt : index;
			rows.push({start: rowStart, end});
			cells -= hasBreak ? cellsAtBreak : cells;
			rowStart = end;
			breakAt = end;
			cellsAtBreak = 0;
		}

		cells += width;
		index += grapheme.length;
		const canBreak = grapheme === ' ' || width > 1;
		breakAt = canBreak ? index : breakAt;
		cellsAtBreak = canBreak ? cells : cellsAtBreak;
	}

	rows.push({start: rowStart, end: partEnds});
	return rows;
};

const lineStartOf = (text: string, index: number): number =>
	index === 0 ? 0 : text.lastIndexOf('\n', index - 1) + 1;

/** Where the parts of a long line are cut: after a space, if one is near. */
const cutOf = (text: string, lineStart: number, part: number): number => {
	const cut = lineStart + part * partUnits;
	const space = text.slice(Math.max(lineStart, cut - nearUnits), cut);
	const blank = part === 0 ? -1 : space.lastIndexOf(' ');
	const start = blank === -1 ? cut : cut - space.length + blank + 1;
	// Looking for graphemes copies the whole text; most words need none.
	return blank !== -1 && /^[\p{L}\p{N} ]/u.test(text.slice(start, start + 2))
		? start
		: boundaryFrom(text, start);
};

const partStart = (text: string, index: number): number => {
	const lineStart = lineStartOf(text, index);
	let part = Math.floor((index - lineStart) / partUnits) + 1;
	while (part > 0 && cutOf(text, lineStart, part) > index) {
		part--;
	}

	return cutOf(text, lineStart, part);
};

const partEnd = (text: string, start: number): number => {
	const lineStart = lineStartOf(text, start);
	const lineEnd = text.indexOf('\n', start);
	const end = lineEnd === -1 ? text.length : lineEnd + 1;
	let part = Math.floor((start - lineStart) / partUnits);
	while (cutOf(text, lineStart, part) <= start) {
		part++;
		if (lineStart + part * partUnits >= end) {
			return end;
		}
	}

	return Math.min(end, cutOf(text, lineStart, part));
};

const rowsAt = (
	text: string,
	index: number,
	columns: number,
	measure: Measure,
): DraftRow[] => {
	const start = partStart(text, index);
	const part = {start, end: partEnd(text, start)};
	return rowsOfPart(text, part, columns, measure);
};

/**
 * The caret's row, and those around it.
 *
 * @param columns The cells of a row, at least 3.
 * @param count At least so many rows before and after it, if there are.
 */
export const rowsAround = (
	{text, caret}: Pick<Line, 'text' | 'caret'>,
	columns: number,
	count: number,
): RowsAround => {
	const measure = createDraftMeasure(columns);
	let rows = rowsAt(text, caret, columns, measure);
	let at = rows.findLastIndex(row => row.start <= caret);
	while (at < count && rows[0]!.start > 0) {
		const before = rowsAt(text, rows[0]!.start - 1, columns, measure);
		rows = [...before, ...rows];
		at += before.length;
	}

	while (rows.length - 1 - at < count) {
		const {start, end} = rows.at(-1)!;
		const endsLine = end > start && text[end - 1] === '\n';
		if (end === text.length && !endsLine) {
			break;
		}

		rows = [...rows, ...rowsAt(text, end, columns, measure)];
	}

	return {rows, at};
};

/** The cells left of an index in its row. */
const columnIn = (
	text: string,
	{start}: DraftRow,
	index: number,
	columns: number,
): number => {
	const measure = createDraftMeasure(columns);
	let cells = 0;
	for (const grapheme of graphemesIn(text.slice(start, index))) {
		cells += measure(grapheme);
	}

	return Math.min(cells, columns - 1);
};

/** The caret's index in a row, at a column or as near as it gets. */
const caretAt = (
	text: string,
	{start, end}: DraftRow,
	column: number,
	columns: number,
): number => {
	const measure = createDraftMeasure(columns);
	let index = start;
	let cells = 0;
	const graphemes = [...graphemesIn(text.slice(start, end))];
	for (const [position, grapheme] of graphemes.entries()) {
		const width = measure(grapheme);
		const isLast = position === graphemes.length - 1;
		// After the last one, the caret is in the next row.
		const staysInRow = !isLast || (end === text.length && grapheme !== '\n');
		if (!staysInRow || cells + width > column) {
			return index;
		}

		cells += width;
		index += grapheme.length;
	}

	return index;
};

/** The caret moved to the row above or below; undefined if there is none. */
export const movedByRow = (
	line: Pick<Line, 'text' | 'caret'>,
	by: 1 | -1,
	columns: number,
	goalColumn: number | undefined,
): {readonly caret: number; readonly goalColumn: number} | undefined => {
	const {text, caret} = line;
	const {rows, at} = rowsAround(line, columns, 1);
	const target = rows[at + by];
	if (target === undefined) {
		return undefined;
	}

	const goal = goalColumn ?? columnIn(text, rows[at]!, caret, columns);
	return {caret: caretAt(text, target, goal, columns), goalColumn: goal};
};

/** What a pane of some rows shows. */
export type DraftWindow = {
	readonly rows: readonly DisplayText[];
	readonly caret: {readonly column: number; readonly row: number};
	readonly hasMoreAbove: boolean;
	readonly hasMoreBelow: boolean;
	/** The cells of the last row, if the draft ends in it. */
	readonly endColumn: number | undefined;
};

const shownRow = (
	text: string,
	{start, end}: DraftRow,
	columns: number,
): DisplayText => {
	const slice = text.slice(start, end).replace(/\n$/, '');
	return ascii.test(slice)
		? toDisplay(slice)
		: joinText(
				...Array.from(graphemesOf(slice), ({segment}) =>
					shownGrapheme(segment, columns),
				),
			);
};

/**
 * The rows that fit, with the caret's row among them.
 *
 * @param height At least 1.
 */
export const draftWindow = (
	line: Pick<Line, 'text' | 'caret'>,
	columns: number,
	height: number,
): DraftWindow => {
	const {text, caret} = line;
	const {rows, at} = rowsAround(line, columns, height);
	// A row below the caret stays in view.
	const below = Math.min(rows.length - 1 - at, height > 2 ? 1 : 0);
	const first = Math.max(0, at + below + 1 - height);
	const shown = rows.slice(first, first + height);
	const last = shown.at(-1)!;
	const hasMoreBelow = first + height < rows.length;
	return {
		rows: shown.map(row => shownRow(text, row, columns)),
		caret: {
			column: columnIn(text, rows[at]!, caret, columns),
			row: at - first,
		},
		hasMoreAbove: shown[0]!.start > 0,
		hasMoreBelow,
		endColumn: hasMoreBelow
			? undefined
			: columnIn(text, last, text.length, columns),
	};
};

/** How many rows a draft takes, up to a limit. */
export const rowCount = (
	line: Pick<Line, 'text' | 'caret'>,
	columns: number,
	limit: number,
): number => Math.min(limit, rowsAround(line, columns, limit).rows.length);
