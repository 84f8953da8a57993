/** The connections of a proxy, each with its four ends. */
import {display, type DisplayText} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {contentOf, type Area} from '../layout.js';
import {Pane} from '../pane/pane.js';
import {createRow, type Row} from '../text/row.js';
import {RowText} from '../text/shown-text.js';
import {symbols} from '../theme/symbols.js';
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

export type PairsPaneProps = {
	readonly area: Area;
	/** After the title: how much is new in the chat. */
	readonly note: DisplayText;
	readonly model: Model;
	/** Rows scrolled past. */
	readonly top: number;
	/** Monotonic milliseconds. */
	readonly now: number;
};

export function PairsPane({area, note, model, top, now}: PairsPaneProps) {
	const {width, height} = contentOf(area);
	const {rows: pairs = [], listening} = model.socket.pairs ?? {};
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
	const source =
		listening === undefined && pairs.length > 0
			? display`bytes as counted here`
			: display`states and queues as read from the kernel`;
	const below = Math.ceil((last - first) / each);
	return (
		<Pane
			area={area}
			title={display`connections ${open}${note}`}
			footer={{
				text:
					below > 0
						? display`${symbols.below} ${below} below · ${source}`
						: source,
				role: 'faint',
			}}
		>
			{rows.map((row, index) => (
				<RowText key={index} row={row} />
			))}
		</Pane>
	);
}
