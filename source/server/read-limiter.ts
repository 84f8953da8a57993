/**
 * Slows a peer down by not reading it. What is not read waits in the kernel,
 * then at the peer; nothing is dropped.
 */
import type {Duplex} from 'node:stream';
import {Allowance} from '../connection/allowance.js';
import type {SockchatError} from '../errors.js';
import type {Clock} from '../socket/clock.js';
import type {Budget, Exceeded} from './budget.js';

/**
 * Why a peer is not read: a person paused it, it doesn't read its answers, the
 * disk is slow, it is over its rate, or it sends on after our bye.
 */
export type PauseReason = 'asked' | 'unread' | 'disk' | 'rate' | 'ended';

export type LimitedPeer = {
	readonly duplex: Duplex;
	/** @returns Whether it could be sent: not before the peer is a member. */
	readonly reportSlowed: (error: SockchatError) => boolean;
};

const none: readonly PauseReason[] = [];

// A peer that stays over its rate is sent the error this often.
const reportAgainMs = 10_000;

export class ReadLimiter {
	readonly #peer: LimitedPeer;
	readonly #clock: Clock;
	/** Undefined for no limit. */
	readonly #budget: Budget | undefined;
	readonly #messages: Allowance | undefined;
	readonly #bytes: Allowance | undefined;
	// Nearly always empty: a Set for each of 10,000 peers would take 2 MB.
	#reasons: readonly PauseReason[] = none;
	/** The earliest time to read on; monotonic milliseconds. */
	#readAt = 0;
	#reportedAt: number | undefined;
	#cancelRate: (() => void) | undefined;

	/** @param budget Undefined for no limit. */
	constructor(peer: LimitedPeer, clock: Clock, budget: Budget | undefined) {
		this.#peer = peer;
		this.#clock = clock;
		this.#budget = budget;
		if (budget) {
			const at = clock.monotonicMs();
			this.#messages = new Allowance(budget.messages, at);
			this.#bytes = budget.bytesOfPeer(at);
		}
	}

	/** Whether it is not read, for whatever reason. */
	get isPaused(): boolean {
		return this.#reasons.length > 0;
	}

	/** Whether a person paused it. */
	get isPausedByHand(): boolean {
		return this.#reasons.includes('asked');
	}

	pause(reason: PauseReason): void {
		if (!this.#reasons.includes(reason)) {
			this.#reasons = [...this.#reasons, reason];
		}

		this.#peer.duplex.pause();
	}

	resume(reason: PauseReason): void {
		if (!this.#reasons.includes(reason)) {
			return;
		}

		this.#reasons = this.#reasons.filter(each => each !== reason);
		if (this.#reasons.length === 0) {
			this.#peer.duplex.resume();
		}
	}

	/** While the room is over its budget, a newcomer waits to be read. */
	delayNewcomer(): void {
		const waitMs = this.#budget?.newcomerMs(this.#clock.monotonicMs()) ?? 0;
		if (waitMs > 0) {
			this.#slow(waitMs, 'room');
		}
	}

	/** Counts a chunk that was read. */
	countBytes(bytes: number): void {
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

	/** Counts frames or lines. */
	countMessages(count = 1): void {
		const waitMs = this.#messages?.take(count, this.#clock.monotonicMs()) ?? 0;
		if (waitMs > 0) {
			this.#slow(waitMs, 'messages');
		}
	}

	/** Leaves no timer: the socket is gone. */
	stop(): void {
		this.#endWait();
	}

	/** Reads it later. A longer wait may follow from what was read meanwhile. */
	#slow(waitMs: number, exceeded: Exceeded): void {
		const budget = this.#budget!;
		const at = this.#clock.monotonicMs();
		this.#readAt = Math.max(this.#readAt, at + waitMs);
		if (this.#cancelRate) {
			return;
		}

		budget.waiting++;
		this.pause('rate');
		this.#wait(waitMs);
		if (at - (this.#reportedAt ?? -Infinity) >= reportAgainMs) {
			const isReported = this.#peer.reportSlowed(
				budget.overRate(exceeded, waitMs),
			);
			this.#reportedAt = isReported ? at : undefined;
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
				this.resume('rate');
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
