/**
 * What the other side said since the last match, as text, for expressions to be
 * looked for in.
 *
 * The other side decides how long it is and how it is cut, so: the last 1 MiB of
 * characters is kept; one search may take a second, after which the expression
 * is at fault; and searches take at most half of the time, however bytes trickle
 * in.
 */
import {ByteText} from '../protocol/byte-text.js';
import {firstMatchInTime, matchInTime} from '../protocol/matching.js';
import {systemClock} from '../socket/clock.js';

export const maxHeardCharacters = 1024 * 1024;

// Shorter ones aren't worth a timer: most searches take microseconds.
const shortestPauseMs = 10;

/** How much of the time searches take, of one peer or of several. */
export class SearchPace {
	#restUntil = 0;

	/** How long the next search has to wait; 0 if it may begin. */
	get waitMs(): number {
		const restMs = this.#restUntil - systemClock.monotonicMs();
		return restMs < shortestPauseMs ? 0 : restMs;
	}

	/** A pause as long as the search was is added to those that are due. */
	note(startedAt: number): void {
		const endedAt = systemClock.monotonicMs();
		this.#restUntil =
			Math.max(this.#restUntil, endedAt) + (endedAt - startedAt);
	}
}

export class Heard {
	#text = '';
	readonly #decoder = new ByteText();
	readonly #pace: SearchPace;

	constructor(pace = new SearchPace()) {
		this.#pace = pace;
	}

	/** How long the next search has to wait; 0 if it may begin. */
	get waitMs(): number {
		return this.#pace.waitMs;
	}

	get text(): string {
		return this.#text;
	}

	push(bytes: Uint8Array): void {
		this.#append(this.#decoder.push(bytes));
	}

	/** No more comes: the start of a character never becomes one. */
	end(): void {
		this.#append(this.#decoder.takeRest());
	}

	/**
	 * Looks for an expression; what was before the end of its match is dropped.
	 *
	 * @returns Whether it is there; `late` if it takes too long to say.
	 */
	find(pattern: RegExp): boolean | 'late' {
		const found = this.#take(() => matchInTime(pattern, this.#text));
		return found === 'late' ? found : found !== undefined;
	}

	/**
	 * Looks for the earliest match of several expressions that has a character.
	 *
	 * @param patterns With the flag `g`.
	 * @returns Which it is; undefined if there is none yet.
	 */
	findFirst(patterns: readonly RegExp[]): number | 'late' | undefined {
		const found = this.#take(() => firstMatchInTime(patterns, this.#text));
		return found === 'late' ? found : found?.index;
	}

	/** Searches, and drops what was before the end of the match. */
	#take<Found extends {readonly end: number}>(
		search: () => Found | 'late' | undefined,
	): Found | 'late' | undefined {
		if (this.#text === '') {
			return undefined;
		}

		const startedAt = systemClock.monotonicMs();
		const found = search();
		this.#pace.note(startedAt);
		if (found !== undefined && found !== 'late') {
			this.#text = this.#text.slice(found.end);
		}

		return found;
	}

	#append(text: string): void {
		this.#text = (this.#text + text).slice(-maxHeardCharacters);
	}
}
