/**
 * Our own messages that are not known to be stored, ordered by n.
 *
 * A message stays here across connections until its echo arrives or the server
 * refuses it. A resend keeps its n, by which the server recognises it.
 */
import type {Say, Whisper} from '../protocol/frame.js';

export type Outgoing = Say | Whisper;

export class Outbox {
	readonly #waiting = new Map<number, Outgoing>();
	/** Which of them the room keeps until its relay is back. */
	readonly #kept = new Set<number>();
	#lastN: number;

	/** @param lastN What earlier processes of this client have used. */
	constructor(lastN = 0) {
		this.#lastN = lastN;
	}

	get size(): number {
		return this.#waiting.size;
	}

	/** How many of them the room keeps until its relay is back. */
	get kept(): number {
		return this.#kept.size;
	}

	/** The room keeps a message, if it is one of these. */
	keep(n: number): void {
		if (this.#waiting.has(n)) {
			this.#kept.add(n);
		}
	}

	/** It isn't known any more what the room keeps. */
	forgetKept(): void {
		this.#kept.clear();
	}

	/** @param to The receiver of a whisper; undefined sends to all. */
	add(text: string, to: string | undefined): Outgoing {
		const n = ++this.#lastN;
		const frame: Outgoing =
			to === undefined
				? {type: 'say', n, text}
				: {type: 'whisper', n, to, text};
		this.#waiting.set(n, frame);
		return frame;
	}

	/** Later messages get higher numbers than this one. */
	goOnFrom(n: number): void {
		this.#lastN = Math.max(this.#lastN, n);
	}

	/** Removes a message that was stored, delivered or refused. */
	settle(n: number): Outgoing | undefined {
		const frame = this.#waiting.get(n);
		this.#waiting.delete(n);
		this.#kept.delete(n);
		return frame;
	}

	/** The unsettled messages after n, oldest first. */
	after(n: number): readonly Outgoing[] {
		return [...this.#waiting.values()].filter(frame => frame.n > n);
	}

	upTo(n: number): readonly Outgoing[] {
		return [...this.#waiting.values()].filter(frame => frame.n <= n);
	}
}
