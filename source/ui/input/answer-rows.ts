/** The rows of an answer above the input, with as many words as fit. Pure. */
import {display, type DisplayText} from '../../protocol/display.js';
import type {Notice} from '../../store/item.js';
import {cutRow, type Row} from '../text/row.js';
import {rowsOfItem} from '../transcript/item-rows.js';

const plain = {nickCells: 0, isPlain: true};

export const answerRows = (
	answer: readonly Notice[],
	width: number,
): readonly Row[] => answer.flatMap(item => rowsOfItem(item, width, plain));

/**
 * @param where In what all rows stand.
 * @returns The first rows, and how many there are more.
 */
export const firstRows = (
	rows: readonly Row[],
	where: DisplayText,
	{width, height}: {readonly width: number; readonly height: number},
): readonly Row[] => {
	// A single row says more than that there are some.
	const isCut = rows.length > height && height > 1;
	const shown = rows.slice(0, Math.max(0, isCut ? height - 1 : height));
	const text = display`… ${rows.length - shown.length} more in the ${where}`;
	return isCut ? [...shown, cutRow([{text, role: 'faint'}], width)] : shown;
};
