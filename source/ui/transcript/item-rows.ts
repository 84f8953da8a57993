/**
 * An item of the transcript, as rows of a given width.
 *
 * ```
 * 14:03  heron         a text that is too wide for a row is wrapped and
 *                    ┆ indented; one's own ends with its mark             ✓
 * 14:03  otter joined
 * 14:03  * otter waves
 * 14:03 ▌otter → you: a whisper
 * ── Friday, 27 November 2026 ─────────────────────────────────────────────────
 * ```
 *
 * A bar marks the rows of a mention, or of a whisper to the reader.
 *
 * Below 48 columns there is no time, and 'heron: ' comes before the text.
 * Continued rows have a margin mark left of all text, so none can pass for a
 * line of the room, or of somebody else: a row without a mark is a first row,
 * and says who speaks.
 *
 * In raw mode the columns are a cell closer: '14:02 ← 20   GET /'.
 *
 * As plain text, for selecting, nothing is on a row but words: continued rows
 * begin with a blank in the place of the mark, which a first row never does.
 */
import {
	display,
	displayWidth,
	toDisplay,
	type DisplayText,
} from '../../protocol/display.js';
import type {Look} from '../../event/event.js';
import type {Item, Mark, Rule} from '../../store/item.js';
import {blanks, cutTo} from '../text/cells.js';
import {formatSince, formatTime} from '../text/format.js';
import {
	cellsOfSpans,
	createRow,
	withRightEdge,
	type Row,
	type Span,
} from '../text/row.js';
import {borders, symbols} from '../theme/symbols.js';
import {wrapText} from '../text/wrap.js';
import {commonShape, type RowShape} from './nick-column.js';
import {describeItem, type ItemContent} from './item-content.js';
import {spansOfRows} from './said-rows.js';

/** How far one's own message has got, in one cell. */
export const marks: Readonly<Record<Mark, Span>> = {
	queued: {text: display`·`, role: 'pending-mark'},
	sent: {text: display`↑`, role: 'pending-mark'},
	unshared: {text: symbols.unshared, role: 'pending-mark'},
	stored: {text: display`✓`, role: 'stored-mark'},
	failed: {text: display`✗`, role: 'failed-mark'},
};

const timeCells = 5;
const gapCells = 2;
// The mark, and a blank before it.
const markCells = 2;

/**
 * Wraps an item; the cost grows with the length of its text.
 *
 * @param width In cells, at least 8.
 * @param shape Its columns; by default those of common nicks.
 * @returns At least one row, none wider than `width`.
 */
export const rowsOfItem = (
	item: Item,
	width: number,
	shape: RowShape = commonShape(width),
): readonly Row[] =>
	item.kind === 'rule'
		? [ruleRowOf(item, width)]
		: shape.isPlain
			? plainRows(item, width, shape.look)
			: columnRows(item, width, shape);

type Said = Exclude<Item, Rule>;

const columnRows = (item: Said, width: number, shape: RowShape): Row[] => {
	const {nickCells, look} = shape;
	const content = describeItem(item, nickCells > 0, look);
	const columns = leftColumns(item, content, shape);
	const columnCells = cellsOfSpans(columns);

	// Without a nick column, continued rows are indented a little.
	const hanging = content.nick === undefined ? (width < 16 ? 1 : 2) : 0;
	const indent = columnCells + hanging;
	const rightCells = content.mark === undefined ? 0 : markCells;
	const textCells = Math.max(2, width - indent - rightCells);

	const lead = leadSpans(content, textCells);
	const firstCells = hanging + textCells - cellsOfSpans(lead);
	const wrapped = wrapLines(content, textCells, firstCells);

	const opening = [...columns, ...lead];
	const below = marginSpans(
		indent,
		hanging || gapCells,
		barAt(content, nickCells),
	);
	const rows = wrapped.map((spans, index) =>
		createRow([...(index === 0 ? opening : below), ...spans]),
	);

	if (content.mark !== undefined) {
		const last = rows.pop()!;
		rows.push(withRightEdge(last, marks[content.mark], width));
	}

	return [...rows, ...remarkRows(content, textCells, below)];
};

const ruleRoles = {day: 'rule', unread: 'unread'} as const;
const lineRoles = {day: 'frame', unread: 'unread'} as const;

