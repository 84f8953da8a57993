/**
 * The user-perceived characters of a text (UAX 29), as Intl.Segmenter gives
 * them.
 *
 * Most texts are made of characters that never join another; they need no
 * Intl.Segmenter, which costs 4 MB with the tables that it loads.
 */
import {lazy} from './lazy.js';

export type Segment = {readonly segment: string; readonly index: number};

export type Segments = Iterable<Segment> & {
	/** The segment at an index; undefined outside the text. */
	readonly containing: (index: number) => Segment | undefined;
};

/**
 * Characters outside ASCII that take one cell and never join another, as part of
 * a regular expression's class: Latin, dashes and quotes, what our screen draws.
 */
export const oneCell = String.raw`\u00A1-\u00A8\u00AA-\u00AC\u00AF-\u02FF\u2010-\u2027\u203A\u2190-\u2193\u21C4\u21E5\u2212\u221A\u2264\u22EF\u23CE\u2400-\u2426\u2500-\u259F\u25B8\u25C2\u25CB\u25CF\u2713\u2717`;

// Controls are alone, too, but CR before LF (GB3 to 5): rows with colours and
// links pass here.
const loose = String.raw`[\u0007\n\u001B\u0020-\u007E${oneCell}]`;
/** Whether each character is alone, and of one cell, or a control of a frame. */
export const isLoose = new RegExp(`^${loose}*$`);
const isLooseBetween = new RegExp(`^${loose}{1,3}$`);

const segmenter = lazy(
	() => new Intl.Segmenter('en', {granularity: 'grapheme'}),
);

function* looseSegments(text: string): Generator<Segment> {
	let index = 0;
	for (const segment of text) {
		yield {segment, index};
		index++;
	}
}

/** Like an Intl.Segmenter of graphemes, also for packages that ask for one. */
export const graphemeSegmenter = {
	segment(text: string): Segments {
		const segments = lazy(() => segmenter().segment(text));
		return {
			containing(index) {
				const segment = text[index];
				if (segment === undefined) {
					return undefined;
				}

				// Its neighbours decide; the rest of a pasted megabyte isn't read.
				return isLooseBetween.test(
					text.slice(Math.max(0, index - 1), index + 2),
				)
					? {segment, index}
					: segments().containing(index);
			},
			[Symbol.iterator]: () =>
				isLoose.test(text)
					? looseSegments(text)
					: segments()[Symbol.iterator](),
		};
	},
};
