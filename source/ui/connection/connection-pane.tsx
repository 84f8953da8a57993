/** People and the connection beside the transcript, or a line above it. */
import {Box} from 'ink';
import {display} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {contentOf, type Area, type LayoutKind} from '../layout.js';
import {Pane} from '../pane/pane.js';
import {RowText} from '../text/shown-text.js';
import {connectionRows, peopleTitle} from './connection-rows.js';
import {statusRows} from './status-rows.js';

export type ConnectionPaneProps = {
	readonly area: Area;
	readonly kind: LayoutKind;
	readonly model: Model;
	readonly isExplained: boolean;
	/** Monotonic milliseconds, by the same clock as the model's times. */
	readonly now: number;
	readonly wallNow: number;
};

export function ConnectionPane({
	area,
	kind,
	model,
	isExplained,
	now,
	wallNow,
}: ConnectionPaneProps) {
	const view = {model, now, wallNow, isExplained, ...contentOf(area)};
	if (kind === 'bare') {
		return null;
	}

	if (kind === 'wide') {
		const title =
			model.mode === 'room'
				? peopleTitle(model)
				: model.target === undefined
					? display`connection`
					: display`proxy`;
		return (
			<Pane area={area} title={title}>
				{connectionRows(view).map((row, index) => (
					<RowText key={index} row={row} />
				))}
			</Pane>
		);
	}

	return (
		<Box
			flexDirection="column"
			flexShrink={0}
			width={area.width}
			height={area.height}
			overflow="hidden"
		>
			{statusRows(view).map((row, index) => (
				<RowText key={index} row={row} />
			))}
		</Box>
	);
}
