/** A pane with a window of rows: its footer shows how much is below it. */
import {display, type DisplayText} from '../../protocol/display.js';
import {isUnframed, type Area} from '../layout.js';
import type {Row, Span} from '../text/row.js';
import {RowText} from '../text/shown-text.js';
import {symbols} from '../theme/symbols.js';
import {Pane} from './pane.js';
import type {Window} from './window.js';

export type ScrollPaneProps = {
	readonly area: Area;
	readonly title: DisplayText;
	readonly window: Window;
	/** Shown instead of the window's rows. */
	readonly rows?: readonly Row[];
	/** The footer at the bottom, where nothing is below. */
	readonly footer?: Span | undefined;
};

export function ScrollPane({
	area,
	title,
	window,
	rows = window.rows,
	footer,
}: ScrollPaneProps) {
	const below = window.isAtBottom ? undefined : belowSpan(window);
	return (
		<Pane area={area} title={title} footer={below ?? footer}>
			{rows.map((row, index) => (
				// A row keeps its place on the screen; only its content changes.
				<RowText key={index} row={row} />
			))}
			{below !== undefined && isUnframed(area) && (
				<RowText row={{spans: [below]}} />
			)}
		</Pane>
	);
}

/** Only what arrived since the reader left the bottom is called new. */
const belowSpan = ({below, newBelow}: Window): Span => {
	if (newBelow > 0) {
		const text = display`${symbols.below} ${newBelow} new below`;
		return {text, role: 'unread'};
	}

	// The bottom item itself may continue below the window.
	const count = below === 0 ? 'more' : String(below);
	return {text: display`${symbols.below} ${count} below`, role: 'faint'};
};
