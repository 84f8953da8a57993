/** The table of peers and the lifecycle, where the transcript stands else. */
import {display} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import {contentOf, type Area} from './layout.js';
import {Pane, RowText} from './pane.js';
import {lastTop, peerColumns, peerTableRows} from './peer-table.js';
import {ladderColumns, ladderRows, timelineRows} from './timeline.js';

export type PeersPaneProps = {
	readonly area: Area;
	readonly model: Model;
	readonly sortedBy: number;
	/** Rows scrolled past. */
	readonly top: number;
	/** Monotonic milliseconds. */
	readonly now: number;
};

export function PeersPane({area, model, sortedBy, top, now}: PeersPaneProps) {
	const peers = model.socket.peers?.rows ?? [];
	const {width, height} = contentOf(area);
	const rows = peerTableRows({peers, sortedBy, top, now, width, height});
	const below = lastTop({peers, height}) - top;
	return (
		<Pane
			area={area}
			title={{text: display`peers ${peers.length}`}}
			footer={{
				text:
					below > 0
						? display`${below} below · Ctrl-O sorts`
						: display`by ${peerColumns[sortedBy]!.title} · Ctrl-O sorts`,
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
	readonly model: Model;
	readonly isExplained: boolean;
	/** Steps scrolled up from the newest. */
	readonly up: number;
};

export function LifecyclePane({
	area,
	model,
	isExplained,
	up,
}: LifecyclePaneProps) {
	const {width, height} = contentOf(area);
	const all = model.socket.steps;
	const steps = up === 0 ? all : all.slice(0, -up);
	const explained = isExplained ? 'all' : 'none';
	const options = {explained, width, height} as const;
	const rows =
		width >= ladderColumns
			? ladderRows(steps, {
					...options,
					side: model.listening ? 'server' : 'client',
				})
			: timelineRows(steps, options);
	return (
		<Pane
			area={area}
			title={{text: display`lifecycle ${model.where}`}}
			footer={{
				text:
					width >= ladderColumns
						? display`● read from the kernel · ○ inferred`
						: display`● read · ○ inferred · → the other end`,
				dim: true,
			}}
		>
			{rows.map((row, index) => (
				<RowText key={index} row={row} />
			))}
		</Pane>
	);
}
