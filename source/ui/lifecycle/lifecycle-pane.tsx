/** Each call and each state, with both ends side by side. */
import {display, toDisplay, type DisplayText} from '../../protocol/display.js';
import {isTcp, type Model} from '../../store/model.js';
import {spellingNames, type Spelling} from '../../tcp/spelling.js';
import type {Area} from '../layout.js';
import {ScrollPane} from '../pane/scroll-pane.js';
import {viewportOf, visibleRows, type Anchor} from '../pane/window.js';
import {createRow, type Row} from '../text/row.js';
import {wrapText} from '../text/wrap.js';
import {meantBy} from './named-peer.js';
import {ladderColumns, lifecycleHead, lifecycleView} from './timeline.js';
import {ownStyle, rungColumns} from './rungs.js';
import {timesLeft} from './time-left.js';

export type LifecyclePaneProps = {
	readonly area: Area;
	/** After the title: how much is new in the chat. */
	readonly note: DisplayText;
	readonly model: Model;
	readonly isExplained: boolean;
	readonly wallNow: number;
	/** Undefined follows the newest step. */
	readonly anchor: Anchor | undefined;
	/** Whose steps, by nick or address; undefined for all. */
	readonly peer?: string | undefined;
	/** In what calls are written; by default as in the sockets API. */
	readonly spelling?: Spelling;
};

export function LifecyclePane({
	area,
	note,
	model,
	isExplained,
	wallNow,
	anchor,
	peer,
	spelling = 'sockets',
}: LifecyclePaneProps) {
	const {source, side, peer: address} = meantBy(model, peer);
	const {steps, segments} = source;
	const viewport = viewportOf(area, anchor);
	const view = {
		source,
		peer: address,
		isExplained,
		side,
		anchor,
		style: {
			...ownStyle,
			spelling,
			isWatched: model.isOfOthers,
			timesLeft: timesLeft(steps, wallNow),
		},
		isTail: anchor === undefined,
		...viewport,
	};
	const window = visibleRows(lifecycleView(view));
	const isEmpty =
		address === undefined
			? steps.length === 0 && segments.length === 0
			: steps.every(step => step.peer !== address);
	const rows = isEmpty
		? hintRows(viewport.width, peer, model)
		: [...lifecycleHead(view), ...window.rows];
	return (
		<ScrollPane
			area={area}
			title={display`lifecycle ${peer ?? model.where}${spelledIn(spelling)}${note}`}
			window={window}
			rows={rows}
			footer={
				isEmpty ? undefined : {text: legendOf(viewport.width), role: 'faint'}
			}
		/>
	);
}

const spelledIn = (spelling: Spelling): DisplayText =>
	spelling === 'sockets'
		? display``
		: toDisplay(` · ${spellingNames[spelling]}`);

export const legendOf = (width: number): DisplayText => {
	if (width >= rungColumns) {
		return display`─▸ captured · ┄▸ read · ·▸ inferred · ● read · ○ inferred`;
	}

	return width < ladderColumns
		? display`● read · ○ inferred · → other end`
		: display`● read from the kernel · ○ inferred`;
};

const hintRows = (
	width: number,
	peer: string | undefined,
	model: Model,
): Row[] =>
	wrapText(
		peer === undefined
			? isTcp(model)
				? display`No steps yet. Each call and each state shows here.`
				: display`A Unix domain socket has no TCP states; /wire shows its bytes.`
			: display`No peer is called "${toDisplay(peer)}", or it has no steps: /peers lists them. /lifecycle shows the steps of all.`,
		Math.max(2, width),
	).map(text => createRow([{text, role: 'faint'}]));
