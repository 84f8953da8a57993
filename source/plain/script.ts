/** What a session without a screen does, step by step. */

export type Step = {
	readonly run: () => Promise<void>;
	/**
	 * What was asked for and isn't done, as a sentence without its full stop;
	 * undefined if nothing is left.
	 */
	readonly missing: () => string | undefined;
};

export class Script {
	readonly #steps: readonly Step[];

	constructor(steps: readonly Step[]) {
		this.#steps = steps;
	}

	async run(): Promise<void> {
		for (const {run} of this.#steps) {
			// eslint-disable-next-line no-await-in-loop -- one step after the other
			await run();
		}
	}

	/** The first thing that is missing. */
	missing(): string | undefined {
		for (const step of this.#steps) {
			const what = step.missing();
			if (what !== undefined) {
				return what;
			}
		}

		return undefined;
	}
}
