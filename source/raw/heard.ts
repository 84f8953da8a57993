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
import {createContext, Script, type Context} from 'node:vm';
import {ByteText} from '../protocol/byte-text.js';

export const maxHeardCharacters = 1024 * 1024;

const maxSearchMs = 1000;

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
		const found = search(pattern, this.#text);
		const endedAt = performance.now();
		this.nextAt = endedAt + (endedAt - startedAt);
		if (found === undefined || found === 'late') {
			return found === 'late' ? found : false;
		}

		this.#text = this.#text.slice(found);
		return true;
	}

	#append(text: string): void {
		this.#text = (this.#text + text).slice(-maxHeardCharacters);
	}
}

const contexts = new WeakMap<RegExp, {context: Context; run: Script}>();

/** @returns Where its first match ends. */
const search = (pattern: RegExp, text: string): number | 'late' | undefined => {
	const known = contexts.get(pattern);
	const {context, run} = known ?? {
		context: createContext({}),
		run: new Script('search()'),
	};
	if (!known) {
		contexts.set(pattern, {context, run});
	}

	context['search'] = () => {
		const match = pattern.exec(text);
		return match ? match.index + match[0].length : undefined;
	};

	try {
		// Only V8 can interrupt an expression, and only here it can be asked to.
		return run.runInContext(context, {timeout: maxSearchMs}) as
			number | undefined;
	} catch (error) {
		if (
			(error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
		) {
			return 'late';
		}

		throw error;
	} finally {
		context['search'] = undefined;
	}
};
