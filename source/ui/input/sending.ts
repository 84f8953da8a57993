/**
 * Keys and pastes: what they do to a draft, and what is sent.
 *
 * A text over the limit is refused on Enter and stays in the draft; nothing is
 * ever cut. Before a paste of several lines is sent, a question is answered:
 *
 * - Enter sends the draft with the paste in it, as one message
 * - Tab chooses between one message and one for each line, except blank ones in
 * a room, for Enter to send
 * - Esc puts the paste into the draft, where line ends are rows
 * - Ctrl-C drops the paste; the draft is as it was, and Ctrl-Y has the paste
 * - any other key does what Esc does, and then what it always does
 *
 * So nothing is sent by a letter: somebody who types on hasn't answered. If a
 * text to be sent is too long, Enter does what Esc does.
 */
import {remember} from '../../keyboard/typed-file.js';
import {changed} from './changes.js';
import {noCandidates, type Candidates} from './completion.js';
import {createDraft, edit, type Draft, type PasteQuestion} from './draft.js';
import {insert} from './line.js';
import type {Key} from './keys.js';

/** The effect of a key. */
export type Pressed = {
	readonly draft: Draft;
	/** To be sent, in order; usually none. */
	readonly texts: readonly string[];
};

const send = (draft: Draft, parts: readonly string[]): Pressed => {
	const {rules, killed} = draft;
	const texts = parts.filter(part => rules.sendsBlank || part.trim() !== '');
	const isOver = texts.some(text => Buffer.byteLength(text) > rules.limitBytes);
	if (texts.length === 0 || isOver) {
		return {draft, texts: []};
	}

	let {history} = draft;
	for (const text of texts) {
		history = remember(history, text);
	}

	return {
		draft: {...insert(createDraft(rules), setAside(draft)), killed, history},
		texts,
	};
};

/** The draft that was left for an old line; sending that brings it back. */
const setAside = ({walk, history}: Draft): string =>
	walk !== undefined && walk.index < history.length
		? (walk.lines.at(-1) ?? '')
		: '';

const withoutTrailingNewlines = (text: string): string => {
	let end = text.length;
	while (text[end - 1] === '\n') {
		end--;
	}

	return text.slice(0, end);
};

/** What is typed is sent with a line end, which a paste then has already. */
const bodyOf = ({rules}: Draft, text: string): string =>
	rules.sendsBlank ? text.replace(/\n$/v, '') : withoutTrailingNewlines(text);

/**
 * Takes a paste. One line is inserted without its line end; several lines
 * become `draft.question`. A paste while a question is open is added to it.
 *
 * @param text With any line ends; most terminals send '\r'.
 */
export const pasted = (draft: Draft, text: string): Draft => {
	if (draft.search !== undefined) {
		return isOneLine(text)
			? edit(draft, {type: 'insert', text: text.replaceAll(/[\r\n]/g, '')})
			: pasted({...draft, search: undefined}, text);
	}

	const whole = (draft.question?.text ?? '') + text.replaceAll(/\r\n?/gv, '\n');
	const body = bodyOf(draft, whole);
	const lineCount = body.split('\n').length;
	return lineCount > 1
		? {
				...draft,
				completion: undefined,
				question: {
					text: whole,
					lineCount,
					isByLine: draft.question?.isByLine ?? false,
				},
			}
		: changed(draft, insert({...draft, completion: undefined}, body));
};

const isOneLine = (text: string): boolean =>
	!/[\r\n]/.test(withoutTrailingNewlines(text.replaceAll('\r', '\n')));

/** The draft with the paste that its question is about. */
export const insertPaste = (draft: Draft): Draft =>
	changed(
		draft,
		insert(
			{...draft, question: undefined},
			bodyOf(draft, draft.question?.text ?? ''),
		),
	);

/** An empty draft. What it held, a paste too, can be yanked back, or undone. */
export const cleared = (draft: Draft): Draft => {
	const whole = insertPaste(draft);
	const {rules, history, killed, text} = whole;
	return changed(whole, {
		...createDraft(rules),
		history,
		killed: text || killed,
	});
};

const answerKey = (
	draft: Draft,
	question: PasteQuestion,
	key: Key,
	columns: number,
): Pressed => {
	const whole = insertPaste(draft);
	switch (key.type) {
		case 'submit': {
			return send(
				whole,
				question.isByLine ? whole.text.split('\n') : [whole.text],
			);
		}

		case 'complete':
		case 'complete-back': {
			const other = {...question, isByLine: !question.isByLine};
			return {draft: {...draft, question: other}, texts: []};
		}

		case 'escape': {
			return {draft: whole, texts: []};
		}

		case 'interrupt':
		case 'next-panes': {
			const killed = bodyOf(draft, question.text);
			return {draft: {...draft, killed, question: undefined}, texts: []};
		}

		default: {
			const next = edit(whole, key, noCandidates, columns);
			// A key that isn't for a draft doesn't answer, either.
			return {draft: next === whole ? draft : next, texts: []};
		}
	}
};

/**
 * Applies a key.
 *
 * @param columns The cells of a row of the draft.
 * @returns The next draft, and the texts to send: one on Enter, several if a
 * paste is sent line by line. They may contain '\n', and may start with '/'. A
 * text that is blank or too long isn't sent: it stays in the draft.
 */
export const press = (
	draft: Draft,
	key: Key,
	candidates: Candidates = noCandidates,
	columns = Infinity,
): Pressed => {
	if (draft.question !== undefined) {
		return answerKey(draft, draft.question, key, columns);
	}

	return key.type === 'submit' && draft.search === undefined
		? send(draft, [draft.text])
		: {draft: edit(draft, key, candidates, columns), texts: []};
};
