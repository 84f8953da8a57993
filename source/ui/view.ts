/**
 * What stands where the transcript does: one entry a view, in the folder of
 * its pane. `views.ts` lists them.
 */
import type {ReactElement} from 'react';
import type {ViewName as OtherView} from '../commands/hands.js';
import type {DisplayText} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import type {Area} from './layout.js';
import {
	scrollPages,
	scrollToTop,
	type Anchor,
	type ScrollView,
	type View,
} from './pane/window.js';
import type {WireContext} from './wire/wire-window.js';

export type ViewName = 'chat' | OtherView;

/** How far each view is scrolled, and which of them is shown. */
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

export type ViewProps = {
	readonly area: Area;
	/** After the title: what came in the chat meanwhile. */
	readonly note: DisplayText;
	readonly model: Model;
	readonly views: Views;
	/** Whether each step carries its sentence. */
	readonly isExplained: boolean;
	/** Monotonic milliseconds. */
	readonly monotonicMs: () => number;
};

export type Move = 'page-up' | 'page-down' | 'top' | 'bottom';

/** What a view looks at to know where a move leads. */
export type Looked = Pick<
	ViewProps,
	'area' | 'model' | 'views' | 'isExplained'
>;

export type ViewEntry = {
	readonly name: ViewName;
	/** Whether there is anything to show in it. */
	readonly isFor: (model: Model) => boolean;
	readonly draw: (props: ViewProps) => ReactElement;
	readonly scroll: (looked: Looked, move: Move) => Partial<Views>;
};

/** Once scrolled, a bare pane has a row less: the first step counts with it. */
export const somewhere: Anchor = {index: 0, line: 0, seenEnd: 0};

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

		case 'top': {
			return scrollToTop(view);
		}

		case 'bottom': {
			return undefined;
		}
	}
};
