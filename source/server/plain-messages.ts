/**
 * Messages as plain peers get them, made ready to show once for all of them.
 *
 * toDisplay() can take ten milliseconds for a text of 16 KiB. Once for each of a
 * hundred plain peers would be a second in which the server reads nobody.
 */
import {display, joinText, type DisplayText} from '../protocol/display.js';
import type {Message} from '../protocol/frame.js';

/** Each line of the text starts with the sender, so no line can be forged. */
export const plainMessage = (from: string, text: string): DisplayText => {
	const action = /^\/me (.*)$/s.exec(text)?.[1];
	const head = action === undefined ? display`${from}: ` : display`* ${from} `;
	return joinText(
		...(action ?? text)
			.split('\n')
			.map(line => joinText(head, display`${line}\n`)),
	);
};

// More than one turn's messages. Beyond it, some are made ready twice.
const maxUnits = 1024 * 1024;

export class PlainMessages {
	readonly #bySeq = new Map<number, Message & {readonly shown: DisplayText}>();
	#units = 0;

	shown(message: Message): DisplayText {
		const {seq, from, text} = message;
		const known = this.#bySeq.get(seq);
		// A seq that was taken back is used again.
		if (known?.text === text && known.from === from) {
			return known.shown;
		}

		const shown = plainMessage(from, text);
		this.#units += shown.length;
		if (this.#units > maxUnits) {
			this.#bySeq.clear();
			this.#units = shown.length;
		}

		this.#bySeq.set(seq, {...message, shown});
		return shown;
	}
}
