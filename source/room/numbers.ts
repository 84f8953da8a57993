/**
 * The n of each client that the room has taken, so that a message that is said
 * again is stored once; and which of them are not kept yet.
 */

/** One's own message that was taken back, since it could not be kept. */
export type TakenBack = {readonly id: string; readonly n: number};

type Held = TakenBack & {
	readonly seq: number;
	/** The n of that client before it. */
	readonly before: number;
};

// A client's n is needed for as long as it may send again; the oldest go.
const maxRememberedClients = 65_536;

export class Numbers {
	readonly #last = new Map<string, number>();
	/** Who was taken from last. */
	#newest: string | undefined;
	/** Those that are in the log and not shown yet, in their order. */
	#held: Held[] = [];

	/** The highest n that was taken from a client; 0 if none. */
	taken(id: string): number {
		return this.#last.get(id) ?? 0;
	}

	/** The highest n of a client that is kept, as far as that is known. */
	kept(id: string): number {
		return this.#held.find(held => held.id === id)?.before ?? this.taken(id);
	}

	/** The highest n kept for each client, with the log up to a seq. */
	at(seq: number): Map<string, number> {
		const clients = new Map(this.#last);
		for (const {id, before, ...held} of this.#held.toReversed()) {
			if (held.seq > seq) {
				clients.set(id, before);
			}
		}

		return clients;
	}

	take(id: string, n: number): void {
		// Deleted first, so that the map's order is the order of last use; not where
		// it is so already, as each time costs a part of a new table.
		if (id !== this.#newest) {
			this.#last.delete(id);
			this.#newest = id;
		}

		this.#last.set(id, n);
		if (this.#last.size > maxRememberedClients) {
			this.#last.delete(this.#last.keys().next().value!);
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
		for (const {id, before} of taken.toReversed()) {
			this.#last.set(id, before);
		}

		return taken;
	}
}
