/**
 * The rows of an item, with the words of a search marked in the text and in the
 * nick; otherwise in the message that the reader is at than in the others.
 *
 * A word is looked for as in the search itself: folded, grapheme by grapheme,
 * because folding may change a text's length. What a wrap has cut in two isn't
 * marked.
 */
import {graphemes, sliceText} from '../../protocol/display.js';
import {fold, hasWords} from '../../protocol/words.js';
import type {Item, Message} from '../../store/item.js';
import {createRow, type Row, type Span} from '../text/row.js';
import type {Role} from '../theme/roles.js';
import {rowsOfItem} from './item-rows.js';
import type {WrapShaped} from './row-cache.js';

// Not times, marks or the margin. A text has no role.
const searched: ReadonlySet<Role | undefined> = new Set([
	undefined,
	'own',
	'other',
	'mention',
]);

// A sigma is folded to another one at the end of a word.
const withoutFinals = (text: string): string => text.replaceAll('ς', 'σ');

/** The parts of a span that are hits, and those between them. */
const partsOf = (
	span: Span,
	words: readonly string[],
	role: HitRole,
): Span[] => {
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
		parts.push({...span, text, ...(isHit[from] === 1 && {role})});
		from = to;
	}

	return parts;
};

type HitRole = 'hit' | 'current-hit';

const roleOf = ({seq}: Message, current: number | undefined): HitRole =>
	seq !== undefined && seq === current ? 'current-hit' : 'hit';

const markRow = ({spans}: Row, words: readonly string[], role: HitRole): Row =>
	createRow(
		spans.flatMap(span =>
			searched.has(span.role) ? partsOf(span, words, role) : [span],
		),
	);

/**
 * `rowsOfItem` for a search with these words; without words, as it is.
 *
 * @param current The seq of the message that the reader is at.
 */
export const hitRows =
	(words: readonly string[], current?: number): WrapShaped =>
	(item: Item, width, shape) => {
		const rows = rowsOfItem(item, width, shape);
		return item.kind === 'message' &&
			words.length > 0 &&
			hasWords(words, [item.text, item.from])
			? rows.map(row => markRow(row, words, roleOf(item, current)))
			: rows;
	};
