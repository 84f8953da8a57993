/** `--replies` where chunks are events: ends a raw chat after so many. */
import type {ChatEvent} from '../../event/event.js';

export class ReplyCount {
	/** How many have yet to come. */
	missing: number;
	readonly #onEnough: () => void;

	/** @param onEnough Called once: nothing more is wanted. */
	constructor(replies: number | undefined, onEnough: () => void) {
		this.missing = replies ?? 0;
		this.#onEnough = onEnough;
	}

	see(event: ChatEvent): void {
		if (event.type === 'chunk' && event.direction === 'in') {
			this.missing--;
			if (this.missing === 0) {
				this.#onEnough();
			}
		}
	}
}
