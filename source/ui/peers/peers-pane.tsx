/** The table of peers. */
import {useMemo} from 'react';
import {display, type DisplayText} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {contentOf, type Area} from '../layout.js';
import {TablePane} from '../pane/table-pane.js';
import {lastTop, peerColumns, peerTableRows, sortPeers} from './peer-table.js';

export type PeersPaneProps = {
	readonly area: Area;
	/** After the title: how much is new in the chat. */
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
	const rows = peerTableRows({
		peers,
		mode: model.mode,
		sortedBy,
		top,
		now,
		width,
		height,
	});
	const below = lastTop({peers, height}) - top;
	const order = display`by ${peerColumns[sortedBy]!.title} · Ctrl-O sorts`;
	return (
		<TablePane
			area={area}
			title={display`peers ${peers.length}${note}`}
			rows={rows}
			below={below}
			order={order}
		/>
	);
}
