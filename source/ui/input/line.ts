/**
 * One line being edited: its text, its caret, and what was last killed.
 *
 * After every edit the caret is on a grapheme boundary. An insertion can join
 * its neighbours into one grapheme (a mark, half a flag); the caret is then
 * after it.
 */
import {assertNever} from '../../errors.js';
import {
	boundaryFrom,
	nextBoundary,
	nextWordEnd,
	previousBlankEnd,
	previousBoundary,
	previousWordStart,
} from './graphemes.js';
import type {Key} from './keys.js';

export type Line = {
	/** May contain '\n', never '\r'. */
	readonly text: string;
	/** A UTF-16 index. */
	readonly caret: number;
	/** What Ctrl-Y brings back. */
	readonly killed: string;
};

export type LineKey = Extract<
	Key,
	{
		readonly type:
			| 'insert'
			| 'delete-back'
			| 'delete-forward'
			| 'end-of-input'
			| 'kill-word-back'
			| 'kill-word-forward'
			| 'kill-to-blank'
			| 'kill-to-start'
			| 'kill-to-end'
			| 'yank'
			| 'left'
			| 'right'
			| 'word-left'
			| 'word-right'
			| 'start'
			| 'end';
	}
>;

const replace = <T extends Line>(
	line: T,
	start: number,
	end: number,
	inserted: string,
): T => {
	const text = line.text.slice(0, start) + inserted + line.text.slice(end);
	return {...line, text, caret: boundaryFrom(text, start + inserted.length)};
};

export const insert = <T extends Line>(line: T, text: string): T =>
	replace(line, line.caret, line.caret, text);

const remove = <T extends Line>(line: T, start: number, end: number): T =>
	replace(line, start, end, '');

// An empty kill keeps the last one, as in readline.
const kill = <T extends Line>(line: T, start: number, end: number): T =>
	start === end
		? line
		: {...remove(line, start, end), killed: line.text.slice(start, end)};

export const editLine = <T extends Line>(line: T, key: LineKey): T => {
	const {text, caret} = line;
	switch (key.type) {
		case 'insert': {
			return insert(line, key.text);
		}

		case 'delete-back': {
			return remove(line, previousBoundary(text, caret), caret);
		}

		case 'delete-forward':
		case 'end-of-input': {
			return remove(line, caret, nextBoundary(text, caret));
		}

		case 'kill-word-back': {
			return kill(line, previousWordStart(text, caret), caret);
		}

		case 'kill-word-forward': {
			return kill(line, caret, nextWordEnd(text, caret));
		}

		case 'kill-to-blank': {
			return kill(line, previousBlankEnd(text, caret), caret);
		}

		case 'kill-to-start': {
			return kill(line, 0, caret);
		}

		case 'kill-to-end': {
			return kill(line, caret, text.length);
		}

		case 'yank': {
			return insert(line, line.killed);
		}

		case 'left': {
			return {...line, caret: previousBoundary(text, caret)};
		}

		case 'right': {
			return {...line, caret: nextBoundary(text, caret)};
		}

		case 'word-left': {
			return {...line, caret: previousWordStart(text, caret)};
		}

		case 'word-right': {
			return {...line, caret: nextWordEnd(text, caret)};
		}

		case 'start': {
			return {...line, caret: 0};
		}

		case 'end': {
			return {...line, caret: text.length};
		}

		default: {
			return assertNever(key);
		}
	}
};
