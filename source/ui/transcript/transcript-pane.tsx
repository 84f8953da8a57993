/** The transcript: what was said, and how much of it is below the window. */
import {useState} from 'react';
import type {DisplayText} from '../../protocol/display.js';
import type {Item} from '../../store/item.js';
import type {Transcript} from '../../store/transcript.js';
import type {Area} from '../layout.js';
import {ScrollPane} from '../pane/scroll-pane.js';
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
	return <ScrollPane area={area} title={title} window={window} />;
}
