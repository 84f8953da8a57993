/**
 * The search in the transcript: its keys, and the jump to each hit, also to one
 * that has to be loaded first.
 */
import {useEffect, useRef} from 'react';
import type {HitMove} from '../event/event.js';
import type {Model} from '../store/model.js';
import {currentHit, indexOfSeq, type Search} from '../store/search.js';
import type {Key} from './input/keys.js';
import type {PageWish} from './transcript/page-requests.js';

export type SearchKeyActions = {
	readonly endSearch: () => void;
	readonly onHit: (by: HitMove) => void;
};

// By then a typed word has its second letter; somebody looking at hits is
// slower.
const maxPauseMs = 1500;

/** The letter that moved, if it was the only one so far. */
type LoneLetter = {readonly letter: string; readonly at: number};

/** What a key does in a search, with an empty draft. */
export type SearchPress =
	| 'taken'
	/** It is for the draft, with these letters before it. */
	| {readonly given: string};

/**
 * The keys of a search. Esc and Enter end it where it is; if nothing was found,
 * any key does. n and N move, but `no` is the start of a message: a letter that
 * moved is given to the draft if text follows it at once.
 */
export const useSearchKeys = (
	{endSearch, onHit}: SearchKeyActions,
	monotonicMs: () => number,
): ((key: Key, search: Search) => SearchPress) => {
	const lone = useRef<LoneLetter>(undefined);
	const movedAt = useRef(-Infinity);
	return (key, search) => {
		const last = lone.current;
		lone.current = undefined;
		if (key.type === 'escape' || key.type === 'submit') {
			endSearch();
			return 'taken';
		}

		if (hasFailed(search)) {
			endSearch();
			return {given: ''};
		}

		if (key.type !== 'insert') {
			return {given: ''};
		}

		const at = monotonicMs();
		// One read may have several of them.
		if (/^n+$/i.test(key.text)) {
			for (const letter of key.text) {
				onHit(letter === 'n' ? 1 : -1);
			}

			const isLone = key.text.length === 1 && at - movedAt.current > maxPauseMs;
			movedAt.current = at;
			lone.current = isLone ? {letter: key.text, at} : undefined;
			return 'taken';
		}

		if (last === undefined || at - last.at > maxPauseMs) {
			return {given: ''};
		}

		movedAt.current = -Infinity;
		onHit('back');
		return {given: last.letter};
	};
};

const hasFailed = ({hits, isComplete}: Search): boolean =>
	isComplete && hits.length === 0;

/** @param show Shows an item, by its index. */
export const useHits = (
	{search, transcript}: Model,
	onPage: (wish: PageWish) => void,
	show: (index: number) => void,
): void => {
	const seq = search && currentHit(search);
	const shown = useRef<number>(undefined);
	const wanted = useRef<number>(undefined);
	useEffect(() => {
		if (seq === undefined) {
			shown.current = undefined;
			wanted.current = undefined;
			return;
		}

		if (seq === shown.current) {
			return;
		}

		const index = indexOfSeq(transcript, seq);
		if (index !== undefined) {
			shown.current = seq;
			wanted.current = undefined;
			show(index);
		} else if (wanted.current !== seq) {
			wanted.current = seq;
			onPage({around: seq});
		}
	});
};

/**
 * In the empty input line; a shorter one if that is all there is room for.
 *
 * @param columns Of the line, without its prompt.
 */
export const searchHint = (search: Search, columns: number): string => {
	const {hits, isComplete, place} = search;
	const fitting = (shortest: string, ...longer: readonly string[]) =>
		longer.find(({length}) => length < columns) ?? shortest;
	if (hits.length === 0) {
		return hasFailed(search)
			? fitting('nothing found', 'nothing found; Esc ends')
			: 'searching …';
	}

	const count = `${place + 1} of ${hits.length}${isComplete ? '' : '+'}`;
	return fitting(
		count,
		`${count} · n older, N newer, Esc ends`,
		`${count} · n, N, Esc`,
	);
};
