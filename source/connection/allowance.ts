/**
 * How much a peer may say: a bucket that fills up steadily, and holds a
 * second's worth where nothing else is said. It never refuses; who has taken
 * more than there was is to be listened to later, by as long as the debt takes
 * to be filled.
 */
export class Allowance {
	readonly #perSecond: number;
	readonly #atOnce: number;
	#left: number;
	#filledAt: number;

	/**
	 * @param at Monotonic milliseconds.
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
		const filled = ((at - this.#filledAt) / 1000) * this.#perSecond;
		this.#left = Math.min(this.#atOnce, this.#left + filled) - cost;
		this.#filledAt = at;
		return Math.ceil((Math.max(0, -this.#left) / this.#perSecond) * 1000);
	}
}
