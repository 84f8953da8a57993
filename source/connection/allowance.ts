/**
 * How much a peer may say: a bucket that holds a second's worth and fills up
 * steadily. It never refuses; who has taken more than there was is to be
 * listened to later, by as long as the debt takes to be filled.
 */
export class Allowance {
	readonly #perSecond: number;
	#left: number;
	#filledAt: number;

	/** @param at Monotonic milliseconds. */
	constructor(perSecond: number, at: number) {
		this.#perSecond = perSecond;
		this.#left = perSecond;
		this.#filledAt = at;
	}

	/** @returns How many milliseconds it is to wait now; 0 if none. */
	take(cost: number, at: number): number {
		const filled = ((at - this.#filledAt) / 1000) * this.#perSecond;
		this.#left = Math.min(this.#perSecond, this.#left + filled) - cost;
		this.#filledAt = at;
		return Math.ceil((Math.max(0, -this.#left) / this.#perSecond) * 1000);
	}
}
