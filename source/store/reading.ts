/**
 * How far the reader has read, and the rule where they left off. Pure.
 *
 * The rule is drawn below the last item that was seen, once somebody has said
 * something after it. It stays in its place until the reader leaves again: hides
 * the chat, suspends the program, turns to another window. Scrolling away also
 * counts as leaving, but doesn't move a rule that the reader may be looking for.
 */
import type {Seen} from '../event/event.js';
import {dayOf} from './days.js';
import type {Item, Rule} from './item.js';
import {itemsFrom, type Transcript} from './transcript.js';

export type Attention = {
	/** Whether the chat is in front of the reader. */
	readonly isLooking: boolean;
	/** Whether its newest rows are in view. */
	readonly isFollowing: boolean;
};

type LeftOff = {
	/** The last entry that was seen. */
	readonly seq: number;
	/** The item that the rule is below; undefined while it isn't loaded. */
	readonly index: number | undefined;
	readonly rule: Rule;
	/** When the newest of what counts as seen was said: another log begins its seqs again. */
	readonly seenUntil: number;
	/** Whether somebody has said something since. */
	readonly hasNews: boolean;
	/** Whether the reader has been back at the bottom, or has answered. */
	readonly isSettled: boolean;
};

export type Reading = Attention & {
	/** The last entry seen before the reader left; undefined while they look. */
	readonly left: {readonly seq: number; readonly at: number} | undefined;
	readonly leftOff: LeftOff | undefined;
	/** What was seen in an earlier run, until the room's log is known. */
	readonly before: Seen | undefined;
	/** The log had this many entries when one came: they aren't news. */
	readonly pastEnd: number;
};

export const startReading: Reading = {
	isLooking: true,
	isFollowing: true,
	left: undefined,
	leftOff: undefined,
	before: undefined,
	pastEnd: 0,
};

const twoDigits = (value: number): string => String(value).padStart(2, '0');

