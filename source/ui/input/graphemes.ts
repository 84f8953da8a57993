/**
 * Where a caret may stand: between graphemes (UAX 29), never inside an emoji
 * family, a flag or a letter with its marks. Indexes are UTF-16 units.
 *
 * Only the neighbourhood of an index is looked at, so that a pasted megabyte
 * is no slower than a line.
 */
import {lazily} from '../../protocol/lazily.js';

const graphemes = lazily(
	() => new Intl.Segmenter('en', {granularity: 'grapheme'}),
);
const words = lazily(() => new Intl.Segmenter('en', {granularity: 'word'}));

export const graphemesOf = (text: string): Intl.Segments =>
	graphemes().segment(text);

/** The end of the grapheme at `index`; `index` itself at the text's end. */
export const nextBoundary = (text: string, index: number): number => {
	const found = graphemesOf(text).containing(index);
	return found === undefined ? index : found.index + found.segment.length;
};

/** The start of the grapheme before `index`; 0 at the text's start. */
export const previousBoundary = (text: string, index: number): number =>
	graphemesOf(text).containing(index - 1)?.index ?? 0;

export const isBoundary = (text: string, index: number): boolean => {
	const found = graphemesOf(text).containing(index);
	return found === undefined || found.index === index;
};

/** `index`, or the end of the grapheme it lies in. */
export const boundaryFrom = (text: string, index: number): number =>
	isBoundary(text, index) ? index : nextBoundary(text, index);

/** `index`, or the start of the grapheme it lies in. */
const boundaryUpTo = (text: string, index: number): number =>
	isBoundary(text, index) ? index : previousBoundary(text, index);

/** The end of the word at or after `index`, a word being letters or digits. */
export const nextWordEnd = (text: string, index: number): number => {
	const segments = words().segment(text);
	let end = index;
	for (;;) {
		const found = segments.containing(end);
		if (found === undefined) {
			return text.length;
		}

		end = found.index + found.segment.length;
		if (found.isWordLike) {
			return boundaryFrom(text, end);
		}
	}
};

/** The start of the word at or before `index`. */
export const previousWordStart = (text: string, index: number): number => {
	const segments = words().segment(text);
	let start = index;
	for (;;) {
		const found = segments.containing(start - 1);
		if (found === undefined) {
			return 0;
		}

		start = found.index;
		if (found.isWordLike) {
			return boundaryUpTo(text, start);
		}
	}
};

/** Back over blanks, then over all that is not blank, as Ctrl-W does. */
export const previousBlankEnd = (text: string, index: number): number => {
	const segments = graphemesOf(text);
	let start = index;
	let isPastBlanks = false;
	for (;;) {
		const found = segments.containing(start - 1);
		if (found === undefined) {
			return 0;
		}

		const isBlank = found.segment.trim() === '';
		if (isBlank && isPastBlanks) {
			return start;
		}

		isPastBlanks ||= !isBlank;
		start = found.index;
	}
};
