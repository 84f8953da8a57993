/** A pane with a sorted table: its footer shows how much is below, and the order. */
import {display, type DisplayText} from '../../protocol/display.js';
import type {Area} from '../layout.js';
import type {Row} from '../text/row.js';
import {RowText} from '../text/shown-text.js';
import {symbols} from '../theme/symbols.js';
import {Pane} from './pane.js';

export type TablePaneProps = {
	readonly area: Area;
	readonly title: DisplayText;
	readonly rows: readonly Row[];
	/** How many entries are below the last row; none if it isn't positive. */
	readonly below: number;
	/** What the table is sorted by, and what else the footer says. */
	readonly order: DisplayText;
};

export function TablePane({area, title, rows, below, order}: TablePaneProps) {
	const text =
		below > 0 ? display`${symbols.below} ${below} below · ${order}` : order;
	return (
		<Pane area={area} title={title} footer={{text, role: 'faint'}}>
			{rows.map((row, index) => (
				<RowText key={index} row={row} />
			))}
		</Pane>
	);
}
