/**
 * A token bucket that may go into debt: it refills steadily, holds one second's
 * worth by default, and a peer that took too much waits until the debt is repaid.
 */
export class Allowance {
	readonly #perSecond: number;
	readonly #atOnce: number;
	#left: number;
	#filledAt: number;

	/**
	 * @param at Milliseconds, always of the same clock.
	 * @param atOnce The bucket's size.
	 */
	constructor(perSecond: number, at: number, atOnce = perSecond) {
		this.#perSecond = perSecond;
		this.#atOnce = atOnce;
		this.#left = atOnce;
		this.#filledAt = at;
	}

	/** @returns How many milliseconds to wait now; 0 if none. */
	take(cost: number, at: number): number {
		this.#fill(at);
		this.#left -= cost;
		return this.#untilMs(0);
	}

	/**
	 * Takes the cost only if there is enough.
	 *
	 * @returns Milliseconds until there is enough; 0 if it was taken.
	 */
	takeIfThere(cost: number, at: number): number {
		this.#fill(at);
		const waitMs = this.#untilMs(cost);
		this.#left -= waitMs === 0 ? cost : 0;
		return waitMs;
	}

	#untilMs(amount: number): number {
		return Math.ceil(
			(Math.max(0, amount - this.#left) / this.#perSecond) * 1000,
		);
	}

	#fill(at: number): void {
		// A wall clock may be set back.
		const seconds = Math.max(0, at - this.#filledAt) / 1000;
		this.#left = Math.min(this.#atOnce, this.#left + seconds * this.#perSecond);
		this.#filledAt = at;
	}
}
