/**
 * The screen of `watch`: the sockets, their ladder, a hint. All of its state is
 * in the store.
 */
import {Box, useWindowSize} from 'ink';
import {useCallback, useEffect, useReducer, useSyncExternalStore} from 'react';
import {display, toDisplay} from '../../protocol/display.js';
import {type PortModel, type PortModelEvent} from '../../store/port-model.js';
import type {Published, StoreClock} from '../../store/published.js';
import type {TerminalProps} from '../draw.js';
import {useKeyboard} from '../input/use-keyboard.js';
import {timesLeftChangeAt} from '../lifecycle/time-left.js';
import {Pane, ruleRow} from '../pane/pane.js';
import {useSuspend} from '../terminal/job-control.js';
import {RowText} from '../text/shown-text.js';
import {useRedrawAtResize} from '../use-redraw-at-resize.js';
import {helpRows, hintRows} from './hint-rows.js';
import {
	socketsTableRows,
	tableChangesAt,
	wantedTableRows,
} from './sockets-table.js';
import {actionsFor, singleKeys, type WatchAction} from './watch-keys.js';
import {scrollLadder, WatchLadder} from './watch-ladder.js';
import {layOutWatch} from './watch-layout.js';

export type WatchAppProps = TerminalProps & {
	readonly store: Published<PortModel, PortModelEvent>;
	/** Milliseconds since the epoch. */
	readonly wallMs: () => number;
	readonly setTimer: StoreClock['setTimer'];
	readonly onLeave: () => void;
};

const leastMs = 20;

/** Draws again when a countdown reads differently. */
const useCountdown = (
	model: PortModel,
	{wallMs, setTimer}: Pick<WatchAppProps, 'wallMs' | 'setTimer'>,
): number => {
	const [beats, beat] = useReducer((count: number) => count + 1, 0);
	const now = wallMs();
	const due = Math.min(
		tableChangesAt(model, now),
		timesLeftChangeAt(model.steps, now),
	);
	useEffect(
		() =>
			due === Infinity
				? undefined
				: setTimer(beat, Math.max(leastMs, due - wallMs())),
		[beats, due, setTimer, wallMs],
	);
	return now;
};

const titleOf = ({address, sockets, capturedBy}: PortModel) => {
	const {connections = [], more = 0} = sockets ?? {};
	const count = connections.length + more;
	const counted =
		count === 0 ? '' : ` · ${count} connection${count === 1 ? '' : 's'}`;
	const captured = capturedBy === undefined ? '' : ` · ${capturedBy} captures`;
	return toDisplay(`watch ${address}${counted}${captured}`);
};

export function WatchApp({
	store,
	wallMs,
	setTimer,
	onLeave,
	startJobControl,
	onRedraw,
}: WatchAppProps) {
	const {columns, rows} = useWindowSize();
	const model = useSyncExternalStore(store.subscribe, store.getSnapshot);
	const now = useCountdown(model, {wallMs, setTimer});
	useRedrawAtResize(columns, rows, onRedraw);
	const {rest} = store;
	const suspend = useSuspend(
		startJobControl,
		useCallback(
			(isSuspended: boolean) => {
				rest(isSuspended);
			},
			[rest],
		),
	);
	const layoutOf = (shown: PortModel) =>
		layOutWatch(
			columns,
			rows,
			wantedTableRows(shown),
			hintRows(shown, columns).length,
		);

	const act = (action: WatchAction): void => {
		switch (action.kind) {
			case 'leave': {
				onLeave();
				break;
			}

			case 'redraw': {
				onRedraw();
				break;
			}

			case 'suspend': {
				suspend();
				break;
			}

			case 'look': {
				store.dispatch({type: 'look', looking: action.looking});
				break;
			}

			case 'move': {
				const latest = store.getSnapshot();
				const {ladder} = layoutOf(latest);
				const anchor = scrollLadder(latest, ladder, action.move);
				store.dispatch({type: 'look', looking: {do: 'scroll', anchor}});
				break;
			}
		}

		// A key is answered at once, and the next one sees what it did.
		store.flush();
	};

	useKeyboard({
		onKey(key) {
			for (const single of singleKeys(key)) {
				for (const action of actionsFor(single, store.getSnapshot().look)) {
					act(action);
				}
			}
		},
		onPaste() {
			// Nothing is entered here.
		},
	});

	const {isTiny, tableRows, ladder, hintRows: hintHeight} = layoutOf(model);
	const hints = hintRows(model, columns).slice(0, hintHeight);
	const area = {
		x: 0,
		y: 0,
		width: columns,
		height: rows - hintHeight,
		frame: isTiny ? 'bare' : 'rules',
	} as const;
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{model.look.isHelpShown ? (
				<Pane area={area} title={display`keys of sockchat watch`}>
					{helpRows(columns, area.height - (isTiny ? 0 : 2)).map(
						(row, index) => (
							<RowText key={index} row={row} />
						),
					)}
				</Pane>
			) : (
				<>
					{!isTiny && (
						<RowText
							row={ruleRow(columns, {text: titleOf(model), role: 'title'})}
						/>
					)}
					<Box
						flexDirection="column"
						flexShrink={0}
						height={tableRows}
						overflowY="hidden"
					>
						{socketsTableRows({
							model,
							width: columns,
							height: tableRows,
							hasHead: !isTiny,
							now,
						}).map((row, index) => (
							<RowText key={index} row={row} />
						))}
					</Box>
					<WatchLadder area={ladder} model={model} now={now} />
				</>
			)}
			{hints.map((row, index) => (
				<RowText key={index} row={row} />
			))}
		</Box>
	);
}
