/**
 * The items that a screen scrolls through: a bounded, append-only, persistent
 * list. An old version stays as it was, so React may keep one while the store
 * goes on.
 *
 * An item's index is absolute: it stays the same when older items are dropped,
 * so a scroll position can be an index.
 *
 * An append copies the last block and the list of blocks, never the earlier
 * items. A block has √maxItems items, so neither copy is longer than
 * √maxItems: 224 pointers at the default bound, 1,000 at a million.
 */
import type {Item} from './item.js';

/** Older items that were put in front, with the index of the first. */
type OlderBlock = {
	readonly first: number;
	readonly items: readonly Item[];
	/** The oldest entry that they reach, even if it is not shown. */
	readonly seq: number;
};

/** Items a transcript keeps by default; a few MB of short messages. */
const defaultMaxItems = 50_000;

/**
 * Characters of text, or bytes, that it keeps by default. Without this bound,
 * so many items could be 800 MB of the longest texts, or 3 GB of reads by
 * `--raw`.
 */
const defaultMaxSize = 16 * 1024 * 1024;

export type Transcript = {
	/** The index of the oldest item kept. */
	readonly first: number;
	/** One more than the index of the newest item. */
	readonly end: number;
	readonly length: number;
	readonly maxItems: number;
	/** Characters and bytes of the items in `blocks`. */
	readonly size: number;
	readonly maxSize: number;
	/** All full but the last; only whole blocks are dropped. */
	readonly blocks: ReadonlyArray<readonly Item[]>;
	/** How many items were appended so far that count as new to a reader. */
	readonly news: number;
	/** How many of them came before each of the blocks. */
	readonly newsBefore: readonly number[];
	/** In front of `blocks`, oldest first; dropped once `blocks` drops any. */
	readonly older: readonly OlderBlock[];
};

/**
 * Makes an empty transcript.
 *
 * @param maxItems How many items it may have, at least 1. It drops √maxItems at
 * a time, so it may have that many fewer.
 * @param maxSize How many characters and bytes they may have in total. The
 * newest √maxItems are kept, whatever their size.
 */
export const createTranscript = (
	maxItems = defaultMaxItems,
	maxSize = defaultMaxSize,
): Transcript => ({
	first: 0,
	end: 0,
	length: 0,
	maxItems,
	size: 0,
	maxSize,
	blocks: [],
	news: 0,
	newsBefore: [],
	older: [],
});

export const emptyTranscript = createTranscript();

/** Drops every item; no index is ever used again. */
export const clearTranscript = (transcript: Transcript): Transcript => ({
	...transcript,
	first: transcript.end,
	length: 0,
	size: 0,
	blocks: [],
	newsBefore: [],
	older: [],
});

// A coming or going, kept as three words; a run of what was turned away.
const comingSize = 40;

const sizeOfItem = (item: Item): number => {
	switch (item.kind) {
		case 'chunk': {
			return item.bytes.length;
		}

		case 'comings': {
			return (item.each?.length ?? 0) * comingSize;
		}

		case 'turned-away': {
			return comingSize;
		}

		default: {
			return item.text.length;
		}
	}
};

const sizeOf = (items: readonly Item[]): number => {
	let size = 0;
	for (const item of items) {
		size += sizeOfItem(item);
	}

	return size;
};

const isNoNews: ReadonlySet<Item['kind']> = new Set([
	'comings',
	'turned-away',
	'rule',
]);

/**
 * Whether a reader who looks away should hear of it: not of joins, nor of what
 * only answers a command.
 */
const isNews = (item: Item): boolean =>
	item.kind === 'notice'
		? item.tone === 'warn' || item.tone === 'bad'
		: !isNoNews.has(item.kind);

const newsIn = (items: readonly Item[]): number =>
	items.filter(item => isNews(item)).length;

/** The index of the first item in `blocks`. */
const originOf = ({end, blocks, maxItems}: Transcript): number =>
	blocks.length === 0
		? end
		: end -
			(blocks.length - 1) * blockItemsOf(maxItems) -
			blocks.at(-1)!.length;

/**
 * Puts older items in front; indexes may become negative.
 *
 * @param items Oldest first; none if nothing of a page is shown.
 * @param seq The oldest entry that they reach.
 */
export const prependItems = (
	transcript: Transcript,
	items: readonly Item[],
	seq: number,
): Transcript => {
	const {first, end, older} = transcript;
	const [oldest, ...newer] = older;
	if (items.length === 0 && oldest) {
		return {...transcript, older: [{...oldest, seq}, ...newer]};
	}

	const added = {first: first - items.length, items, seq};
	return {
		...transcript,
		first: added.first,
		length: end - added.first,
		older: [added, ...older],
	};
};

const replaceIn = (
	{first, items, seq}: OlderBlock,
	index: number,
	item: Item,
): OlderBlock => ({first, seq, items: items.with(index - first, item)});

/**
 * Puts another item in the place of one.
 *
 * @param index Of an item that is kept, and as new to a reader as the other.
 */
