/**
 * Caret positions: between graphemes (UAX 29), never inside an emoji family, a
 * flag or a letter with its marks. Indexes are UTF-16 units.
 *
 * Only the text around an index is examined, so a pasted megabyte is as fast as
 * a line.
 */
import {lazy} from '../../protocol/lazy.js';
import {graphemeSegmenter, type Segments} from '../../protocol/segments.js';

const words = lazy(() => new Intl.Segmenter('en', {granularity: 'word'}));

export const graphemesOf = (text: string): Segments =>
	graphemeSegmenter.segment(text);

/** The end of the grapheme at `index`; `index` itself at the text's end. */
export const nextBoundary = (text: string, index: number): number => {
	const segment = graphemesOf(text).containing(index);
	return segment === undefined ? index : segment.index + segment.segment.length;
};

/** The start of the grapheme before `index`; 0 at the text's start. */
export const previousBoundary = (text: string, index: number): number =>
	graphemesOf(text).containing(index - 1)?.index ?? 0;

export const isBoundary = (text: string, index: number): boolean => {
	const segment = graphemesOf(text).containing(index);
	return segment === undefined || segment.index === index;
};

/** `index`, or the end of the grapheme that it is inside. */
export const boundaryFrom = (text: string, index: number): number =>
	isBoundary(text, index) ? index : nextBoundary(text, index);

/** `index`, or the start of the grapheme that it is inside. */
const boundaryUpTo = (text: string, index: number): number =>
	isBoundary(text, index) ? index : previousBoundary(text, index);

/** The end of the word (letters or digits) at or after `index`. */
export const nextWordEnd = (text: string, index: number): number => {
	const segments = words().segment(text);
	let end = index;
	for (;;) {
		const segment = segments.containing(end);
		if (segment === undefined) {
			return text.length;
		}

		end = segment.index + segment.segment.length;
		if (segment.isWordLike) {
			return boundaryFrom(text, end);
		}
	}
};

/** The start of the word at or before `index`. */
export const previousWordStart = (text: string, index: number): number => {
	const segments = words().segment(text);
	let start = index;
	for (;;) {
		const segment = segments.containing(start - 1);
		if (segment === undefined) {
			return 0;
		}

		start = segment.index;
		if (segment.isWordLike) {
			return boundaryUpTo(text, start);
		}
	}
};

/** Back over blanks, then over what isn't blank, as Ctrl-W does. */
export const previousBlankEnd = (text: string, index: number): number => {
	const segments = graphemesOf(text);
	let start = index;
	let isPastBlanks = false;
	for (;;) {
		const segment = segments.containing(start - 1);
		if (segment === undefined) {
			return 0;
		}

		const isBlank = segment.segment.trim() === '';
		if (isBlank && isPastBlanks) {
			return start;
		}

		isPastBlanks ||= !isBlank;
		start = segment.index;
	}
};
