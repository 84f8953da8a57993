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

const searching = lazy(() => {
	const given: {search?: () => Match} = {};
	const context = createContext(given);
	const script = new Script('search()');
	return {
		given,
		run: () => script.runInContext(context, {timeout: longestMatch}) as Match,
	};
});

/** @returns The first match; `late` if it takes longer than `longestMatch`. */
export const matchInTime = (pattern: RegExp, text: string): Match | 'late' => {
	const {given, run} = searching();
	given.search = () => {
		const match = pattern.exec(text);
		return match
			? {start: match.index, end: match.index + match[0].length}
			: undefined;
	};

	try {
		return run();
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
