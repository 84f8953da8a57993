/**
 * The rows that a pane shows of many items, and scrolling through them.
 *
 * A window is anchored at its bottom row and filled upwards, so only visible
 * items are wrapped: a million items cost no more than a screenful. For the
 * same reason the total number of rows is unknown; what is below is counted in
 * items.
 */
import type {Item, Rule} from '../../store/item.js';
import type {RuleBelow} from '../../store/reading.js';
import {itemAt, newsFrom, type Transcript} from '../../store/transcript.js';
import {rowsOfItem} from '../transcript/item-rows.js';
import {contentOf, isUnframed, type Area} from '../layout.js';
import type {WrapItem} from '../transcript/row-cache.js';
import type {Row} from '../text/row.js';

/** Where a reader has scrolled to. */
export type Anchor = {
	/** The item of the bottom row, by its absolute index. */
	readonly index: number;
	/** The row of that item, from 0. */
	readonly line: number;
	/** One more than the newest index that the reader has seen. */
	readonly seenEnd: number;
};

/** Any list of items that have rows, with the reader's position in it. */
export type ScrollView = {
	/** The index of the oldest item kept. */
	readonly first: number;
	/** One more than the index of the last item. */
	readonly end: number;
	/** One more than the index of the last item that can count as new. */
	readonly newEnd: number;
	/** How many from an index on count as new; by default all up to `newEnd`. */
	readonly newsFrom?: (index: number) => number;
	/** Undefined follows the bottom. */
	readonly anchor: Anchor | undefined;
	readonly height: number;
	/** How many rows an item has, at least 1. */
	readonly countRows: (index: number) => number;
	/** An item's rows from `start` to before `end`. */
	readonly rowsAt: (
		index: number,
		start: number,
		end: number,
	) => readonly Row[];
};

/** A transcript, with the reader's position in it. */
export type View = {
	readonly transcript: Transcript;
	/** One's own items that are not stored yet: always the last ones. */
	readonly pending: readonly Item[];
	/**
	 * A rule and the index of the item that it is the last row of: so no other row
	 * changes its number when the rule comes or goes.
	 */
	readonly ruleBelow?: RuleBelow | undefined;
	/** Above the oldest item, if that is of another day than today. */
	readonly dayAbove?: Rule | undefined;
	readonly anchor: Anchor | undefined;
	readonly width: number;
	readonly height: number;
	/** A cache for wrapped items; without it each call wraps again. */
	readonly wrap?: WrapItem;
};

export type Window = {
	/** At most `height` rows; fewer only if there are no more. */
	readonly rows: readonly Row[];
	/** Items below that of the bottom row. */
	readonly below: number;
	/** Those that arrived after the reader left the bottom. */
	readonly newBelow: number;
	readonly isAtTop: boolean;
	/** True also if an anchored window reaches the bottom. */
	readonly isAtBottom: boolean;
};

/**
 * The size of the window in a transcript's area.
 *
 * An unframed area has no lower line for how much is below; while scrolled, it uses
 * a row for that.
 */
export const viewportOf = (
	area: Area,
	anchor: Anchor | undefined,
): Pick<View, 'width' | 'height'> => {
	const {width, height} = contentOf(area);
	const hasBelowRow = isUnframed(area) && anchor !== undefined;
	return {width, height: Math.max(0, height - (hasBelowRow ? 1 : 0))};
};

export const visibleRows = (anyView: View | ScrollView): Window => {
	const view = scrollViewOf(anyView);
	const bottom = bottomOf(view);
	if (bottom === undefined || view.height < 1) {
		return {rows: [], below: 0, newBelow: 0, isAtTop: true, isAtBottom: true};
	}

	const rows: Row[] = [];
	let {index} = bottom;
	let line = bottom.line + 1;
	for (;;) {
		const taken = Math.min(line, view.height - rows.length);
		rows.push(...view.rowsAt(index, line - taken, line).toReversed());
		line -= taken;
		if (rows.length === view.height || index === view.first) {
			break;
		}

		index--;
		line = view.countRows(index);
	}

	const {first, end, newEnd, anchor} = view;
	const seenEnd = anchor?.seenEnd ?? newEnd;
	return {
		rows: rows.toReversed(),
		below: end - 1 - bottom.index,
		newBelow: newIn(view, Math.max(seenEnd, bottom.index + 1)),
		isAtTop: index === first && line === 0,
		isAtBottom: isLast(view, bottom),
	};
};

const newIn = ({newEnd, newsFrom: count}: ScrollView, from: number): number =>
	from >= newEnd ? 0 : (count?.(from) ?? newEnd - from);

