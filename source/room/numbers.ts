/**
 * The n of each client that the room has taken, so that a message that is said
 * again is stored once; and which of them are not kept yet.
 *
 * It is needed for as long as a client may say again what it is not sure of,
 * which nobody can tell: so of members it is remembered without exception, and
 * of those that went, of so many. Who said nothing has none, and a plain peer
 * says nothing twice.
 */
import {plainN, rememberedClients} from '../protocol/frame.js';

/** One's own message that was taken back, since it could not be kept. */
export type TakenBack = {readonly id: string; readonly n: number};

type Held = TakenBack & {
	readonly seq: number;
	/** The n of that client before it. */
	readonly before: number;
};

export class Numbers {
	/** Of members, those that have said something. */
	readonly #present = new Map<string, number>();
	/** Of others; who went first comes first, and is forgotten first. */
	readonly #absent = new Map<string, number>();
	/** Those that are in the log and not shown yet, in their order. */
	#held: Held[] = [];

	/** The highest n that was taken from a client; 0 if none. */
	taken(id: string): number {
		return this.#present.get(id) ?? this.#absent.get(id) ?? 0;
	}

	/** The highest n of a client that is kept, as far as that is known. */
	kept(id: string): number {
		return this.#held.find(held => held.id === id)?.before ?? this.taken(id);
	}

	/** The highest n kept for each client, with the log up to a seq. */
	at(seq: number): Map<string, number> {
		const clients = new Map([...this.#absent, ...this.#present]);
		for (const held of this.#held.toReversed()) {
			if (held.seq > seq) {
				takeFrom(clients, held);
			}
		}

		return clients;
	}

	/** A client of before, that isn't in the room. */
	remember(id: string, n: number): void {
		this.#absent.set(id, n);
		if (this.#absent.size > rememberedClients) {
			this.#absent.delete(this.#absent.keys().next().value!);
		}
	}

	/** A client becomes a member. */
	enter(id: string): void {
		const n = this.#absent.get(id);
		if (n !== undefined) {
			this.#absent.delete(id);
			this.#present.set(id, n);
		}
	}

	/** A member goes. */
	leave(id: string): void {
		const n = this.#present.get(id);
		if (n !== undefined) {
			this.#present.delete(id);
			this.remember(id, n);
		}
	}

	/** A member has said something. */
	take(id: string, n: number): void {
		if (n !== plainN) {
			this.#present.set(id, n);
		}
	}

	/** Those of messages that wait to be kept. */
	hold(held: readonly Held[]): void {
		this.#held.push(...held);
	}

	/** The log is kept up to a seq. */
	keep(seq: number): void {
		const first = this.#held.findIndex(held => held.seq > seq);
		this.#held = first === -1 ? [] : this.#held.slice(first);
	}

	/** Nothing of what waits is kept: it is as if nobody had said it. */
	takeBack(): readonly TakenBack[] {
		const taken = this.#held;
		this.#held = [];
		for (const held of taken.toReversed()) {
			takeFrom(this.#present, held);
			takeFrom(this.#absent, held);
		}

		return taken;
	}
}

const takeFrom = (clients: Map<string, number>, {id, before}: Held): void => {
	if (before === 0) {
		clients.delete(id);
	} else if (clients.has(id)) {
		clients.set(id, before);
	}
};
