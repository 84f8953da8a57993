/**
 * The transcript: what was said, as far as it fits, and how much is below.
 */
import {useState} from 'react';
import type {DisplayText} from '../../protocol/display.js';
import type {Item} from '../../store/item.js';
import type {Transcript} from '../../store/transcript.js';
import type {Area} from '../layout.js';
import {belowSpan} from '../pane/below-span.js';
import {Pane} from '../pane/pane.js';
import {RowText} from '../text/shown-text.js';
import {viewportOf, visibleRows, type Anchor} from '../pane/window.js';
import {createRowCache} from './row-cache.js';

export type TranscriptPaneProps = {
	readonly area: Area;
	readonly title: DisplayText;
	readonly transcript: Transcript;
	/** One's own items that are not stored yet. */
	readonly pending: readonly Item[];
	/** Undefined follows the bottom. */
	readonly anchor: Anchor | undefined;
};

export function TranscriptPane({
	area,
	title,
	transcript,
	pending,
	anchor,
}: TranscriptPaneProps) {
	const [wrap] = useState(createRowCache);
	const viewport = viewportOf(area, anchor);
	const window = visibleRows({transcript, pending, anchor, ...viewport, wrap});
	const footer = window.isAtBottom ? undefined : belowSpan(window);
	return (
		<Pane area={area} title={title} footer={footer}>
			{window.rows.map((row, index) => (
				// A row of the screen stays where it is; what it shows moves.
				<RowText key={index} row={row} />
			))}
			{footer !== undefined && area.frame === 'bare' && (
				<RowText row={{spans: [footer]}} />
			)}
		</Pane>
	);
}
