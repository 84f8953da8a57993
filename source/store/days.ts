/**
 * Where a day ends among items: a transcript tells the time of day alone, and a
 * room that is kept has many days. By this machine's clock and time zone.
 */
import type {Item, Notice} from './item.js';

/** Such as Sun Nov 22 2026. */
export const dayOf = (at: number): string => new Date(at).toDateString();

export const dayNotice = (at: number): Notice => ({
	kind: 'notice',
	at,
	tone: 'info',
	text: dayOf(at),
});

/**
 * Puts the day before each item that is of another than the one before it.
 *
 * @param day Of what stands before them; undefined where nothing does.
 */
export const withDays = (
	items: readonly Item[],
	day: string | undefined,
): Item[] => {
	let last = day;
	return items.flatMap(item => {
		const next = dayOf(item.at);
		const isNew = last !== undefined && next !== last;
		last = next;
		return isNew ? [dayNotice(item.at), item] : [item];
	});
};
