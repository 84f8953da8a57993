/**
 * Editor keys from what Ink's `useInput` delivers.
 *
 * One delivery isn't one key: Ink splits its input at escape sequences, DEL, BS
 * and Ctrl-C, and delivers everything between them as one text. So `tmux
 * send-keys hello Enter` arrives as 'hello\r', and Ctrl-A typed fast arrives as
 * 0x01 inside a text. Unknown keys are dropped; control bytes never become
 * text.
 */
import type {Key as InkKey} from 'ink';

export type Key =
	/** Printable text; '\n' only from Alt-Enter, Shift-Enter or Ctrl-J. */
	| {readonly type: 'insert'; readonly text: string}
	| {[Type in PlainKey]: {readonly type: Type}}[PlainKey];

/** Keys without text. */
export type PlainKey =
	| 'submit'
	| 'delete-back'
	| 'delete-forward'
	/** Back over a word of letters: Alt-Backspace. */
	| 'kill-word-back'
	| 'kill-word-forward'
	/** Back to the last blank: Ctrl-W. */
	| 'kill-to-blank'
	| 'kill-to-start'
	| 'kill-to-end'
	| 'yank'
	| 'left'
	| 'right'
	| 'word-left'
	| 'word-right'
	| 'start'
	| 'end'
	| 'older'
	| 'newer'
	| 'complete'
	| 'complete-back'
	| 'page-up'
	| 'page-down'
	/** Ctrl- or Alt-Home and -End, Shift- or Alt-Up and -Down: of the view. */
	| 'top'
	| 'bottom'
	| 'row-up'
	| 'row-down'
	/** Ctrl-S, and F3: see keyboard/calm-input.ts. */
	| 'search'
	| 'escape'
	/** Ctrl-C: clears the draft; leaves on an empty one. */
	| 'interrupt'
	/** Ctrl-D: leaves on an empty draft, else deletes forward. */
	| 'end-of-input'
	/** Ctrl-L. */
	| 'redraw'
	/** Ctrl-Z. */
	| 'suspend'
	/** Ctrl-T. */
	| 'next-view'
	/** Ctrl-O. */
	| 'next-order'
	/** Ctrl-_, which is also Ctrl-/. */
	| 'undo'
	/** Ctrl-Alt-_. */
	| 'redo'
	/** Alt-/, which is also Esc and a slash in one read: redo, or the slash. */
	| 'redo-or-slash'
	/** Ctrl-R. */
	| 'search-back'
	/** Ctrl-G; it also ends a question or a search. */
	| 'next-panes';

/** By the letter pressed with Ctrl; its byte is the letter's low 5 bits. */
const controlKeys: ReadonlyMap<string, Key> = new Map<string, Key>([
	['a', {type: 'start'}],
	['b', {type: 'left'}],
	['c', {type: 'interrupt'}],
	['d', {type: 'end-of-input'}],
	['e', {type: 'end'}],
	['f', {type: 'right'}],
	['g', {type: 'next-panes'}],
	['h', {type: 'delete-back'}],
	['i', {type: 'complete'}],
	['j', {type: 'submit'}],
	['k', {type: 'kill-to-end'}],
	['l', {type: 'redraw'}],
	['m', {type: 'submit'}],
	['n', {type: 'newer'}],
	['o', {type: 'next-order'}],
	['p', {type: 'older'}],
	['r', {type: 'search-back'}],
	['s', {type: 'search'}],
	['t', {type: 'next-view'}],
	['u', {type: 'kill-to-start'}],
	['w', {type: 'kill-to-blank'}],
	['y', {type: 'yank'}],
	['z', {type: 'suspend'}],
	['[', {type: 'escape'}],
	['_', {type: 'undo'}],
]);

const metaKeys: ReadonlyMap<string, Key> = new Map<string, Key>([
	['b', {type: 'word-left'}],
	['f', {type: 'word-right'}],
	['d', {type: 'kill-word-forward'}],
	['/', {type: 'redo-or-slash'}],
]);

const delByte = 0x7f;
const firstPrintable = 0x20;

