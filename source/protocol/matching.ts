/**
 * A user's pattern in a text from outside, in bounded time: some patterns take
 * time that doubles with each character, and nothing else runs meanwhile, no
 * signal and no --timeout. Only V8 can interrupt one, and only here it can be
 * asked to.
 */
import {createContext, Script} from 'node:vm';
import {lazy} from './lazy.js';

/** In milliseconds. */
export const longestMatch = 1000;

/** Where a match begins and ends; undefined if there is none. */
export type Match = {readonly start: number; readonly end: number} | undefined;

/** The match of one of several patterns; `index` says which. */
export type FirstMatch =
	| {readonly index: number; readonly start: number; readonly end: number}
	| undefined;

const searching = lazy(() => {
	const given: {search?: () => unknown} = {};
	const context = createContext(given);
	const script = new Script('search()');
	return {
		given,
		run: () => script.runInContext(context, {timeout: longestMatch}) as unknown,
	};
});

const runInTime = <Result>(search: () => Result): Result | 'late' => {
	const {given, run} = searching();
	given.search = search;
	try {
		return run() as Result;
	} catch (error) {
		if (
			(error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
		) {
			return 'late';
		}

		throw error;
	} finally {
		given.search = undefined;
	}
};

const matchOf = (match: RegExpExecArray | null): Match =>
	match ? {start: match.index, end: match.index + match[0].length} : undefined;

/** @returns The first match; `late` if it takes longer than `longestMatch`. */
export const matchInTime = (pattern: RegExp, text: string): Match | 'late' =>
	runInTime(() => matchOf(pattern.exec(text)));

const firstNonEmpty = (pattern: RegExp, text: string): Match => {
	pattern.lastIndex = 0;
	for (;;) {
		const match = matchOf(pattern.exec(text));
		if (!match || match.end > match.start) {
			return match;
		}

		// In the middle of a pair, an expression with the flag u would step back.
		const isPair = (text.codePointAt(match.end) ?? 0) > 0xff_ff;
		pattern.lastIndex = match.end + (isPair && pattern.unicode ? 2 : 1);
	}
};

/**
 * The earliest match that has a character; of two that begin at the same place,
 * that of the earlier pattern.
 *
 * @param patterns With the flag `g`.
 * @returns `late` if all together take longer than `longestMatch`.
 */
export const firstMatchInTime = (
	patterns: readonly RegExp[],
	text: string,
): FirstMatch | 'late' =>
	runInTime(() => {
		let first: FirstMatch;
		for (const [index, pattern] of patterns.entries()) {
			const match = firstNonEmpty(pattern, text);
			if (match && (!first || match.start < first.start)) {
				first = {index, ...match};
			}
		}

		return first;
	});
