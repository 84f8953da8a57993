/**
 * One line of text, wrapped into rows.
 *
 * A row ends at spaces, which are dropped there, or next to a wide character. A
 * word wider than a row is cut after the last grapheme that fits.
 */
import {
	graphemes,
	sliceText,
	type DisplayText,
} from '../../protocol/display.js';
import {createMeasure} from './cells.js';

/** A position where a row may end. */
type Opportunity = {
	/** Where the row ends, in UTF-16 units. */
	readonly end: number;
	/** Where the next one begins. */
	readonly next: number;
	/** The cells before that. */
	readonly cells: number;
};

/**
 * @param text Without line feeds.
 * @param cells The width of a row, at least 2.
 * @param firstCells The width of the first row, `cells` at most. If it is less,
 * the first row may stay empty to keep a word whole.
 * @returns At least one row.
 */
export const wrapText = (
	text: DisplayText,
	cells: number,
	firstCells = cells,
): DisplayText[] => {
	if (text.length <= firstCells && isAscii.test(text)) {
		return [text];
	}

	const rows: DisplayText[] = [];
	let limit = firstCells;
	let rowStart = 0;
	let rowCells = 0;
	let offset = 0;
	let before = '';
	let beforeCells = 0;
	let isIndent = true;
	let opportunity: Opportunity | undefined =
		firstCells < cells ? {end: 0, next: 0, cells: 0} : undefined;

	const measure = createMeasure();
	for (const grapheme of graphemes(text)) {
		const width = measure(grapheme);
		const isSpace = grapheme === ' ';
		if (!isSpace) {
			const isBesideWide = Math.max(width, beforeCells) > 1;
			if (isBesideWide && before !== ' ' && !isClosing.test(grapheme)) {
				opportunity = {end: offset, next: offset, cells: rowCells};
			}

			while (
				rowCells + width > limit &&
				(opportunity !== undefined || offset > rowStart)
			) {
				// Without an opportunity, the word is cut here.
				const {
					end,
					next,
					cells: ended,
				}: Opportunity = opportunity ?? {
					end: offset,
					next: offset,
					cells: rowCells,
				};
				rows.push(trimmedRow(text, rowStart, end));
				rowStart = next;
				rowCells -= ended;
				limit = cells;
				opportunity = undefined;
			}
		}

		// Spaces may exceed the width: if the row ends there, they are dropped.
		rowCells += width;
		offset += grapheme.length;
		if (isSpace && !isIndent) {
			const end = before === ' ' && opportunity ? opportunity.end : offset - 1;
			opportunity = {end, next: offset, cells: rowCells};
		}

		isIndent &&= isSpace;
		before = grapheme;
		beforeCells = width;
	}

	const isOneRow = rows.length === 0 && rowCells <= limit;
	return isOneRow ? [text] : [...rows, trimmedRow(text, rowStart)];
};

const isAscii = /^[\u{20}-\u{7E}]*$/u;

// Chinese and Japanese have no spaces; only these can't begin a row.
const isClosing = /^[\p{Pe}\p{Pf}\p{Po}ー々]/u;

const trimmedRow = (text: DisplayText, start: number, end = text.length) => {
	while (end > start && text[end - 1] === ' ') {
		end--;
	}

	return sliceText(text, start, end);
};
