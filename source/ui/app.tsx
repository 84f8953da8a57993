/**
 * The screen: a view, the connection, the input. Its only state is the draft
 * and the scroll positions.
 */
import {Box, useWindowSize} from 'ink';
import {
	useCallback,
	useEffect,
	useRef,
	useState,
	useSyncExternalStore,
} from 'react';
import type {OfferedCommand} from '../protocol/frame.js';
import {helpTopics, type Described} from '../commands/help.js';
import {commands as registry} from '../commands/registry.js';
import type {HitMove} from '../event/event.js';
import {display} from '../protocol/display.js';
import type {Company} from '../server/hub.js';
import type {Model} from '../store/model.js';
import type {Attention} from '../store/reading.js';
import type {StoreClock} from '../store/published.js';
import type {Store} from '../store/store.js';
import {newsFrom} from '../store/transcript.js';
import {nextChangeAt} from './connection/connection-facts.js';
import {ConnectionPane} from './connection/connection-pane.js';
import {answerRows, firstRows} from './input/answer-rows.js';
import type {Candidates} from './input/completion.js';
import {useFarewell} from './input/use-farewell.js';
import {nicksToComplete} from './input/nicks.js';
import {peersToComplete} from './input/peers.js';
import {edit, isAsking, type DraftRules} from './input/draft.js';
import {hintFor} from './input/hint.js';
import {draftColumns, InputPane, inputRows} from './input/input-pane.js';
import type {Key} from './input/keys.js';
import {QuestionPane} from './input/question-pane.js';
import {chooseLayout, nextPanes, type Panes} from './layout.js';
import type {ScreenActions} from './screen-chat.js';
import {cleared, pasted, press} from './input/sending.js';
import {useDraft} from './input/use-draft.js';
import {useKeyboard} from './input/use-keyboard.js';
import type {Focus} from './terminal/focus.js';
import {useSuspend, type StartJobControl} from './terminal/job-control.js';
import type {PageWish} from './transcript/page-requests.js';
import {RowText} from './text/shown-text.js';
import {useAnswer} from './use-answer.js';
import {useAttention} from './use-attention.js';
import {searchHint, useHits, useSearchKeys} from './use-search.js';
import {usePicture} from './use-picture.js';
import {useRedrawAtResize} from './use-redraw-at-resize.js';
import {useViews} from './use-views.js';
import {viewEntries} from './views.js';

export type AppProps = {
	readonly store: Store;
	readonly rules: DraftRules;
	/** The commands that Tab completes, with their slashes. */
	readonly commands: readonly string[];
	/** Commands that the registry doesn't have so, and the topics of /help then. */
	readonly own?:
		| {
				readonly commands: readonly Described[];
				readonly topics: readonly string[];
		  }
		| undefined;
	/** What was sent in earlier runs, oldest first. */
	readonly typedLines: readonly string[];
	readonly hint: string;
	/** Of a raw server: the addresses of those who are connected. */
	readonly peers?: (() => readonly string[]) | undefined;
	readonly isExplained: boolean;
	/** Monotonic milliseconds, by the same clock as the model's times. */
	readonly monotonicMs: () => number;
	readonly wallMs: () => number;
	/** By the same clock. */
	readonly setTimer: StoreClock['setTimer'];
	/** A line was submitted; it may contain newlines. */
	readonly onLine: (line: string, actions: ScreenActions) => void;
	/** Shows all of long chunks, or no longer. */
	readonly onOpen: () => void;
	/** Stops the file that is being sent. */
	readonly onStop: () => void;
	/** Older entries are needed, or no longer. */
	readonly onPage: (wish: PageWish) => void;
	/** Opens a search; without a text, closes it. */
	readonly onSearch: (text: string | undefined) => void;
	readonly onHit: (by: HitMove) => void;
	/** The reader turns away from the newest items, or to them. */
	readonly onAttention: (attention: Attention) => void;
	/** A view shows the chunks on the wire, or calls: needed from now on. */
	readonly onWireShown: () => void;
	/** Of a host: the members that stay if it leaves. */
	readonly company: () => Company | undefined;
	/** How many of one's own lines may be lost. */
	readonly unstored: () => number;
	/** Ctrl-C or Ctrl-D on an empty line, or /quit, once it is sure. */
	readonly onLeave: () => void;
	/** Whether the terminal's window is in front. */
	readonly focus: Focus;
	/** Handles Ctrl-Z and SIGCONT. */
	readonly startJobControl: StartJobControl;
	/** Ctrl-L, or a resize. */
	readonly onRedraw: () => void;
};

