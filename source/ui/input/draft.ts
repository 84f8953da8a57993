/**
 * The draft: the whole state of the input as plain data, and what keys do to it.
 * Sending and pasting are in sending.ts.
 */
import {maxTextBytes} from '../../protocol/frame.js';
import {
	changed,
	noChanges,
	redo,
	undo,
	type Changes,
	type Run,
} from './changes.js';
import {
	chosen,
	complete,
	noCandidates,
	turned,
	type Candidates,
	type Completion,
} from './completion.js';
import {boundaryFrom, previousBoundary} from './graphemes.js';
import type {Key} from './keys.js';
import {editLine, type Line, type LineKey} from './line.js';
import {movedByRow} from './rows.js';
import {
	foundLine,
	searchedOn,
	startSearch,
	withQuery,
	type Search,
} from './search.js';

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
	/** Set while the history is searched. */
	readonly search: Search | undefined;
	/** For undo and redo. */
	readonly changes: Changes;
	/** The column that Up and Down return to after a shorter row. */
	readonly goalColumn: number | undefined;
};

export type PasteQuestion = {
	/** Line ends are '\n'. */
	readonly text: string;
	readonly lineCount: number;
	/** Whether Enter sends each line as a message of its own. */
	readonly isByLine: boolean;
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
	search: undefined,
	changes: noChanges,
	goalColumn: undefined,
});

/** Whether keys go to a question or a search: Ctrl-C then only ends that. */
export const isAsking = ({question, search}: Draft): boolean =>
	question !== undefined || search !== undefined;

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
				// Each line has its own.
				changes: noChanges,
			};
};

/** Up and Down: to another row of the draft, and from its ends to the history. */
const moveByRow = (draft: Draft, by: 1 | -1, columns: number): Draft => {
	const moved = movedByRow(draft, by, columns, draft.goalColumn);
	return moved === undefined
		? walk({...draft, goalColumn: undefined}, by)
		: changed(draft, {...draft, ...moved});
};

/** Ends a search with the line it found; Down then leads back to the draft. */
const takeFound = (draft: Draft, {index}: Search): Draft => {
	const text = draft.history[index];
	const ended = {...draft, search: undefined};
	if (text === undefined) {
		return ended;
	}

	const left = draft.walk?.index ?? draft.history.length;
	const lines = draft.walk?.lines ?? [...draft.history, draft.text];
	return {
		...ended,
		text,
		caret: text.length,
		walk: {lines: lines.with(left, draft.text), index},
		changes: noChanges,
	};
};

/** @returns Undefined if the key ends the search and is for the draft. */
const editSearch = (
	draft: Draft,
	search: Search,
	key: Key,
): Draft | undefined => {
	const {history} = draft;
	switch (key.type) {
		case 'search-back':
		case 'older': {
			return {...draft, search: searchedOn(search, history, -1)};
		}

		case 'newer': {
			return {...draft, search: searchedOn(search, history, 1)};
		}

		case 'insert': {
			const query = search.query + key.text;
			return {...draft, search: withQuery(search, history, query)};
		}

		case 'delete-back': {
			const query = search.query.slice(
				0,
				previousBoundary(search.query, search.query.length),
			);
			return {...draft, search: withQuery(search, history, query)};
		}

		case 'kill-to-start': {
			return {...draft, search: startSearch(history)};
		}

		case 'escape':
		case 'interrupt':
		case 'next-panes': {
			return {...draft, search: undefined};
		}

		case 'submit': {
			return takeFound(draft, search);
		}

		default: {
			return undefined;
		}
	}
};

/** The text that a search has found. */
export const foundText = ({search, history}: Draft): string | undefined =>
	search && foundLine(search, history);

/** A word is undone with the blanks after it. */
const startsWord = ({text, caret}: Draft, key: LineKey): boolean =>
	key.type === 'insert' &&
	/^\S/.test(key.text) &&
	/\s/.test(text.charAt(caret - 1));

const runOf = (key: LineKey): Run => {
	switch (key.type) {
		case 'insert': {
			return 'typing';
		}

		case 'delete-back':
		case 'delete-forward':
		case 'end-of-input': {
			return 'deleting';
		}

		default: {
			return undefined;
		}
	}
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
	return changed(
		draft,
		{
			...draft,
			text: completed,
			caret: boundaryFrom(completed, upToCaret.length),
			// With a single choice, the next Tab completes the next word.
			completion: next.choices.length > 1 ? next : undefined,
		},
		'completing',
	);
};

/**
 * Applies a key to the draft, except for sending. Keys that aren't for the
 * draft (paging, Esc, Ctrl-C) leave it as it is.
 *
 * @param columns The cells of a row of the draft.
 */
export const edit = (
	draft: Draft,
	key: Key,
	candidates: Candidates = noCandidates,
	columns = Infinity,
): Draft => {
	if (draft.search !== undefined) {
		const searched = editSearch(draft, draft.search, key);
		if (searched !== undefined) {
			return searched;
		}

		return edit(takeFound(draft, draft.search), key, candidates, columns);
	}

	switch (key.type) {
		case 'submit':
		case 'page-up':
		case 'page-down':
		case 'top':
		case 'bottom':
		case 'row-up':
		case 'row-down':
		case 'search':
		case 'escape':
		case 'interrupt':
		case 'redraw':
		case 'suspend':
		case 'next-view':
		case 'next-order':
		case 'next-panes': {
			return draft;
		}

		case 'undo': {
			return undo({...draft, completion: undefined});
		}

		case 'redo': {
			return redo({...draft, completion: undefined});
		}

		case 'redo-or-slash': {
			// A command whose slash is lost would be sent as text.
			const isCommand = draft.text === '' && draft.changes.future.length === 0;
			return edit(
				draft,
				isCommand ? {type: 'insert', text: '/'} : {type: 'redo'},
			);
		}

		case 'search-back': {
			const search = startSearch(draft.history);
			return {...draft, completion: undefined, search};
		}

		case 'complete': {
			return tab(draft, 1, candidates);
		}

		case 'complete-back': {
			return tab(draft, -1, candidates);
		}

		case 'older': {
			return moveByRow({...draft, completion: undefined}, -1, columns);
		}

		case 'newer': {
			return moveByRow({...draft, completion: undefined}, 1, columns);
		}

		// The rest are `LineKey`s, as the compiler checks.
		default: {
			const before = {...draft, completion: undefined, goalColumn: undefined};
			return changed(
				before,
				editLine(before, key),
				runOf(key),
				startsWord(draft, key),
			);
		}
	}
};
