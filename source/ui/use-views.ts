/**
 * Which view stands where the transcript does, and how far each is scrolled:
 * a view that is left and come back to is where it was.
 */
import {useReducer, useRef} from 'react';
import type {ViewName as CommandView} from '../commands/hands.js';
import type {Model} from '../store/model.js';
import {olderThan} from '../store/past.js';
import type {Key} from './input/keys.js';
import {type Area, contentOf} from './layout.js';
import {lastTop, peerColumns} from './peers/peer-table.js';
import {lifecycleView, sideOf} from './lifecycle/timeline.js';
import {
	scrollPages,
	scrollToTop,
	scrollViewOf,
	stickToTop,
	viewportOf,
	type Anchor,
	type ScrollView,
	type View,
} from './pane/window.js';
import {
	createWireContext,
	wireView,
	type WireContext,
} from './wire/wire-window.js';

export type ViewName = 'chat' | CommandView;

export type Views = {
	readonly name: ViewName;
	/** Where the readers of the transcript, the wire and the steps are. */
	readonly chatAnchor: Anchor | undefined;
	readonly wireAnchor: Anchor | undefined;
	readonly wireContext: WireContext;
	readonly stepsAnchor: Anchor | undefined;
	/** Rows of the peers scrolled past. */
	readonly peersTop: number;
	/** The column that the peers are sorted by. */
	readonly sortedBy: number;
};

export type ViewBox = {
	readonly views: Views;
	/** Shows a view, or the chat again where it is shown already. */
	readonly toggle: (name: ViewName) => void;
	/** @returns Whether the key was the view's. */
	readonly take: (key: Key, model: Model, area: Area) => boolean;
	/** Back to the bottom of the transcript. */
	readonly follow: () => void;
};

const namesFor = ({listening}: Model): readonly ViewName[] =>
	listening
		? ['chat', 'wire', 'lifecycle', 'peers']
		: ['chat', 'wire', 'lifecycle'];

type Move = 'page-up' | 'page-down' | 'top' | 'bottom';

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

const moveAnchor = (
	view: View | ScrollView,
	move: Move,
): Anchor | undefined => {
	switch (move) {
		case 'page-up': {
			return scrollPages(view, -1);
		}

		case 'page-down': {
			return scrollPages(view, 1);
		}

		case 'top': {
			return scrollToTop(view);
		}

		case 'bottom': {
			return undefined;
		}
	}
};

/** @param end The furthest, as a number of rows. */
const moveRows = (from: number, move: Move, page: number, end: number) => {
	const steps = {
		'page-up': from - page,
		'page-down': from + page,
		top: 0,
		bottom: end,
	};
	return Math.max(0, Math.min(end, steps[move]));
};

/** Once scrolled, a bare pane has a row less: the first step counts with it. */
const somewhere: Anchor = {index: 0, line: 0, seenEnd: 0};

type Looked = {
	readonly model: Model;
	readonly area: Area;
	readonly isExplained: boolean;
};

const moved = (
	views: Views,
	move: Move,
	{model, area, isExplained}: Looked,
): Views => {
	const {height} = contentOf(area);
	const page = Math.max(1, height - 2);
	switch (views.name) {
		case 'chat': {
			const anchor = views.chatAnchor;
			const {transcript, pending} = model;
			const viewport = viewportOf(area, somewhere);
			const view = {transcript, pending, anchor, ...viewport};
			const chatAnchor =
				move === 'top' && olderThan(model) !== undefined
					? stickToTop(scrollViewOf(view))
					: moveAnchor(view, move);
			return {...views, chatAnchor};
		}

		case 'wire': {
			const anchor = views.wireAnchor;
			const {wire} = model.socket;
			const context = views.wireContext;
			const viewport = viewportOf(area, somewhere);
			const view = wireView({wire, anchor, context, ...viewport});
			return {...views, wireAnchor: moveAnchor(view, move)};
		}

		case 'peers': {
			const peers = model.socket.peers?.rows ?? [];
			const end = lastTop({peers, height});
			return {...views, peersTop: moveRows(views.peersTop, move, page, end)};
		}

		case 'lifecycle': {
			const anchor = views.stepsAnchor;
			const {steps} = model.socket;
			const viewport = viewportOf(area, somewhere);
			const side = sideOf(model);
			const shown = {steps, anchor, side, isExplained, ...viewport};
			return {...views, stepsAnchor: moveAnchor(lifecycleView(shown), move)};
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
				const next = moved(now, move, {model, area, isExplained});
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
