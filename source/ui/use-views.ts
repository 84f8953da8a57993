/**
 * Which view is shown, and how far each is scrolled: a view keeps its place
 * while another one is shown.
 */
import {useReducer, useRef} from 'react';
import type {Model} from '../store/model.js';
import {olderThan} from '../store/older-entries.js';
import {nextSpelling} from '../tcp/spelling.js';
import type {Key} from './input/keys.js';
import type {Area} from './layout.js';
import {firstOrder, nextOrder} from './peers/peer-table.js';
import {nextPairOrder} from './proxy/pair-order.js';
import {createNickColumn} from './transcript/nick-column.js';
import {createRowCache} from './transcript/row-cache.js';
import type {PageWish} from './transcript/page-requests.js';
import {scrollBy, viewportOf} from './pane/window.js';
import {anyAnchor, type Move, type ViewName, type ViewState} from './view.js';
import {viewEntries} from './views.js';
import {createWireContext} from './wire/wire-window.js';

export type ViewControl = {
	readonly viewState: ViewState;
	/**
	 * Shows a view, or the chat if that view is already shown.
	 *
	 * @param peer Whose steps; other ones are another view.
	 */
	readonly toggle: (name: ViewName, peer?: string) => void;
	/** @returns Whether the key belonged to the view. */
	readonly handleKey: (key: Key, model: Model, area: Area) => boolean;
	/** Shows an item of the transcript in the middle of its pane. */
	readonly showItem: (index: number, model: Model, area: Area) => void;
	/** Goes back to the bottom of the transcript. */
	readonly follow: () => void;
};

const namesFor = (model: Model): readonly ViewName[] =>
	Object.values(viewEntries)
		.filter(({isFor}) => isFor(model))
		.map(({name}) => name);

const moveOf = (key: Key): Move | undefined => {
	switch (key.type) {
		case 'page-up':
		case 'page-down':
		case 'row-up':
		case 'row-down':
		case 'top':
		case 'bottom': {
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

// With fewer items above the window the next page is requested, to arrive
// before its reader.
const itemsAhead = 50;

const pageWish = (
	viewState: ViewState,
	move: Move,
	model: Model,
): PageWish | undefined => {
	if (viewState.name !== 'chat') {
		return undefined;
	}

	// Without an anchor, the view follows the bottom again.
	const isDown = move === 'page-down' || move === 'row-down';
	if (move === 'bottom' || (isDown && viewState.chatAnchor === undefined)) {
		return model.transcript.older.length > 0 ? 'none' : undefined;
	}

	if (olderThan(model) === undefined) {
		return undefined;
	}

	if (move === 'top') {
		return 'oldest';
	}

	// Without an anchor, everything there is fits on the screen.
	const {chatAnchor} = viewState;
	const above = chatAnchor ? chatAnchor.index - model.transcript.first : 0;
	const isUp = move === 'page-up' || move === 'row-up';
	return isUp && above < itemsAhead ? 'older' : undefined;
};

/**
 * @param isExplained Whether each step is followed by its explanation.
 * @param onPage Called when older entries are needed, or no longer.
 * @param first The view to begin with.
 */
export const useViews = (
	mode: Model['mode'],
	isExplained: boolean,
	onPage: (wish: PageWish) => void,
	first: ViewName = 'chat',
): ViewControl => {
	const [, render] = useReducer((count: number) => count + 1, 0);
	const box = useRef<ViewState>(undefined);
	box.current ??= {
		name: first,
		chatAnchor: undefined,
		nickColumn: createNickColumn(),
		wrapChat: createRowCache(),
		wireAnchor: undefined,
		wireContext: createWireContext(mode),
		stepsAnchor: undefined,
		stepsPeer: undefined,
		spelling: 'sockets',
		peersTop: 0,
		sortedBy: firstOrder(mode),
	};
	const viewState = box.current;
	const replace = (next: Partial<ViewState>) => {
		box.current = {...box.current!, ...next};
		render();
	};

	return {
		viewState,
		toggle(name, peer) {
			const {name: shown, stepsPeer} = box.current!;
			const isOther = name === 'lifecycle' && peer !== stepsPeer;
			replace({
				name: shown === name && !isOther ? 'chat' : name,
				...(isOther ? {stepsPeer: peer, stepsAnchor: undefined} : {}),
			});
		},
		handleKey(key, model, area) {
			const now = box.current!;
			if (key.type === 'next-view') {
				const names = namesFor(model);
				const next = (names.indexOf(now.name) + 1) % names.length;
				replace({name: names[next]!});
				return true;
			}

			if (key.type === 'next-order') {
				if (now.name === 'peers') {
					const sortedBy =
						model.target === undefined
							? nextOrder(now.sortedBy, model.mode)
							: nextPairOrder(now.sortedBy);
					replace({sortedBy});
				} else if (now.name === 'lifecycle') {
					replace({spelling: nextSpelling(now.spelling)});
				}

				return true;
			}

			const move = moveOf(key);
			if (move) {
				const context = {model, area, isExplained, viewState: now};
				const moved = viewEntries[now.name].scroll(context, move);
				const next = {...now, ...moved};
				replace(next);
				const wish = pageWish(next, move, model);
				if (wish) {
					onPage(wish);
				}
			}

			return move !== undefined;
		},
		showItem(index, model, area) {
			const viewport = viewportOf(area, anyAnchor);
			const {transcript, pending} = model;
			const anchor = {index, line: 0, seenEnd: transcript.end};
			const view = {transcript, pending, anchor, ...viewport};
			const found = scrollBy(view, 0);
			// Near the top a full window begins above it, and has it in view.
			const isAtEdge = found?.index === index && found.line === 0;
			const chatAnchor = isAtEdge
				? scrollBy(view, Math.floor(viewport.height / 2))
				: found;
			replace({name: 'chat', chatAnchor});
		},
		follow() {
			replace({chatAnchor: undefined});
		},
	};
};
