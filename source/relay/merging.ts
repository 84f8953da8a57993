/**
 * What the stream delivers, in order → entries of the log.
 *
 * Every server merges the same stream by the same rules, so all logs are the
 * same bytes. A sequence that holds nothing new (a repeat that came after the
 * engine's window, a ghost's leave after its member has joined again, or what is
 * no entry) is a void entry everywhere, so that the log has no hole.
 */
import {plainN, type Entry} from '../protocol/frame.js';
import {frameLine} from '../protocol/codec.js';
import {
	readSimpleUnnumbered,
	readUnnumbered,
	withSeq,
} from '../protocol/unnumbered.js';
import {voidEntry, type Ordered} from '../room/order.js';
import {messageKey, type Outgoing, type Waiting} from './outgoing.js';
import {Roster} from './roster.js';

/** One message of the stream. */
export type Delivery = {
	readonly seq: number;
	/** Its Nats-Msg-Id, if it has one; costly. */
	readonly key: string | undefined;
	readonly text: string;
};

export type Merged =
	/** It is in the log already. */
	| {readonly kind: 'old'}
	/** The entries before it have not been delivered. */
	| {readonly kind: 'hole'}
	| {
			readonly kind: 'next';
			readonly ordered: Ordered;
			/** Undefined if it is void. */
			readonly entry: Entry | undefined;
			/** What was offered here. */
			readonly own: Waiting | undefined;
	  };

/** What the log has, as far as merging depends on it. */
export type MergeLog = {
	readonly head: () => number;
	readonly isLogged: (id: string, n: number) => boolean;
};

// More runs of servers, and ghosts, than the engine can have repeats of.
const rememberedKeys = 1000;

const runKey = /^([\da-f]{8}):(\d{1,15})$/;

export class Merging {
	readonly #log: MergeLog;
	readonly #outgoing: Outgoing;
	/** The last k of each run, in order of last use. */
	readonly #runs = new Map<string, number>();
	/** The keys of ghosts' leaves. */
	readonly #gone = new Set<string>();
	/** Who is in the room by the end of the log. */
	readonly roster = new Roster();
	/** The head of what was merged; the log has it at the end of a batch. */
	#head: number;

	constructor(log: MergeLog, outgoing: Outgoing) {
		this.#log = log;
		this.#outgoing = outgoing;
		this.#head = log.head();
	}

	/** The seq to be delivered next. */
	get next(): number {
		return this.#head + 1;
	}

	/** Call after the log has moved: entries were taken back, or skipped. */
	goOn(): void {
		this.#head = this.#log.head();
	}

	/**
	 * Merges some deliveries.
	 *
	 * @returns Those that go on from the log's head, for the log to append.
	 */
	takeAll(
		deliveries: readonly Delivery[],
	): ReadonlyArray<Extract<Merged, {kind: 'next'}>> {
		const merged: Array<Extract<Merged, {kind: 'next'}>> = [];
		/** The last n of each client among them: the log doesn't have it yet. */
		const last = new Map<string, number>();
		for (const delivery of deliveries) {
			const one = this.#take(delivery, last);
			if (one.kind === 'hole') {
				break;
			}

			if (one.kind === 'next') {
				merged.push(one);
			}
		}

		return merged;
	}

	#take(delivery: Delivery, last: Map<string, number>): Merged {
		const {seq, text} = delivery;
		if (seq < this.next) {
			const {key} = delivery;
			this.#noteRun(key);
			if (key !== undefined) {
				// Merged before this start, which read it from the outbox.
				this.#outgoing.remove(key);
			}

			return {kind: 'old'};
		}

		if (seq > this.next) {
			return {kind: 'hole'};
		}

		this.#head = seq;
		const isLogged = (id: string, n: number) =>
			n !== plainN && (n <= (last.get(id) ?? 0) || this.#log.isLogged(id, n));
		const message = readNumbered(text, seq);
		const key = message ? messageKey(message.entry) : delivery.key;
		const own = key === undefined ? undefined : this.#outgoing.remove(key);
		// A message's number tells whether it is a repeat.
		const isRepeat = !message && !this.#noteRun(key);
		const read = isRepeat ? undefined : (message ?? readEntry(seq, text, own));
		const n = read?.entry.type === 'message' ? read.entry.n : plainN;
		if (
			!read ||
			isLogged(read.entry.id, n) ||
			this.roster.isOutdated(key, read.entry.id)
		) {
			const line = frameLine(voidEntry(seq));
			const ordered = {seq, line, id: '', n: plainN};
			return {kind: 'next', ordered, entry: undefined, own};
		}

		const {line, entry} = read;
		const {id} = entry;
		this.roster.take(entry);
		if (n !== plainN) {
			last.set(id, n);
		}

		return {kind: 'next', ordered: {seq, line, id, n}, entry, own};
	}

	/** @returns False if it was delivered before. */
	#noteRun(key: string | undefined): boolean {
		if (key?.startsWith('gone:')) {
			const isNew = !this.#gone.has(key);
			this.#gone.add(key);
			dropOldest(this.#gone);
			return isNew;
		}

		const [, run, digits] = runKey.exec(key ?? '') ?? [];
		if (run === undefined) {
			return true;
		}

		const k = Number(digits);
		const before = this.#runs.get(run) ?? 0;
		this.#runs.delete(run);
		this.#runs.set(run, Math.max(k, before));
		dropOldest(this.#runs);
		return k > before;
	}
}

const dropOldest = (kept: Map<string, number> | Set<string>): void => {
	if (kept.size > rememberedKeys) {
		kept.delete(kept.keys().next().value!);
	}
};

/** Nearly every entry of a busy room; its key need not be read. */
const readNumbered = (text: string, seq: number) => {
	const read = readSimpleUnnumbered(text, seq);
	return read && read.entry.n !== plainN ? read : undefined;
};

const readEntry = (
	seq: number,
	text: string,
	own: Waiting | undefined,
): {readonly line: string; readonly entry: Entry} | undefined =>
	own && own.n !== plainN && own.text === text
		? // Our own codec wrote it.
			{line: withSeq(text, seq), entry: messageOf(seq, own)}
		: readUnnumbered(text, seq);

/** As far as anybody looks at it: a message changes no roster. */
const messageOf = (seq: number, {id, n}: Waiting): Entry => ({
	type: 'message',
	seq,
	at: 0,
	from: '',
	id,
	n,
	text: '',
});
