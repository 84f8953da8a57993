/**
 * The rows of an item, with the words of a search marked in the text and in the
 * nick.
 *
 * A word is looked for as in the search itself: folded, grapheme by grapheme,
 * because folding may change a text's length. What a wrap has cut in two isn't
 * marked.
 */
import {graphemes, sliceText} from '../../protocol/display.js';
import {fold, hasWords} from '../../protocol/words.js';
import type {Item} from '../../store/item.js';
import {createRow, type Row, type Span} from '../text/row.js';
import type {Role} from '../theme/roles.js';
import {rowsOfItem} from './item-rows.js';
import type {WrapShaped} from './row-cache.js';

// Not times, marks or the margin. A text has no role.
const searched: ReadonlySet<Role | undefined> = new Set([
	undefined,
	'own',
	'other',
]);

// A sigma is folded to another one at the end of a word.
const withoutFinals = (text: string): string => text.replaceAll('ς', 'σ');

/** The parts of a span that are hits, and those between them. */
const partsOf = (span: Span, words: readonly string[]): Span[] => {
	// For each unit of the folded text: where its grapheme starts and ends.
	const starts: number[] = [];
	const ends: number[] = [];
	let folded = '';
	let start = 0;
	for (const grapheme of graphemes(span.text)) {
		const end = start + grapheme.length;
		const piece = withoutFinals(fold(grapheme));
		folded += piece;
		for (const _unit of piece.split('')) {
			starts.push(start);
			ends.push(end);
		}

		start = end;
	}

	const isHit = new Uint8Array(span.text.length);
	for (const word of words.map(each => withoutFinals(each))) {
		for (
			let at = folded.indexOf(word);
			at !== -1;
			at = folded.indexOf(word, at + word.length)
		) {
			isHit.fill(1, starts[at], ends[at + word.length - 1]);
		}
	}

	const parts: Span[] = [];
	for (let from = 0; from < span.text.length;) {
		const next = isHit.indexOf(isHit[from] === 1 ? 0 : 1, from);
		const to = next === -1 ? span.text.length : next;
		const text = sliceText(span.text, from, to);
		parts.push(isHit[from] === 1 ? {text, role: 'hit'} : {...span, text});
		from = to;
	}

	return parts;
};

const markRow = ({spans}: Row, words: readonly string[]): Row =>
	createRow(
		spans.flatMap(span =>
			searched.has(span.role) ? partsOf(span, words) : [span],
		),
	);

/** `rowsOfItem` for a search with these words; without words, as it is. */
export const hitRows =
	(words: readonly string[]): WrapShaped =>
	(item: Item, width, shape) => {
		const rows = rowsOfItem(item, width, shape);
		return item.kind === 'message' &&
			words.length > 0 &&
			hasWords(words, [item.text, item.from])
			? rows.map(row => markRow(row, words))
			: rows;
	};
