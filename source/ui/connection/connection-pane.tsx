/** The connection, beside the transcript or as lines above it. */
import {useEffect, useState} from 'react';
import {Box} from 'ink';
import {display} from '../../protocol/display.js';
import type {Model} from '../../store/model.js';
import {contentOf, type Area, type LayoutKind} from '../layout.js';
import {Pane} from '../pane/pane.js';
import {RowText} from '../text/shown-text.js';
import {connectionRows} from './connection-rows.js';
import {statusRows} from './status-rows.js';

export type ConnectionPaneProps = {
	readonly area: Area;
	readonly kind: LayoutKind;
	readonly model: Model;
	readonly isExplained: boolean;
	/** Monotonic milliseconds, by the same clock as the model's times. */
	readonly monotonicMs: () => number;
};

const tickMs = 1000;

/** The time, updated every second for durations and countdowns. */
const useNow = (monotonicMs: () => number): number => {
	const [, tick] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => {
			tick(count => count + 1);
		}, tickMs);
		return () => {
			clearInterval(timer);
		};
	}, []);
	return monotonicMs();
};

export function ConnectionPane({
	area,
	kind,
	model,
	isExplained,
	monotonicMs,
}: ConnectionPaneProps) {
	const now = useNow(monotonicMs);
	const wallNow = Date.now();
	const view = {model, now, wallNow, isExplained, ...contentOf(area)};
	if (kind === 'wide') {
		return (
			<Pane area={area} title={display`connection`}>
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
