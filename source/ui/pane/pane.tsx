/**
 * The frame around a pane, and the rows inside it.
 *
 * Ink's boxes have no titles, so the upper and lower lines are drawn here. Rows
 * past the height are clipped; each row must fit the width by itself.
 */
import {Box} from 'ink';
import type {ReactNode} from 'react';
import {assertNever} from '../../errors.js';
import {toDisplay, type DisplayText} from '../../protocol/display.js';
import {blanks, cutTo} from '../text/cells.js';
import {contentOf, type Area} from '../layout.js';
import {cellsOfSpans, createRow, type Row, type Span} from '../text/row.js';
import {RowText} from '../text/shown-text.js';
import {borderLook} from '../theme/look.js';
import {borders, borderStyle} from '../theme/symbols.js';
import {useTheme} from '../theme/use-theme.js';

export type PaneProps = {
	readonly area: Area;
	/** In the upper line; a bare pane doesn't show it. */
	readonly title?: DisplayText;
	/** In the lower line; a bare pane doesn't show it. */
	readonly footer?: Span | undefined;
	/** At most as many rows as `contentOf(area)` is high. */
	readonly children: ReactNode;
};

export function Pane({area, title, footer, children}: PaneProps) {
	const {width, height} = area;
	return (
		<Box flexDirection="column" flexShrink={0} width={width} height={height}>
			<FrameLine area={area} edge="top" label={titleOf(title)} />
			<Content area={area}>{children}</Content>
			<FrameLine area={area} edge="bottom" label={footer} />
		</Box>
	);
}

const titleOf = (text: DisplayText | undefined): Span | undefined =>
	text === undefined ? undefined : {text, role: 'title'};

function Content({area, children}: Pick<PaneProps, 'area' | 'children'>) {
	const {height} = contentOf(area);
	const theme = useTheme();
	const sides =
		area.frame === 'box'
			? ({
					borderStyle,
					...borderLook(theme),
					borderTop: false,
					borderBottom: false,
					paddingLeft: 1,
				} as const)
			: {};
	return (
		<Box
			flexDirection="column"
			flexShrink={0}
			width={area.width}
			height={height}
			// Rows truncate themselves. Clipping columns too would cost a tenth of
			// a frame, or a sixth in Chinese.
			overflowY="hidden"
			{...sides}
		>
			{/* Without this box, rows would shrink to nothing instead of being clipped. */}
			<Box flexDirection="column" flexShrink={0}>
				{children}
			</Box>
		</Box>
	);
}

type FrameLineProps = {
	readonly area: Area;
	readonly edge: 'top' | 'bottom';
	readonly label: Span | undefined;
};

function FrameLine({area: {frame, width}, edge, label}: FrameLineProps) {
	switch (frame) {
		case 'box': {
			const [left, right] =
				edge === 'top'
					? [borders.topLeft, borders.topRight]
					: [borders.bottomLeft, borders.bottomRight];
			return <RowText row={ruleRow(width, label, left, right)} />;
		}

		case 'rules': {
			return <RowText row={ruleRow(width, label)} />;
		}

		case 'bare':
		case 'text': {
			return null;
		}

		default: {
			return assertNever(frame);
		}
	}
}

/**
 * A line across a pane, with a label near its left end.
 *
 * @param width In cells; a label that is too long is cut.
 */
export const ruleRow = (
	width: number,
	label?: Span,
	left: DisplayText = borders.horizontal,
	right: DisplayText = borders.horizontal,
): Row => {
	const gap: Span = {text: blanks(1)};
	// Less the two ends, and a blank on each side of the label.
	const room = width - 4;
	const shown: Span[] =
		label === undefined || room < 1
			? []
			: [gap, {...label, text: cutTo(label.text, room)}, gap];
	const free = Math.max(0, width - 2 - cellsOfSpans(shown));
	return createRow([
		{text: left, role: 'frame'},
		...shown,
		{text: toDisplay(borders.horizontal.repeat(free) + right), role: 'frame'},
	]);
};
