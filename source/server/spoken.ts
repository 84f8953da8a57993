/**
 * Messages as plain peers read them, made fit to show once for all of them.
 *
 * A text of 16 KiB can take toDisplay() ten milliseconds; for each of a hundred
 * plain peers that would be a second in which nobody else is heard.
 */
import {display, joinText, type DisplayText} from '../protocol/display.js';
import type {Message} from '../protocol/frame.js';

/** Each line of a text behind its speaker, so that no line can forge another. */
export const spoken = (from: string, text: string): DisplayText => {
	const action = /^\/me (.*)$/s.exec(text)?.[1];
	const head = action === undefined ? display`${from}: ` : display`* ${from} `;
	return joinText(
		...(action ?? text)
			.split('\n')
			.map(line => joinText(head, display`${line}\n`)),
	);
};

// What many say within one turn; beyond it, some is made ready twice.
const maxUnits = 1024 * 1024;

export class SpokenMessages {
	readonly #bySeq = new Map<number, Message & {readonly shown: DisplayText}>();
	#units = 0;

	shown(message: Message): DisplayText {
		const {seq, from, text} = message;
		const known = this.#bySeq.get(seq);
		// A seq that was taken back is given again.
		if (known?.text === text && known.from === from) {
			return known.shown;
		}

		const shown = spoken(from, text);
		this.#units += shown.length;
		if (this.#units > maxUnits) {
			this.#bySeq.clear();
			this.#units = shown.length;
		}

		this.#bySeq.set(seq, {...message, shown});
		return shown;
	}
}
