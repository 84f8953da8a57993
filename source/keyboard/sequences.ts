/**
 * What a terminal sends, cut into pieces: text, control characters, and the
 * sequences that start with ESC (ECMA-48).
 *
 * A chunk may end inside a sequence, so a piece may be `unfinished`: it needs
 * more characters, or it never ends. Whoever waits for them must give up after a
 * while; nothing here waits.
 */

export type Piece = {
	readonly type:
		/** Printable characters, tabs and line ends. */
		| 'text'
		/** One other control character. */
		| 'control'
		/** A whole key or report: CSI, SS3, or ESC and a character. */
		| 'sequence'
		/** ESC, followed by another sequence. */
		| 'escape'
		| 'paste-start'
		/** An answer to a query, or what isn't a sequence: nothing to act on. */
		| 'dropped'
		| 'unfinished';
	/** Where the next piece starts. */
	readonly end: number;
};

export const escape = '\u001B';
export const pasteStart = `${escape}[200~`;
export const pasteEnd = `${escape}[201~`;

const control = /[\u0000-\u0008\v\f\u000E-\u001A\u001C-\u001F\u007F]/y;
const textRun = /[^\u0000-\u0008\v\f\u000E-\u001F\u007F]+/y;

// Two oddities: the Linux console's ESC [ [ A, and rxvt's ESC [ 2 $ with Shift.
const csi =
	/\u001B{1,2}\[(?:\[[\u0030-\u003F]*[\u0040-\u007E]|[235-8]\$|[\u0030-\u003F]*[\u0020-\u002F]*[\u0040-\u007E])/y;
const csiStart = /\u001B{1,2}\[\[?[\u0030-\u003F]*[\u0020-\u002F]*$/y;
const ss3 = /\u001B{1,2}O[\d;]*[\u0040-\u007E]/y;
const ss3Start = /\u001B{1,2}O[\d;]*$/y;

// X10's mouse report has three characters of any value after ESC [ M.
const x10Mouse = /\u001B\[M[\s\S]{3}/y;
const x10MouseStart = /\u001B\[M[\s\S]{0,2}$/y;

// OSC, DCS, SOS, PM and APC end at ST; xterm also ends them at BEL. No other
// control character belongs in one, so Enter or Ctrl-C gets out of it. An OSC
// starts with a number; without one it is Alt-].
const stringSequence =
	/\u001B(?:\](?=\d)|[PX^_])[^\u0000-\u0008\u000A-\u001F]*(?:\u0007|\u001B\\)/y;
const stringStart =
	/\u001B(?:\](?=\d|$)|[PX^_])[^\u0000-\u0008\u000A-\u001F]*\u001B?$/y;
const brokenString = /\u001B(?:\](?=\d)|[PX^_])[^\u0000-\u0008\u000A-\u001F]*/y;

const escapedCharacter = /\u001B[^\u001B[O]/uy;
const brokenStart = /\u001B[[O]/y;

const endOf = (pattern: RegExp, text: string, start: number) => {
	pattern.lastIndex = start;
	return pattern.test(text) ? pattern.lastIndex : undefined;
};

const rules: ReadonlyArray<readonly [RegExp, Piece['type']]> = [
	[textRun, 'text'],
	[control, 'control'],
	[/\u001B\[200~/y, 'paste-start'],
	// The marker must not be taken for Esc and a key.
	[/\u001B(?=\u001B\[200~)/y, 'escape'],
	[x10Mouse, 'dropped'],
	[x10MouseStart, 'unfinished'],
	[csi, 'sequence'],
	[csiStart, 'unfinished'],
	[ss3, 'sequence'],
	[ss3Start, 'unfinished'],
	[stringSequence, 'dropped'],
	[stringStart, 'unfinished'],
	[brokenString, 'dropped'],
	[/\u001B{1,2}$/y, 'unfinished'],
	[/\u001B(?=\u001B)/y, 'escape'],
	[brokenStart, 'dropped'],
	[escapedCharacter, 'sequence'],
];

/** The piece that starts at `start`, which is before the end of the text. */
export const pieceAt = (text: string, start: number): Piece => {
	for (const [pattern, type] of rules) {
		const end = endOf(pattern, text, start);
		if (end !== undefined) {
			return {type, end};
		}
	}

	return {type: 'dropped', end: start + 1};
};
