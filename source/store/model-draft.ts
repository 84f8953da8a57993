/** A model at work: what would be copied for each event is copied once. */
import {dayOf, withDays} from './days.js';
import type {Item} from './item.js';
import type {Model, Pending} from './model.js';
import {appendItems} from './transcript.js';

export type Draft = {
	-readonly [Key in keyof Omit<Model, 'pending'>]: Model[Key];
} & {
	/** To be appended to the transcript. */
	items: Item[];
	/** By their n, in their order. */
	readonly pending: Map<number, Pending>;
};

export const createDraft = ({pending, ...model}: Model): Draft => ({
	...model,
	items: [],
	pending: new Map(pending.map(item => [item.n, item])),
});

/** Appends the items so far: an index is never given twice. */
export const settleItems = (draft: Draft): void => {
	const {transcript, items, lastDay} = draft;
	draft.transcript = appendItems(transcript, withDays(items, lastDay));
	draft.items = [];
	const last = items.at(-1);
	draft.lastDay = last ? dayOf(last.at) : lastDay;
};

export const finishDraft = (draft: Draft): Model => {
	settleItems(draft);
	const {items, pending, ...next} = draft;
	return {...next, pending: [...pending.values()]};
};
