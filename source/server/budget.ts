/**
 * What a room takes: messages and bytes a second of each peer, bytes a second of
 * all together, and how much of its log one sender may fill.
 *
 * Over what it takes a second, a peer is read later, and nothing is refused.
 */
import {Allowance} from '../connection/allowance.js';
import {SockchatError} from '../errors.js';
import {defaultKeptBytes} from '../history/history.js';
import {defaultRetainedBytes} from '../room/log.js';
import type {ShareOptions} from '../room/shares.js';

// A message of ordinary length; those of 16 KiB are a tenth of the rate.
const bytesPerMessage = 1024;

// However low the rate is, the longest frame passes in a second.
const leastPeerBytes = 64 * 1024;

// Several people may paste at the same time.
const peersAtOnce = 4;

// A log of some megabytes may be pasted at once.
const burstSeconds = 4;

// What Node reads of a socket at a time.
const readBytes = 64 * 1024;

// Well before a hello is overdue.
const longestNewcomerMs = 5000;

// To push out all that the others said takes three refills beside it.
const shareOfLog = 1 / 4;

const hourMs = 60 * 60 * 1000;

/** The past of a room in memory is one of hours, that of a history of days. */
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
	/** Messages a second of one peer. */
	readonly messages: number;
	/** Bytes a second of one peer. */
	readonly peerBytes: number;
	/** Bytes a second of all peers together. */
	readonly roomBytes: number;
	/** How many peers wait to be read again. */
	waiting = 0;
	readonly #room: Allowance;

	/**
	 * @param messages A second, of one peer; the bytes follow from it.
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

	/** The bytes of one peer. */
	bytesOfPeer(at: number): Allowance {
		return new Allowance(this.peerBytes, at, this.peerBytes * burstSeconds);
	}

	/**
	 * Counts what a peer sent for the room.
	 *
	 * @returns How many milliseconds that peer is not to be read. While the room
	 * is over its budget each peer gets an equal part of it, so that a short
	 * message waits a moment, however much the others send.
	 */
	takeForRoom(bytes: number, at: number): number {
		return this.#room.take(bytes, at) > 0 ? this.#partMs(bytes) : 0;
	}

	/**
	 * How long a newcomer waits to be heard: while the room is over its budget
	 * it pays for a read beforehand, or coming again and again would be free.
	 */
	newcomerMs(at: number): number {
		return this.#room.take(0, at) > 0
			? Math.min(longestNewcomerMs, this.#partMs(readBytes))
			: 0;
	}

	/** @returns What a peer is told that is not read for so long. */
	tooMuch(exceeded: Exceeded, waitMs: number): SockchatError {
		const limit = {
			messages: `${this.messages} messages a second from each peer`,
			bytes: `${this.peerBytes} bytes a second from each peer`,
			room: `${this.roomBytes} bytes a second from all its peers together`,
		}[exceeded];
		return new SockchatError(
			'ERR_RATE',
			`The room takes ${limit}, and more was sent. What you send is read again in ${Math.ceil(waitMs / 100) / 10} s, and more slowly until you send less; nothing is lost.`,
		);
	}

	#partMs(bytes: number): number {
		return Math.ceil((bytes * (this.waiting + 1) * 1000) / this.roomBytes);
	}
}
