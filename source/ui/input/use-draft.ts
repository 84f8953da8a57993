/**
 * The draft, kept where all keys of one read see each other's work: they come
 * before React renders again.
 */
import {useReducer, useRef} from 'react';
import {createDraft, type Draft, type DraftRules} from './draft.js';

export type DraftBox = {
	readonly draft: Draft;
	/** The draft as it is now, also between two renders. */
	readonly latest: () => Draft;
	readonly replace: (draft: Draft) => void;
};

export const useDraft = (rules: DraftRules): DraftBox => {
	const [, render] = useReducer((count: number) => count + 1, 0);
	const box = useRef<Draft>(undefined);
	box.current ??= createDraft(rules);
	return {
		draft: box.current,
		latest: () => box.current!,
		replace(draft) {
			box.current = draft;
			render();
		},
	};
};
