/**
 * A cache of the rows of items that were shown lately.
 *
 * It is bounded by rows, not by items: a text may be 16,384 line feeds, and a
 * flood of those would fill the memory with rows.
 */
import type {Item} from '../../store/item.js';
import type {Row} from '../text/row.js';
import {rowsOfItem} from './item-rows.js';

export type WrapItem = (item: Item, width: number) => readonly Row[];

/** A few screens; a generation may exceed it by one item. */
const rowsInGeneration = 1024;

/**
 * Makes a `rowsOfItem` with a cache, for one view.
 *
 * The cache has two generations. An item that is used moves to the young one;
 * when that is full, items not used since the last time are dropped.
 */
export const createRowCache = (rowsOf: WrapItem = rowsOfItem): WrapItem => {
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

		const rows = old.get(item) ?? rowsOf(item, width);
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
