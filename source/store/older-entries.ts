/**
 * Entries of the log as items, and pages of older entries in front of the
 * transcript. Pure.
 */
import type {Entry, PastPage} from '../protocol/frame.js';
import {isMentioned} from '../protocol/mention.js';
import {comingsOf, foldItems, prependFolded} from './comings.js';
import {dayOf, dayRule, withDays} from './days.js';
import {isNothingHidden} from './hiding.js';
import type {Item, Message, Notice} from './item.js';
import {
	flushItems,
	isTcp,
	showAgain,
	type Model,
	type ModelUpdate,
} from './model.js';
import {readPrepended} from './reading.js';
import {forgetOlder, itemAt, type Transcript} from './transcript.js';

type Own = Pick<Model, 'id' | 'nick'>;

type Place = Pick<Model, 'where'>;

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

/** @returns An empty list for the coming and going of a one-shot. */
export const itemsOf = (entry: Entry, own: Own & Place): Item[] => {
	switch (entry.type) {
		case 'message': {
			return [itemOf(entry, own)];
		}

		case 'joined':
		case 'left': {
			return entry.oneShot ? [] : [comingsOf(entry, !isTcp(own))];
		}

		case 'renamed': {
			return [comingsOf(entry, !isTcp(own))];
		}
	}
};

// Notices of the connection may come between two entries, but not many.
const maxLooked = 1000;

/** The oldest entry of the transcript, shown or not; undefined if it has none. */
const oldestIn = (transcript: Transcript): number | undefined => {
	const {first, end, older} = transcript;
	if (older[0]) {
		return older[0].seq;
	}

	for (let index = first; index < Math.min(end, first + maxLooked); index++) {
		const item = itemAt(transcript, index);
		if (item && 'seq' in item && item.seq !== undefined) {
			return item.seq;
		}
	}

	return undefined;
};

/** The oldest entry in the transcript, or what `/clear` took away after it. */
const oldestLoaded = ({
	whole,
	clearedSeq,
}: Pick<Model, 'whole' | 'clearedSeq'>): number | undefined =>
	oldestIn(whole) ?? (clearedSeq === undefined ? undefined : clearedSeq + 1);

/**
 * The seq that an older page has to end before.
 *
 * @returns Undefined if the server is not known to keep anything older.
 */
export const olderThan = (
	model: Pick<Model, 'whole' | 'oldestKept' | 'clearedSeq'>,
): number | undefined => {
	const oldest = oldestLoaded(model);
	return oldest !== undefined && oldest > model.oldestKept ? oldest : undefined;
};

/** What stands between a page and the entries it doesn't reach. */
const hole = (from: number, to: number, at: number): Notice => {
	const count = to - from + 1;
	const [entries, them] = count === 1 ? ['entry', 'it'] : ['entries', 'them'];
	return {
		kind: 'notice',
		at,
		tone: 'info',
		missing: {from, to},
		text: `⋯ ${count} ${entries} between; Page Up from the bottom loads ${them}, /search includes ${them} ⋯`,
	};
};

/** A page with its days, and the day of the item that follows it. */
const pageItems = (
	page: readonly Entry[],
	oldest: number,
	{id, nick, where, whole}: ModelUpdate,
): Item[] => {
	const [first] = page;
	const items = withDays(
		page.flatMap(entry => itemsOf(entry, {id, nick, where})),
		first && dayOf(first.at),
	);
	const last = items.at(-1);
	const next = itemAt(whole, whole.first);
	return [
		...(first?.seq === oldest ? [dayRule(first.at)] : []),
		...items,
		...(last && next && dayOf(last.at) !== dayOf(next.at)
			? [dayRule(next.at)]
			: []),
	];
};

/** The entries that a page set apart doesn't reach; undefined without one. */
const missingOf = ({older}: Transcript): Notice['missing'] => {
	const last = older.at(-1)?.items.at(-1);
	return last?.kind === 'notice' ? last.missing : undefined;
};

/** Drops the older entries that were loaded on request. */
export const forgetPast = (update: ModelUpdate): void => {
	const {whole, transcript, hiding} = update;
	update.transcript = forgetOlder(transcript);
	update.whole = isNothingHidden(hiding)
		? update.transcript
		: forgetOlder(whole);
};

/** Drops the older entries, if a page is among those missing after them. */
const makeWay = (update: ModelUpdate, page: readonly Entry[]): void => {
	const missing = missingOf(update.whole);
	const [first] = page;
	const last = page.at(-1);
	if (
		missing &&
		first &&
		last &&
		last.seq > missing.from &&
		first.seq <= missing.to
	) {
		forgetPast(update);
	}
};

export const applyPage = (
	update: ModelUpdate,
	{entries, oldest}: PastPage,
): void => {
	update.oldestKept = oldest;
	flushItems(update);
	makeWay(update, entries);
	const shown = oldestLoaded(update);
	// A page that was requested twice is already here.
	const page = entries.filter(({seq}) => shown === undefined || seq < shown);
	const last = page.at(-1);
	if (!last) {
		return;
	}

	const items = pageItems(page, oldest, update);
	const isApart = shown !== undefined && last.seq < shown - 1;
	if (!isApart) {
		putInFront(update, items, page[0]!.seq);
		return;
	}

	forgetPast(update);
	const from = oldestLoaded(update) ?? shown;
	const apart = [...items, hole(last.seq + 1, from - 1, last.at)];
	putInFront(update, apart, page[0]!.seq);
};

/** @param seq The oldest entry of the page, whether it is shown or not. */
const putInFront = (
	update: ModelUpdate,
	items: readonly Item[],
	seq: number,
): void => {
	const folded = foldItems(items);
	update.whole = prependFolded(update.whole, folded, seq);
	if (!isNothingHidden(update.hiding)) {
		showAgain(update);
		return;
	}

	update.transcript = update.whole;
	update.reading = readPrepended(update.reading, folded, update.transcript);
};
