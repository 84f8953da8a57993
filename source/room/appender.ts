/**
 * What members say and do becomes entries of the log.
 *
 * A message is appended once, however often its client resends it.
 * Each sender fills its own share of the log. If the order is made elsewhere,
 * entries are offered to it, and appended when they come back.
 */
import {Buffer} from 'node:buffer';
import {frameLine, messageLines, type Said} from '../protocol/codec.js';
import {plainN, type Entry, type Message} from '../protocol/frame.js';
import {checkText} from '../protocol/text.js';
import {withoutSeq} from '../protocol/unnumbered.js';
import {RoomLog, type LogOptions, type Unshown} from './log.js';
import {MessageNumbers, type TakenBack} from './message-numbers.js';
import type {Offer, Order, Ordered} from './order.js';
import type {Member, RefusedSay} from './results.js';
import {Shares, type ShareOptions} from './shares.js';

export type RestoredLog = {
	/** The newest entries, as whole lines. */
	readonly tail: Buffer;
	/** The seq of the first of them; of the next entry if there are none. */
	readonly tailFirstSeq: number;
	/** The highest n stored for each client, by its public id. */
	readonly lastN: Iterable<readonly [id: string, n: number]>;
};

// Joining and leaving is cheap, so all joins, leaves and renames have one share.
const presence = 'presence';

const bytesOf = (lines: readonly string[]): number => {
	let bytes = 0;
	for (const line of lines) {
		bytes += Buffer.byteLength(line);
	}

	return bytes;
};

export class Appender {
	readonly log: RoomLog;
	/** What members have said. */
	readonly #said = new MessageNumbers();
	/** What is in the log; the same, unless the order is made elsewhere. */
	readonly #logged: MessageNumbers;
	readonly #order: Order | undefined;
	readonly #shares: Shares | undefined;
	#isPresenceFilled = false;

	/**
	 * @param share How much of the log one sender may fill; undefined for no limit.
	 * @param past The end of the history to restore.
	 */
	constructor(
		log: LogOptions | undefined,
		order: Order | undefined,
		share: ShareOptions | undefined,
		past: RestoredLog | undefined,
	) {
		this.log = new RoomLog(log);
		this.#order = order;
		this.#logged = order ? new MessageNumbers() : this.#said;
		this.#shares = share && new Shares(share);
		if (past) {
			this.log.restore(past.tail, past.tailFirstSeq);
			for (const [id, n] of past.lastN) {
				this.#said.remember(id, n);
				if (order) {
					this.#logged.remember(id, n);
				}
			}
		}
	}

	/** Whether joins, leaves and renames had filled their share when checked. */
	get isPresenceFilled(): boolean {
		return this.#isPresenceFilled;
	}

	checkPresenceShare(at: number): void {
		this.#isPresenceFilled = (this.#shares?.waitMs(presence, at) ?? 0) > 0;
	}

	/** Call when a client becomes a member. */
	enter(id: string): void {
		this.#said.enter(id);
	}

	/** Call when a member leaves. */
	leave(id: string): void {
		this.#said.leave(id);
	}

