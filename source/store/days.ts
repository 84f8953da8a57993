/**
 * Day notices between items: a transcript shows the time of day only, and a
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
 * Puts a day notice before each item that begins another day.
 *
 * @param day The day of the item before them; undefined if there is none.
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
