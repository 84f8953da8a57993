/**
 * A search that is open on the screen: which messages have its words, and which
 * of them the reader is at. Pure.
 */
import type {HitMove} from '../event/event.js';
import type {Found, Message} from '../protocol/frame.js';
import {hasWords, wordsOf} from '../protocol/words.js';
import {itemAt, type Transcript} from './transcript.js';

export type Search = {
	readonly text: string;
	/** Folded. */
	readonly words: readonly string[];
	/** The seqs of the messages found so far, newest first. */
	readonly hits: readonly number[];
	/** Whether these are all. */
	readonly isComplete: boolean;
	/** Where in `hits` the reader is. */
	readonly place: number;
	/** Where the last move began. */
	readonly before: number;
};

/** More are not asked for: nobody goes through so many. */
export const maxHits = 1000;

export const openSearch = (text: string): Search => ({
	text,
	words: wordsOf(text),
	hits: [],
	isComplete: false,
	place: 0,
	before: 0,
});

/** The seq of the hit that the reader is at; undefined without hits. */
export const currentHit = ({hits, place}: Search): number | undefined =>
	hits[place];

/** Whether to ask for older hits. */
export const wantsMore = ({hits, isComplete}: Search): boolean =>
	!isComplete && hits.length < maxHits;

/** It stays at the ends. */
export const moveHit = (search: Search, by: HitMove): Search => {
	const {hits, place, before} = search;
	return by === 'back'
		? {...search, place: before}
		: {
				...search,
				place: Math.max(0, Math.min(hits.length - 1, place + by)),
				before: place,
			};
};

/** Takes an answer of the server: hits older than those so far. */
export const addFound = (search: Search, {entries, next}: Found): Search => {
	const oldest = search.hits.at(-1) ?? Infinity;
	const added = entries.map(({seq}) => seq).filter(seq => seq < oldest);
	return {
		...search,
		hits: [...search.hits, ...added.toReversed()],
		isComplete: next === undefined,
	};
};

/** A message came while the search is open; the reader stays where they are. */
export const addNew = (search: Search, message: Message): Search => {
	const {hits, place, before, words} = search;
	const {seq, text, from} = message;
	return seq > (hits[0] ?? 0) && hasWords(words, [text, from])
		? {
				...search,
				hits: [seq, ...hits],
				place: hits.length === 0 ? 0 : place + 1,
				before: hits.length === 0 ? 0 : before + 1,
			}
		: search;
};

/** The index of an entry; undefined while it isn't loaded. */
export const indexOfSeq = (
	transcript: Transcript,
	seq: number,
): number | undefined => {
	for (let index = transcript.end - 1; index >= transcript.first; index--) {
		const item = itemAt(transcript, index);
		if (item && 'seq' in item && item.seq === seq) {
			return index;
		}
	}

	return undefined;
};
