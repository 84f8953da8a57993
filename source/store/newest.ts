/**
 * The newest of many, in blocks: adding one copies a block at most, however many
 * are kept. Pure.
 */
export type Newest<Item> = {
	/** How many older ones were dropped. */
	readonly dropped: number;
	readonly length: number;
	/** All but the last are full. */
	readonly blocks: ReadonlyArray<readonly Item[]>;
};

const blockItems = 128;

export const noneYet: Newest<never> = {dropped: 0, length: 0, blocks: []};

/** @param limit How many to keep at least, once there are so many. */
export const appendNewest = <Item>(
	{dropped, length, blocks}: Newest<Item>,
	item: Item,
	limit: number,
): Newest<Item> => {
	const last = blocks.at(-1);
	if (last !== undefined && last.length < blockItems) {
		return {
			dropped,
			length: length + 1,
			blocks: [...blocks.slice(0, -1), [...last, item]],
		};
	}

	const isFull = length - blockItems >= limit;
	const kept = isFull ? blocks.slice(1) : blocks;
	const gone = isFull ? blockItems : 0;
	return {
		dropped: dropped + gone,
		length: length - gone + 1,
		blocks: [...kept, [item]],
	};
};

/**
 * Adds one that is older than some that are there: as far back as the last
 * block goes.
 *
 * @param isLater Whether another one comes after it.
 */
export const insertNewest = <Item>(
	newest: Newest<Item>,
	item: Item,
	isLater: (other: Item) => boolean,
	limit: number,
): Newest<Item> => {
	const last = newest.blocks.at(-1) ?? [];
	const place = last.findLastIndex(other => !isLater(other)) + 1;
	const later = last.slice(place);
	let next: Newest<Item> =
		later.length === 0
			? newest
			: {
					...newest,
					length: newest.length - later.length,
					blocks: [...newest.blocks.slice(0, -1), last.slice(0, place)],
				};
	for (const each of [item, ...later]) {
		next = appendNewest(next, each, limit);
	}

	return next;
};

/** The last ones, oldest first; without a count, all that are kept. */
export const lastOf = <Item>(
	{blocks}: Newest<Item>,
	count = Infinity,
): readonly Item[] => {
	const wanted = Math.ceil(count / blockItems) + 1;
	const items = blocks.slice(-wanted).flat();
	return items.slice(Math.max(0, items.length - count));
};