export const replaceItem = (
	transcript: Transcript,
	index: number,
	item: Item,
): Transcript => {
	const {blocks, older, size, maxItems} = transcript;
	const offset = index - originOf(transcript);
	if (offset < 0) {
		const at = older.findLastIndex(({first}) => first <= index);
		const replaced = replaceIn(older[at]!, index, item);
		return {...transcript, older: older.with(at, replaced)};
	}

	const blockItems = blockItemsOf(maxItems);
	const at = Math.floor(offset / blockItems);
	const block = blocks[at]!;
	const before = block[offset % blockItems]!;
	return {
		...transcript,
		size: size - sizeOfItem(before) + sizeOfItem(item),
		blocks: blocks.with(at, block.with(offset % blockItems, item)),
	};
};

/**
 * Leaves items out, or changes them.
 *
 * @param keep What to keep of some of them, in order.
 * @param end One more than the index that the last is to have.
 */
export const filterItems = (
	transcript: Transcript,
	keep: (items: readonly Item[]) => readonly Item[],
	end: number,
): Transcript => {
	const kept = keep(transcript.blocks.flat());
	const first = end - kept.length;
	const empty = {...clearTranscript(transcript), first, end: first};
	let filtered = appendItems(empty, kept);
	for (const {items, seq} of transcript.older.toReversed()) {
		filtered = prependItems(filtered, keep(items), seq);
	}

	return filtered;
};

/** How many items from an index on count as new to a reader. */
export const newsFrom = (transcript: Transcript, index: number): number => {
	const {blocks, news, newsBefore, maxItems} = transcript;
	const offset = Math.max(0, index - originOf(transcript));
	const blockItems = blockItemsOf(maxItems);
	const at = Math.floor(offset / blockItems);
	const block = blocks[at];
	return block
		? news - newsBefore[at]! - newsIn(block.slice(0, offset % blockItems))
		: 0;
};

/** Drops what was put in front. */
export const forgetOlder = (transcript: Transcript): Transcript => {
	const first = originOf(transcript);
	const length = transcript.end - first;
	return {...transcript, first, length, older: []};
};

/** Returns the transcript with the items at its end. */
export const appendItems = (
	transcript: Transcript,
	items: readonly Item[],
): Transcript => {
	if (items.length === 0) {
		return transcript;
	}

	const {maxItems, maxSize} = transcript;
	const blockItems = blockItemsOf(maxItems);
	const end = transcript.end + items.length;

	// A batch that alone exceeds the bound replaces everything.
	const isFlood = items.length >= maxItems;
	const added = isFlood ? items.slice(-maxItems) : items;
	let first = isFlood ? end - maxItems : originOf(transcript);
	const blocks = isFlood ? [] : [...transcript.blocks];
	const newsBefore = isFlood ? [] : [...transcript.newsBefore];
	let news =
		transcript.news + (isFlood ? newsIn(items.slice(0, -maxItems)) : 0);
	let size = (isFlood ? 0 : transcript.size) + sizeOf(added);

	const last = blocks.at(-1);
	let taken = 0;
	if (last !== undefined && last.length < blockItems) {
		taken = blockItems - last.length;
		const filling = added.slice(0, taken);
		blocks[blocks.length - 1] = [...last, ...filling];
		news += newsIn(filling);
	}

	for (; taken < added.length; taken += blockItems) {
		const block = added.slice(taken, taken + blockItems);
		blocks.push(block);
		newsBefore.push(news);
		news += newsIn(block);
	}

	let dropped = 0;
	while (
		end - first > maxItems ||
		(size > maxSize && dropped < blocks.length - 2)
	) {
		first += blocks[dropped]!.length;
		size -= sizeOf(blocks[dropped]!);
		dropped++;
	}

	const isWhole = dropped === 0 && !isFlood;
	const all = isWhole ? transcript.first : first;
	return {
		first: all,
		end,
		length: end - all,
		maxItems,
		size,
		maxSize,
		blocks: dropped === 0 ? blocks : blocks.slice(dropped),
		news,
		newsBefore: dropped === 0 ? newsBefore : newsBefore.slice(dropped),
		// In front of a hole, older items would seem to continue into it.
		older: isWhole ? transcript.older : [],
	};
};

/**
 * @param index Absolute.
 * @returns Undefined if the item was dropped, or doesn't exist yet.
 */
export const itemAt = (
	transcript: Transcript,
	index: number,
): Item | undefined => {
	const blockItems = blockItemsOf(transcript.maxItems);
	const offset = index - originOf(transcript);
	if (offset < 0) {
		const block = transcript.older.findLast(({first}) => first <= index);
		return block?.items[index - block.first];
	}

	return transcript.blocks[Math.floor(offset / blockItems)]?.[
		offset % blockItems
	];
};

/** @param index Of the first of them, which must still be there. */
export const itemsFrom = (
	transcript: Transcript,
	index: number,
): readonly Item[] =>
	Array.from({length: transcript.end - index}, (_item, offset) =>
		itemAt(transcript, index + offset)!,
	);

const blockItemsOf = (maxItems: number): number =>
	Math.ceil(Math.sqrt(maxItems));