/**
 * Scrolls by rows, down if `delta` is positive.
 *
 * @returns The new anchor; undefined at the bottom. At the top the window stays
 * full.
 */
export const scrollBy = (
	anyView: View | ScrollView,
	delta: number,
): Anchor | undefined => {
	const view = scrollViewOf(anyView);
	const bottom = bottomOf(view);
	return bottom && anchorAt(view, move(view, bottom, delta).position);
};

/** Scrolls by pages; one row of the last page stays in view. */
export const scrollPages = (
	view: View | ScrollView,
	pages: number,
): Anchor | undefined => scrollBy(view, pages * Math.max(1, view.height - 1));

export const scrollToTop = (anyView: View | ScrollView): Anchor | undefined => {
	const view = scrollViewOf(anyView);
	return anchorAt(view, {index: view.first, line: 0});
};

/** The top, even after older items were put in front. */
export const stickToTop = ({anchor, newEnd}: ScrollView): Anchor => ({
	index: -Infinity,
	line: 0,
	seenEnd: anchor?.seenEnd ?? newEnd,
});

/** A row: its item, and its number in the item. */
type Position = {readonly index: number; readonly line: number};

const anchorAt = (view: ScrollView, position: Position): Anchor | undefined => {
	const {newEnd, anchor} = view;
	const seenEnd = anchor?.seenEnd ?? newEnd;
	const bottom = bottomOf({...view, anchor: {...position, seenEnd}});
	return bottom === undefined || isLast(view, bottom)
		? undefined
		: {
				...bottom,
				seenEnd: Math.min(newEnd, Math.max(seenEnd, bottom.index + 1)),
			};
};

/**
 * The row at the bottom of the window; undefined if there are no rows.
 *
 * An anchor can be out of date: its item was dropped, or has fewer rows since
 * the terminal became wider, or too little is left above it.
 */
const bottomOf = (view: ScrollView): Position | undefined => {
	const {anchor, first, end} = view;
	const lastIndex = end - 1;
	if (lastIndex < first) {
		return undefined;
	}

	const last = lastRowAt(view, lastIndex);
	if (anchor === undefined || anchor.index > lastIndex) {
		return last;
	}

	const index = Math.max(first, anchor.index);
	const line =
		index === anchor.index
			? Math.min(anchor.line, lastRowAt(view, index).line)
			: 0;
	const above = Math.max(0, view.height - 1);
	const {moved} = move(view, {index, line}, -above);
	return move(view, {index, line}, above - moved).position;
};

/** Moves by rows, as far as possible; `moved` is never negative. */
const move = (
	view: ScrollView,
	from: Position,
	delta: number,
): {position: Position; moved: number} => {
	const wanted = Math.abs(delta);
	let {index, line} = from;
	let moved = 0;
	while (moved < wanted) {
		const {line: lastLine} = lastRowAt(view, index);
		const free = delta < 0 ? line : lastLine - line;
		const rows = Math.min(free, wanted - moved);
		line += delta < 0 ? -rows : rows;
		moved += rows;
		if (moved === wanted) {
			break;
		}

		const next = delta < 0 ? index - 1 : index + 1;
		if (next < view.first || next >= view.end) {
			break;
		}

		index = next;
		line = delta < 0 ? lastRowAt(view, index).line : 0;
		moved++;
	}

	return {position: {index, line}, moved};
};

const isLast = (view: ScrollView, {index, line}: Position): boolean =>
	index === view.end - 1 && line === lastRowAt(view, index).line;

const lastRowAt = (view: ScrollView, index: number): Position => ({
	index,
	line: view.countRows(index) - 1,
});

export const scrollViewOf = (view: View | ScrollView): ScrollView => {
	if ('rowsAt' in view) {
		return view;
	}

	const {transcript, pending, anchor, width, height, wrap = rowsOfItem} = view;
	const {ruleBelow, dayAbove} = view;
	const {first, end: newEnd} = transcript;
	const allRowsAt = (index: number): readonly Row[] => {
		const item = itemAt(transcript, index) ?? pending[index - newEnd]!;
		const wrapped = wrap(item, width);
		const rows =
			index === first && dayAbove
				? [...rowsOfItem(dayAbove, width), ...wrapped]
				: wrapped;
		return index === ruleBelow?.index
			? [...rows, ...wrap(ruleBelow.rule, width)]
			: rows;
	};

	return {
		first,
		end: newEnd + pending.length,
		newEnd,
		newsFrom: index => newsFrom(transcript, index),
		anchor,
		height,
		countRows: index => allRowsAt(index).length,
		rowsAt: (index, start, end) => allRowsAt(index).slice(start, end),
	};
};
