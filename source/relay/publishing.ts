/**
 * Sends what was offered, a burst at a time and in order.
 *
 * After any failure it is unknown what the stream has of it. So nothing more is
 * sent until all that the stream has was read; what has not come back by then
 * is sent again. Within one burst the engine keeps the order, and the next waits
 * for its ack.
 */
import {SockchatError} from '../errors.js';
import {trace} from '../trace.js';
import {requestTimeoutMs, type Session} from './session.js';
import {publishUnanswered} from './failures.js';
import type {GivingUp} from './giving-up.js';
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
	readonly outgoing: Outgoing;
	readonly merging: Merging;
	readonly givingUp: GivingUp;
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
		const isFirst = !this.#isCareful;
		this.#isUnsure = true;
		this.#isCareful = true;
		if (
			isFirst &&
			error instanceof SockchatError &&
			error.code === 'ERR_TEXT_TOO_LONG'
		) {
			// The stream has a new limit: we look before we send anything again.
			return;
		}

		this.#retryAt = this.#options.now() + retryMs;
		this.#hasTrouble = true;
		this.#options.onTrouble(
			error instanceof SockchatError
				? error
				: publishUnanswered(
						this.#options.url,
						requestTimeoutMs,
						error as Error,
					),
		);
	}

	/** @returns Whether there may be more to send now. */
	async #publishBurst(session: Session): Promise<boolean> {
		const {outgoing, merging, givingUp} = this.#options;
		if (outgoing.size === 0) {
			this.#endTrouble();
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
			givingUp.dropOutdated(merging.roster);
			await givingUp.dropLate(session);
			outgoing.resend();
		}

		if (this.#inFlight >= inFlightCount) {
			return false;
		}

		const taken = outgoing.take(burstCount, burstBytes);
		if (taken.length === 0) {
			return false;
		}

		const burst = taken.filter(
			waiting => !givingUp.isTooLong(session, waiting),
		);
		if (burst.length === 0) {
			return true;
		}

		const {seq, repeats} = await session.publish(burst, this.#isCareful);
		if (session !== this.#session) {
			return false;
		}

		for (const [waiting, at] of repeats) {
			// What was read up to there didn't have it any more.
			if (at < merging.next && outgoing.has(waiting.key)) {
				givingUp.dropped(waiting);
			}
		}

		this.#isCareful = false;
		this.#acked.push({seq, burst});
		this.#endTrouble();
		return true;
	}

	#endTrouble(): void {
		if (this.#hasTrouble) {
			this.#hasTrouble = false;
			this.#options.onTrouble(undefined);
		}
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
}
