/**
 * `--wait-for` and `--wait-for-mention`: the first message that matches, said
 * by somebody else after this client came, or after its own `--message` was
 * stored.
 */
import type {ChatEvent} from '../event/event.js';
import type {Options} from '../options/options.js';
import {isMentioned} from '../protocol/mention.js';
import {foldNick} from '../protocol/nick.js';

const matches = (
	{frame}: Extract<ChatEvent, {type: 'frame'}>,
	awaited: NonNullable<Options['awaited']>,
): boolean => {
	if ('pattern' in awaited) {
		return frame.type === 'message' && awaited.pattern.test(frame.text);
	}

	const {mentioned} = awaited;
	return frame.type === 'whispered'
		? foldNick(frame.to) === foldNick(mentioned)
		: frame.type === 'message' && isMentioned(frame.text, mentioned);
};

export class MessageWait {
	/** One's own public id, once it is known. */
	id = '';
	readonly #options: Options;
	readonly #onFound: (event: ChatEvent) => void;
	/** Whether what comes now may match. */
	#hasBegun = false;
	#hasFound = false;

	/** @param onFound Gets the event that matched. */
	constructor(options: Options, onFound: (event: ChatEvent) => void) {
		this.#options = options;
		this.#onFound = onFound;
	}

	/** Whether a match is still waited for. */
	get isWaiting(): boolean {
		return this.#options.awaited !== undefined && !this.#hasFound;
	}

	see(event: ChatEvent): void {
		const {awaited, message} = this.#options;
		if (awaited === undefined || this.#hasFound) {
			return;
		}

		if (event.type === 'stored') {
			// The echo fell into a gap.
			this.#hasBegun = true;
		}

		if (event.type !== 'frame' || event.isReplay) {
			return;
		}

		const {frame} = event;
		const isOwn = 'id' in frame && frame.id === this.id;
		if (
			message === undefined
				? frame.type === 'welcome'
				: frame.type === 'message' && isOwn
		) {
			this.#hasBegun = true;
		} else if (this.#hasBegun && !isOwn && matches(event, awaited)) {
			this.#hasFound = true;
			this.#onFound(event);
		}
	}
}
