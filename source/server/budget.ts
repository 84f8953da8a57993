/**
 * The limits of a room: messages and bytes per second per peer, bytes per second
 * of all peers, and the share of the log that one sender may fill.
 *
 * A peer over its rate is read later; nothing is refused.
 */
import {Allowance} from '../connection/allowance.js';
import {SockchatError} from '../errors.js';
import {defaultKeptBytes} from '../history/history.js';
import {defaultRetainedBytes} from '../room/log.js';
import type {ShareOptions} from '../room/shares.js';

// The length of an ordinary message. Texts of 16 KiB get a sixteenth of the rate.
const bytesPerMessage = 1024;

// However low the rate, the longest frame passes within a second.
const leastPeerBytes = 64 * 1024;

// Several people may paste at once.
const peersAtOnce = 4;

// Somebody may paste a log of some megabytes.
const burstSeconds = 4;

// What Node reads from a socket at a time.
const readBytes = 64 * 1024;

// Well below the hello's time-out.
const longestNewcomerMs = 5000;

// To push everybody else's messages out of the log takes three refills more.
const shareOfLog = 1 / 4;

const hourMs = 60 * 60 * 1000;

/** A log in memory holds hours, a history days; a share refills accordingly. */
export const shareOf = (
	rate: number | 'off',
	hasHistory: boolean,
): ShareOptions | undefined => {
	if (rate === 'off') {
		return undefined;
	}

	return hasHistory
		? {bytes: defaultKeptBytes * shareOfLog, refillMs: 24 * hourMs}
		: {bytes: defaultRetainedBytes * shareOfLog, refillMs: hourMs};
};

export type Exceeded = 'messages' | 'bytes' | 'room';

export class Budget {
	/** Per second per peer. */
	readonly messages: number;
	/** Per second per peer. */
	readonly peerBytes: number;
	/** Per second, all peers together. */
	readonly roomBytes: number;
	/** How many peers are waiting to be read again. */
	waiting = 0;
	readonly #room: Allowance;

	/**
	 * @param messages Per second per peer; the bytes follow from it.
	 * @param at Monotonic milliseconds.
	 */
	constructor(messages: number, at: number) {
		this.messages = messages;
		this.peerBytes = Math.max(messages * bytesPerMessage, leastPeerBytes);
		this.roomBytes = this.peerBytes * peersAtOnce;
		this.#room = new Allowance(
			this.roomBytes,
			at,
			this.roomBytes * burstSeconds,
		);
	}

	bytesOfPeer(at: number): Allowance {
		return new Allowance(this.peerBytes, at, this.peerBytes * burstSeconds);
	}

	/**
	 * Counts a peer's bytes against the room's budget.
	 *
	 * @returns For how many milliseconds not to read that peer. While the room is
	 * over its budget, each peer gets an equal part of it: a short message waits
	 * only a moment, however much the others send.
	 */
	takeForRoom(bytes: number, at: number): number {
		return this.#room.take(bytes, at) > 0 ? this.#partMs(bytes) : 0;
	}

	/**
	 * How long not to read a newcomer. While the room is over its budget it pays
	 * for one read in advance; otherwise reconnecting would be free.
	 */
	newcomerMs(at: number): number {
		return this.#room.take(0, at) > 0
			? Math.min(longestNewcomerMs, this.#partMs(readBytes))
			: 0;
	}

	/** The error for a peer that is not read for so long. */
	overRate(exceeded: Exceeded, waitMs: number): SockchatError {
		const limit = {
			messages: `${this.messages} messages per second per peer`,
			bytes: `${this.peerBytes} bytes per second per peer`,
			room: `${this.roomBytes} bytes per second from all peers together`,
		}[exceeded];
		return new SockchatError(
			'ERR_RATE',
			`The room accepts ${limit}, and more was sent. It reads you again in ${Math.ceil(waitMs / 100) / 10} s, and more slowly until you send less. Nothing is lost.`,
		);
	}

	#partMs(bytes: number): number {
		return Math.ceil((bytes * (this.waiting + 1) * 1000) / this.roomBytes);
	}
}
