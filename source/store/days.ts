/**
 * A rule between items of different days: a transcript shows the time of day
 * only, and a room that is kept has many days. By this machine's clock and time
 * zone, but not in its language: nothing here is.
 */
import type {Item, Rule} from './item.js';

const weekdays = [
	'Sunday',
	'Monday',
	'Tuesday',
	'Wednesday',
	'Thursday',
	'Friday',
	'Saturday',
] as const;

const months = [
	'January',
	'February',
	'March',
	'April',
	'May',
	'June',
	'July',
	'August',
	'September',
	'October',
	'November',
	'December',
] as const;

/** Such as Sunday, 22 November 2026. */
export const dayOf = (at: number): string => {
	const date = new Date(at);
	const month = months[date.getMonth()]!;
	return `${weekdays[date.getDay()]!}, ${date.getDate()} ${month} ${date.getFullYear()}`;
};

export const dayRule = (at: number): Rule => ({
	kind: 'rule',
	at,
	role: 'day',
	text: dayOf(at),
});

/**
 * The rule above the oldest item; undefined if that is of today, or a rule
 * itself.
 */
export const dayAbove = (
	item: Item | undefined,
	today: Rule | undefined,
): Rule | undefined =>
	item &&
	item.kind !== 'rule' &&
	today !== undefined &&
	dayOf(item.at) !== today.text
		? dayRule(item.at)
		: undefined;

/** When the day after this time begins. */
export const nextDay = (at: number): number => {
	const date = new Date(at);
	return new Date(
		date.getFullYear(),
		date.getMonth(),
		date.getDate() + 1,
	).getTime();
};

/**
 * Puts a rule before each item that begins another day.
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
		return isNew ? [dayRule(item.at), item] : [item];
	});
};