/** @param now The day is left out if it is the same. */
const unreadRule = (at: number, now: number): Rule => {
	const date = new Date(at);
	const time = `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
	const day = dayOf(at);
	const text =
		day === dayOf(now) ? `new since ${time}` : `new since ${day}, ${time}`;
	return {kind: 'rule', at, role: 'unread', text};
};

const isNews = (item: Item): boolean =>
	item.kind === 'chunk'
		? item.direction === 'in'
		: (item.kind === 'message' || item.kind === 'whisper') &&
			item.mark === undefined;

const seqOf = (item: Item): number | undefined =>
	'seq' in item ? item.seq : undefined;

/** The room's log is known: what was seen of it in an earlier run counts. */
export const enterLog = (
	reading: Reading,
	{log, head, isFirst}: {log: string; head: number; isFirst: boolean},
	now: number,
): Reading => {
	const {before, left, leftOff} = reading;
	if (before?.log === log) {
		const {seq, at} = before;
		const rule = unreadRule(at, now);
		return {
			...reading,
			before: undefined,
			left: left && before,
			leftOff: {
				seq,
				index: undefined,
				rule,
				seenUntil: at,
				hasNews: false,
				isSettled: false,
			},
			pastEnd: head,
		};
	}

	// Of another log nothing was seen; what was there before one joined isn't
	// news.
	const pastEnd = isFirst ? head : 0;
	return {
		...reading,
		before: undefined,
		left: left && {...left, seq: 0},
		leftOff: left && leftOff && {...leftOff, seq: pastEnd},
		pastEnd,
	};
};

/** Whether the reader had seen an item when they left. */
const wasSeen = (item: Item, {seq, rule}: LeftOff): boolean =>
	(seqOf(item) ?? Infinity) <= seq ||
	// A whisper has its time alone.
	(seqOf(item) === undefined && item.at <= rule.at);

/** Looks for news among items, and for the place of the rule. */
const look = (
	reading: Reading,
	items: readonly Item[],
	firstIndex: number,
	isSeen = wasSeen,
): Reading => {
	const {leftOff} = reading;
	if (!leftOff || items.length === 0) {
		return reading;
	}

	let {index, hasNews, seenUntil} = leftOff;
	for (const [offset, item] of items.entries()) {
		if (isSeen(item, leftOff)) {
			index = firstIndex + offset;
			hasNews = false;
			seenUntil = Math.max(seenUntil, item.at);
		} else if (isNews(item)) {
			hasNews = true;
		}
	}

	return {...reading, leftOff: {...leftOff, index, hasNews, seenUntil}};
};

/** @param before The end of the transcript before items were appended. */
export const readAppended = (
	reading: Reading,
	transcript: Transcript,
	before: number,
): Reading => {
	const start = Math.max(before, transcript.first);
	return reading.leftOff
		? look(reading, itemsFrom(transcript, start), start)
		: reading;
};

/** Other items than before are shown: the rule keeps its place among them. */
export const readAgain = (
	reading: Reading,
	transcript: Transcript,
): Reading => {
	const {leftOff} = reading;
	if (!leftOff) {
		return reading;
	}

	const {first} = transcript;
	const items = itemsFrom(transcript, first);
	const unplaced = {...leftOff, index: undefined, hasNews: false};
	// Some may be of another log: their seqs say nothing.
	return look(
		{...reading, leftOff: unplaced},
		items,
		first,
		(item, off) => wasSeen(item, off) || item.at <= off.seenUntil,
	);
};

/** Items were put in front; those dropped before have lost their indexes. */
export const readPrepended = (
	reading: Reading,
	items: readonly Item[],
	{first}: Transcript,
): Reading => {
	const {leftOff} = reading;
	const {index} = leftOff ?? {};
	if (!leftOff || (index !== undefined && index >= first + items.length)) {
		return reading;
	}

	const looked = look(
		{...reading, leftOff: {...leftOff, index: undefined}},
		items,
		first,
	);
	const hasNews = leftOff.hasNews || looked.leftOff!.hasNews;
	return {...looked, leftOff: {...looked.leftOff!, hasNews}};
};

export const attend = (
	reading: Reading,
	attention: Attention,
	at: number,
	{end, newestSeq}: {readonly end: number; readonly newestSeq: number},
): Reading => {
	const next = {...reading, ...attention};
	const {leftOff} = reading;
	if (attention.isLooking && attention.isFollowing) {
		const isBack = !reading.isFollowing && leftOff !== undefined;
		return {
			...next,
			left: undefined,
			leftOff: isBack ? {...leftOff, isSettled: true} : leftOff,
		};
	}

	// Away already: what came since has not been seen.
	if (reading.left) {
		return next;
	}

	// Before the end of the past, one has not yet been where one left off.
	const isEarly = newestSeq < reading.pastEnd && leftOff !== undefined;
	const left = {seq: isEarly ? leftOff.seq : newestSeq, at};
	const isSought = leftOff?.hasNews === true && !leftOff.isSettled;
	return isEarly || (attention.isLooking && isSought)
		? {...next, left}
		: {
				...next,
				left,
				leftOff: {
					seq: Math.max(newestSeq, reading.pastEnd),
					index: end - 1,
					rule: unreadRule(at, at),
					seenUntil: at,
					hasNews: false,
					isSettled: false,
				},
			};
};

/** A reader who answers has read what is there. */
export const answered = (reading: Reading): Reading => {
	const {leftOff} = reading;
	return leftOff?.hasNews === true && !leftOff.isSettled
		? {...reading, leftOff: {...leftOff, isSettled: true}}
		: reading;
};

/** What to keep for the next run; undefined before anything was seen. */
export const seenOf = (
	{
		reading,
		log,
		newestSeq,
	}: {
		readonly reading: Reading;
		readonly log: string | undefined;
		readonly newestSeq: number;
	},
	now: number,
): Seen | undefined => {
	const {seq, at} = reading.left ?? {seq: newestSeq, at: now};
	return log === undefined || seq === 0 ? undefined : {log, seq, at};
};

/** The rule, and the index of the item above it. */
export type RuleBelow = {readonly index: number; readonly rule: Rule};

/** @returns Undefined if there is nothing to mark, or its place isn't loaded. */
export const unreadBelow = (
	{leftOff}: Reading,
	{first, end}: Transcript,
): RuleBelow | undefined => {
	if (!leftOff?.hasNews || leftOff.index === undefined) {
		return undefined;
	}

	const {index, rule} = leftOff;
	return index >= first && index < end - 1 ? {index, rule} : undefined;
};
