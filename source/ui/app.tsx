/**
 * The screen: a view, the connection, the input. It owns the draft and the
 * scroll positions, and nothing of the chat.
 */
import {Box, useWindowSize} from 'ink';
import {useEffect, useRef, useSyncExternalStore} from 'react';
import {display} from '../protocol/display.js';
import type {Model} from '../store/model.js';
import type {Store} from '../store/store.js';
import {ConnectionPane} from './connection/connection-pane.js';
import type {Candidates} from './input/completion.js';
import type {DraftRules} from './input/draft.js';
import {InputPane} from './input/input-pane.js';
import type {Key} from './input/keys.js';
import {chooseLayout} from './layout.js';
import type {ScreenHands} from './screen-chat.js';
import {pasted, press} from './input/sending.js';
import {useDraft} from './input/use-draft.js';
import {useKeyboard} from './input/use-keyboard.js';
import {useSuspend, type StartJobControl} from './use-suspend.js';
import {useViews, type PastWish} from './use-views.js';
import {views as entries} from './views.js';

export type AppProps = {
	readonly store: Store;
	readonly rules: DraftRules;
	/** The commands that Tab completes, with their slashes. */
	readonly commands: readonly string[];
	readonly hint: string;
	readonly isExplained: boolean;
	/** Monotonic milliseconds, of the clock that the model's times are of. */
	readonly monotonicMs: () => number;
	/** A line was sent off; it may hold newlines. */
	readonly onLine: (line: string, screen: ScreenHands) => void;
	/** Older entries are wanted, or not any more. */
	readonly onPast: (wish: PastWish) => void;
	/** The wire is looked at: from now on its chunks are wanted. */
	readonly onWireShown: () => void;
	/** Ctrl-C, or Ctrl-D on an empty line. */
	readonly onLeave: () => void;
	/** What Ctrl-Z does, and what comes after a stop. */
	readonly startJobControl: StartJobControl;
	/** Ctrl-L, and after a resize. */
	readonly onRedraw: () => void;
};

// Keys that are the view's only while there is no draft for them.
const sharedKeys: ReadonlySet<Key['type']> = new Set([
	'start',
	'end',
	'escape',
]);

/** How much has come in the chat since it was shown. */
const useUnseen = ({transcript}: Model, isChatShown: boolean): number => {
	const seenEnd = useRef(0);
	if (isChatShown) {
		seenEnd.current = transcript.end;
	}

	return transcript.end - seenEnd.current;
};

/**
 * A terminal that was made narrower has wrapped the rows of before, and Ink
 * writes only those that differ: nothing of them may stay.
 */
const useRedrawAtResize = (
	columns: number,
	rows: number,
	redraw: () => void,
): void => {
	const size = `${columns}x${rows}`;
	const drawn = useRef(size);
	useEffect(() => {
		if (drawn.current !== size) {
			drawn.current = size;
			redraw();
		}
	}, [size, redraw]);
};

export function App({
	store,
	rules,
	commands,
	hint,
	isExplained,
	monotonicMs,
	onLine,
	onPast,
	onWireShown,
	onLeave,
	startJobControl,
	onRedraw,
}: AppProps) {
	const {columns, rows} = useWindowSize();
	const model = useSyncExternalStore(store.subscribe, store.getSnapshot);
	const {draft, latest, replace} = useDraft(rules);
	const {views, toggle, take, follow} = useViews(
		model.mode,
		isExplained,
		onPast,
	);
	const layout = chooseLayout(columns, rows);
	const isWireShown = views.name === 'wire';
	useEffect(() => {
		if (isWireShown) {
			onWireShown();
		}
	}, [isWireShown, onWireShown]);
	useRedrawAtResize(columns, rows, onRedraw);
	const suspend = useSuspend(startJobControl);

	const candidates = (): Candidates => {
		const {presence, nick} = store.getSnapshot();
		const nicks = presence.members.names.filter(name => name !== nick);
		return {commands, nicks};
	};

	const onKey = (key: Key) => {
		const isEmpty = latest().text === '' && latest().question === undefined;
		if (key.type === 'interrupt' || (key.type === 'end-of-input' && isEmpty)) {
			onLeave();
			return;
		}

		if (key.type === 'redraw') {
			onRedraw();
			return;
		}

		if (key.type === 'suspend') {
			suspend();
			return;
		}

		if (
			(isEmpty || !sharedKeys.has(key.type)) &&
			take(key, store.getSnapshot(), layout.transcript)
		) {
			return;
		}

		const pressed = press(latest(), key, candidates());
		replace(pressed.draft);
		for (const text of pressed.texts) {
			// Who speaks wants to see it.
			follow();
			onLine(text, {view: toggle, leave: onLeave});
		}
	};

	useKeyboard({
		onKey,
		onPaste(text) {
			replace(pasted(latest(), text));
		},
	});

	const area = layout.transcript;
	const unseen = useUnseen(model, views.name === 'chat');
	const note = unseen > 0 ? display` · ${unseen} new in the chat` : display``;
	const main = entries[views.name].draw({
		area,
		note,
		model,
		views,
		isExplained,
		monotonicMs,
	});
	const connection = (
		<ConnectionPane
			area={layout.connection}
			kind={layout.kind}
			model={model}
			isExplained={isExplained}
			monotonicMs={monotonicMs}
		/>
	);
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{layout.kind === 'wide' ? (
				<Box flexShrink={0}>
					{main}
					{connection}
				</Box>
			) : (
				<>
					{connection}
					{main}
				</>
			)}
			<InputPane
				isActive
				draft={draft}
				columns={columns}
				row={layout.input.y}
				column={layout.input.x}
				hint={hint}
			/>
		</Box>
	);
}
