/** When `--retry` dials again, and how it says why. */
import {backoffMs, healthyAfterMs} from '../connection/backoff.js';

// Unlike a room's, it doesn't begin at zero: a service that drops whoever
// connects would be dialled twice at once.
const leastShare = 0.25;

/** That the other side ended the connection, of its own accord. */
export const endedWords = (hasFin: boolean): string =>
	`The other side ended the connection${hasFin ? ' (FIN)' : ''}.`;

/** @param random From 0 up to, but not including, 1. */
export const redialShare = (random: number): number =>
	leastShare + (1 - leastShare) * random;

export class Redial {
	readonly #random: () => number;
	#attempt = 0;

	constructor(random: () => number = Math.random) {
		this.#random = random;
	}

	/**
	 * How long to wait after a connection, or an attempt at one, has ended.
	 *
	 * @param openMs How long it was open; 0 if it never was.
	 */
	nextMs(openMs: number): number {
		this.#attempt = openMs >= healthyAfterMs ? 1 : this.#attempt + 1;
		return backoffMs(this.#attempt, redialShare(this.#random()));
	}
}
