/**
 * Which panes a terminal of a given size shows, and the exact cells of each.
 *
 * The three areas tile a terminal of any size: they don't overlap, and no cell
 * is left over. With one cell too many, the terminal would scroll or a line
 * flicker.
 */

import {assertNever} from '../errors.js';

/** Beside a side pane, what others say keeps this many cells. */
export const leastTextColumns = 60;

/** What a nick may take of a row that has no more than those. */
export const shortNickColumns = 12;

/** The time, the nick, their gaps; and the box around them. */
const columnsAroundText = 5 + 2 + shortNickColumns + 2 + 3;

const leastSideColumns = 26;
const mostSideColumns = 32;

/** From this width on there is room for a side pane. */
const wideColumns = leastTextColumns + columnsAroundText + leastSideColumns;

/** Up to this height there is room for one status line only. */
export const tinyRows = 10;

export type Rectangle = {
	/** Columns from the left edge, from 0. */
	readonly x: number;
	/** Rows from the top edge, from 0. */
	readonly y: number;
	readonly width: number;
	readonly height: number;
};

/**
 * What is drawn around a pane.
 *
 * box: a line on each side, with the title in the upper one. rules: a line
 * above and one below; it costs no column, and text selected with the mouse has
 * no borders in it. bare: nothing. text: nothing either, and rows of the
 * transcript are without times and marks.
 */
export type Frame = 'box' | 'rules' | 'bare' | 'text';

/** A pane's rectangle, with its frame inside it. */
export type Area = Rectangle & {readonly frame: Frame};

/**
 * wide: people and the connection right of the transcript. narrow: the
 * connection is a line on top. tiny: the same, without frames. bare: the
 * transcript and the input, and nothing but text.
 */
export type LayoutKind = 'wide' | 'narrow' | 'tiny' | 'bare';

/** What Ctrl-G chose: a side pane if there is room, none, or only text. */
export type Panes = 'side' | 'none' | 'bare';

export type Layout = {
	readonly kind: LayoutKind;
	readonly transcript: Area;
	/** In narrow and tiny layouts the line on top; in bare ones no row. */
	readonly connection: Area;
	readonly input: Area;
};

/**
 * Lays out a terminal.
 *
 * @param columns At least 1; designed for 20 and more.
 * @param rows At least 1; designed for 4 and more.
 * @param inputRows Rows that the input asks for; it gets half of the terminal
 * at most.
 */
export const chooseLayout = (
	columns: number,
	rows: number,
	inputRows = 1,
	panes: Panes = 'side',
): Layout => {
	const inputHeight = Math.max(1, Math.min(inputRows, Math.floor(rows / 2)));
	const input: Area = {
		x: 0,
		y: rows - inputHeight,
		width: columns,
		height: inputHeight,
		frame: 'bare',
	};
	const kind = chooseKind(columns, rows, panes);

	if (kind === 'wide') {
		const right = sideColumns(columns);
		const left = columns - right;
		const height = rows - inputHeight;
		return {
			kind,
			transcript: {x: 0, y: 0, width: left, height, frame: 'box'},
			connection: {x: left, y: 0, width: right, height, frame: 'box'},
			input,
		};
	}

	const top = Math.min(kind === 'bare' ? 0 : 1, rows - inputHeight);
	const height = rows - inputHeight - top;
	return {
		kind,
		connection: {x: 0, y: 0, width: columns, height: top, frame: 'bare'},
		transcript: {x: 0, y: top, width: columns, height, frame: frames[kind]},
		input,
	};
};

const frames = {narrow: 'rules', tiny: 'bare', bare: 'text'} as const;

/** What Ctrl-G shows next: without room for a side pane, two are the same. */
export const nextPanes = (
	panes: Panes,
	columns: number,
	rows: number,
): Panes => {
	if (panes === 'bare') {
		return 'side';
	}

	const isSideShown = chooseKind(columns, rows, panes) === 'wide';
	return isSideShown ? 'none' : 'bare';
};

/** The cells inside an area's frame, on the screen. */
export const contentOf = ({x, y, width, height, frame}: Area): Rectangle => {
	switch (frame) {
		case 'box': {
			// One cell stays free on the left; marks touch the right line.
			return {x: x + 2, y: y + 1, width: width - 3, height: height - 2};
		}

		case 'rules': {
			return {x, y: y + 1, width, height: height - 2};
		}

		case 'bare':
		case 'text': {
			return {x, y, width, height};
		}

		default: {
			return assertNever(frame);
		}
	}
};

/** Whether a pane has no line to write on: neither a title nor a footer. */
export const isUnframed = ({frame}: Area): boolean =>
	frame === 'bare' || frame === 'text';

const chooseKind = (
	columns: number,
	rows: number,
	panes: Panes,
): LayoutKind => {
	if (panes === 'bare') {
		return 'bare';
	}

	if (rows <= tinyRows) {
		return 'tiny';
	}

	return panes === 'side' && columns >= wideColumns ? 'wide' : 'narrow';
};

// Of what is left over, the text gets most.
const sideColumns = (columns: number): number =>
	Math.min(
		mostSideColumns,
		leastSideColumns + Math.floor((columns - wideColumns) / 4),
	);
