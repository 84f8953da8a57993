/**
 * Who is there, from the first bytes of a peer. They are kept until that is
 * known, and then read as what they are.
 */
import {Buffer} from 'node:buffer';
import {sniff, type Sniffed} from '../protocol/dialect.js';
import {plainIdleMs} from '../protocol/frame.js';
import type {Clock} from '../socket/clock.js';

export type Known = Exclude<Sniffed, {readonly kind: 'undecided'}>;

const none = Buffer.alloc(0);

export class FirstBytes {
	readonly #clock: Clock;
	readonly #onKnown: (known: Known) => void;
	#bytes = none;
	#cancelIdle: (() => void) | undefined;

	constructor(clock: Clock, onKnown: (known: Known) => void) {
		this.#clock = clock;
		this.#onKnown = onKnown;
	}

	/** Whether any have come, and nobody knows yet whose. */
	get isWaiting(): boolean {
		return this.#bytes.length > 0;
	}

	push(chunk: Buffer): void {
		this.stop();
		this.#bytes = Buffer.concat([this.#bytes, chunk]);
		const sniffed = sniff(this.#bytes);
		if (sniffed.kind !== 'undecided') {
			this.#onKnown(sniffed);
		} else if (!sniffed.isHelloPossible) {
			this.#cancelIdle = this.#clock.setTimer(() => {
				this.#onKnown({kind: 'plain'});
			}, plainIdleMs);
		}
	}

	/** Hands them over: who is there is known. */
	take(): Buffer {
		const bytes = this.#bytes;
		this.#bytes = none;
		return bytes;
	}

	/** No timer may be left. */
	stop(): void {
		this.#cancelIdle?.();
	}
}
