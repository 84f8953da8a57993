/** A row of the screen: spans of one style each. */
import {
	displayWidth,
	joinText,
	type DisplayText,
} from '../../protocol/display.js';
import {isSameStyle, type Style} from '../theme/roles.js';
import {blanks, cutTo} from './cells.js';
import type {Link} from './links.js';

export type Span = Style & {
	readonly text: DisplayText;
	readonly link?: Link | undefined;
};

export type Row = {readonly spans: readonly Span[]};

/** Makes a row, joining spans of the same style: each costs Ink a node. */
export const createRow = (spans: readonly Span[]): Row => {
	const joined: Span[] = [];
	for (const span of spans) {
		const last = joined.at(-1);
		if (
			last !== undefined &&
			isSameStyle(last, span) &&
			last.link === span.link
		) {
			joined[joined.length - 1] = {
				...last,
				text: joinText(last.text, span.text),
			};
		} else if (span.text !== '') {
			joined.push(span);
		}
	}

	return {spans: joined};
};

/** Adds a span at the right edge of a row of that width. */
export const withRightEdge = (row: Row, span: Span, width: number): Row => {
	const free = width - cellsOfSpans(row.spans) - displayWidth(span.text);
	return createRow([...row.spans, {text: blanks(free)}, span]);
};

/** The spans that fit; the last may be cut. */
export const cutRow = (spans: readonly Span[], width: number): Row => {
	const fitting: Span[] = [];
	let free = width;
	for (const span of spans) {
		if (free <= 0) {
			break;
		}

		const text = cutTo(span.text, free);
		fitting.push({...span, text});
		free -= displayWidth(text);
	}

	return createRow(fitting);
};

/** With a span at the right edge, if it fits with a blank before it. */
export const edgeRow = (
	spans: readonly Span[],
	edge: Span,
	width: number,
): Row =>
	cellsOfSpans([...spans, edge]) < width
		? withRightEdge(createRow(spans), edge, width)
		: cutRow(spans, width);

export const cellsOfSpans = (spans: readonly Span[]): number => {
	let cells = 0;
	for (const {text} of spans) {
		cells += displayWidth(text);
	}

	return cells;
};
