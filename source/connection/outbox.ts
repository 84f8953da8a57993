/**
 * One's own messages that are not known to be stored, in the order of their n.
 *
 * A message stays here over any number of connections until its echo comes or
 * the server refuses it; what is sent again keeps its n, so that the server
 * can tell.
 */
import type {Say, Whisper} from '../protocol/frame.js';

export type Outgoing = Say | Whisper;

export class Outbox {
	readonly #waiting = new Map<number, Outgoing>();
	#lastN = 0;

	get size(): number {
		return this.#waiting.size;
	}

	/** @param to The whisper's receiver; undefined to say it to all. */
	add(text: string, to: string | undefined): Outgoing {
		const n = ++this.#lastN;
		const frame: Outgoing =
			to === undefined
				? {type: 'say', n, text}
				: {type: 'whisper', n, to, text};
		this.#waiting.set(n, frame);
		return frame;
	}

	/** Takes out what was stored, delivered or refused. */
	settle(n: number): Outgoing | undefined {
		const frame = this.#waiting.get(n);
		this.#waiting.delete(n);
		return frame;
	}

	/** All that the server has not yet answered, oldest first. */
	after(n: number): readonly Outgoing[] {
		return [...this.#waiting.values()].filter(frame => frame.n > n);
	}

	upTo(n: number): readonly Outgoing[] {
		return [...this.#waiting.values()].filter(frame => frame.n <= n);
	}
}