	/** The highest n accepted from a client; 0 if none. */
	lastTaken(id: string): number {
		return Math.max(this.#said.taken(id), this.#logged.taken(id));
	}

	/** The highest n of a client known to be stored. */
	lastStored(id: string): number {
		if (!this.#order) {
			return this.#said.kept(id);
		}

		const waiting = this.#order.waitingN(id) ?? Infinity;
		return Math.min(this.lastTaken(id), waiting - 1);
	}

	/** The seq of a client's newest message in the log that is not shown yet. */
	unshownSeq(id: string): number | undefined {
		return this.#logged.unshownSeq(id);
	}

	/** The highest n stored for each client, with the log up to a seq. */
	clientsAt(seq: number): Map<string, number> {
		return this.#logged.at(seq);
	}

	/** Whether a message is in the log already. */
	isLogged(id: string, n: number): boolean {
		return n !== plainN && n <= this.#logged.taken(id);
	}

	/** Lets members see entries that are now stored. */
	show(unshown: Unshown): void {
		this.log.show(unshown);
		this.#logged.keep(unshown.head);
	}

	/**
	 * Removes the entries not yet shown, which could not be stored.
	 *
	 * @returns The messages among them.
	 */
	rollBack(): readonly TakenBack[] {
		this.log.rollBack();
		return this.#logged.takeBack();
	}

	/** Appends entries that came back from the order; they go on from the head. */
	deliver(ordered: readonly Ordered[]): void {
		for (const {id, n, seq} of ordered) {
			if (n === plainN) {
				continue;
			}

			const before = this.#logged.taken(id);
			this.#logged.log(id, n);
			if (this.log.isDeferred) {
				this.#logged.addUnshown([{id, n, seq, before}]);
			}
		}

		this.log.appendAll(ordered.map(({line}) => line));
	}

	/** The seq of the next entry, unless the order is made elsewhere. */
	get nextSeq(): number {
		return this.log.head + 1;
	}

	/** Appends a join, leave or rename. */
	append(entry: Exclude<Entry, Message>): void {
		if (this.#order) {
			const line = frameLine({...entry, seq: 0});
			this.#order.offer([{id: entry.id, n: plainN, text: withoutSeq(line)}]);
			this.#shares?.take(presence, bytesOf([line]));
			return;
		}

		const {end} = this.log;
		this.log.append(frameLine(entry));
		this.#shares?.take(presence, this.log.end - end);
	}

	/**
	 * Appends several messages in order, with one write to the log.
	 *
	 * @param sender Whose share they fill; undefined for no limit.
	 * @returns Those that were refused.
	 */
	say(
		{id, nick}: Member,
		sender: string | undefined,
		says: readonly Said[],
		at: number,
	): readonly RefusedSay[] {
		const shares = sender === undefined ? undefined : this.#shares;
		const refusal = shares?.refusal(sender!, at);
		if (refusal) {
			// Resent messages are already accepted, so they aren't refused.
			const taken = this.lastTaken(id);
			return says
				.filter(({n}) => n === plainN || n > taken)
				.map(({n}) => ({n, error: refusal}));
		}

		const lineOf = messageLines({type: 'message', at, from: nick, id});
		const lines: string[] = [];
		const unshown: Array<TakenBack & {seq: number; before: number}> = [];
		const refused: RefusedSay[] = [];
		const offers: Offer[] = [];
		let before = this.lastTaken(id);
		for (const {n, text, json} of says) {
			if (n !== plainN && n <= before) {
				continue;
			}

			const error = checkText(text);
			if (error) {
				refused.push({n, error});
				continue;
			}

			const seq = this.#order ? 0 : this.nextSeq + lines.length;
			lines.push(lineOf(seq, n, json ?? JSON.stringify(text)));
			if (this.#order) {
				offers.push({id, n, text: withoutSeq(lines.at(-1)!)});
			} else if (this.log.isDeferred) {
				unshown.push({id, n, seq, before});
			}

			before = n;
		}

		if (lines.length > 0) {
			this.#said.take(id, before);
			this.#said.addUnshown(unshown);
			const {end} = this.log;
			if (this.#order) {
				this.#order.offer(offers);
			} else {
				this.log.appendAll(lines);
			}

			const bytes = this.#order ? bytesOf(lines) : this.log.end - end;
			shares?.take(sender!, bytes);
		}

		return refused;
	}

	/**
	 * Whether a whisper was delivered before. Its n is taken then, as it may have
	 * been taken back.
	 */
	isRepeatedWhisper(id: string, n: number): boolean {
		const isRepeated = this.#said.isWhispered(id, n);
		if (isRepeated) {
			this.#said.take(id, n);
		}

		return isRepeated;
	}

	/** Call when a whisper, which is not logged, is delivered. */
	takeWhisper(id: string, n: number): void {
		this.#said.takeWhisper(id, n);
	}
}
