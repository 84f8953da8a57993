/**
 * The draft, in a ref: all keys of one read arrive before React renders again,
 * and each has to see the effect of those before it.
 */
import {useReducer, useRef} from 'react';
import {createDraft, isAsking, type Draft, type DraftRules} from './draft.js';
import {pasted} from './sending.js';

export type DraftControl = {
	readonly draft: Draft;
	/** The current draft, also between two renders. */
	readonly latest: () => Draft;
	readonly replace: (draft: Draft) => void;
	/** Begins another draft with a text; what was there waits. */
	readonly putAside: (text: string) => void;
	/** Into an empty input: the draft that waits, if there is one. */
	readonly giveBack: () => void;
};

/** @param history What was sent before; read once. */
export const useDraft = (
	rules: DraftRules,
	history: readonly string[],
): DraftControl => {
	const [, render] = useReducer((count: number) => count + 1, 0);
	const box = useRef<Draft>(undefined);
	box.current ??= {...createDraft(rules), history};
	const aside = useRef<Draft>(undefined);
	const replace = (draft: Draft) => {
		box.current = draft;
		render();
	};

	return {
		draft: box.current,
		latest: () => box.current!,
		replace,
		putAside(text) {
			const {killed, history: sent} = box.current!;
			aside.current = box.current;
			replace(pasted({...createDraft(rules), killed, history: sent}, text));
		},
		giveBack() {
			const {text, killed, history: sent} = box.current!;
			if (aside.current && text === '' && !isAsking(box.current!)) {
				replace({...aside.current, killed, history: sent});
				aside.current = undefined;
			}
		},
	};
};
