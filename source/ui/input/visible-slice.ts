/**
 * The part of a draft that one row of a screen can show, with the caret in it.
 *
 * Widths are counted by what is shown, a grapheme at a time: control
 * characters in a paste become visible marks, a line end becomes ⏎, and no
 * wide character is shown by half. The window has no state: it follows from
 * the caret and the width alone.
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
	/** Cells left of the caret; less than `columns`. */
	readonly caretColumn: number;
};

const empty = display``;
const newlineMark = display`⏎`;
const unshowable = display`\u{FFFD}`;

const shownGrapheme = (grapheme: string, maxWidth: number) => {
	const text = grapheme === '\n' ? newlineMark : toDisplay(grapheme);
	const width = stringWidth(text);
	// A cluster of many marks can be wider than the row itself.
	return width > maxWidth ? {text: unshowable, width: 1} : {text, width};
};

/**
 * Cuts a window out of a line, '…' standing where something is left out.
 *
 * @param columns Cells that may be filled, at least 4: two for the marks and
 * two for a wide character between them.
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
		const found = segments.containing(before.start - 1);
		if (found === undefined) {
			return false;
		}

		const shown = shownGrapheme(found.segment, columns - 2);
		const width = before.width + shown.width;
		// The caret needs a cell, also behind the text.
		if (!canFit(found.index, after.end, width + Math.max(1, after.width))) {
			return false;
		}

		before.text = joinText(shown.text, before.text);
		before.width = width;
		before.start = found.index;
		return true;
	};

	const grewRight = () => {
		const found = segments.containing(after.end);
		if (found === undefined) {
			return false;
		}

		const shown = shownGrapheme(found.segment, columns - 2);
		const width = after.width + shown.width;
		const end = found.index + found.segment.length;
		if (!canFit(before.start, end, before.width + width)) {
			return false;
		}

		after.text = joinText(after.text, shown.text);
		after.width = width;
		after.end = end;
		return true;
	};

	// A quarter of the row shows what follows, so that moving right sees it.
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
		// All is done in the asking.
	}
};
