/**
 * Entries of the log as items, and pages of older entries in front of the
 * transcript. Pure.
 */
import type {Entry, PastPage, ServerFrame} from '../protocol/frame.js';
import {isMentioned} from '../protocol/mention.js';
import {dayNotice, dayOf, withDays} from './days.js';
import type {Item, Message, Notice} from './item.js';
import {flushItems, type Model, type ModelUpdate} from './model.js';
import {wordsOf, type Words} from './notice.js';
import {
	forgetOlder,
	itemAt,
	prependItems,
	type Transcript,
} from './transcript.js';

/** An entry keeps its own time; other frames have the time of arrival. */
export const noticeOf = (
	frame: ServerFrame,
	words: Words,
	at: number,
): Notice => ({
	kind: 'notice',
	at: 'seq' in frame ? frame.at : at,
	...words,
	...('seq' in frame ? {seq: frame.seq} : {}),
});

type Own = Pick<Model, 'id' | 'nick'>;

/** One's own messages are marked stored, and those that name one as mentions. */
export const itemOf = (
	{seq, at, from, id, text}: Extract<Entry, {type: 'message'}>,
	own: Own,
): Message => ({
	kind: 'message',
	at,
	from,
	id,
	text,
	...(id !== own.id && isMentioned(text, own.nick) && {mentioned: own.nick}),
	mark: id === own.id ? 'stored' : undefined,
	seq,
});

const itemsOf = (entry: Entry, own: Own): Item[] => {
	if (entry.type === 'message') {
		return [itemOf(entry, own)];
	}

	const words = wordsOf({type: 'frame', at: entry.at, frame: entry});
	return words ? [noticeOf(entry, words, entry.at)] : [];
};

// Notices of the connection may come between two entries, but not many.
const maxLooked = 1000;

/** The oldest entry in the transcript; undefined if it has none. */
const oldestShown = (transcript: Transcript): number | undefined => {
	const {first, end} = transcript;
	for (let index = first; index < Math.min(end, first + maxLooked); index++) {
		const item = itemAt(transcript, index);
		if (item && 'seq' in item && item.seq !== undefined) {
			return item.seq;
		}
	}

	return undefined;
};

/**
 * The seq that an older page has to end before.
 *
 * @returns Undefined if the server is not known to keep anything older.
 */
export const olderThan = ({
	transcript,
	oldestKept,
}: Pick<Model, 'transcript' | 'oldestKept'>): number | undefined => {
	const oldest = oldestShown(transcript);
	return oldest !== undefined && oldest > oldestKept ? oldest : undefined;
};

/** What stands between a page and the entries it doesn't reach. */
const hole = (from: number, to: number, at: number): Notice => ({
	kind: 'notice',
	at,
	tone: 'info',
	text: `⋯ ${to - from + 1} entries between; Page Up from the bottom loads them, /search includes them ⋯`,
});

/** A page with its days, and the day of the item that follows it. */
const pageItems = (
	page: readonly Entry[],
	oldest: number,
	{id, nick, transcript}: ModelUpdate,
): Item[] => {
	const [first] = page;
	const items = withDays(
		page.flatMap(entry => itemsOf(entry, {id, nick})),
		first && dayOf(first.at),
	);
	const last = items.at(-1);
	const next = itemAt(transcript, transcript.first);
	return [
		...(first?.seq === oldest ? [dayNotice(first.at)] : []),
		...items,
		...(last && next && dayOf(last.at) !== dayOf(next.at)
			? [dayNotice(next.at)]
			: []),
	];
};

export const applyPage = (
	update: ModelUpdate,
	{entries, oldest}: PastPage,
): void => {
	update.oldestKept = oldest;
	flushItems(update);
	const shown = oldestShown(update.transcript);
	// A page that was requested twice is already here.
	const page = entries.filter(({seq}) => shown === undefined || seq < shown);
	const last = page.at(-1);
	if (!last) {
		return;
	}

	const items = pageItems(page, oldest, update);
	const isApart = shown !== undefined && last.seq < shown - 1;
	if (!isApart) {
		update.transcript = prependItems(update.transcript, items);
		return;
	}

	const rest = forgetOlder(update.transcript);
	const from = oldestShown(rest) ?? shown;
	update.transcript = prependItems(rest, [
		...items,
		hole(last.seq + 1, from - 1, last.at),
	]);
};
