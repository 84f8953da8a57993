/** `--idle` and `--replies` where chunks are events: what ends a raw chat early. */
import type {ChatEvent} from '../event/event.js';
import type {Limits} from '../raw/pipe.js';
import type {Clock} from '../socket/clock.js';

export class RawLimits {
	/** How many replies have yet to come. */
	missingReplies: number;
	readonly #limits: Limits;
	readonly #clock: Clock;
	readonly #onEnd: () => void;
	#movedAt: number | undefined;
	#cancel = () => {};

	/** @param onEnd Called once: nothing more is wanted. */
	constructor(limits: Limits, clock: Clock, onEnd: () => void) {
		this.#limits = limits;
		this.#clock = clock;
		this.#onEnd = onEnd;
		this.missingReplies = limits.replies ?? 0;
	}

	see(event: ChatEvent): void {
		const isOpen =
			event.type === 'accepted' ||
			(event.type === 'connection' && event.connection.phase === 'open');
		if (isOpen || event.type === 'chunk') {
			this.#touch();
		}

		if (event.type === 'chunk' && event.direction === 'in') {
			this.missingReplies--;
			if (this.missingReplies === 0) {
				this.#end();
			}
		}
	}

	stop(): void {
		this.#cancel();
	}

	#end(): void {
		this.#cancel();
		this.#onEnd();
	}

	/** One timer for all chunks: it looks when the last of them came. */
	#touch(): void {
		const {idleMs} = this.#limits;
		const isFirst = this.#movedAt === undefined;
		this.#movedAt = this.#clock.monotonicMs();
		if (isFirst && idleMs !== undefined) {
			this.#arm(idleMs, idleMs);
		}
	}

	#arm(idleMs: number, inMs: number): void {
		this.#cancel = this.#clock.setTimer(() => {
			const leftMs = this.#movedAt! + idleMs - this.#clock.monotonicMs();
			if (leftMs > 0) {
				this.#arm(idleMs, leftMs);
			} else {
				this.#end();
			}
		}, inMs);
	}
}
