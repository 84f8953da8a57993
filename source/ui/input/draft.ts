/**
 * The draft: all that the input line knows, as plain data, and what keys do to
 * it. What leaves the draft, and what is pasted into it, is in sending.ts.
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
	/** A text's longest UTF-8 encoding. */
	readonly limitBytes: number;
	/** Whether Enter on a blank line sends it, as raw mode wants. */
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
				/** The history and the unsent draft, with the edits made to them. */
				readonly lines: readonly string[];
				readonly index: number;
		  }
		| undefined;
	/** Set while Tab is pressed again and again. */
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

/** Bytes past the limit; 0 where the text may be sent. */
export const bytesOver = (draft: Draft): number =>
	Math.max(0, draftBytes(draft) - draft.rules.limitBytes);

const walk = (draft: Draft, step: 1 | -1): Draft => {
	const index = draft.walk?.index ?? draft.history.length;
	const lines = draft.walk?.lines ?? [...draft.history, draft.text];
	const text = lines[index + step];
	return text === undefined
		? draft
		: {
				...draft,
				text,
				caret: text.length,
				walk: {lines: lines.with(index, draft.text), index: index + step},
			};
};

const tab = (draft: Draft, step: 1 | -1, candidates: Candidates): Draft => {
	const {text, caret, completion} = draft;
	const found = complete(text, caret, candidates);
	const next =
		completion === undefined
			? found && (step === 1 ? found : turned(found, -1))
			: turned(completion, step);
	if (next === undefined) {
		return draft;
	}

	const upToCaret = next.before + chosen(next);
	const completed = upToCaret + next.after;
	return {
		...draft,
		text: completed,
		caret: boundaryFrom(completed, upToCaret.length),
		// After the only choice, the next Tab is about the next word.
		completion: next.choices.length > 1 ? next : undefined,
	};
};

/**
 * What a key does to the draft, sending left out. Keys that mean nothing to a
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

		// Whatever is left must be a `LineKey`, which the compiler checks.
		default: {
			return editLine({...draft, completion: undefined}, key);
		}
	}
};
