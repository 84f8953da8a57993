/** What an agent says → a promise that settles once the room has stored it. */
import {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import type {Clock} from '../socket/clock.js';

export type Receipt = {
	/** Its place in the log; undefined for a whisper, or if its echo was lost. */
	readonly seq: number | undefined;
	readonly at: number;
};

type Waiting = {
	readonly resolve: (receipt: Receipt) => void;
	readonly reject: (error: SockchatError) => void;
};

// A room that is opened again by another member is back within a few seconds.
const storedMs = 20_000;

const notYet = () =>
	new SockchatError(
		'ERR_TIMEOUT',
		`It is not stored yet: the room has not answered for ${storedMs / 1000} s. It is sent as soon as the room is back, so don't send it again.`,
	);

export class Receipts {
	readonly #id: string;
	readonly #clock: Clock;
	readonly #waiting = new Map<number, Waiting>();
	/** Of the message that is being queued: its number comes as an event. */
	#next: Waiting | undefined;

	/** @param id Our public id, which marks our own entries. */
	constructor(id: string, clock: Clock) {
		this.#id = id;
		this.#clock = clock;
	}

	/**
	 * @param send Queues one message.
	 * @param onStored Called before anything that was said later is heard.
	 */
	async wait(send: () => void, onStored?: () => void): Promise<Receipt> {
		let cancel = () => {};
		try {
			return await new Promise((resolve, reject) => {
				cancel = this.#clock.setTimer(() => {
					reject(notYet());
				}, storedMs);
				this.#next = {
					resolve(receipt) {
						onStored?.();
						resolve(receipt);
					},
					reject,
				};
				send();
				this.#next = undefined;
			});
		} finally {
			cancel();
		}
	}

	take(event: ChatEvent): void {
		switch (event.type) {
			case 'queued': {
				if (this.#next) {
					this.#waiting.set(event.n, this.#next);
				}

				break;
			}

			case 'failed': {
				this.#waiting.get(event.n)?.reject(event.error);
				this.#waiting.delete(event.n);
				break;
			}

			case 'stored': {
				this.#settle(event.n, {seq: undefined, at: event.at});
				break;
			}

			case 'frame': {
				const {frame} = event;
				const isOwn = 'id' in frame && frame.id === this.#id;
				if (isOwn && frame.type === 'message') {
					this.#settle(frame.n, {seq: frame.seq, at: frame.at});
				} else if (isOwn && frame.type === 'whispered') {
					this.#settle(frame.n, {seq: undefined, at: frame.at});
				}

				break;
			}

			default: {
				break;
			}
		}
	}

	/** @param error Why nothing more will be stored. */
	end(error: SockchatError): void {
		for (const {reject} of this.#waiting.values()) {
			reject(error);
		}

		this.#waiting.clear();
	}

	#settle(n: number, receipt: Receipt): void {
		this.#waiting.get(n)?.resolve(receipt);
		this.#waiting.delete(n);
	}
}
