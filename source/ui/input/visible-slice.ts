/**
 * The part of a draft around the caret that fits one row.
 *
 * Widths are those of what is shown, one grapheme at a time: control characters
 * in a paste become visible marks, a line end becomes ⏎, and wide characters
 * are never cut. The slice depends on the caret and the width alone.
 */
import stringWidth from 'string-width';
import {
	display,
	joinText,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import {symbols} from '../theme/symbols.js';
import {graphemesOf} from './graphemes.js';
import type {Line} from './line.js';

export type Slice = {
	readonly text: DisplayText;
	/** Cells to the left of the caret; less than `columns`. */
	readonly caretColumn: number;
};

const empty = display``;
const newlineMark = display`⏎`;
const unshowable = display`\u{FFFD}`;

const shownGrapheme = (grapheme: string, maxWidth: number) => {
	const text = grapheme === '\n' ? newlineMark : toDisplay(grapheme);
	const width = stringWidth(text);
	// A cluster of many marks can be wider than the row.
	return width > maxWidth ? {text: unshowable, width: 1} : {text, width};
};

/**
 * Cuts a slice out of a line, with '…' on the sides where text is left out.
 *
 * @param columns At least 4 cells: two for the marks, and two for a wide
 * character between them.
 */
export const visibleSlice = (
	{text, caret}: Pick<Line, 'text' | 'caret'>,
	columns: number,
): Slice => {
	const segments = graphemesOf(text);
	const before = {text: empty, width: 0, start: caret};
	const after = {text: empty, width: 0, end: caret};

	const canFit = (start: number, end: number, width: number) =>
		width + (start > 0 ? 1 : 0) + (end < text.length ? 1 : 0) <= columns;

	const grewLeft = () => {
		const segment = segments.containing(before.start - 1);
		if (segment === undefined) {
			return false;
		}

		const shown = shownGrapheme(segment.segment, columns - 2);
		const width = before.width + shown.width;
		// The caret needs a cell, also after the text.
		if (!canFit(segment.index, after.end, width + Math.max(1, after.width))) {
			return false;
		}

		before.text = joinText(shown.text, before.text);
		before.width = width;
		before.start = segment.index;
		return true;
	};

	const grewRight = () => {
		const segment = segments.containing(after.end);
		if (segment === undefined) {
			return false;
		}

		const shown = shownGrapheme(segment.segment, columns - 2);
		const width = after.width + shown.width;
		const end = segment.index + segment.segment.length;
		if (!canFit(before.start, end, before.width + width)) {
			return false;
		}

		after.text = joinText(after.text, shown.text);
		after.width = width;
		after.end = end;
		return true;
	};

	// A quarter of the row shows what is to the right of the caret.
	const ahead = Math.floor(columns / 4);
	repeat(() => after.width <= ahead && grewRight());
	repeat(grewLeft);
	repeat(grewRight);

	const left = before.start > 0 ? symbols.ellipsis : empty;
	const right = after.end < text.length ? symbols.ellipsis : empty;
	return {
		text: joinText(left, before.text, after.text, right),
		caretColumn: left.length + before.width,
	};
};

const repeat = (isGrowing: () => boolean): void => {
	while (isGrowing()) {
		// `isGrowing` does the work.
	}
};
