/** The ladder of a watched port: of all connections, or of the chosen one. */
import {display, toDisplay, type DisplayText} from '../../protocol/display.js';
import {ladderSource, type PortModel} from '../../store/port-model.js';
import {spellingNames} from '../../tcp/spelling.js';
import type {Area} from '../layout.js';
import {legendOf} from '../lifecycle/lifecycle-pane.js';
import {
	ladderColumns,
	lifecycleHead,
	lifecycleView,
	type LifecycleView,
} from '../lifecycle/timeline.js';
import {timesLeft} from '../lifecycle/time-left.js';
import {ScrollPane} from '../pane/scroll-pane.js';
import {viewportOf, visibleRows, type ScrollView} from '../pane/window.js';
import {createRow, type Row} from '../text/row.js';
import {wrapText} from '../text/wrap.js';
import {anyAnchor, moveAnchor, type Move} from '../view.js';

const viewOf = (
	model: PortModel,
	viewport: Pick<LifecycleView, 'width' | 'height'>,
	isTail: boolean,
) => {
	const {chosen, anchor, spelling, isExplained} = model.look;
	return {
		source: ladderSource(model),
		peer: chosen,
		isExplained,
		side: 'server',
		style: {spelling, isWatched: true},
		anchor,
		isTail,
		...viewport,
	} as const satisfies LifecycleView;
};

/** Where a move leads to. */
export const scrollLadder = (
	model: PortModel,
	area: Area,
	move: Move,
): ScrollView['anchor'] => {
	// A bare pane loses a row once it is scrolled.
	const viewport = viewportOf(area, anyAnchor);
	return moveAnchor(lifecycleView(viewOf(model, viewport, false)), move);
};

export type WatchLadderProps = {
	readonly area: Area;
	readonly model: PortModel;
	/** Milliseconds since the epoch. */
	readonly now: number;
};

export function WatchLadder({area, model, now}: WatchLadderProps) {
	const {chosen, anchor, spelling} = model.look;
	const viewport = viewportOf(area, anchor);
	const given = viewOf(model, viewport, anchor === undefined);
	const view = {
		...given,
		style: {...given.style, timesLeft: timesLeft(given.source.steps, now)},
	};
	const window = visibleRows(lifecycleView(view));
	const isEmpty = window.rows.length === 0;
	const {width} = viewport;
	const whose =
		chosen === undefined
			? display`all connections`
			: toDisplay(`client ${chosen.replace(/^.*(?=:\d+$)/, '')}`);
	const spelled =
		spelling === 'sockets'
			? display``
			: toDisplay(` · ${spellingNames[spelling]}`);
	return (
		<ScrollPane
			area={area}
			title={display`ladder of ${whose}${spelled}`}
			window={window}
			rows={
				isEmpty
					? hintRows(model, width)
					: [...lifecycleHead(view), ...window.rows]
			}
			footer={{text: watchLegend(width), role: 'faint'}}
		/>
	);
}

const watchLegend = (width: number): DisplayText =>
	width < ladderColumns
		? display`c client · s server · ● read · ○ inferred`
		: legendOf(width);

const hintRows = (
	{look: {chosen}, address, sockets}: PortModel,
	width: number,
): Row[] =>
	// Before the first reading nothing is known.
	(sockets === undefined
		? []
		: wrapText(
				chosen === undefined
					? toDisplay(
							`No steps yet. Start a server on ${address}, then a client; each call and each state shows here. A server's socket() and bind() are seen once it listens.`,
						)
					: display`No steps of this connection are kept any more; a shows all.`,
				Math.max(2, width),
			)
	).map(text => createRow([{text, role: 'faint'}]));