/** A line across the row; on a narrow row the text alone. */
const ruleRowOf = ({role, text}: Rule, width: number): Row => {
	const shown = cutTo(toDisplay(text), width);
	const free = width - displayWidth(shown);
	const left = free < 6 ? 0 : 2;
	const right = free < 6 ? 0 : free - left - 2;
	const line = (cells: number, before: string, after: string) =>
		toDisplay(
			cells === 0 ? '' : before + borders.horizontal.repeat(cells) + after,
		);
	return createRow([
		{text: line(left, '', ' '), role: lineRoles[role]},
		{text: shown, role: ruleRoles[role]},
		{text: line(right, ' ', ''), role: lineRoles[role]},
	]);
};

const plainRows = (
	item: Said,
	width: number,
	look: Look | undefined,
): Row[] => {
	const content = describeItem(item, false, look);
	const textCells = Math.max(2, width - 1);
	const lead = leadSpans(content, textCells);
	const firstCells = width - cellsOfSpans(lead);
	const below: Span[] = [{text: blanks(1)}];
	const rows = wrapLines(content, textCells, firstCells).map((spans, index) =>
		createRow([...(index === 0 ? lead : below), ...spans]),
	);
	return [...rows, ...remarkRows(content, textCells, below)];
};

const remarkRows = (
	{remark}: ItemContent,
	cells: number,
	below: readonly Span[],
): Row[] =>
	remark === undefined
		? []
		: wrapText(remark.text, cells).map(text =>
				createRow([...below, {...remark, text}]),
			);

const leftColumns = (
	item: Said,
	{nick, isCall = false}: ItemContent,
	{nickCells, look}: RowShape,
): Span[] => {
	if (nickCells === 0) {
		return isCall ? [bar] : [];
	}

	const gap: Span = {text: blanks(look ? 1 : gapCells)};
	const columns: Span[] = [
		{text: look?.isTimed ? exactTimeOf(item) : timeOf(item.at), role: 'faint'},
		...(isCall ? [{text: blanks(gapCells - 1)}, bar] : [gap]),
	];
	if (nick !== undefined) {
		const text = cutTo(nick.text, nickCells);
		const free = nickCells - displayWidth(text);
		columns.push({...nick, text}, {text: blanks(free)}, gap);
	}

	return columns;
};

const bar: Span = {text: symbols.call, role: 'call'};

/** The column of an item's bar: the one before the nicks, or the first. */
const barAt = (
	{isCall = false}: ItemContent,
	nickCells: number,
): number | undefined =>
	isCall ? (nickCells === 0 ? 0 : timeCells + gapCells - 1) : undefined;

/**
 * @param cells The width of the margin: the mark, and a blank if it fits.
 * @param barColumn Where a bar stands left of it, if there is one.
 */
const marginSpans = (
	indent: number,
	cells: number,
	barColumn: number | undefined,
): Span[] => [
	...(barColumn === undefined
		? [{text: blanks(indent - cells)}]
		: [
				{text: blanks(barColumn)},
				bar,
				{text: blanks(indent - cells - barColumn - 1)},
			]),
	{text: symbols.margin, role: 'faint'},
	{text: blanks(cells - 1)},
];

// Even a long name leaves 4 cells of its row to the text.
const leadSpans = ({lead}: ItemContent, textCells: number): Span[] => {
	if (lead === undefined) {
		return [];
	}

	const room = textCells - 4 - displayWidth(lead.after);
	const text = cutTo(lead.name.text, Math.max(1, room));
	return [{...lead.name, text}, {text: lead.after}];
};

const wrapLines = (
	{lines, style, said}: ItemContent,
	cells: number,
	firstCells: number,
): ReadonlyArray<readonly Span[]> =>
	lines.flatMap((line, index) => {
		const first = index === 0 ? Math.min(cells, firstCells) : cells;
		const rows = wrapText(line, cells, first);
		return said === undefined
			? rows.map(text => [{...style, text}])
			: spansOfRows(line, rows, style, said.mentioned);
	});

/** 14:02, by this machine's clock and time zone. */
const timeOf = (at: number): DisplayText => {
	const date = new Date(at);
	const hours = String(date.getHours()).padStart(2, '0');
	const minutes = String(date.getMinutes()).padStart(2, '0');
	return toDisplay(`${hours}:${minutes}`);
};

// As '+999 ms'.
const sinceCells = 7;

/** 14:02:11.204  +31 ms, the second since the chunk before. */
const exactTimeOf = (item: Said): DisplayText => {
	const time = formatTime(item.at);
	if (item.kind !== 'chunk') {
		return toDisplay(time);
	}

	const since = item.sinceMs === undefined ? '' : formatSince(item.sinceMs);
	return toDisplay(`${time} ${since.padStart(sinceCells)}`);
};
