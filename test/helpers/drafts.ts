/** Drafts for tests, written with | at the caret. */
import type {Candidates} from '../../source/ui/input/completion.js';
import {createDraft, edit, type Draft} from '../../source/ui/input/draft.js';
import type {Key} from '../../source/ui/input/keys.js';
import {press} from '../../source/ui/input/sending.js';

export type PlainKey = Exclude<Key['type'], 'insert'>;

export const candidates: Candidates = {
	commands: ['/me', '/msg', '/nick'],
	nicks: ['Otter', 'otto', 'heron'],
};

export const shown = ({text, caret}: Draft): string =>
	`${text.slice(0, caret)}|${text.slice(caret)}`;

export const typed = (draft: Draft, text: string): Draft =>
	edit(draft, {type: 'insert', text});

export const draftOf = (marked: string, base = createDraft()): Draft => ({
	...typed(base, marked.replace('|', '')),
	caret: marked.indexOf('|'),
});

/** The draft after some keys. */
export const after = (draft: Draft, ...types: readonly PlainKey[]): Draft => {
	let next = draft;
	for (const type of types) {
		next = edit(next, {type} as Key, candidates);
	}

	return next;
};

/** The draft after each of the texts was typed and sent. */
export const submitted = (draft: Draft, ...texts: readonly string[]): Draft => {
	let next = draft;
	for (const text of texts) {
		next = press(typed(next, text), {type: 'submit'}).draft;
	}

	return next;
};
