/**
 * What commands answer while another view than the transcript is shown: it
 * stands above the input until the next key.
 */
import {useReducer, useRef} from 'react';
import type {Notice} from '../store/item.js';

export type Answering = {
	readonly answer: readonly Notice[];
	readonly add: (tone: Notice['tone'], text: string) => void;
	/** Another key: the view is shown whole again. */
	readonly hide: () => void;
};

export const useAnswer = (): Answering => {
	const [, render] = useReducer((count: number) => count + 1, 0);
	// What a key hides, the next one of the same read may add to.
	const box = useRef<Notice[]>([]);
	return {
		answer: box.current,
		add(tone, text) {
			box.current.push({kind: 'notice', at: 0, tone, text});
			render();
		},
		hide() {
			if (box.current.length > 0) {
				box.current = [];
				render();
			}
		},
	};
};
