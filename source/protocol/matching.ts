/**
 * A user's pattern on a text from outside, in bounded time: some patterns take
 * time that doubles with each character, and nothing else runs meanwhile, no
 * signal and no --timeout.
 */
import {createContext, Script} from 'node:vm';
import {lazy} from './lazy.js';

/** In milliseconds. */
export const longestMatch = 1000;

const matching = lazy(() => {
	const given: {pattern?: RegExp; text?: string} = {};
	const context = createContext(given);
	const script = new Script('pattern.test(text)');
	return {
		given,
		run: () => script.runInContext(context, {timeout: longestMatch}) as boolean,
	};
});

/** @returns Undefined if it takes longer than `longestMatch`. */
export const matchesInTime = (
	pattern: RegExp,
	text: string,
): boolean | undefined => {
	const {given, run} = matching();
	Object.assign(given, {pattern, text});
	try {
		return run();
	} catch (error) {
		if (
			(error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT'
		) {
			throw error;
		}

		return undefined;
	}
};
