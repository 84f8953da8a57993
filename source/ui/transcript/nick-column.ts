/**
 * How wide the nick column is: as wide as the widest nick so far, in bounds.
 *
 * It only grows: all texts would jump to and fro if it followed the nicks that
 * happen to be in view.
 */
import type {Look} from '../../event/event.js';
import {displayWidth, toDisplay} from '../../protocol/display.js';
import type {Item} from '../../store/item.js';
import {itemAt, type Transcript} from '../../store/transcript.js';
import {leastTextColumns, shortNickColumns} from '../layout.js';

export type RowShape = {
	/** The width of the nick column; 0 for none. */
	readonly nickCells: number;
	/** Only words: no times, no marks. */
	readonly isPlain: boolean;
	/** In raw mode, how chunks are shown; the columns are then closer. */
	readonly look?: Look | undefined;
};

const narrowCells = 48;
const leastNickCells = 4;
const mostNickCells = 16;
// The time, and a gap on each side of the nick.
const otherCells = 5 + 2 + 2;

/**
 * The cells of the nick column.
 *
 * @param width Of the whole row, in cells.
 * @param widest Cells of the widest nick.
 */
export const nickCellsFor = (width: number, widest: number): number => {
	if (width < narrowCells) {
		return 0;
	}

	// The longest nicks are cut where the text would keep less than its 60 cells.
	const room = width - otherCells - leastTextColumns;
	const short = width < 62 ? 10 : shortNickColumns;
	const most = Math.min(mostNickCells, Math.max(short, room));
	return Math.max(leastNickCells, Math.min(most, widest));
};

const cellsOf = (item: Item): number => {
	switch (item.kind) {
		case 'message': {
			return displayWidth(toDisplay(item.from));
		}

		case 'chunk': {
			// As '← 1200'.
			return String(item.bytes.length).length + 2;
		}

		case 'whisper':
		case 'bot':
		case 'notice':
		case 'comings':
		case 'turned-away':
		case 'rule': {
			return 0;
		}
	}
};

/** For nicks of common length. */
export const commonShape = (width: number): RowShape => ({
	nickCells: nickCellsFor(width, shortNickColumns),
	isPlain: false,
});

export type NickColumn = {
	/** @returns The cells of the widest nick so far, looking at new items only. */
	readonly fit: (transcript: Transcript, pending: readonly Item[]) => number;
};

export const createNickColumn = (): NickColumn => {
	let widest = 0;
	/** What was looked at: from the first to before the end. */
	let first: number | undefined;
	let end = 0;

	const look = (item: Item | undefined) => {
		if (item !== undefined && widest < mostNickCells) {
			widest = Math.min(mostNickCells, Math.max(widest, cellsOf(item)));
		}
	};

	return {
		fit(transcript, pending) {
			const from = Math.max(transcript.first, end);
			for (let index = from; index < transcript.end; index++) {
				look(itemAt(transcript, index));
			}

			// Older pages come in front.
			for (
				let index = transcript.first;
				index < (first ?? -Infinity);
				index++
			) {
				look(itemAt(transcript, index));
			}

			for (const item of pending) {
				look(item);
			}

			first = transcript.first;
			end = transcript.end;
			return widest;
		},
	};
};
