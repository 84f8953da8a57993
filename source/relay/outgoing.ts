/**
 * What this server has offered to the stream and has not seen come back.
 *
 * An entry leaves only by coming back: an engine's ack says that it was stored
 * then, and a restored stream may lack it. What was sent and may be lost is sent
 * again with the same key, in the same order.
 */
import {plainN} from '../protocol/frame.js';
import type {Offer} from '../room/order.js';

/** One entry on its way. */
export type Waiting = Offer & {
	/** Its Nats-Msg-Id: `id:n` of a message, else `run:k`. */
	readonly key: string;
	/** When it was offered; monotonic milliseconds. */
	readonly since: number;
};

type Held = Waiting & {isSent: boolean};

export class Outgoing {
	readonly #run: string;
	#lastK = 0;
	#bytes = 0;
	/** By key, in order. What was sent comes before what was not. */
	readonly #held = new Map<string, Held>();

	/** @param run 8 hex digits, of this run of this server alone. */
	constructor(run: string) {
		this.#run = run;
	}

	get size(): number {
		return this.#held.size;
	}

	get bytes(): number {
		return this.#bytes;
	}

	get oldest(): Waiting | undefined {
		return this.#held.values().next().value;
	}

	[Symbol.iterator](): Iterator<Waiting> {
		return this.#held.values();
	}

	offer(offers: readonly Offer[], since: number): readonly Waiting[] {
		return offers.map(offer => {
			const {id, n} = offer;
			const key = n === plainN ? this.nextKey() : `${id}:${n}`;
			return this.#hold({...offer, key, since});
		});
	}

	/** Takes what an earlier run left, before anything is offered. */
	restore(waiting: readonly Waiting[]): void {
		for (const each of waiting) {
			this.#hold(each);
		}
	}

	has(key: string): boolean {
		return this.#held.has(key);
	}

	/** The lowest n of a client's messages that have not come back. */
	waitingN(id: string): number | undefined {
		for (const {id: of, n} of this.#held.values()) {
			if (of === id && n !== plainN) {
				return n;
			}
		}

		return undefined;
	}

	/** @returns What came back; undefined if it isn't ours. */
	remove(key: string): Waiting | undefined {
		const held = this.#held.get(key);
		if (held) {
			this.#held.delete(key);
			this.#bytes -= held.text.length;
		}

		return held;
	}

	/** Some of what was not sent yet, in order; it counts as sent. */
	take(maxCount: number, maxBytes: number): readonly Waiting[] {
		const taken: Held[] = [];
		let bytes = 0;
		for (const held of this.#held.values()) {
			if (held.isSent) {
				continue;
			}

			bytes += held.text.length;
			if (taken.length === maxCount || (bytes > maxBytes && taken.length > 0)) {
				break;
			}

			held.isSent = true;
			taken.push(held);
		}

		return taken;
	}

	/** What was sent may be lost: all that waits is sent again. */
	resend(): void {
		for (const held of this.#held.values()) {
			held.isSent = false;
		}
	}

	/**
	 * Gives messages another key and no number if a later one of the same client
	 * is in the log: they would be taken for repeats. A client whose earlier
	 * process left them here has spoken on another server since.
	 *
	 * @returns Them, as they go out now.
	 */
	renumber(isLogged: (id: string, n: number) => boolean): readonly Waiting[] {
		const late = [...this.#held.values()].filter(
			({id, n}) => n !== plainN && isLogged(id, n),
		);
		if (late.length === 0) {
			return [];
		}

		const all = [...this.#held.values()];
		this.#held.clear();
		this.#bytes = 0;
		const changed: Waiting[] = [];
		for (const held of all) {
			if (late.includes(held)) {
				const {n, text, ...rest} = held;
				const plain = text.replace(`,"n":${n},`, `,"n":${plainN},`);
				const key = this.nextKey();
				changed.push(this.#hold({...rest, n: plainN, text: plain, key}));
			} else {
				this.#hold(held);
			}
		}

		return changed;
	}

	/** A key for an entry without a number. */
	nextKey(): string {
		return `${this.#run}:${++this.#lastK}`;
	}

	#hold(waiting: Waiting): Waiting {
		this.#held.set(waiting.key, {...waiting, isSent: false});
		this.#bytes += waiting.text.length;
		return waiting;
	}
}
