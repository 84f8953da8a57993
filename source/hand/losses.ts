/**
 * What was to be sent, and was not when its connection ended: that is said at
 * once, and again as one leaves.
 */
import type {Buffer} from 'node:buffer';
import {bytesOf, SockchatError} from '../errors.js';
import type {Track} from '../raw/peer-name.js';

/** Of one connection. */
type Waiting = {writes: number; lostBytes: number};

const lostTo = (peer: string | undefined, bytes: number): string => {
	const to = peer === undefined ? '' : ` to ${peer}`;
	return `Not all was sent${to}: the connection ended amid ${bytesOf(bytes)}, a part of which may have arrived.`;
};

export class Losses {
	readonly #say: (sentence: string) => void;
	readonly #waiting = new Map<string | undefined, Waiting>();
	#count = 0;
	#last = '';
	#onSettled = () => {};

	/** @param say Called once all that waited for a connection is lost or taken. */
	constructor(say: (sentence: string) => void) {
		this.#say = say;
	}

	/** Follows a write to each connection that gets it. */
	track({length}: Buffer): Track {
		return peer => {
			const waiting = this.#waiting.get(peer) ?? {writes: 0, lostBytes: 0};
			this.#waiting.set(peer, waiting);
			waiting.writes++;
			return isTaken => {
				waiting.writes--;
				waiting.lostBytes += isTaken ? 0 : length;
				if (waiting.writes === 0) {
					this.#settle(peer, waiting.lostBytes);
				}
			};
		};
	}

	/** Something else was lost, and is said elsewhere. */
	note(sentence: string): void {
		this.#count++;
		this.#last = sentence;
	}

	/** Settles once nothing waits any more: with what was lost, if anything. */
	async settled(): Promise<SockchatError | undefined> {
		if (this.#waiting.size > 0) {
			await new Promise<void>(resolve => {
				this.#onSettled = resolve;
			});
		}

		if (this.#count === 0) {
			return undefined;
		}

		return new SockchatError(
			'ERR_NOT_SENT',
			this.#count === 1
				? this.#last
				: `${this.#count} times a connection ended before all was sent.`,
		);
	}

	#settle(peer: string | undefined, lostBytes: number): void {
		this.#waiting.delete(peer);
		if (lostBytes > 0) {
			const sentence = lostTo(peer, lostBytes);
			this.note(sentence);
			this.#say(sentence);
		}

		if (this.#waiting.size === 0) {
			this.#onSettled();
		}
	}
}
