/**
 * How much a peer may say: a bucket that fills up steadily, and holds a
 * second's worth where nothing else is said. A debt is allowed: a peer that
 * has taken too much is read later, by as long as the debt takes to be filled.
 */
export class Allowance {
	readonly #perSecond: number;
	readonly #atOnce: number;
	#left: number;
	#filledAt: number;

	/**
	 * @param at Milliseconds of a clock, always the same one.
	 * @param atOnce What it holds.
	 */
	constructor(perSecond: number, at: number, atOnce = perSecond) {
		this.#perSecond = perSecond;
		this.#atOnce = atOnce;
		this.#left = atOnce;
		this.#filledAt = at;
	}

	/** @returns How many milliseconds it is to wait now; 0 if none. */
	take(cost: number, at: number): number {
		this.#fill(at);
		this.#left -= cost;
		return this.#untilMs(0);
	}

	/**
	 * Takes it only if there is enough.
	 *
	 * @returns How many milliseconds until there is; 0 if it was taken.
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
