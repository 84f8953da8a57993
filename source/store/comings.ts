/**
 * Comings and goings, folded: what stands between two other items is one item.
 * So are the connections that a host turned away, in a row beside it.
 *
 * A run is the same item whether its entries came one by one, at once, or from
 * both sides of a page's border. Up to `maxNamed` entries it keeps each of them;
 * of more it keeps their number alone, so that a run costs the same however long
 * it grows. Pure.
 */
import type {ForeignProtocol} from '../protocol/foreign/sniff.js';
import type {Joined, Left, Renamed} from '../protocol/frame.js';
import type {Coming, Comings, Item, TurnedAway} from './item.js';
import {leftReason} from './notice.js';
import {
	appendItems,
	itemAt,
	itemsFrom,
	prependItems,
	replaceItem,
	type Transcript,
} from './transcript.js';

/** How many entries of a run are kept. */
export const maxNamed = 200;

const comingOf = (entry: Joined | Left | Renamed, isUnix: boolean): Coming => {
	switch (entry.type) {
		case 'joined': {
			return {kind: 'joined', nick: entry.nick};
		}

		case 'left': {
			const {nick} = entry;
			return {kind: 'left', nick, reason: leftReason(entry, isUnix)};
		}

		case 'renamed': {
			return {kind: 'renamed', nick: entry.from, to: entry.to};
		}
	}
};

const moreBy = {joined: 1, left: -1, renamed: 0} as const;

/** @param isUnix Whether the room is on a Unix domain socket. */
export const comingsOf = (
	entry: Joined | Left | Renamed,
	isUnix: boolean,
): Comings => ({
	kind: 'comings',
	at: entry.at,
	seq: entry.seq,
	count: 1,
	more: moreBy[entry.type],
	each: [comingOf(entry, isUnix)],
});

/** @param runs At least one, each followed directly by the next. */
const joinRuns = (runs: readonly Comings[]): Comings => {
	const {seq} = runs[0]!;
	const {at} = runs.at(-1)!;
	let count = 0;
	let more = 0;
	for (const run of runs) {
		count += run.count;
		more += run.more;
	}

	const each =
		count > maxNamed ? undefined : runs.flatMap(run => run.each ?? []);
	return {kind: 'comings', at, seq, count, more, each};
};

/** Who is away in the end of a run because the server ended. */
const awaitedOf = ({each = []}: Comings): ReadonlySet<string> => {
	const awaited = new Set<string>();
	for (const coming of each) {
		if (coming.kind === 'left' && coming.reason === 'past shutdown') {
			awaited.add(coming.nick);
		} else {
			awaited.delete(coming.nick);
		}
	}

	return awaited;
};

/**
 * When a server ends, all its members leave, and come back one by one, some of
 * them after oneself: these belong to the run before one's own return.
 *
 * @returns That run with them, and the others; undefined if nobody of it is back.
 */
const takeReturned = (
	before: Item | undefined,
	notice: Item | undefined,
	run: Comings,
): {readonly run: Comings; readonly rest: Comings | undefined} | undefined => {
	const {each} = run;
	if (
		before?.kind !== 'comings' ||
		notice?.kind !== 'notice' ||
		!notice.isReturn ||
		each === undefined
	) {
		return undefined;
	}

	const awaited = awaitedOf(before);
	const other = each.findIndex(
		({kind, nick}) => kind !== 'joined' || !awaited.has(nick),
	);
	const count = other === -1 ? each.length : other;
	if (count === 0) {
		return undefined;
	}

	const back = {...run, count, more: count, each: each.slice(0, count)};
	return {
		// The time stays that of what stands above the return.
		run: {...joinRuns([before, back]), at: before.at},
		rest:
			count === each.length
				? undefined
				: {
						...run,
						seq: run.seq + count,
						count: run.count - count,
						more: run.more - count,
						each: each.slice(count),
					},
	};
};

/** @param runs At least one, oldest first. */
const joinTurnedAway = (runs: readonly TurnedAway[]): TurnedAway => {
	const speaking: Partial<Record<ForeignProtocol, number>> = {};
	let count = 0;
	for (const run of runs) {
		count += run.count;
		for (const [name, times] of Object.entries(run.speaking)) {
			const protocol = name as ForeignProtocol;
			speaking[protocol] = (speaking[protocol] ?? 0) + times;
		}
	}

	const {at, peer} = runs.at(-1)!;
	return {kind: 'turned-away', at, count, speaking, peer};
};

/** What stands between two items that are not folded: at most one of each. */
class Stretch {
	#comings: Comings[] = [];
	#turnedAway: TurnedAway[] = [];
	#first: 'comings' | 'turned-away' | undefined;

	get isEmpty(): boolean {
		return this.#first === undefined;
	}

	push(item: Comings | TurnedAway): void {
		this.#first ??= item.kind;
		if (item.kind === 'comings') {
			this.#comings.push(item);
		} else {
			this.#turnedAway.push(item);
		}
	}

	/** Empties it. An item that was alone is returned as it is. */
	take(): Item[] {
		const comings = this.#comings;
		const turnedAway = this.#turnedAway;
		const items = [
			...(comings.length > 1 ? [joinRuns(comings)] : comings),
			...(turnedAway.length > 1 ? [joinTurnedAway(turnedAway)] : turnedAway),
		];
		const isReversed = this.#first === 'turned-away';
		this.#comings = [];
		this.#turnedAway = [];
		this.#first = undefined;
		return isReversed ? items.toReversed() : items;
	}
}

export const foldItems = (items: readonly Item[]): Item[] => {
	const folded: Item[] = [];
	const stretch = new Stretch();
	for (const item of items) {
		if (item.kind === 'turned-away') {
			stretch.push(item);
			continue;
		}

		if (item.kind !== 'comings') {
			folded.push(...stretch.take(), item);
			continue;
		}

		const returned = stretch.isEmpty
			? takeReturned(folded.at(-2), folded.at(-1), item)
			: undefined;
		if (returned) {
			folded[folded.length - 2] = returned.run;
		}

		const rest = returned ? returned.rest : item;
		if (rest) {
			stretch.push(rest);
		}
	}

	folded.push(...stretch.take());
	return folded;
};

// A run, and below it the other of a stretch, or the notice of one's return.
const openItems = 2;

/**
 * Appends items; a run that goes on stays one item, under its index. It makes no
 * difference which of them come at once.
 */
export const appendFolded = (
	transcript: Transcript,
	items: readonly Item[],
): Transcript => {
	const start = Math.max(transcript.first, transcript.end - openItems);
	const open = itemsFrom(transcript, start);
	const folded = foldItems([...open, ...items]);
	let before = transcript;
	for (const [offset, item] of open.entries()) {
		if (folded[offset] !== item) {
			before = replaceItem(before, start + offset, folded[offset]!);
		}
	}

	return appendItems(before, folded.slice(open.length));
};

/**
 * Puts a page of older items in front; a run across its end stays one item, under
 * the index that its newer part has.
 *
 * @param seq The oldest entry of the page, whether it is shown or not.
 */
export const prependFolded = (
	transcript: Transcript,
	items: readonly Item[],
	seq: number,
): Transcript => {
	const folded = foldItems(items);
	const last = folded.at(-1);
	const first = itemAt(transcript, transcript.first);
	return last?.kind === 'comings' && first?.kind === 'comings'
		? prependItems(
				replaceItem(transcript, transcript.first, joinRuns([last, first])),
				folded.slice(0, -1),
				seq,
			)
		: prependItems(transcript, folded, seq);
};
