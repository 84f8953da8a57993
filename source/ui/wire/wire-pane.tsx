/**
 * The wire: every chunk as it was read or written, byte by byte.
 */
import {useState} from 'react';
import {
	display,
	displayWidth,
	joinText,
	type DisplayText,
} from '../../protocol/display.js';
import type {Wire} from '../../store/wire.js';
import {cutTo} from '../text/cells.js';
import type {Area} from '../layout.js';
import {ScrollPane} from '../pane/scroll-pane.js';
import {createRow, type Row} from '../text/row.js';
import {viewportOf, visibleRows, type Anchor} from '../pane/window.js';
import {wrapText} from '../text/wrap.js';
import {createWireContext, wireView, type WireMode} from './wire-window.js';

export type WirePaneProps = {
	readonly area: Area;
	readonly title: DisplayText;
	readonly wire: Wire;
	/** Undefined follows the bottom. */
	readonly anchor: Anchor | undefined;
	readonly mode: WireMode;
};

export function WirePane({area, title, wire, anchor, mode}: WirePaneProps) {
	const [context] = useState(() => createWireContext(mode));
	const viewport = viewportOf(area, anchor);
	const window = visibleRows(wireView({wire, anchor, context, ...viewport}));
	const rows =
		wire.chunks.length === 0 ? hintRows(mode, viewport.width) : window.rows;
	return (
		<ScrollPane
			area={area}
			title={titleWith(title, wire, area)}
			window={window}
			rows={rows}
		/>
	);
}

const titleWith = (
	title: DisplayText,
	{dropped}: Wire,
	area: Area,
): DisplayText => {
	if (dropped === 0) {
		return title;
	}

	// A long title is cut; the frame takes four cells.
	const note = display` · ${dropped} dropped`;
	const free = area.width - 4 - displayWidth(note);
	return joinText(cutTo(title, free), note);
};

const hintRows = (mode: WireMode, width: number): Row[] => {
	const unit = mode === 'room' ? 'frame' : 'line';
	return [
		// A room keeps no chunk before somebody looks; raw mode has all, from byte 0.
		mode === 'room'
			? display`Nothing has been read or written since this view was first opened.`
			: display`Nothing has been read or written yet.`,
		display`Each read and each write will be shown here, byte by byte. ⏎┊ marks the end of a ${unit}, which need not be the end of a chunk.`,
	]
		.flatMap(text => wrapText(text, width))
		.map(text => createRow([{text, role: 'faint'}]));
};
