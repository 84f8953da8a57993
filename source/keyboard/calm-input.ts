/**
 * What a terminal sends, made safe to act on: whole sequences, whole pastes, and
 * never anything that waits for ever.
 *
 * Three things need time, which comes in as an argument. A sequence or a
 * bracketed paste may never end: a packet is lost, a program before us asked for
 * a report. After a while without more of it, a sequence is dropped, and a paste
 * ends as if it had been typed into the draft. ESC may be a key, or the start of
 * a sequence. And without bracketed paste, a paste looks like typed lines: a line
 * with its Enter is typed; text that follows an Enter faster than any hand makes
 * it a paste, with its tabs and line ends. What was typed while a busy program
 * read nothing comes in one piece, too, so lines are no paste if a hand had the
 * time for them. Once the terminal has said or shown that it puts pastes in
 * brackets, all lines without them are typed, by a hand or by a program.
 *
 * What comes out is again what a terminal would send: Ink or readline reads it.
 */
import {saysBrackets} from './brackets.js';
import {escape, pasteEnd, pasteStart, pieceAt} from './sequences.js';

/** An unfinished paste ends after this silence. */
export const pasteSilenceMs = 1000;

/** An unfinished sequence is dropped after this silence. */
export const sequenceSilenceMs = 200;

/** After this, ESC was a key. */
export const escapeSilenceMs = 20;

/** Text sooner than this after an Enter makes a paste. */
export const burstGapMs = 3;

/** A hand takes at least this for a key; a line has many. */
export const handKeyMs = 50;

/** A line counts for no more than this: some type it whole, with a program. */
export const handLineMs = 250;

/** A paste without brackets ends after this silence: its packets may be late. */
export const burstSilenceMs = 100;

// In the kitty protocol: Ink takes it at once, and waits for nothing.
const escapeKey = `${escape}[27u`;
const controlS = '\u0013';
const newlineKey = `${escape}\r`;

const bracketed = (text: string) => `${pasteStart}${text}${pasteEnd}`;

/** Lines that are held until it is known whether they are a paste. */
type Burst = {
	readonly text: string;
	readonly isPaste: boolean;
};

type State =
	| {readonly type: 'keys'}
	/** A bracketed paste; its text comes in parts. */
	| {readonly type: 'paste'; readonly parts: string[]; tail: string};

export class CalmInput {
	#state: State = {type: 'keys'};
	#burst: Burst | undefined;
	/** The start of a sequence. */
	#unfinished = '';
	#heardAt = -Infinity;
	#awayMs = 0;
	#textAt = -Infinity;
	#hasBrackets = false;
	#out: string[] = [];

	/** The terminal puts pastes in brackets: when a line was typed says nothing. */
	get hasBrackets(): boolean {
		return this.#hasBrackets;
	}

	/** When `settle` is due if nothing else arrives; undefined: not at all. */
	get dueAt(): number | undefined {
		if (this.#state.type === 'paste') {
			return this.#heardAt + pasteSilenceMs;
		}

		const waits = [
			...(this.#unfinished === '' ? [] : [this.#patienceMs()]),
			...(this.#burst === undefined
				? []
				: [this.#burst.isPaste ? burstSilenceMs : burstGapMs]),
		];
		return waits.length === 0 ? undefined : this.#heardAt + Math.min(...waits);
	}

	/**
	 * Takes a chunk.
	 *
	 * @param now Monotonic milliseconds.
	 * @param awayMs For how long nobody could have read it before.
	 * @returns Texts to act on, in order. None ends inside a sequence.
	 */
	push(chunk: string, now: number, awayMs = 0): readonly string[] {
		this.#out = [];
		this.#heardAt = now;
		this.#awayMs = awayMs;
		if (this.#state.type === 'paste') {
			this.#takePasted(chunk, this.#state, now);
		} else {
			const text = this.#unfinished + chunk;
			this.#unfinished = '';
			this.#takeKeys(text, now);
		}

		return this.#out;
	}

	/**
	 * Gives up what was due by now. Only this does: a program that was busy reads
	 * late what has long arrived.
	 */
	settle(now: number): readonly string[] {
		this.#out = [];
		const silenceMs = now - this.#heardAt;
		if (this.#state.type === 'paste') {
			if (silenceMs >= pasteSilenceMs) {
				this.#giveUpPaste(this.#state);
			}

			return this.#out;
		}

		if (this.#burst !== undefined && !this.#isInTime(this.#burst, silenceMs)) {
			this.#endBurst();
		}

		if (this.#unfinished !== '' && silenceMs >= this.#patienceMs()) {
			this.#endBurst();
			if (this.#isEscape()) {
				this.#out.push(...Array.from(this.#unfinished, () => escapeKey));
			}

			this.#unfinished = '';
		}

		return this.#out;
	}

	#isEscape(): boolean {
		return this.#unfinished === escape || this.#unfinished === escape + escape;
	}

	#patienceMs(): number {
		return this.#isEscape() ? escapeSilenceMs : sequenceSilenceMs;
	}

	#isInTime({isPaste}: Burst, silenceMs: number): boolean {
		return silenceMs < (isPaste ? burstSilenceMs : burstGapMs);
	}

