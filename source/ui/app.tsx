/**
 * The screen: transcript, connection, input. It owns the draft and the scroll
 * position, and nothing of the chat.
 */
import {Box, useWindowSize} from 'ink';
import {useRef, useState, useSyncExternalStore} from 'react';
import {display} from '../protocol/display.js';
import type {Store} from '../store/store.js';
import {ConnectionPane} from './connection-pane.js';
import type {Candidates} from './completion.js';
import type {DraftRules} from './draft.js';
import {InputPane} from './input-pane.js';
import {chooseLayout} from './layout.js';
import type {Key} from './keys.js';
import {pasted, press} from './sending.js';
import {TranscriptPane} from './transcript-pane.js';
import {useDraft} from './use-draft.js';
import {useKeyboard} from './use-keyboard.js';
import {
	scrollPages,
	scrollToTop,
	viewportOf,
	type Anchor,
	type View,
} from './window.js';

export type AppProps = {
	readonly store: Store;
	readonly rules: DraftRules;
	/** The commands that Tab completes, with their slashes. */
	readonly commands: readonly string[];
	readonly hint: string;
	/** Monotonic milliseconds, of the clock that the model's times are of. */
	readonly monotonicMs: () => number;
	/** A line was sent off; it may hold newlines. */
	readonly onLine: (line: string) => void;
	/** Ctrl-C, or Ctrl-D on an empty line. */
	readonly onLeave: () => void;
	/** Ctrl-L. */
	readonly onRedraw: () => void;
};

export function App({
	store,
	rules,
	commands,
	hint,
	monotonicMs,
	onLine,
	onLeave,
	onRedraw,
}: AppProps) {
	const {columns, rows} = useWindowSize();
	const model = useSyncExternalStore(store.subscribe, store.getSnapshot);
	const {draft, latest, replace} = useDraft(rules);
	const [anchor, setAnchor] = useState<Anchor | undefined>();
	const layout = chooseLayout(columns, rows);
	const anchorNow = useRef(anchor);

	const scroll = (move: (view: View) => Anchor | undefined) => {
		const {transcript, pending} = store.getSnapshot();
		const view = {
			transcript,
			pending,
			anchor: anchorNow.current,
			...viewportOf(layout.transcript, anchorNow.current),
		};
		anchorNow.current = move(view);
		setAnchor(anchorNow.current);
	};

	/** @returns Whether the key was the transcript's. */
	const scrollKey = (key: Key): boolean => {
		const isEmpty = latest().text === '' && latest().question === undefined;
		switch (key.type) {
			case 'page-up': {
				scroll(view => scrollPages(view, -1));
				return true;
			}

			case 'page-down': {
				scroll(view => scrollPages(view, 1));
				return true;
			}

			case 'start': {
				// With a draft, Home and End are the caret's.
				if (isEmpty) {
					scroll(scrollToTop);
				}

				return isEmpty;
			}

			case 'end':
			case 'escape': {
				if (isEmpty) {
					scroll(() => undefined);
				}

				return isEmpty;
			}

			default: {
				return false;
			}
		}
	};

	const candidates = (): Candidates => {
		const {presence, nick} = store.getSnapshot();
		const nicks = presence.members.names.filter(name => name !== nick);
		return {commands, nicks};
	};

	const onKey = (key: Key) => {
		const isBlank = latest().text === '' && latest().question === undefined;
		if (key.type === 'interrupt' || (key.type === 'end-of-input' && isBlank)) {
			onLeave();
			return;
		}

		if (key.type === 'redraw') {
			onRedraw();
			return;
		}

		if (scrollKey(key)) {
			return;
		}

		const pressed = press(latest(), key, candidates());
		replace(pressed.draft);
		for (const text of pressed.texts) {
			// Who speaks wants to see it.
			scroll(() => undefined);
			onLine(text);
		}
	};

	useKeyboard({
		onKey,
		onPaste(text) {
			replace(pasted(latest(), text));
		},
	});

	const transcript = (
		<TranscriptPane
			area={layout.transcript}
			title={display`${model.mode} ${model.where}`}
			transcript={model.transcript}
			pending={model.pending}
			anchor={anchor}
		/>
	);
	const connection = (
		<ConnectionPane
			area={layout.connection}
			kind={layout.kind}
			model={model}
			monotonicMs={monotonicMs}
		/>
	);
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{layout.kind === 'wide' ? (
				<Box flexShrink={0}>
					{transcript}
					{connection}
				</Box>
			) : (
				<>
					{connection}
					{transcript}
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
