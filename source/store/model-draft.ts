/** A model at work: what would be copied for each event is copied once. */
import type {Item} from './item.js';
import type {Model, Pending} from './model.js';
import {appendItems, type Transcript} from './transcript.js';

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

/** With the items so far: an index is never given twice. */
export const transcriptOf = ({transcript, items}: Draft): Transcript =>
	appendItems(transcript, items);

export const finishDraft = (draft: Draft): Model => {
	const {items, pending, ...next} = draft;
	return {
		...next,
		transcript: transcriptOf(draft),
		pending: [...pending.values()],
	};
};