	#takeKeys(text: string, now: number): void {
		let start = 0;
		while (start < text.length) {
			const {type, end} = pieceAt(text, start);
			const piece = text.slice(start, end);
			start = end;
			switch (type) {
				case 'text': {
					this.#takeText(piece, now);
					break;
				}

				case 'unfinished': {
					this.#unfinished = piece;
					break;
				}

				case 'paste-start': {
					this.#endBurst();
					const state: State = {type: 'paste', parts: [], tail: ''};
					this.#state = state;
					this.#takePasted(text.slice(end), state, now);
					return;
				}

				case 'dropped': {
					this.#hasBrackets ||= saysBrackets(piece);
					break;
				}

				case 'escape': {
					this.#endBurst();
					this.#out.push(escapeKey);
					break;
				}

				case 'control':
				case 'sequence': {
					this.#endBurst();
					if (saysBrackets(piece)) {
						this.#hasBrackets = true;
						break;
					}

					const keys = wheelKeys(piece);
					this.#out.push(...(keys ?? [altKey(piece) ?? f3Key(piece) ?? piece]));
					break;
				}
			}
		}
	}

	#takeText(text: string, now: number): void {
		if (this.#hasBrackets) {
			this.#out.push(...typedLines(text));
			return;
		}

		const isHeld = this.#burst !== undefined;
		const followsText = now - this.#textAt < burstGapMs;
		this.#textAt = now;
		// A hand presses Enter, and Ctrl-J, by itself.
		const isByHand = text === '\n' || (text === '\r' && !followsText);
		if (!isHeld && (isByHand || !/[\r\n]/.test(text))) {
			this.#out.push(text);
			return;
		}

		const whole = (this.#burst?.text ?? '') + text;
		const isPaste = this.#burst?.isPaste ?? false;
		const lines = isPaste ? [] : typedLines(whole);
		if (lines.length > 1 && this.#awayMs >= handMs(lines)) {
			this.#burst = undefined;
			this.#out.push(...lines);
			return;
		}

		this.#burst = {text: whole, isPaste: isPaste || lines.length > 1};
	}

	#endBurst(): void {
		const burst = this.#burst;
		if (burst !== undefined) {
			this.#burst = undefined;
			this.#out.push(burst.isPaste ? bracketed(burst.text) : burst.text);
		}
	}

	#takePasted(
		chunk: string,
		state: Extract<State, {type: 'paste'}>,
		now: number,
	): void {
		// Ctrl-C in a chunk of its own was pressed: no paste has to be waited for.
		if (chunk === '\u0003') {
			this.#giveUpPaste(state);
			this.#takeKeys(chunk, now);
			return;
		}

		const text = state.tail + chunk;
		const end = text.indexOf(pasteEnd);
		if (end === -1) {
			// Only the tail can be a part of the end marker.
			const kept = Math.max(0, text.length - pasteEnd.length + 1);
			state.parts.push(text.slice(0, kept));
			state.tail = text.slice(kept);
			return;
		}

		state.parts.push(text.slice(0, end));
		this.#state = {type: 'keys'};
		this.#hasBrackets = true;
		this.#out.push(bracketed(state.parts.join('')));
		this.#takeKeys(text.slice(end + pasteEnd.length), now);
	}

	/** Nobody knows what is missing, so it is put into the draft, unasked. */
	#giveUpPaste({parts, tail}: Extract<State, {type: 'paste'}>): void {
		this.#state = {type: 'keys'};
		const text = parts.join('') + withoutMarkerStart(tail);
		for (const [index, line] of text.split(/\r\n?|\n/v).entries()) {
			if (index > 0) {
				this.#out.push(newlineKey);
			}

			if (line !== '') {
				this.#out.push(bracketed(line));
			}
		}
	}
}

/**
 * Alt with a sign, in the kitty protocol; undefined for any other sequence. Ink
 * knows Alt with letters, and would take the rest for typed text.
 */
const altKey = (sequence: string): string | undefined => {
	const [, sign] = /^\u001B([^\p{Control} A-Za-z\d])$/u.exec(sequence) ?? [];
	return sign && `${escape}[${sign.codePointAt(0)};3u`;
};

/** F3, which Ink gives no name, as Ctrl-S: both search. */
const f3Key = (sequence: string): string | undefined =>
	/^\u001B(?:OR|\[13~|\[\[C)$/.test(sequence) ? controlS : undefined;

// Shift-Up and Shift-Down, which scroll by a row.
const rowUp = `${escape}[1;2A`;
const rowDown = `${escape}[1;2B`;
const rowsOfNotch = 3;
const modifierBits = 0b1_1100;

/** A report of the mouse (xterm's SGR mode) as keys; undefined for another. */
const wheelKeys = (sequence: string): readonly string[] | undefined => {
	const [, code] = /^\u001B\[<(\d+);\d+;\d+m$/i.exec(sequence) ?? [];
	if (code === undefined) {
		return undefined;
	}

	const button = Number(code) & ~modifierBits;
	const key = {64: rowUp, 65: rowDown}[button];
	return key === undefined ? [] : Array.from({length: rowsOfNotch}, () => key);
};

/** Lines with their Enters; several in a row end one. */
const typedLines = (text: string): readonly string[] =>
	text.match(/[^\r\n]*[\r\n]+|[^\r\n]+/g) ?? [];

/** What a hand needs for all but the first, which may have waited already. */
const handMs = (lines: readonly string[]): number => {
	let sum = 0;
	for (const {length} of lines.slice(1)) {
		sum += Math.min(handLineMs, length * handKeyMs);
	}

	return sum;
};

const withoutMarkerStart = (text: string): string => {
	for (let length = pasteEnd.length - 1; length > 0; length--) {
		if (text.endsWith(pasteEnd.slice(0, length))) {
			return text.slice(0, -length);
		}
	}

	return text;
};
