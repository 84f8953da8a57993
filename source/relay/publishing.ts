/**
 * Sends what was offered, a burst at a time and in order.
 *
 * After any failure it is unknown what the stream has of it. So nothing more is
 * sent until all that the stream has was read; what has not come back by then
 * is sent again. Within one burst the engine keeps the order, and the next waits
 * for its ack.
 */
import {SockchatError} from '../errors.js';
import type {RelaySite} from '../room/relay.js';
import {trace} from '../trace.js';
import type {Session} from './session.js';
import {jetStreamSilent, notDelivered} from './failures.js';
import type {Keeping} from './keeping.js';
import type {Merging} from './merging.js';
import type {Outgoing, Waiting} from './outgoing.js';

// A burst is what the engine may store of it before we know of a failure.
const burstCount = 512;
const burstBytes = 512 * 1024;

// What has been sent and has not come back yet.
const inFlightCount = 8 * burstCount;

const retryMs = 1000;

export type PublishingOptions = {
	/** The engine's, for people. */
	readonly url: string;
	readonly site: Pick<RelaySite, 'room' | 'refuse'>;
	readonly outgoing: Outgoing;
	readonly merging: Merging;
	readonly keeping: Keeping;
	/** Monotonic milliseconds. */
	readonly now: () => number;
	/** The engine takes nothing for this reason; undefined once it does again. */
	readonly onTrouble: (trouble: SockchatError | undefined) => void;
};

/** A burst that the engine has, by its ack. */
type Acked = {readonly seq: number; readonly burst: readonly Waiting[]};

export class Publishing {
	readonly #options: PublishingOptions;
	/** Undefined while the log isn't whole. */
	#session: Session | undefined;
	#isRunning = false;
	/** Part of what was sent may be lost. */
	#isUnsure = false;
	/** Each entry asks for an ack, to learn which the engine refuses. */
	#isCareful = false;
	#hasTrouble = false;
	#retryAt = 0;
	#acked: Acked[] = [];

	constructor(options: PublishingOptions) {
		this.#options = options;
	}

	/** The log has all that the stream has. */
	begin(session: Session): void {
		this.#session = session;
		this.#isRunning = false;
		this.#isUnsure = true;
		this.#retryAt = 0;
		this.#acked = [];
		this.post();
	}

	end(): void {
		this.#session = undefined;
	}

	/** Something was offered, or has come back. */
	post(): void {
		this.#confirm();
		const {now} = this.#options;
		const session = this.#session;
		if (session && !this.#isRunning && now() >= this.#retryAt) {
			this.#isRunning = true;
			void this.#run(session);
		}
	}

	async #run(session: Session): Promise<void> {
		const isOver = () => session !== this.#session;
		try {
			let hasMore = true;
			while (hasMore && !isOver()) {
				// eslint-disable-next-line no-await-in-loop -- a burst at a time
				hasMore = await this.#publishBurst(session);
				this.#confirm();
			}
		} catch (error) {
			trace('relay: %o', error);
			if (!isOver()) {
				this.#fail(error);
			}
		}

		if (!isOver()) {
			this.#isRunning = false;
		}
	}

	#fail(error: unknown): void {
		this.#isUnsure = true;
		this.#isCareful = true;
		this.#retryAt = this.#options.now() + retryMs;
		this.#hasTrouble = true;
		this.#options.onTrouble(
			error instanceof SockchatError
				? error
				: jetStreamSilent(this.#options.url, error as Error),
		);
	}

	/** @returns Whether there may be more to send now. */
	async #publishBurst(session: Session): Promise<boolean> {
		const {outgoing, merging, onTrouble} = this.#options;
		if (outgoing.size === 0) {
			return false;
		}

		if (this.#isUnsure) {
			await session.look();
			if (merging.next <= session.lastSeq) {
				// What was sent may be there. Once it is read, we are called again.
				return false;
			}

			this.#isUnsure = false;
			this.#acked = [];
			this.#dropLate();
			outgoing.resend();
		}

		if (this.#inFlight >= inFlightCount) {
			return false;
		}

		const taken = outgoing.take(burstCount, burstBytes);
		if (taken.length === 0) {
			return false;
		}

		const burst = taken.filter(waiting => !this.#refuse(session, waiting));
		if (burst.length === 0) {
			return true;
		}

		const seq = await session.publish(burst, this.#isCareful);
		if (session !== this.#session) {
			return false;
		}

		this.#isCareful = false;
		this.#acked.push({seq, burst});
		if (this.#hasTrouble) {
			this.#hasTrouble = false;
			onTrouble(undefined);
		}

		return true;
	}

	/** @returns Whether it can't go out, so that it waits no longer. */
	#refuse(session: Session, {key, id, n, text}: Waiting): boolean {
		const error = session.refusal(text);
		if (!error) {
			return false;
		}

		const {site, outgoing, keeping} = this.#options;
		outgoing.remove(key);
		keeping.settle([key]);
		site.refuse(id, n, error);
		return true;
	}

	get #inFlight(): number {
		let count = 0;
		for (const {burst} of this.#acked) {
			count += burst.length;
		}

		return count;
	}

	/** A burst whose last entry was read has come back, or a part of it is lost. */
	#confirm(): void {
		const {outgoing, merging} = this.#options;
		while ((this.#acked[0]?.seq ?? Infinity) < merging.next) {
			const {burst} = this.#acked.shift()!;
			const isLost = burst.some(({key}) => outgoing.has(key));
			this.#isUnsure ||= isLost;
			this.#isCareful ||= isLost;
		}
	}

	/**
	 * Messages that would be taken for repeats, as the log has a later one of the
	 * same client. Either the engine refused one and took the next, or the client
	 * left them here and has spoken on another server since.
	 */
	#dropLate(): void {
		const {site, outgoing, keeping} = this.#options;
		const {room, refuse} = site;
		const isLogged = (id: string, n: number) => room.isLogged(id, n);
		for (const {id, n, key} of outgoing.late(isLogged)) {
			if (!room.has(id)) {
				continue;
			}

			outgoing.remove(key);
			keeping.settle([key]);
			refuse(
				id,
				n,
				notDelivered(
					'The relay took later messages and not this one. Say it again.',
				),
			);
		}

		const renumbered = outgoing.renumber(isLogged);
		if (renumbered.length > 0) {
			keeping.settle(renumbered);
			void keeping.keep();
		}
	}
}
