/**
 * The rows of a line that somebody said, as spans: words that name the reader in
 * reverse, and URLs as links. A link that is wrapped stays one link.
 */
import {sliceText, type DisplayText} from '../../protocol/display.js';
import {mentionsOf, type TextRange} from '../../protocol/mention.js';
import {urlsIn, type Link} from '../text/links.js';
import type {Span} from '../text/row.js';
import type {Style} from '../theme/roles.js';

/** Where the rows are in their line: only blanks are between them. */
const placesOf = (
	line: DisplayText,
	rows: readonly DisplayText[],
): TextRange[] => {
	let from = 0;
	return rows.map(row => {
		const start = line.indexOf(row, from);
		from = start + row.length;
		return {start, end: from};
	});
};

/**
 * @param rows What `wrapText` made of the line.
 * @param mentioned A nick to mark, if there is one.
 */
export const spansOfRows = (
	line: DisplayText,
	rows: readonly DisplayText[],
	style: Style,
	mentioned: string | undefined,
): ReadonlyArray<readonly Span[]> => {
	const names = mentioned === undefined ? [] : mentionsOf(line, mentioned);
	const urls = urlsIn(line);
	if (names.length + urls.length === 0) {
		return rows.map(text => [{...style, text}]);
	}

	const places = placesOf(line, rows);
	const nameAt = follow(names);
	const urlAt = follow(urls);
	let link: Link | undefined;
	return places.map(({start, end}) => {
		const spans: Span[] = [];
		let from = start;
		while (from < end) {
			const name = nameAt(from);
			const url = urlAt(from);
			const isName = name !== undefined && name.start <= from;
			const isUrl = url !== undefined && url.start <= from;
			const until = Math.min(
				end,
				borderAfter(name, from),
				borderAfter(url, from),
			);
			if (isUrl && (url.start === from || link === undefined)) {
				const target = line.slice(url.start, url.end);
				link = {target, isWrapped: url.end > end};
			}

			spans.push({
				...(isName ? {...style, role: 'mention'} : style),
				text: sliceText(line, from, until),
				...(isUrl && {link}),
			});
			from = until;
		}

		return spans.length > 0 ? spans : [{...style, text: sliceText(line, 0, 0)}];
	});
};

/** The first range that ends after a position; asked in rising order. */
const follow = (ranges: readonly TextRange[]) => {
	let next = 0;
	return (from: number): TextRange | undefined => {
		while ((ranges[next]?.end ?? Infinity) <= from) {
			next++;
		}

		return ranges[next];
	};
};

const borderAfter = (range: TextRange | undefined, from: number): number => {
	if (range === undefined) {
		return Infinity;
	}

	return range.start > from ? range.start : range.end;
};
