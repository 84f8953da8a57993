/** What a program said → a promise that settles once the room has it, or not. */
import type {SockchatError} from '../errors.js';
import type {ClientEvent} from '../event/event.js';

/** The receipt of a message that the room has stored. */
export type Stored = {
	/**
	 * Its place in the room's log. Undefined if the room has it, but its echo fell
	 * into a gap: after a long time without a connection.
	 */
	readonly seq: number | undefined;
};

type Waiting = {
	readonly resolve: (stored: Stored) => void;
	readonly reject: (error: unknown) => void;
};

export class Receipts {
	/** By the number of the message. */
	readonly #waiting = new Map<number, Waiting>();
	readonly #id: string;
	/** Of the message that is being queued: its number comes as an event. */
	#next: Waiting | undefined;
	#ending: {readonly error: unknown} | undefined;

	/** @param id Our public id, which marks our own entries. */
	constructor(id: string) {
		this.#id = id;
	}

	/** @param send Queues one message. */
	async wait(send: () => void): Promise<Stored> {
		if (this.#ending) {
			throw this.#ending.error;
		}

		return new Promise((resolve, reject) => {
			this.#next = {resolve, reject};
			try {
				send();
			} finally {
				this.#next = undefined;
			}
		});
	}

	take(event: ClientEvent): void {
		switch (event.type) {
			case 'queued': {
				if (this.#next) {
					this.#waiting.set(event.n, this.#next);
				}

				break;
			}

			case 'failed': {
				this.#fail(event.n, event.error);
				break;
			}

			case 'stored': {
				this.#settle(event.n, undefined);
				break;
			}

			case 'frame': {
				const {frame} = event;
				if (frame.type === 'message' && frame.id === this.#id) {
					this.#settle(frame.n, frame.seq);
				} else if (frame.type === 'whispered' && frame.id === this.#id) {
					this.#settle(frame.n, undefined);
				}

				break;
			}

			default: {
				break;
			}
		}
	}

	/** @param error Why nothing more will be stored. */
	end(error: unknown): void {
		this.#ending ??= {error};
		for (const {reject} of this.#waiting.values()) {
			reject(error);
		}

		this.#waiting.clear();
	}

	#settle(n: number, seq: number | undefined): void {
		this.#waiting.get(n)?.resolve({seq});
		this.#waiting.delete(n);
	}

	#fail(n: number, error: SockchatError): void {
		this.#waiting.get(n)?.reject(error);
		this.#waiting.delete(n);
	}
}
