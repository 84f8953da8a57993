/**
 * Work that is done in rounds, one at a time.
 *
 * Whatever is asked for while a round runs is done in the next one, and however
 * often it is asked for, that is one round. Nothing here remembers that a round
 * runs, which it could go on doing when none does any more: a round begins once
 * the one before it has settled, whether that had anything to do, and whether
 * it failed.
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
