/**
 * Which panes a terminal of a given size shows, and the exact cells of each.
 *
 * The three areas tile a terminal of any size: they don't overlap, and no cell
 * is left over. With one cell too many, the terminal would scroll or a line
 * flicker.
 */

import {assertNever} from '../errors.js';

/** From this width on, the connection has a pane of its own. */
export const wideColumns = 100;

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
 * no borders in it. bare: nothing.
 */
export type Frame = 'box' | 'rules' | 'bare';

/** A pane's rectangle, with its frame inside it. */
export type Area = Rectangle & {readonly frame: Frame};

/**
 * wide: the connection right of the transcript. narrow: the connection is one
 * or two lines on top. tiny: one status line on top, no frames.
 */
export type LayoutKind = 'wide' | 'narrow' | 'tiny';

export type Layout = {
	readonly kind: LayoutKind;
	readonly transcript: Area;
	/** In narrow and tiny layouts: the lines on top. */
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
): Layout => {
	const inputHeight = Math.max(1, Math.min(inputRows, Math.floor(rows / 2)));
	const input: Area = {
		x: 0,
		y: rows - inputHeight,
		width: columns,
		height: inputHeight,
		frame: 'bare',
	};
	const kind = chooseKind(columns, rows);

	if (kind === 'wide') {
		const right = connectionColumns(columns);
		const left = columns - right;
		const height = rows - inputHeight;
		return {
			kind,
			transcript: {x: 0, y: 0, width: left, height, frame: 'box'},
			connection: {x: left, y: 0, width: right, height, frame: 'box'},
			input,
		};
	}

	const top = Math.min(statusRows(kind, rows), rows - inputHeight);
	const height = rows - inputHeight - top;
	const frame = kind === 'narrow' ? 'rules' : 'bare';
	return {
		kind,
		connection: {x: 0, y: 0, width: columns, height: top, frame: 'bare'},
		transcript: {x: 0, y: top, width: columns, height, frame},
		input,
	};
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

		case 'bare': {
			return {x, y, width, height};
		}

		default: {
			return assertNever(frame);
		}
	}
};

const chooseKind = (columns: number, rows: number): LayoutKind => {
	if (rows <= tinyRows) {
		return 'tiny';
	}

	return columns >= wideColumns ? 'wide' : 'narrow';
};

// Two addresses and an arrow fit into 32; beyond 48 there is nothing to add.
const connectionColumns = (columns: number): number =>
	Math.max(32, Math.min(48, Math.floor(columns / 4)));

// On few rows, a message is worth more than a line of addresses and counts.
const statusRows = (kind: LayoutKind, rows: number): number =>
	kind === 'narrow' && rows >= 16 ? 2 : 1;
