/**
 * The highest n accepted from each client, to store a resent message only once,
 * and which of these messages are not stored yet.
 *
 * A client may resend at any later time, so the n of every member is remembered,
 * and of clients that left, those of the last `rememberedClients`. A client that
 * sent nothing has no n, and a plain peer can't resend.
 */
import {plainN, rememberedClients} from '../protocol/frame.js';

/** A message rolled back because it could not be stored. */
export type TakenBack = {readonly id: string; readonly n: number};

type Unshown = TakenBack & {
	readonly seq: number;
	/** The client's highest n before it. */
	readonly before: number;
};

// More than a client sends while one group is written.
const rememberedWhispers = 1000;

export class MessageNumbers {
	/** Of members that have sent something. */
	readonly #present = new Map<string, number>();
	/** Of absent clients, in order of leaving; the first is forgotten first. */
	readonly #absent = new Map<string, number>();
	/** Of messages in the log but not yet shown, in order. */
	#unshown: Unshown[] = [];
	/**
	 * Whispers delivered while messages waited to be stored: if those are taken
	 * back, so is their n, but a whisper must not be delivered twice.
	 */
	readonly #whispered = new Map<string, Set<number>>();

	/** The highest n accepted from a client; 0 if none. */
	taken(id: string): number {
		return this.#present.get(id) ?? this.#absent.get(id) ?? 0;
	}

	/** The highest n of a client known to be stored. */
	kept(id: string): number {
		return (
			this.#unshown.find(message => message.id === id)?.before ?? this.taken(id)
		);
	}

	/** The seq of a client's newest message that is not shown yet, if any. */
	unshownSeq(id: string): number | undefined {
		return this.#unshown.findLast(message => message.id === id)?.seq;
	}

	/** The highest n stored for each client, with the log up to a seq. */
	at(seq: number): Map<string, number> {
		const clients = new Map([...this.#absent, ...this.#present]);
		for (const message of this.#unshown.toReversed()) {
			if (message.seq > seq) {
				takeFrom(clients, message);
			}
		}

		// A whisper after them waits to be delivered.
		for (const message of this.#unshown) {
			if (message.seq <= seq && clients.has(message.id)) {
				clients.set(message.id, message.n);
			}
		}

		return clients;
	}

	/** Records a client that isn't in the room. */
	remember(id: string, n: number): void {
		this.#absent.set(id, n);
		dropOldest(this.#absent, rememberedClients);
	}

	/** Records a message of any client, in order of last use. */
	log(id: string, n: number): void {
		this.#absent.delete(id);
		this.remember(id, n);
	}

	/** Call when a client becomes a member. */
	enter(id: string): void {
		const n = this.#absent.get(id);
		if (n !== undefined) {
			this.#absent.delete(id);
			this.#present.set(id, n);
		}
	}

	/** Call when a member leaves. */
	leave(id: string): void {
		const n = this.#present.get(id);
		if (n !== undefined) {
			this.#present.delete(id);
			this.remember(id, n);
		}
	}

	/** Call when a member's message is accepted. */
	take(id: string, n: number): void {
		if (n !== plainN) {
			this.#present.set(id, n);
		}
	}

	/** Call when a whisper is delivered. */
	takeWhisper(id: string, n: number): void {
		this.take(id, n);
		if (this.#unshown.some(message => message.id === id)) {
			const whispered = this.#whispered.get(id) ?? new Set();
			this.#whispered.set(id, whispered.add(n));
			dropOldest(whispered, rememberedWhispers);
			dropOldest(this.#whispered, rememberedClients);
		}
	}

	/** Whether a whisper was delivered whose n may have been taken back. */
	isWhispered(id: string, n: number): boolean {
		return this.#whispered.get(id)?.has(n) ?? false;
	}

	/** Records messages that wait to be stored. */
	addUnshown(messages: readonly Unshown[]): void {
		this.#unshown.push(...messages);
	}

	/** Call when the log is stored up to a seq. */
	keep(seq: number): void {
		const first = this.#unshown.findIndex(message => message.seq > seq);
		this.#unshown = first === -1 ? [] : this.#unshown.slice(first);
		if (this.#unshown.length === 0) {
			for (const [id, whispered] of this.#whispered) {
				// Whispers beyond it were taken back and may be resent.
				if (Math.max(...whispered) <= this.taken(id)) {
					this.#whispered.delete(id);
				}
			}
		}
	}

	/** Forgets the waiting messages, as if they were never sent. */
	takeBack(): readonly TakenBack[] {
		const taken = this.#unshown;
		this.#unshown = [];
		for (const message of taken.toReversed()) {
			takeFrom(this.#present, message);
			takeFrom(this.#absent, message);
		}

		return taken;
	}
}

const dropOldest = <Key>(
	kept: Map<Key, unknown> | Set<Key>,
	limit: number,
): void => {
	if (kept.size > limit) {
		kept.delete(kept.keys().next().value!);
	}
};

const takeFrom = (
	clients: Map<string, number>,
	{id, before}: Unshown,
): void => {
	if (before === 0) {
		clients.delete(id);
	} else if (clients.has(id)) {
		clients.set(id, before);
	}
};