/** What each command takes, by its name with the slash. */
const usagesOf = (
	offered: readonly OfferedCommand[],
	own: readonly Described[] = [],
): ReadonlyMap<string, string> =>
	new Map(
		[...offered, ...registry, ...own].map(({name, usage}) => [
			`/${name}`,
			usage,
		]),
	);

const withBots = (
	commands: readonly string[],
	offered: readonly OfferedCommand[],
): readonly string[] =>
	offered.length === 0
		? commands
		: [...new Set([...commands, ...offered.map(({name}) => `/${name}`)])];

const isCompleting = ({type}: Key): boolean =>
	type === 'complete' || type === 'complete-back';

// Keys that scroll the view only while the draft is empty.
const sharedKeys: ReadonlySet<Key['type']> = new Set([
	'start',
	'end',
	'escape',
]);

/** How much is new in the chat since it was last shown. */
const useUnseen = ({transcript}: Model, isChatShown: boolean): number => {
	const seenEnd = useRef(0);
	if (isChatShown) {
		seenEnd.current = transcript.end;
	}

	return newsFrom(transcript, seenEnd.current);
};

export function App({
	store,
	rules,
	commands,
	own,
	typedLines,
	hint,
	peers,
	isExplained,
	monotonicMs,
	wallMs,
	setTimer,
	onLine,
	onOpen,
	onStop,
	onPage,
	onSearch,
	onHit,
	onAttention,
	onWireShown,
	company,
	unstored,
	onLeave,
	focus,
	startJobControl,
	onRedraw,
}: AppProps) {
	const {columns, rows} = useWindowSize();
	const {draft, latest, replace, putAside, giveBack} = useDraft(
		rules,
		typedLines,
	);
	const {viewState, toggle, handleKey, showItem, follow} = useViews(
		store.getSnapshot().mode,
		isExplained,
		onPage,
	);
	const [panes, setPanes] = useState<Panes>('side');
	const isWireShown = viewState.name === 'wire';
	const isLadderShown = viewState.name === 'lifecycle';
	const areCallsShown = isWireShown || isLadderShown;
	const {model, now, wallNow} = usePicture(store, {
		looking: {
			isWireShown,
			isLadderShown,
			arePeersShown: viewState.name === 'peers',
		},
		clock: {monotonicMs, wallMs, setTimer},
		changesAt: nextChangeAt,
	});
	useEffect(() => {
		if (areCallsShown) {
			onWireShown();
		}
	}, [areCallsShown, onWireShown]);
	useRedrawAtResize(columns, rows, onRedraw);
	const {nick} = model;
	const isChatShown = viewState.name === 'chat';
	const {answer, add, hide} = useAnswer();
	// The transcript has it anyway.
	const answered = isChatShown ? [] : answerRows(answer, columns);
	const draftRows = inputRows(draft, nick, columns);
	const layout = chooseLayout(
		columns,
		rows,
		answered.length + draftRows,
		panes,
	);
	const answerHeight = Math.max(0, layout.input.height - draftRows);
	const inputArea = {
		...layout.input,
		y: layout.input.y + answerHeight,
		height: layout.input.height - answerHeight,
	};
	useHits(model, onPage, index => {
		showItem(index, model, layout.transcript);
	});
	const farewell = useFarewell({company, unstored, onLeave});
	const attend = useAttention(
		{
			isShown: isChatShown,
			isFollowing: viewState.chatAnchor === undefined,
			isFocused: useSyncExternalStore(focus.subscribe, focus.isFocused),
		},
		onAttention,
	);
	const {rest} = store;
	const onSuspended = useCallback(
		(isSuspended: boolean) => {
			attend({isSuspended});
			rest(isSuspended);
		},
		[attend, rest],
	);
	const suspend = useSuspend(startJobControl, onSuspended);

	const candidates = (): Candidates => {
		const snapshot = store.getSnapshot();
		const {mode, listening} = snapshot;
		const role = listening === undefined ? 'connect' : 'serve';
		return {
			commands: withBots(commands, snapshot.offered),
			usages: usagesOf(snapshot.offered, own?.commands),
			topics: own?.topics ?? helpTopics({mode, role}),
			...nicksToComplete(snapshot),
			...(peers && {peers: peersToComplete(snapshot, peers())}),
		};
	};

	const endSearch = () => {
		onSearch(undefined);
		giveBack();
	};

	const pressInSearch = useSearchKeys({endSearch, onHit}, monotonicMs);
	const search = (text: string | undefined) => {
		if (text !== undefined) {
			onSearch(text);
			return undefined;
		}

		if (store.getSnapshot().search === undefined) {
			return 'Search for what? /search TEXT';
		}

		onHit(1);
		return undefined;
	};

	const onKey = (key: Key) => {
		hide();
		const isQuestion = isAsking(latest());
		const isEmpty = latest().text === '' && !isQuestion;
		const {search: opened} = store.getSnapshot();
		const isSearchLine = !isQuestion && /^\/search\s/.test(latest().text);
		if (key.type === 'search') {
			if (opened) {
				onHit(1);
			} else if (!isQuestion && !isSearchLine && model.mode === 'room') {
				putAside('/search ');
			}

			return;
		}

		if (key.type === 'escape' && isSearchLine) {
			replace(cleared(latest()));
			giveBack();
			return;
		}

		if (opened && isEmpty) {
			const found = pressInSearch(key, opened);
			if (found === 'taken') {
				return;
			}

			if (found.given !== '') {
				replace(edit(latest(), {type: 'insert', text: found.given}));
			}
		}

		const isStop = key.type === 'escape' || key.type === 'interrupt';
		if (isStop && !isQuestion && store.getSnapshot().sending) {
			onStop();
			return;
		}

		if (key.type === 'interrupt' && latest().text !== '' && !isQuestion) {
			farewell.stay();
			replace(cleared(latest()));
			giveBack();
			return;
		}

		// Ctrl-C takes back a question; on an empty line it leaves.
		const isInterrupt = key.type === 'interrupt' && !isQuestion;
		if (isInterrupt || (key.type === 'end-of-input' && isEmpty)) {
			farewell.leave();
			return;
		}

		const isNo = key.type === 'escape' || (key.type === 'submit' && isEmpty);
		if (isNo && farewell.stay()) {
			return;
		}

		farewell.hide();

		if (key.type === 'redraw') {
			onRedraw();
			return;
		}

		if (key.type === 'next-panes' && !isQuestion) {
			setPanes(nextPanes(panes, columns, rows));
			return;
		}

		const isOfBytes = model.mode === 'raw' && isChatShown;
		if (key.type === 'next-order' && isOfBytes) {
			onOpen();
			return;
		}

		if (key.type === 'suspend') {
			suspend();
			return;
		}

		if (
			(isEmpty || !sharedKeys.has(key.type)) &&
			handleKey(key, store.getSnapshot(), layout.transcript)
		) {
			return;
		}

		const pressed = press(
			latest(),
			key,
			isCompleting(key) ? candidates() : undefined,
			draftColumns(latest(), nick, columns),
		);
		replace(pressed.draft);
		for (const text of pressed.texts) {
			// One's own message should be in view.
			follow();
			let isLeaving = false;
			const leave = () => {
				isLeaving = true;
				farewell.leave();
			};

			onLine(text, {
				view: toggle,
				leave,
				search,
				answered: add,
				transcript: () => store.getSnapshot().transcript,
			});
			if (!isLeaving) {
				farewell.stay();
			}

			// A command may be about what was found, or look for something else.
			if (opened && !text.startsWith('/')) {
				endSearch();
			}
		}
	};

	useKeyboard({
		onKey,
		onPaste(text) {
			hide();
			farewell.hide();
			replace(pasted(latest(), text));
		},
	});

	const area = layout.transcript;
	const unseen = useUnseen(model, isChatShown);
	const where = model.mode === 'room' ? display`chat` : display`transcript`;
	const note =
		unseen > 0 ? display` · ${unseen} new in the ${where}` : display``;
	const main = viewEntries[viewState.name].draw({
		area,
		note,
		model,
		viewState,
		isExplained,
		monotonicMs,
		wallNow,
	});
	const connection = (
		<ConnectionPane
			area={layout.connection}
			kind={layout.kind}
			model={model}
			isExplained={isExplained}
			now={now}
			wallNow={wallNow}
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
			{firstRows(answered, where, {width: columns, height: answerHeight}).map(
				(row, index) => (
					<RowText key={index} row={row} />
				),
			)}
			{farewell.texts.length > 0 ? (
				<QuestionPane
					texts={farewell.texts}
					columns={columns}
					row={inputArea.y}
					column={inputArea.x}
				/>
			) : (
				<InputPane
					isActive
					draft={draft}
					nick={nick}
					columns={columns}
					height={inputArea.height}
					row={inputArea.y}
					column={inputArea.x}
					hint={
						model.search
							? searchHint(model.search, draftColumns(draft, nick, columns))
							: hint
					}
					advice={hintFor(
						draft,
						withBots(commands, model.offered),
						model.offered,
						own?.commands,
					)}
				/>
			)}
		</Box>
	);
}
