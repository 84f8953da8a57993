/**
 * The words of a search: a message has them if each is somewhere in its text or
 * in its sender's nick, in any order and in any case.
 *
 * Case is folded by toLowerCase, on NFC.
 */
import {normalized} from './normal.js';

export const fold = (text: string): string =>
	normalized(text, 'NFC').toLowerCase();

/** The words of a search text, folded, each once; none if it is blank. */
export const wordsOf = (text: string): readonly string[] => [
	...new Set(
		fold(text)
			.split(/\s+/v)
			.filter(word => word !== ''),
	),
];

/** @param texts A message's text and its sender's nick. */
export const hasWords = (
	words: readonly string[],
	texts: readonly string[],
): boolean => {
	const folded = texts.map(text => fold(text));
	return words.every(word => folded.some(text => text.includes(word)));
};
