/**
 * The rows of a transcript that a pane shows, and scrolling through it.
 *
 * A window hangs on its bottom row and is filled backwards, so only what shows
 * is ever wrapped: a million items cost no more than a screen of them. For the
 * same reason nobody knows how many rows there are in all; what is below is
 * counted in items.
 */
import type {Item} from '../store/item.js';
import {itemAt, type Transcript} from '../store/transcript.js';
import {rowsOfItem} from './item-rows.js';
import {contentOf, type Area} from './layout.js';
import type {WrapItem} from './row-cache.js';
import type {Row} from './row.js';

/** Where a reader has scrolled to. */
export type Anchor = {
	/** The item of the bottom row, by its absolute index. */
	readonly index: number;
	/** The row of that item, from 0. */
	readonly line: number;
	/** One more than the newest index that this reader has had in view. */
	readonly seenEnd: number;
};

export type View = {
	readonly transcript: Transcript;
	/** One's own items that are not stored yet: always the last ones. */
	readonly pending: readonly Item[];
	/** Undefined follows the bottom. */
	readonly anchor: Anchor | undefined;
	readonly width: number;
	readonly height: number;
	/** A memory for wrapped items; without it each call wraps anew. */
	readonly wrap?: WrapItem;
};

export type Window = {
	/** No more than the height; fewer only where there are no more. */
	readonly rows: readonly Row[];
	/** Items below the bottom row's. */
	readonly below: number;
	/** Those of them that came after the reader left the bottom. */
	readonly newBelow: number;
	readonly isAtTop: boolean;
	/** Also where an anchor's window has come to reach the bottom. */
	readonly isAtBottom: boolean;
};

/**
 * The size of the window in a transcript's area.
 *
 * A bare one has no lower line to say in how much is below, and gives up a row
 * for it while its reader is elsewhere.
 */
export const viewportOf = (
	area: Area,
	anchor: Anchor | undefined,
): Pick<View, 'width' | 'height'> => {
	const {width, height} = contentOf(area);
	const hasBelowRow = area.frame === 'bare' && anchor !== undefined;
	return {width, height: Math.max(0, height - (hasBelowRow ? 1 : 0))};
};

export const visibleRows = (view: View): Window => {
	const bottom = bottomOf(view);
	if (bottom === undefined || view.height < 1) {
		return {
			rows: [],
			below: 0,
			newBelow: 0,
			isAtTop: true,
			isAtBottom: true,
		};
	}

	const rows: Row[] = [];
	let {index} = bottom;
	let line = bottom.line + 1;
	for (;;) {
		const taken = Math.min(line, view.height - rows.length);
		rows.push(
			...rowsAt(view, index)
				.slice(line - taken, line)
				.toReversed(),
		);
		line -= taken;
		if (rows.length === view.height || index === view.transcript.first) {
			break;
		}

		index--;
		line = rowsAt(view, index).length;
	}

	const {first, end} = view.transcript;
	const seenEnd = view.anchor?.seenEnd ?? end;
	return {
		rows: rows.toReversed(),
		below: endOf(view) - 1 - bottom.index,
		newBelow: Math.max(0, end - Math.max(seenEnd, bottom.index + 1)),
		isAtTop: index === first && line === 0,
		isAtBottom: isLast(view, bottom),
	};
};

/**
 * Scrolls by rows, down where `delta` is positive.
 *
 * @returns The new anchor; undefined when the bottom is reached. At the top the
 * window stays full.
 */
export const scrollBy = (view: View, delta: number): Anchor | undefined => {
	const bottom = bottomOf(view);
	return bottom && anchorAt(view, move(view, bottom, delta).position);
};

/** Scrolls by windows; one row of the last one stays in sight. */
export const scrollPages = (view: View, pages: number): Anchor | undefined =>
	scrollBy(view, pages * Math.max(1, view.height - 1));

export const scrollToTop = (view: View): Anchor | undefined =>
	anchorAt(view, {index: view.transcript.first, line: 0});

/** Follows the bottom. */
export const scrollToBottom = (): undefined => undefined;

/** A row: which item's, and which of its rows. */
type Position = {readonly index: number; readonly line: number};

const anchorAt = (view: View, position: Position): Anchor | undefined => {
	const {end} = view.transcript;
	const seenEnd = view.anchor?.seenEnd ?? end;
	const bottom = bottomOf({...view, anchor: {...position, seenEnd}});
	return bottom === undefined || isLast(view, bottom)
		? undefined
		: {...bottom, seenEnd: Math.min(end, Math.max(seenEnd, bottom.index + 1))};
};

/**
 * The row at the bottom of the window, as far as there are rows.
 *
 * An anchor can be overtaken: its item was dropped, or has fewer rows since the
 * terminal was made wider, or there is nothing left above it.
 */
const bottomOf = (view: View): Position | undefined => {
	const {anchor, transcript} = view;
	const lastIndex = endOf(view) - 1;
	if (lastIndex < transcript.first) {
		return undefined;
	}

	const last = lastRowAt(view, lastIndex);
	if (anchor === undefined || anchor.index > lastIndex) {
		return last;
	}

	const index = Math.max(transcript.first, anchor.index);
	const line =
		index === anchor.index
			? Math.min(anchor.line, lastRowAt(view, index).line)
			: 0;
	const above = Math.max(0, view.height - 1);
	const {moved} = move(view, {index, line}, -above);
	return move(view, {index, line}, above - moved).position;
};

/** Moves by rows, as far as there are rows; `moved` is never negative. */
const move = (
	view: View,
	from: Position,
	delta: number,
): {position: Position; moved: number} => {
	const wanted = Math.abs(delta);
	let {index, line} = from;
	let moved = 0;
	while (moved < wanted) {
		const {line: lastLine} = lastRowAt(view, index);
		const free = delta < 0 ? line : lastLine - line;
		const step = Math.min(free, wanted - moved);
		line += delta < 0 ? -step : step;
		moved += step;
		if (moved === wanted) {
			break;
		}

		const next = delta < 0 ? index - 1 : index + 1;
		if (next < view.transcript.first || next >= endOf(view)) {
			break;
		}

		index = next;
		line = delta < 0 ? lastRowAt(view, index).line : 0;
		moved++;
	}

	return {position: {index, line}, moved};
};

const endOf = ({transcript, pending}: View): number =>
	transcript.end + pending.length;

const isLast = (view: View, {index, line}: Position): boolean =>
	index === endOf(view) - 1 && line === lastRowAt(view, index).line;

const lastRowAt = (view: View, index: number): Position => ({
	index,
	line: rowsAt(view, index).length - 1,
});

const rowsAt = (view: View, index: number): readonly Row[] => {
	const {transcript, pending, width, wrap = rowsOfItem} = view;
	const item = itemAt(transcript, index) ?? pending[index - transcript.end]!;
	return wrap(item, width);
};
