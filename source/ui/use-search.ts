/**
 * The search in the transcript: its keys, and the jump to each hit, also to one
 * that has to be loaded first.
 */
import {useEffect, useRef} from 'react';
import type {Model} from '../store/model.js';
import {currentHit, indexOfSeq, type Search} from '../store/search.js';
import type {Key} from './input/keys.js';
import type {PageWish} from './transcript/page-requests.js';

export type SearchActions = {
	/** Opens a search; without a text, closes it. */
	readonly onSearch: (text: string | undefined) => void;
	/** Goes to the next older hit, or the next newer one. */
	readonly onHit: (by: 1 | -1) => void;
	readonly onPage: (wish: PageWish) => void;
};

/** @returns Whether the key belonged to the search, with an empty draft. */
export const pressInSearch = (
	key: Key,
	{onSearch, onHit}: SearchActions,
): boolean => {
	if (key.type === 'escape') {
		onSearch(undefined);
		return true;
	}

	// One read may have several of them.
	if (key.type !== 'insert' || !/^n+$/i.test(key.text)) {
		return false;
	}

	for (const letter of key.text) {
		onHit(letter === 'n' ? 1 : -1);
	}

	return true;
};

/** @param show Shows an item, by its index. */
export const useHits = (
	{search, transcript}: Model,
	onPage: SearchActions['onPage'],
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

/** In the empty input line; the shorter one if that is all there is room for. */
export const searchHint = (
	{hits, isComplete, place}: Search,
	columns: number,
): string => {
	if (hits.length === 0) {
		return isComplete ? 'nothing found; Esc ends' : 'searching …';
	}

	const count = `${place + 1} of ${hits.length}${isComplete ? '' : '+'}`;
	const whole = `${count} · n older, N newer, Esc ends`;
	return whole.length + 4 > columns ? count : whole;
};
