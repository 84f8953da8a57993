/**
 * A cache of the rows of items that were shown lately.
 *
 * It is bounded by rows, not by items: a text may be 16,384 line feeds, and a
 * flood of those would fill the memory with rows.
 */
import type {Item} from '../../store/item.js';
import type {Row} from '../text/row.js';
import {rowsOfItem} from './item-rows.js';
import type {RowShape} from './nick-column.js';

export type WrapItem = (item: Item, width: number) => readonly Row[];

export type WrapShaped = (
	item: Item,
	width: number,
	shape?: RowShape,
) => readonly Row[];

/** A few screens; a generation may exceed it by one item. */
const rowsInGeneration = 1024;

/**
 * Makes a `rowsOfItem` with a cache, for one view.
 *
 * The cache has two generations. An item that is used moves to the young one;
 * when that is full, items not used since the last time are dropped.
 */
export const createRowCache = (rowsOf: WrapShaped = rowsOfItem): WrapShaped => {
	let young = new Map<Item, readonly Row[]>();
	let old = new Map<Item, readonly Row[]>();
	let youngRows = 0;
	let cached = '';

	return (item, width, shape) => {
		const form = [
			width,
			shape?.nickCells,
			shape?.isPlain,
			...Object.values(shape?.look ?? {}),
		].join(' ');
		if (form !== cached) {
			cached = form;
			young = new Map();
			old = new Map();
			youngRows = 0;
		}

		const known = young.get(item);
		if (known !== undefined) {
			return known;
		}

		const rows = old.get(item) ?? rowsOf(item, width, shape);
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
