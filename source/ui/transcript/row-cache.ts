/**
 * Remembers the rows of the items lately shown.
 *
 * It is bounded by rows and not by items, because a text may be 16,384 line
 * feeds: whoever flooded a room with those would fill the memory with rows.
 */
import type {Item} from '../../store/item.js';
import type {Row} from '../text/row.js';
import {rowsOfItem} from './item-rows.js';

export type WrapItem = (item: Item, width: number) => readonly Row[];

/** Some screens' worth; a generation may exceed it by one item. */
const rowsInGeneration = 1024;

/**
 * Makes a `rowsOfItem` with a memory, for one view.
 *
 * It holds two generations: what is used moves to the young one, and when that
 * is full, what wasn't used meanwhile is forgotten.
 */
export const createRowCache = (): WrapItem => {
	let young = new Map<Item, readonly Row[]>();
	let old = new Map<Item, readonly Row[]>();
	let youngRows = 0;
	let cachedWidth = 0;

	return (item, width) => {
		if (width !== cachedWidth) {
			cachedWidth = width;
			young = new Map();
			old = new Map();
			youngRows = 0;
		}

		const known = young.get(item);
		if (known !== undefined) {
			return known;
		}

		const rows = old.get(item) ?? rowsOfItem(item, width);
		if (youngRows > rowsInGeneration) {
			old = young;
			young = new Map();
			youngRows = 0;
		}

		young.set(item, rows);
		youngRows += rows.length;
		return rows;
	};
};
