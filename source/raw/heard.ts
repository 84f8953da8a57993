/**
 * What the other side said since the last match, as text, for expressions to be
 * looked for in.
 *
 * The other side decides how long it is and how it is cut, so: the last 1 MiB of
 * characters is kept; one search may take a second, after which the expression
 * is at fault; and after a search comes a pause as long as the search was, so
 * that bytes that trickle in can't take more than half of the time.
 */
import {performance} from 'node:perf_hooks';
import {ByteText} from '../protocol/byte-text.js';
import {matchInTime} from '../protocol/matching.js';

export const maxHeardCharacters = 1024 * 1024;

export class Heard {
	/** When the next search may begin. */
	nextAt = 0;
	#text = '';
	readonly #decoder = new ByteText();

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
		if (this.#text === '') {
			return false;
		}

		const startedAt = performance.now();
		const found = matchInTime(pattern, this.#text);
		const endedAt = performance.now();
		this.nextAt = endedAt + (endedAt - startedAt);
		if (found === undefined || found === 'late') {
			return found === 'late' ? found : false;
		}

		this.#text = this.#text.slice(found.end);
		return true;
	}

	#append(text: string): void {
		this.#text = (this.#text + text).slice(-maxHeardCharacters);
	}
}
