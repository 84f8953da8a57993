/**
 * What can be shown in the place of the transcript: one `ViewEntry` for each
 * view, in the folder of its pane. `views.ts` lists them.
 */
import type {ReactElement} from 'react';
import type {ViewName as OtherView} from '../commands/hands.js';
import type {DisplayText} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import type {Spelling} from '../tcp/spelling.js';
import type {Area} from './layout.js';
import {
	scrollBy,
	scrollPages,
	scrollToTop,
	type Anchor,
	type ScrollView,
	type View,
} from './pane/window.js';
import type {NickColumn} from './transcript/nick-column.js';
import type {WrapShaped} from './transcript/row-cache.js';
import type {WireContext} from './wire/wire-window.js';

export type ViewName = 'chat' | OtherView;

/** Which view is shown, and how far each of them is scrolled. */
export type ViewState = {
	readonly name: ViewName;
	readonly chatAnchor: Anchor | undefined;
	readonly nickColumn: NickColumn;
	/** The rows of the chat, for moves: each asks for them many times. */
	readonly wrapChat: WrapShaped;
	readonly wireAnchor: Anchor | undefined;
	readonly wireContext: WireContext;
	readonly stepsAnchor: Anchor | undefined;
	/** Whose steps are shown, by nick or address; undefined for all. */
	readonly stepsPeer: string | undefined;
	/** In what calls are written. */
	readonly spelling: Spelling;
	/** Rows of the peers scrolled past. */
	readonly peersTop: number;
	/** The column that the peers are sorted by. */
	readonly sortedBy: number;
};

export type ViewProps = {
	readonly area: Area;
	/** After the title: how much is new in the chat. */
	readonly note: DisplayText;
	readonly model: Model;
	readonly viewState: ViewState;
	/** Whether each step is followed by its explanation. */
	readonly isExplained: boolean;
	/** Monotonic milliseconds. */
	readonly monotonicMs: () => number;
	readonly wallNow: number;
};

export type Move =
	'page-up' | 'page-down' | 'row-up' | 'row-down' | 'top' | 'bottom';

/** What a view needs to know to scroll. */
export type ScrollContext = Pick<
	ViewProps,
	'area' | 'model' | 'viewState' | 'isExplained'
>;

export type ViewEntry = {
	readonly name: ViewName;
	/** Whether it has anything to show. */
	readonly isFor: (model: Model) => boolean;
	readonly draw: (props: ViewProps) => ReactElement;
	readonly scroll: (context: ScrollContext, move: Move) => Partial<ViewState>;
};

/**
 * Any anchor: a bare pane loses a row once it is scrolled, so the first move
 * has to be computed with that row gone.
 */
export const anyAnchor: Anchor = {index: 0, line: 0, seenEnd: 0};

export const moveAnchor = (
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

		case 'row-up': {
			return scrollBy(view, -1);
		}

		case 'row-down': {
			return scrollBy(view, 1);
		}

		case 'top': {
			return scrollToTop(view);
		}

		case 'bottom': {
			return undefined;
		}
	}
};
