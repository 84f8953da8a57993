/**
 * Which view stands where the transcript does, and how far each is scrolled:
 * a view that is left and come back to is where it was.
 */
import {useReducer, useRef} from 'react';
import type {Model} from '../store/model.js';
import {olderThan} from '../store/older-entries.js';
import type {Key} from './input/keys.js';
import type {Area} from './layout.js';
import {peerColumns} from './peers/peer-table.js';
import type {Move, ViewName, Views} from './view.js';
import {views as entries} from './views.js';
import {createWireContext} from './wire/wire-window.js';

export type ViewBox = {
	readonly views: Views;
	/** Shows a view, or the chat again where it is shown already. */
	readonly toggle: (name: ViewName) => void;
	/** @returns Whether the key was the view's. */
	readonly take: (key: Key, model: Model, area: Area) => boolean;
	/** Back to the bottom of the transcript. */
	readonly follow: () => void;
};

const namesFor = (model: Model): readonly ViewName[] =>
	Object.values(entries)
		.filter(({isFor}) => isFor(model))
		.map(({name}) => name);

const moveOf = (key: Key): Move | undefined => {
	switch (key.type) {
		case 'page-up':
		case 'page-down': {
			return key.type;
		}

		case 'start': {
			return 'top';
		}

		case 'end':
		case 'escape': {
			return 'bottom';
		}

		default: {
			return undefined;
		}
	}
};

/** What a reader who scrolls wants to have of what was said before. */
export type PastWish =
	/** The page before what there is. */
	| 'older'
	/** The very first page. */
	| 'oldest'
	/** None any more: the reader is at the bottom again. */
	| 'none';

// With fewer items above the window the next page is asked for: it is there
// before its reader.
const itemsAhead = 50;

const pastWish = (
	views: Views,
	move: Move,
	model: Model,
): PastWish | undefined => {
	if (views.name !== 'chat') {
		return undefined;
	}

	if (move === 'bottom') {
		return model.transcript.older.length > 0 ? 'none' : undefined;
	}

	if (olderThan(model) === undefined) {
		return undefined;
	}

	if (move === 'top') {
		return 'oldest';
	}

	const {chatAnchor} = views;
	const above = (chatAnchor?.index ?? Infinity) - model.transcript.first;
	return move === 'page-up' && above < itemsAhead ? 'older' : undefined;
};

/**
 * @param isExplained Whether each step carries its sentence.
 * @param onPast Older entries are wanted, or not any more.
 */
export const useViews = (
	mode: Model['mode'],
	isExplained: boolean,
	onPast: (wish: PastWish) => void,
): ViewBox => {
	const [, render] = useReducer((count: number) => count + 1, 0);
	const box = useRef<Views>(undefined);
	box.current ??= {
		name: 'chat',
		chatAnchor: undefined,
		wireAnchor: undefined,
		wireContext: createWireContext(mode),
		stepsAnchor: undefined,
		peersTop: 0,
		sortedBy: 0,
	};
	const views = box.current;
	const replace = (next: Partial<Views>) => {
		box.current = {...box.current!, ...next};
		render();
	};

	return {
		views,
		toggle(name) {
			replace({name: box.current!.name === name ? 'chat' : name});
		},
		take(key, model, area) {
			const now = box.current!;
			if (key.type === 'next-view') {
				const names = namesFor(model);
				const next = (names.indexOf(now.name) + 1) % names.length;
				replace({name: names[next]!});
				return true;
			}

			if (key.type === 'next-order') {
				if (now.name === 'peers') {
					replace({sortedBy: (now.sortedBy + 1) % peerColumns.length});
				}

				return true;
			}

			const move = moveOf(key);
			if (move) {
				const looked = {model, area, isExplained, views: now};
				const next = {...now, ...entries[now.name].scroll(looked, move)};
				replace(next);
				const wish = pastWish(next, move, model);
				if (wish) {
					onPast(wish);
				}
			}

			return move !== undefined;
		},
		follow() {
			replace({chatAnchor: undefined});
		},
	};
};
