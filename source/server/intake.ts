/**
 * Whether a peer is read, and how much it may say: what is not read waits in
 * the kernel, then at the peer, so that nothing is ever dropped.
 */
import type {Duplex} from 'node:stream';
import {Allowance} from '../connection/allowance.js';
import type {SockchatError} from '../errors.js';
import type {Clock} from '../socket/clock.js';
import type {Budget, Exceeded} from './budget.js';

/**
 * Why a peer is not read: somebody asked for it, it doesn't read what it is
 * told, the disk is behind what was said, it says too much, or it goes on
 * behind our bye.
 */
export type Hold = 'asked' | 'unread' | 'disk' | 'rate' | 'ended';

/** Whose intake it is. */
export type IntakeOwner = {
	readonly duplex: Duplex;
	/** @returns Whether the peer could be told: it may have to say hello yet. */
	readonly tellSlowed: (error: SockchatError) => boolean;
};

const none: readonly Hold[] = [];

// A peer that goes on and on is told this often.
const tellAgainMs = 10_000;

export class Intake {
	readonly #owner: IntakeOwner;
	readonly #clock: Clock;
	/** Undefined where it may say as much as it likes. */
	readonly #budget: Budget | undefined;
	readonly #messages: Allowance | undefined;
	readonly #bytes: Allowance | undefined;
	// Nearly always empty; a Set for each of 10,000 peers is 2 MB.
	#holds: readonly Hold[] = none;
	/** Not before; monotonic milliseconds. */
	#readAt = 0;
	#toldAt: number | undefined;
	#cancelRate: (() => void) | undefined;

	/** @param budget Undefined for no limit. */
	constructor(owner: IntakeOwner, clock: Clock, budget: Budget | undefined) {
		this.#owner = owner;
		this.#clock = clock;
		this.#budget = budget;
		if (budget) {
			const at = clock.monotonicMs();
			this.#messages = new Allowance(budget.messages, at);
			this.#bytes = budget.bytesOfPeer(at);
		}
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

		this.#owner.duplex.pause();
	}

	release(why: Hold): void {
		if (!this.#holds.includes(why)) {
			return;
		}

		this.#holds = this.#holds.filter(hold => hold !== why);
		if (this.#holds.length === 0) {
			this.#owner.duplex.resume();
		}
	}

	/** It has just come: while too much is said, it waits for its turn. */
	queue(): void {
		const waitMs = this.#budget?.newcomerMs(this.#clock.monotonicMs()) ?? 0;
		if (waitMs > 0) {
			this.#slow(waitMs, 'room');
		}
	}

	/** Counts the bytes of a chunk as it was read. */
	hear(bytes: number): void {
		const budget = this.#budget;
		if (!budget) {
			return;
		}

		const at = this.#clock.monotonicMs();
		const ownMs = this.#bytes!.take(bytes, at);
		const roomMs = budget.takeForRoom(bytes, at);
		if (ownMs > 0 || roomMs > 0) {
			this.#slow(Math.max(ownMs, roomMs), ownMs > roomMs ? 'bytes' : 'room');
		}
	}

	/** Counts the frames or lines that it says. */
	spend(cost = 1): void {
		const waitMs = this.#messages?.take(cost, this.#clock.monotonicMs()) ?? 0;
		if (waitMs > 0) {
			this.#slow(waitMs, 'messages');
		}
	}

	/** The socket is gone: no timer may be left. */
	stop(): void {
		this.#endWait();
	}

	/** It is read later, and what it had sent by then counts too. */
	#slow(waitMs: number, exceeded: Exceeded): void {
		const budget = this.#budget!;
		const at = this.#clock.monotonicMs();
		this.#readAt = Math.max(this.#readAt, at + waitMs);
		if (this.#cancelRate) {
			return;
		}

		budget.waiting++;
		this.hold('rate');
		this.#wait(waitMs);
		if (at - (this.#toldAt ?? -Infinity) >= tellAgainMs) {
			const isTold = this.#owner.tellSlowed(budget.tooMuch(exceeded, waitMs));
			this.#toldAt = isTold ? at : undefined;
		}
	}

	#wait(waitMs: number): void {
		this.#cancelRate = this.#clock.setTimer(() => {
			const at = this.#clock.monotonicMs();
			const restMs = this.#readAt - at;
			if (restMs > 0) {
				this.#wait(restMs);
			} else {
				this.#endWait();
				this.release('rate');
			}
		}, waitMs);
	}

	#endWait(): void {
		if (this.#cancelRate) {
			this.#cancelRate();
			this.#cancelRate = undefined;
			this.#budget!.waiting--;
		}
	}
}
