/** The transcript: what was said, and how much of it is below the window. */
import {useMemo} from 'react';
import type {DisplayText} from '../../protocol/display.js';
import type {Item, Rule} from '../../store/item.js';
import type {RuleBelow} from '../../store/reading.js';
import type {Transcript} from '../../store/transcript.js';
import type {Area} from '../layout.js';
import {ScrollPane} from '../pane/scroll-pane.js';
import {viewportOf, visibleRows, type Anchor} from '../pane/window.js';
import {hitRows} from './hit-rows.js';
import type {RowShape} from './nick-column.js';
import {createRowCache, type WrapItem} from './row-cache.js';

export type TranscriptPaneProps = {
	readonly area: Area;
	readonly title: DisplayText;
	readonly transcript: Transcript;
	/** One's own items that are not stored yet. */
	readonly pending: readonly Item[];
	readonly ruleBelow?: RuleBelow | undefined;
	readonly dayAbove?: Rule | undefined;
	/** To be marked: those of an open search, folded. */
	readonly words?: readonly string[] | undefined;
	/** The seq of the message that its reader is at. */
	readonly currentHit?: number | undefined;
	/** Undefined follows the bottom. */
	readonly anchor: Anchor | undefined;
	readonly shape?: RowShape | undefined;
};

const noWords: readonly string[] = [];

export function TranscriptPane({
	area,
	title,
	transcript,
	pending,
	ruleBelow,
	dayAbove,
	words = noWords,
	currentHit,
	anchor,
	shape,
}: TranscriptPaneProps) {
	const wrapShaped = useMemo(
		() => createRowCache(hitRows(words, currentHit)),
		[words, currentHit],
	);
	const wrap: WrapItem = (item, width) => wrapShaped(item, width, shape);
	const viewport = viewportOf(area, anchor);
	const window = visibleRows({
		transcript,
		pending,
		ruleBelow,
		dayAbove,
		anchor,
		...viewport,
		wrap,
	});
	return <ScrollPane area={area} title={title} window={window} />;
}
