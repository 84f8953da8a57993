/**
 * What this server has offered to the stream and has not seen come back.
 *
 * An entry leaves only by coming back: an engine's ack says that it was stored
 * then, and a restored stream may lack it. What was sent and may be lost is sent
 * again with the same key, in the same order.
 */
import {plainN} from '../protocol/frame.js';
import type {Offer} from '../room/order.js';

/** Of an entry that is a message. */
export const messageStart = '{"type":"message",';

/** The key of a message that has a number. */
export const messageKey = ({id, n}: Pick<Offer, 'id' | 'n'>): string =>
	`${id}:${n}`;

/** One entry on its way. */
export type Waiting = Offer & {
	/** Its Nats-Msg-Id: `id:n` of a message, else `run:k`. */
	readonly key: string;
	/** When it was offered; monotonic milliseconds. */
	readonly since: number;
};

const leftStart = '{"type":"left",';

type Held = Waiting & {isSent: boolean; isKept: boolean};

export class Outgoing {
	readonly #run: string;
	#lastK = 0;
	#bytes = 0;
	/** By key, in order. What was sent comes before what was not. */
	readonly #held = new Map<string, Held>();
	/** How many messages, by who said them. */
	readonly #messages = new Map<string, number>();
	/** Those that are not kept. */
	readonly #unkept = new Set<Held>();

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

	/** What is kept on the disk, in order. */
	get kept(): readonly Waiting[] {
		return [...this.#held.values()].filter(({isKept}) => isKept);
	}

	/** How many are messages, besides the last ones of a client. */
	messagesBesides(id: string, except: number): number {
		let count = 0;
		for (const [of, messages] of this.#messages) {
			count += of === id ? Math.max(0, messages - except) : messages;
		}

		return count;
	}

	offer(offers: readonly Offer[], since: number): readonly Waiting[] {
		return offers.map(offer => {
			const {n} = offer;
			const key = n === plainN ? this.nextKey() : messageKey(offer);
			return this.#hold({...offer, key, since}, false);
		});
	}

	/** Takes entries that have a key, such as those that an earlier run left. */
	restore(waiting: readonly Waiting[], isKept: boolean): void {
		for (const each of waiting) {
			this.#hold(each, isKept);
		}
	}

	/** What is to be kept; it counts as kept. */
	takeUnkept(): readonly Waiting[] {
		const taken = [...this.#unkept];
		this.#unkept.clear();
		for (const held of taken) {
			held.isKept = true;
		}

		return taken;
	}

	/** They were not kept. */
	untake(waiting: readonly Waiting[]): void {
		for (const {key} of waiting) {
			const held = this.#held.get(key);
			if (!held) {
				continue;
			}

			held.isKept = false;
			this.#unkept.add(held);
		}
	}

	has(key: string): boolean {
		return this.#held.has(key);
	}

	/** The ids of those whose leaves have not come back. */
	leaving(): ReadonlySet<string> {
		return new Set(this.leaves().map(({id}) => id));
	}

	/** Leaves that have not come back. */
	leaves(): readonly Waiting[] {
		return [...this.#held.values()].filter(({text}) =>
			text.startsWith(leftStart),
		);
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
			this.#unkept.delete(held);
			this.#bytes -= held.text.length;
			this.#count(held, -1);
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

	/** Messages of clients that have a later one in the log. */
	late(isLogged: (id: string, n: number) => boolean): readonly Waiting[] {
		return [...this.#held.values()].filter(
			({id, n}) => n !== plainN && isLogged(id, n),
		);
	}

	/**
	 * Gives late messages another key and no number: they would be taken for
	 * repeats.
	 *
	 * @returns The keys that they had.
	 */
	renumber(isLogged: (id: string, n: number) => boolean): readonly string[] {
		const late = new Set(this.late(isLogged));
		if (late.size === 0) {
			return [];
		}

		const all = [...this.#held.values()];
		this.#held.clear();
		this.#unkept.clear();
		this.#bytes = 0;
		this.#messages.clear();
		for (const held of all) {
			if (late.has(held)) {
				const {n, text, id, since} = held;
				const plain = text.replace(`,"n":${n},`, `,"n":${plainN},`);
				const key = this.nextKey();
				this.#hold({id, since, n: plainN, text: plain, key}, false);
			} else {
				this.#hold(held, held.isKept);
			}
		}

		return [...late].map(({key}) => key);
	}

	/** A key for an entry without a number. */
	nextKey(): string {
		return `${this.#run}:${++this.#lastK}`;
	}

	#hold({key, id, n, text, since}: Waiting, isKept: boolean): Waiting {
		const held = {key, id, n, text, since, isSent: false, isKept};
		this.#held.set(key, held);
		this.#bytes += text.length;
		this.#count(held, 1);
		if (!isKept) {
			this.#unkept.add(held);
		}

		return held;
	}

	#count({id, text}: Waiting, step: 1 | -1): void {
		if (!text.startsWith(messageStart)) {
			return;
		}

		const count = (this.#messages.get(id) ?? 0) + step;
		if (count === 0) {
			this.#messages.delete(id);
		} else {
			this.#messages.set(id, count);
		}
	}
}
