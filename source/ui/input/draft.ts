/**
 * The draft: the whole state of the input line as plain data, and what keys do
 * to it. Sending and pasting are in sending.ts.
 */
import {maxTextBytes} from '../../protocol/frame.js';
import {
	chosen,
	complete,
	noCandidates,
	turned,
	type Candidates,
	type Completion,
} from './completion.js';
import {boundaryFrom} from './graphemes.js';
import type {Key} from './keys.js';
import {editLine, type Line} from './line.js';

export type DraftRules = {
	/** The longest text, in bytes of UTF-8. */
	readonly limitBytes: number;
	/** Whether Enter sends a blank line, as in raw mode. */
	readonly sendsBlank: boolean;
};

export const roomRules: DraftRules = {
	limitBytes: maxTextBytes,
	sendsBlank: false,
};

export type Draft = Line & {
	readonly rules: DraftRules;
	/** What was sent, oldest first, without consecutive duplicates. */
	readonly history: readonly string[];
	/** Set while walking the history. */
	readonly walk:
		| {
				/** The history and the unsent draft, including edits to them. */
				readonly lines: readonly string[];
				readonly index: number;
		  }
		| undefined;
	/** Set while Tab is pressed repeatedly. */
	readonly completion: Completion | undefined;
	/** A paste of several lines that waits for an answer. */
	readonly question: PasteQuestion | undefined;
};

export type PasteQuestion = {
	/** Line ends are '\n'. */
	readonly text: string;
	readonly lineCount: number;
};

export const createDraft = (rules: DraftRules = roomRules): Draft => ({
	text: '',
	caret: 0,
	killed: '',
	rules,
	history: [],
	walk: undefined,
	completion: undefined,
	question: undefined,
});

/** The text's length in UTF-8. */
export const draftBytes = (draft: Draft): number =>
	Buffer.byteLength(draft.text);

/** Bytes over the limit; 0 if the text can be sent. */
export const bytesOver = (draft: Draft): number =>
	Math.max(0, draftBytes(draft) - draft.rules.limitBytes);

const walk = (draft: Draft, by: 1 | -1): Draft => {
	const index = draft.walk?.index ?? draft.history.length;
	const lines = draft.walk?.lines ?? [...draft.history, draft.text];
	const text = lines[index + by];
	return text === undefined
		? draft
		: {
				...draft,
				text,
				caret: text.length,
				walk: {lines: lines.with(index, draft.text), index: index + by},
			};
};

const tab = (draft: Draft, by: 1 | -1, candidates: Candidates): Draft => {
	const {text, caret, completion} = draft;
	const found = complete(text, caret, candidates);
	const next =
		completion === undefined
			? found && (by === 1 ? found : turned(found, -1))
			: turned(completion, by);
	if (next === undefined) {
		return draft;
	}

	const upToCaret = next.before + chosen(next);
	const completed = upToCaret + next.after;
	return {
		...draft,
		text: completed,
		caret: boundaryFrom(completed, upToCaret.length),
		// With a single choice, the next Tab completes the next word.
		completion: next.choices.length > 1 ? next : undefined,
	};
};

/**
 * Applies a key to the draft, except for sending. Keys that aren't for the
 * draft (paging, Esc, Ctrl-C) leave it as it is.
 */
export const edit = (
	draft: Draft,
	key: Key,
	candidates: Candidates = noCandidates,
): Draft => {
	switch (key.type) {
		case 'submit':
		case 'page-up':
		case 'page-down':
		case 'escape':
		case 'interrupt':
		case 'redraw':
		case 'suspend':
		case 'next-view':
		case 'next-order': {
			return draft;
		}

		case 'complete': {
			return tab(draft, 1, candidates);
		}

		case 'complete-back': {
			return tab(draft, -1, candidates);
		}

		case 'older': {
			return walk({...draft, completion: undefined}, -1);
		}

		case 'newer': {
			return walk({...draft, completion: undefined}, 1);
		}

		// The rest are `LineKey`s, as the compiler checks.
		default: {
			return editLine({...draft, completion: undefined}, key);
		}
	}
};
