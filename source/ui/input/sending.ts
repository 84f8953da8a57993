/**
 * Keys and pastes: what they do to a draft, and what is sent.
 *
 * A text over the limit is refused on Enter and stays in the draft; nothing is
 * ever cut. Before a paste of several lines is sent, a question is answered:
 *
 * - y or Enter sends the draft with the paste in it, as one message
 * - l sends each line as a message of its own, except blank ones in a room
 * - e puts the paste into the draft, where line ends show as ⏎
 * - n, Esc or Ctrl-C drops the paste; the draft is as it was
 * - other text does what e does, and follows the paste in the draft
 *
 * If y or l would send a text that is too long, they do what e does.
 */
import {assertNever} from '../../errors.js';
import {remember} from '../../keyboard/typed-file.js';
import {changed} from './changes.js';
import {noCandidates, type Candidates} from './completion.js';
import {createDraft, edit, type Draft} from './draft.js';
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
		? {...draft, completion: undefined, question: {text: whole, lineCount}}
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

type Answer = 'send' | 'send-lines' | 'edit' | 'drop';

const answersByLetter: ReadonlyMap<string, Answer> = new Map([
	['y', 'send'],
	['l', 'send-lines'],
	['e', 'edit'],
	['n', 'drop'],
]);

const answerWith = (draft: Draft, answer: Answer): Pressed => {
	const whole = insertPaste(draft);
	switch (answer) {
		case 'send': {
			return send(whole, [whole.text]);
		}

		case 'send-lines': {
			return send(whole, whole.text.split('\n'));
		}

		case 'edit': {
			return {draft: whole, texts: []};
		}

		case 'drop': {
			return {draft: {...draft, question: undefined}, texts: []};
		}

		default: {
			return assertNever(answer);
		}
	}
};

// Other keys do nothing, and other text is kept: none is sent or lost by mistake.
const answerKey = (draft: Draft, key: Key): Pressed => {
	if (key.type === 'submit') {
		return answerWith(draft, 'send');
	}

	if (['escape', 'interrupt', 'abort'].includes(key.type)) {
		return answerWith(draft, 'drop');
	}

	if (key.type !== 'insert') {
		return {draft, texts: []};
	}

	// One read may contain the answer followed by text for the draft.
	const answer = answersByLetter.get(key.text.charAt(0).toLowerCase());
	const {draft: next, texts} = answerWith(draft, answer ?? 'edit');
	const text = answer === undefined ? key.text : key.text.slice(1);
	return {
		draft: text === '' ? next : edit(next, {type: 'insert', text}),
		texts,
	};
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
		return answerKey(draft, key);
	}

	return key.type === 'submit' && draft.search === undefined
		? send(draft, [draft.text])
		: {draft: edit(draft, key, candidates, columns), texts: []};
};
