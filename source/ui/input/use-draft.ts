/**
 * The draft, in a ref: all keys of one read arrive before React renders again,
 * and each has to see the effect of those before it.
 */
import {useReducer, useRef} from 'react';
import {createDraft, type Draft, type DraftRules} from './draft.js';

export type DraftControl = {
	readonly draft: Draft;
	/** The current draft, also between two renders. */
	readonly latest: () => Draft;
	readonly replace: (draft: Draft) => void;
};

/** @param history What was sent before; read once. */
export const useDraft = (
	rules: DraftRules,
	history: readonly string[],
): DraftControl => {
	const [, render] = useReducer((count: number) => count + 1, 0);
	const box = useRef<Draft>(undefined);
	box.current ??= {...createDraft(rules), history};
	return {
		draft: box.current,
		latest: () => box.current!,
		replace(draft) {
			box.current = draft;
			render();
		},
	};
};
