/** The connections of a proxy, each with its four ends. */
import {useMemo} from 'react';
import {display, type DisplayText} from '../../protocol/display.js';
import type {PairRow} from '../../event/proxy-event.js';
import type {Model} from '../../store/model.js';
import {contentOf, type Area} from '../layout.js';
import {TablePane} from '../pane/table-pane.js';
import {createRow, type Row} from '../text/row.js';
import {pairOrderName, sortPairs} from './pair-order.js';
import {pairsHead, pairsRows, rowsOfPair} from './pair-rows.js';

/** How far down they can be scrolled, in rows. */
export const lastPairsTop = (
	{socket: {pairs}}: Model,
	{width, height}: {readonly width: number; readonly height: number},
): number =>
	Math.max(
		0,
		(pairs?.rows.length ?? 0) * rowsOfPair(width) - Math.max(1, height - 1),
	);

const none: readonly PairRow[] = [];

export type PairsPaneProps = {
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

export function PairsPane({
	area,
	note,
	model,
	sortedBy,
	top,
	now,
}: PairsPaneProps) {
	const {width, height} = contentOf(area);
	const unsorted = model.socket.pairs?.rows ?? none;
	const pairs = useMemo(
		() => sortPairs(unsorted, sortedBy),
		[unsorted, sortedBy],
	);
	const open = pairs.filter(({isOpen}) => isOpen).length;
	const each = rowsOfPair(width);
	const last = lastPairsTop(model, {width, height});
	const first = Math.min(top, last);
	const from = Math.floor(first / each);
	const inView = pairs.slice(from, from + Math.ceil(height / each) + 1);
	const shown = pairsRows(inView, model, {now, width}).slice(
		first - from * each,
	);
	const rows: Row[] = [
		pairsHead(model, width),
		...(pairs.length === 0
			? [createRow([{text: display`Nobody is connected.`, role: 'faint'}])]
			: shown),
	].slice(0, Math.max(0, height));
	// TCP has addresses, and states where the kernel's table can be read.
	const hasStates = pairs.every(({client, target}) =>
		[client, target].every(
			({local, kernel}) => local === undefined || kernel !== undefined,
		),
	);
	const states = hasStates ? '' : 'no TCP states here · ';
	const order = display`${states}by ${pairOrderName(sortedBy)} · Ctrl-O sorts`;
	const below = Math.ceil((last - first) / each);
	return (
		<TablePane
			area={area}
			title={display`connections ${open}${note}`}
			rows={rows}
			below={below}
			order={order}
		/>
	);
}
