/**
 * Work in rounds, one at a time.
 *
 * Requests made while a round runs share the next one. There is no 'running'
 * flag that could stay set: a round begins once the one before it has settled,
 * even if that had nothing to do, or failed.
 */
export class Rounds {
	readonly #round: () => Promise<void>;
	#last: Promise<void> = Promise.resolve();
	/** Whether `#last` has yet to begin. */
	#isNextDue = false;

	constructor(round: () => Promise<void>) {
		this.#round = round;
	}

	/**
	 * Asks for a round that begins after this call.
	 *
	 * @returns Settles with it; rejects with what it threw.
	 */
	async request(): Promise<void> {
		if (!this.#isNextDue) {
			this.#isNextDue = true;
			this.#last = this.#after(this.#last);
		}

		return this.#last;
	}

	async #after(before: Promise<void>): Promise<void> {
		// A failure is for those who asked for that round.
		await Promise.allSettled([before]);
		this.#isNextDue = false;
		await this.#round();
	}
}