const listOf = (key: Key | undefined): readonly Key[] =>
	key === undefined ? [] : [key];

const controlKey = (letter: string) => controlKeys.get(letter.toLowerCase());

const keyOfByte = (byte: number): Key | undefined =>
	byte === delByte
		? {type: 'delete-back'}
		: controlKey(String.fromCodePoint(byte + 0x40));

const splitText = (text: string): readonly Key[] => {
	const keys: Key[] = [];
	let run = '';
	const endRun = () => {
		if (run !== '') {
			keys.push({type: 'insert', text: run});
			run = '';
		}
	};

	for (const character of text.replaceAll('\r\n', '\r')) {
		const codePoint = character.codePointAt(0)!;
		if (codePoint >= firstPrintable && codePoint !== delByte) {
			run += character;
			continue;
		}

		endRun();
		keys.push(...listOf(keyOfByte(codePoint)));
	}

	endRun();
	return keys;
};

/** A key that scrolls although there is a draft. */
const viewKey = (key: InkKey, isCtrlOrAlt: boolean): Key | undefined => {
	const isShiftOrAlt = key.shift || key.meta;
	const all: ReadonlyArray<[boolean, Key]> = [
		[key.home && isCtrlOrAlt, {type: 'top'}],
		[key.end && isCtrlOrAlt, {type: 'bottom'}],
		[key.upArrow && isShiftOrAlt, {type: 'row-up'}],
		[key.downArrow && isShiftOrAlt, {type: 'row-down'}],
	];
	return all.find(([isPressed]) => isPressed)?.[1];
};

/** The key that Ink recognised, with its modifiers. */
const namedKey = (key: InkKey): Key | undefined => {
	const byWord = key.ctrl || key.meta;
	if (key.return) {
		return key.meta || key.shift
			? {type: 'insert', text: '\n'}
			: {type: 'submit'};
	}

	if (key.backspace) {
		return {type: byWord ? 'kill-word-back' : 'delete-back'};
	}

	if (key.delete) {
		return {type: byWord ? 'kill-word-forward' : 'delete-forward'};
	}

	const ofView = viewKey(key, byWord);
	if (ofView !== undefined) {
		return ofView;
	}

	if (key.leftArrow) {
		return {type: byWord ? 'word-left' : 'left'};
	}

	if (key.rightArrow) {
		return {type: byWord ? 'word-right' : 'right'};
	}

	if (key.tab) {
		return {type: key.shift ? 'complete-back' : 'complete'};
	}

	const plain: ReadonlyArray<[boolean, Key]> = [
		[key.upArrow, {type: 'older'}],
		[key.downArrow, {type: 'newer'}],
		[key.home, {type: 'start'}],
		[key.end, {type: 'end'}],
		[key.pageUp, {type: 'page-up'}],
		[key.pageDown, {type: 'page-down'}],
		[key.escape, {type: 'escape'}],
	];
	return plain.find(([isPressed]) => isPressed)?.[1];
};

/**
 * Splits one delivery of `useInput` into the keys that were pressed, in order.
 *
 * @param input Any text, including control bytes and line ends; '\r', '\n' and
 * '\r\n' each submit once, but '\n' alone is Ctrl-J.
 * @param key Ink's flags for it. Releases, and keys with Super or Hyper (the
 * kitty protocol reports both), are dropped.
 */
export const splitKeys = (input: string, key: InkKey): readonly Key[] => {
	if (key.eventType === 'release' || key.super || key.hyper) {
		return [];
	}

	const named = namedKey(key);
	if (named !== undefined) {
		return [named];
	}

	// Ctrl-J by itself. In a text, LF is the Enter of a program.
	if (input === '\n' || (key.ctrl && input.toLowerCase() === 'j')) {
		return [{type: 'insert', text: '\n'}];
	}

	if (key.ctrl) {
		return key.meta && input === '_'
			? [{type: 'redo'}]
			: listOf(controlKey(input));
	}

	return key.meta
		? listOf(metaKeys.get(input.toLowerCase()))
		: splitText(input);
};
