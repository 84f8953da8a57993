/** What a learner typed → which choice it is. Pure. */
import {quoted} from '../errors.js';

/** In the words of a learner: without case, marks and needless spaces. */
const wordsOf = (text: string): string =>
	` ${text
		.toLowerCase()
		.replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
		.trim()} `;

/** `1 or 2`, or `a number from 1 to 3`. */
export const numbersOf = (count: number): string =>
	count === 2 ? '1 or 2' : `a number from 1 to ${count}`;

/**
 * A choice counts by its number, or by words of it that no other choice has:
 * `close-wait` is `2` of "ESTABLISHED", "CLOSE-WAIT" and "CLOSED".
 *
 * @returns Its index, or what to type instead.
 */
export const chooseBy = (
	line: string,
	choices: readonly string[],
): number | string => {
	const first = `First your prediction: ${numbersOf(choices.length)}.`;
	const [, number, rest = ''] = /^(\d+)[.):]?(?: (.+))?$/.exec(line) ?? [];
	const numbered = Number(number) - 1;
	const words = wordsOf(line);
	if (choices[numbered] !== undefined) {
		const isAll = rest === '';
		// "2 hours" may be the third choice, but "2 CLOSE-WAIT" is the second.
		if (isAll || wordsOf(choices[numbered]).includes(wordsOf(rest))) {
			return numbered;
		}
	}

	if (words.trim() === '' || line.startsWith('/')) {
		return first;
	}

	const same = choices.findIndex(choice => wordsOf(choice) === words);
	if (same !== -1) {
		return same;
	}

	const [found, ...others] = choices.flatMap((choice, index) =>
		wordsOf(choice).includes(words) ? [index] : [],
	);
	if (found === undefined) {
		return first;
	}

	return others.length === 0
		? found
		: `${quoted(line)} fits more than one: type ${numbersOf(choices.length)}.`;
};
