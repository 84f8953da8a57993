/** The table of peers and the lifecycle, where the transcript stands else. */
import {useMemo} from 'react';
import {display, type DisplayText} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {belowSpan} from '../pane/below-span.js';
import {contentOf, type Area} from '../layout.js';
import {Pane} from '../pane/pane.js';
import {RowText} from '../text/shown-text.js';
import {createRow, type Row} from '../text/row.js';
import {
	ladderColumns,
	lifecycleHead,
	lifecycleView,
	sideOf,
} from '../lifecycle/timeline.js';
import {symbols} from '../theme.js';
import {viewportOf, visibleRows, type Anchor} from '../pane/window.js';
import {wrapText} from '../text/wrap.js';
import {lastTop, peerColumns, peerTableRows, sortPeers} from './peer-table.js';

export type PeersPaneProps = {
	readonly area: Area;
	/** Behind the title: what came in the chat meanwhile. */
	readonly note: DisplayText;
	readonly model: Model;
	readonly sortedBy: number;
	/** Rows scrolled past. */
	readonly top: number;
	/** Monotonic milliseconds. */
	readonly now: number;
};

export function PeersPane({
	area,
	note,
	model,
	sortedBy,
	top,
	now,
}: PeersPaneProps) {
	const unsorted = model.socket.peers?.rows;
	const peers = useMemo(
		() => sortPeers(unsorted ?? [], sortedBy),
		[unsorted, sortedBy],
	);
	const {width, height} = contentOf(area);
	const rows = peerTableRows({peers, sortedBy, top, now, width, height});
	const below = lastTop({peers, height}) - top;
	const order = display`by ${peerColumns[sortedBy]!.title} · Ctrl-O sorts`;
	return (
		<Pane
			area={area}
			title={{text: display`peers ${peers.length}${note}`}}
			footer={{
				text:
					below > 0
						? display`${symbols.below} ${below} below · ${order}`
						: order,
				dim: true,
			}}
		>
			{rows.map((row, index) => (
				<RowText key={index} row={row} />
			))}
		</Pane>
	);
}

export type LifecyclePaneProps = {
	readonly area: Area;
	/** Behind the title: what came in the chat meanwhile. */
	readonly note: DisplayText;
	readonly model: Model;
	readonly isExplained: boolean;
	/** Undefined follows the newest step. */
	readonly anchor: Anchor | undefined;
};

export function LifecyclePane({
	area,
	note,
	model,
	isExplained,
	anchor,
}: LifecyclePaneProps) {
	const {steps} = model.socket;
	const side = sideOf(model);
	const viewport = viewportOf(area, anchor);
	const view = {steps, isExplained, side, anchor, ...viewport};
	const window = visibleRows(lifecycleView(view));
	const rows =
		steps.length > 0
			? [...lifecycleHead(view), ...window.rows]
			: hintRows(viewport.width);
	const legend =
		viewport.width < ladderColumns
			? display`● read · ○ inferred · → other end`
			: display`● read from the kernel · ○ inferred`;
	const bottom = steps.length > 0 ? {text: legend, dim: true} : undefined;
	const footer = window.isAtBottom ? bottom : belowSpan(window);
	return (
		<Pane
			area={area}
			title={{text: display`lifecycle ${model.where}${note}`}}
			footer={footer}
		>
			{rows.map((row, index) => (
				<RowText key={index} row={row} />
			))}
			{!window.isAtBottom && footer && area.frame === 'bare' && (
				<RowText row={{spans: [footer]}} />
			)}
		</Pane>
	);
}

const hintRows = (width: number): Row[] =>
	wrapText(
		display`No step was seen. A Unix domain socket has no TCP states.`,
		Math.max(2, width),
	).map(text => createRow([{text, dim: true}]));
