/**
 * How much of the log each sender may fill: without a limit, one that says more
 * than the log keeps has pushed everybody else's past out of it.
 *
 * A share is there at once and fills up again with time. What is appended is
 * counted behind it, so the last of it may go over by one chunk; that is filled
 * up first.
 */
import {Allowance} from '../connection/allowance.js';
import {SockchatError} from '../errors.js';

export type ShareOptions = {
	/** What one sender may fill at once. */
	readonly bytes: number;
	/** How long it takes until as much is there again. */
	readonly refillMs: number;
};

// Senders beyond these have long had their share again, or are one with very
// many names, whom no share holds.
const maxRememberedSenders = 65_536;

const durationWords = (ms: number): string => {
	const seconds = Math.ceil(ms / 1000);
	const minutes = Math.ceil(seconds / 60);
	return seconds < 120
		? `${seconds} s`
		: minutes < 120
			? `${minutes} minutes`
			: `${Math.ceil(minutes / 60)} hours`;
};

const shareFilled = ({bytes, refillMs}: ShareOptions, waitMs: number) =>
	new SockchatError(
		'ERR_SHARE',
		`You have filled your share of what this room keeps: ${bytes} bytes, and as many again over ${durationWords(refillMs)}, so that others' messages stay. Say this again in ${durationWords(waitMs)}; its host can lift the limit with --rate off.`,
	);

export class Shares {
	readonly #options: ShareOptions;
	readonly #senders = new Map<string, Allowance>();
	/** A wall clock may be set back. */
	#at = 0;

	constructor(options: ShareOptions) {
		this.#options = options;
	}

	/**
	 * @param at Milliseconds since the epoch.
	 * @returns How many milliseconds a sender has to wait now; 0 if none.
	 */
	waitMs(sender: string, at: number): number {
		this.#at = Math.max(this.#at, at);
		return this.#senders.get(sender)?.take(0, this.#at) ?? 0;
	}

	/** @returns Why a sender can't say anything now, if it can't. */
	refusal(sender: string, at: number): SockchatError | undefined {
		const waitMs = this.waitMs(sender, at);
		return waitMs > 0 ? shareFilled(this.#options, waitMs) : undefined;
	}

	/** Counts what was appended, right behind a look at the share. */
	take(sender: string, bytes: number): void {
		let share = this.#senders.get(sender);
		if (!share) {
			const {bytes: atOnce, refillMs} = this.#options;
			share = new Allowance((atOnce / refillMs) * 1000, this.#at, atOnce);
			this.#senders.set(sender, share);
			if (this.#senders.size > maxRememberedSenders) {
				this.#senders.delete(this.#senders.keys().next().value!);
			}
		}

		share.take(bytes, this.#at);
	}
}
