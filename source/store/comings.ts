/**
 * Comings and goings, folded: what stands between two other items is one item.
 *
 * A run is the same item whether its entries came one by one, at once, or from
 * both sides of a page's border. Up to `maxNamed` entries it keeps each of them;
 * of more it keeps their number alone, so that a run costs the same however long
 * it grows. Pure.
 */
import type {Joined, Left, Renamed} from '../protocol/frame.js';
import type {Coming, Comings, Item} from './item.js';
import {leftReason} from './notice.js';
import {
	appendItems,
	itemAt,
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

export const foldItems = (items: readonly Item[]): Item[] => {
	const folded: Item[] = [];
	let run: Comings[] = [];
	const endRun = () => {
		if (run.length > 0) {
			folded.push(run.length === 1 ? run[0]! : joinRuns(run));
			run = [];
		}
	};

	for (const item of items) {
		if (item.kind === 'comings') {
			run.push(item);
		} else {
			endRun();
			folded.push(item);
		}
	}

	endRun();
	return folded;
};

/** Appends items; a run that goes on stays one item, under its index. */
export const appendFolded = (
	transcript: Transcript,
	items: readonly Item[],
): Transcript => {
	const folded = foldItems(items);
	const last = transcript.blocks.at(-1)?.at(-1);
	const [first] = folded;
	return last?.kind === 'comings' && first?.kind === 'comings'
		? appendItems(
				replaceItem(transcript, transcript.end - 1, joinRuns([last, first])),
				folded.slice(1),
			)
		: appendItems(transcript, folded);
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
