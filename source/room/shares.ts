/**
 * How much of the log each sender may fill: without a limit, one sender could push
 * everybody else's messages out of it.
 *
 * A share is available at once and refills with time. Bytes are counted after
 * they are appended, so a sender may exceed its share by one chunk; that debt is
 * repaid first.
 */
import {Allowance} from '../connection/allowance.js';
import {SockchatError} from '../errors.js';

export type ShareOptions = {
	/** How many bytes one sender may fill at once. */
	readonly bytes: number;
	/** How long an empty share takes to refill. */
	readonly refillMs: number;
};

// A sender forgotten beyond these has long since refilled its share, or is one
// with very many identities, which no share can stop.
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

/** The sender of all plain peers: they have no lasting identity. */
export const plainPeers = 'plain peers';

const shareFilled = (
	sender: string,
	{bytes, refillMs}: ShareOptions,
	waitMs: number,
) =>
	new SockchatError(
		'ERR_SHARE',
		`${sender === plainPeers ? "Plain peers have filled the share of the room's log that they have together" : "You have filled your share of the room's log"}: ${bytes} bytes, refilled over ${durationWords(refillMs)}, to keep room for others. Send this again in ${durationWords(waitMs)}; the host can lift the limit with --rate off.`,
	);

export class Shares {
	readonly #options: ShareOptions;
	readonly #senders = new Map<string, Allowance>();
	/** The latest time seen: a wall clock may be set back. */
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

	/** @returns Why a sender can't send now; undefined if it can. */
	refusal(sender: string, at: number): SockchatError | undefined {
		const waitMs = this.waitMs(sender, at);
		return waitMs > 0 ? shareFilled(sender, this.#options, waitMs) : undefined;
	}

	/** Counts appended bytes; call it right after `refusal` or `waitMs`. */
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
