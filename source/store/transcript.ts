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
type OlderBlock = {readonly first: number; readonly items: readonly Item[]};

/** Items a transcript keeps by default; a few MB of short messages. */
export const defaultMaxItems = 50_000;

/**
 * Characters of text, or bytes, that it keeps by default. Without this bound,
 * so many items could be 800 MB of the longest texts, or 3 GB of reads by
 * `--raw`.
 */
export const defaultMaxSize = 16 * 1024 * 1024;

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
	older: [],
});

const sizeOf = (items: readonly Item[]): number => {
	let size = 0;
	for (const item of items) {
		size += item.kind === 'chunk' ? item.bytes.length : item.text.length;
	}

	return size;
};

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
 * @param items Oldest first.
 */
export const prependItems = (
	transcript: Transcript,
	items: readonly Item[],
): Transcript => {
	const {first, end, older} = transcript;
	const added = {first: first - items.length, items};
	return items.length === 0
		? transcript
		: {
				...transcript,
				first: added.first,
				length: end - added.first,
				older: [added, ...older],
			};
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
	let size = (isFlood ? 0 : transcript.size) + sizeOf(added);

	const last = blocks.at(-1);
	let taken = 0;
	if (last !== undefined && last.length < blockItems) {
		taken = blockItems - last.length;
		blocks[blocks.length - 1] = [...last, ...added.slice(0, taken)];
	}

	for (; taken < added.length; taken += blockItems) {
		blocks.push(added.slice(taken, taken + blockItems));
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

const blockItemsOf = (maxItems: number): number =>
	Math.ceil(Math.sqrt(maxItems));
