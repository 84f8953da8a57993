/**
 * Whether a peer is read, and how much it may say: what is not read waits in
 * the kernel, then at the peer, so that nothing is ever dropped.
 */
import type {Duplex} from 'node:stream';
import {Allowance} from '../connection/allowance.js';
import type {Clock} from '../socket/clock.js';

/**
 * Why a peer is not read: somebody asked for it, it doesn't read what it is
 * told, the disk is behind what was said, it says too much, or it goes on
 * behind our bye.
 */
export type Hold = 'asked' | 'unread' | 'disk' | 'rate' | 'ended';

const none: readonly Hold[] = [];

export class Intake {
	readonly #duplex: Duplex;
	readonly #clock: Clock;
	// Nearly always empty; a Set for each of 10,000 peers is 2 MB.
	#holds: readonly Hold[] = none;
	/** Undefined where it may say as much as it likes. */
	readonly #allowance: Allowance | undefined;
	#cancelRate: (() => void) | undefined;

	/** @param rate Frames or lines a second; undefined for no limit. */
	constructor(duplex: Duplex, clock: Clock, rate: number | undefined) {
		this.#duplex = duplex;
		this.#clock = clock;
		this.#allowance =
			rate === undefined ? undefined : new Allowance(rate, clock.monotonicMs());
	}

	/** Not read, because somebody asked for it. */
	get isPaused(): boolean {
		return this.#holds.includes('asked');
	}

	/** It may have said much: it is we who don't read it. */
	get isHeld(): boolean {
		return this.#holds.length > 0;
	}

	hold(why: Hold): void {
		if (!this.#holds.includes(why)) {
			this.#holds = [...this.#holds, why];
		}

		this.#duplex.pause();
	}

	release(why: Hold): void {
		if (!this.#holds.includes(why)) {
			return;
		}

		this.#holds = this.#holds.filter(hold => hold !== why);
		if (this.#holds.length === 0) {
			this.#duplex.resume();
		}
	}

	/** Counts what it says; over its rate it is read later. */
	spend(cost = 1): void {
		const waitMs = this.#allowance?.take(cost, this.#clock.monotonicMs()) ?? 0;
		if (waitMs === 0 || this.#cancelRate) {
			return;
		}

		this.hold('rate');
		this.#cancelRate = this.#clock.setTimer(() => {
			this.#cancelRate = undefined;
			// What it had said by then counts too.
			this.spend(0);
			if (!this.#cancelRate) {
				this.release('rate');
			}
		}, waitMs);
	}

	/** The socket is gone: no timer may be left. */
	stop(): void {
		this.#cancelRate?.();
	}
}
