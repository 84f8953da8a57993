/** The screen of a lesson: its text, the live view, and the input. */
import {Box, useWindowSize} from 'ink';
import {useRef, useState, useSyncExternalStore} from 'react';
import {commandsOf} from '../../commands/registry.js';
import type {ViewName} from '../../commands/hands.js';
import type {ScreenHands} from '../../lesson/tutor.js';
import {socketsOf} from '../../lesson/lesson.js';
import {isGone} from '../../lesson/over.js';
import {stageOf, wantedOf, type Progress} from '../../lesson/progress.js';
import {display, toDisplay} from '../../protocol/display.js';
import type {StoreClock} from '../../store/published.js';
import type {Store} from '../../store/store.js';
import {nextChangeAt} from '../connection/connection-facts.js';
import {ConnectionPane} from '../connection/connection-pane.js';
import {noCandidates} from '../input/completion.js';
import {isAsking} from '../input/draft.js';
import {hintFor} from '../input/hint.js';
import {draftColumns, InputPane, inputRows} from '../input/input-pane.js';
import type {Key} from '../input/keys.js';
import {cleared, pasted, press} from '../input/sending.js';
import {useDraft} from '../input/use-draft.js';
import {useKeyboard} from '../input/use-keyboard.js';
import {contentOf} from '../layout.js';
import {Pane} from '../pane/pane.js';
import type {TerminalProps} from '../draw.js';
import {useRedrawAtResize} from '../use-redraw-at-resize.js';
import {useSuspend} from '../terminal/job-control.js';
import {RowText} from '../text/shown-text.js';
import {usePicture} from '../use-picture.js';
import {useViews} from '../use-views.js';
import {viewEntries} from '../views.js';
import {chooseLessonLayout} from './lesson-layout.js';
import {lessonWindow, titleOf} from './lesson-rows.js';

/** One run of a lesson; another one begins with `/again`. */
export type LessonRun = {
	readonly store: Store;
	readonly getProgress: () => Progress;
	readonly subscribe: (listener: () => void) => () => void;
	readonly submit: (line: string, hands: ScreenHands) => void;
};

export type LessonAppProps = TerminalProps & {
	readonly run: LessonRun;
	readonly isExplained: boolean;
	readonly monotonicMs: () => number;
	readonly wallMs: () => number;
	readonly setTimer: StoreClock['setTimer'];
	/** Ctrl-C or Ctrl-D on an empty line. */
	readonly onLeave: () => void;
};

const rules = {limitBytes: Infinity, sendsBlank: true};

const commandsFor = (mode: 'raw' | 'room') => [
	...commandsOf(mode).map(({name}) => `/${name}`),
	'/hint',
	'/again',
];

const commands = {raw: commandsFor('raw'), room: commandsFor('room')};

/** What the input is for, while nothing is typed. */
const hintOf = (progress: Progress): string => {
	const {phase} = progress;
	if (isGone(progress)) {
		return '/again starts it again; /quit leaves';
	}

	if (phase === 'asking') {
		return 'your prediction, by number or in its words; /quit leaves';
	}

	if (phase === 'done') {
		return 'Enter leaves; /again starts it again';
	}

	if (phase === 'right') {
		return 'Enter goes on; /hint, /help, /again, /quit';
	}

	return wantedOf(progress) === undefined
		? 'it takes a moment; /hint, /help, /again, /quit'
		: 'what the lesson asks for, then Enter; /hint, /help, /again, /quit';
};

// Nothing older can be asked for.
const noPages = () => {};

type Scrolled = {
	readonly index: number;
	readonly hasActed: boolean;
	readonly top: number;
};

/**
 * Where the text begins. Of a stage with more text than fits, its beginning is
 * shown until Enter pages on; once the learner has done something, its end is.
 */
const useTextTop = (progress: Progress) => {
	const {index, at} = progress;
	const {moves} = stageOf(progress);
	const hasActed = moves.slice(0, at).some(({by}) => by === 'learner');
	const [scrolled, setScrolled] = useState<Scrolled | undefined>();
	const isSame = scrolled?.index === index && scrolled.hasActed === hasActed;
	return {
		top: isSame ? scrolled.top : hasActed ? Infinity : 0,
		scrollTo(top: number) {
			setScrolled({index, hasActed, top});
		},
	};
};

export function LessonApp({
	run: {store, getProgress, subscribe, submit},
	isExplained,
	monotonicMs,
	wallMs,
	setTimer,
	onLeave,
	startJobControl,
	onRedraw,
}: LessonAppProps) {
	const {columns, rows} = useWindowSize();
	const {draft, latest, replace} = useDraft(rules, []);
	const progress = useSyncExternalStore(subscribe, getProgress);
	const sockets = socketsOf(progress.lesson);
	const isRoom = sockets === 'room';
	const mode = isRoom ? 'room' : 'raw';
	const {viewState, toggle, handleKey} = useViews(
		mode,
		isExplained,
		noPages,
		isRoom ? 'chat' : 'lifecycle',
	);
	const {model, now, wallNow} = usePicture(store, {
		looking: {
			isWireShown: viewState.name === 'wire',
			isLadderShown: viewState.name === 'lifecycle',
			arePeersShown: viewState.name === 'peers',
		},
		clock: {monotonicMs, wallMs, setTimer},
		changesAt: nextChangeAt,
	});
	useRedrawAtResize(columns, rows, onRedraw);
	const layout = chooseLessonLayout(
		columns,
		rows,
		inputRows(draft, '', columns),
		sockets,
	);
	const suspend = useSuspend(startJobControl, store.rest);
	const {top, scrollTo} = useTextTop(progress);
	const window = lessonWindow(progress, top, contentOf(layout.lesson));
	// All keys of one read come before the next render.
	const shown = useRef(window);
	shown.current = window;

	const hands: ScreenHands = {
		view(name: ViewName) {
			if (viewState.name !== name) {
				toggle(name);
			}
		},
	};

	const scrollText = (key: Key): boolean => {
		const by = key.type === 'row-up' ? -1 : key.type === 'row-down' ? 1 : 0;
		if (by !== 0) {
			const {top: from, first} = shown.current;
			scrollTo(Math.max(first, from + by));
		}

		return by !== 0;
	};

	const onKey = (key: Key) => {
		const isQuestion = isAsking(latest());
		const isEmpty = latest().text === '' && !isQuestion;
		if (key.type === 'interrupt' && latest().text !== '' && !isQuestion) {
			replace(cleared(latest()));
		} else if (
			(key.type === 'interrupt' && !isQuestion) ||
			(key.type === 'end-of-input' && isEmpty)
		) {
			onLeave();
		} else if (key.type === 'redraw') {
			onRedraw();
		} else if (key.type === 'suspend') {
			suspend();
		} else if (
			!scrollText(key) &&
			!(
				isEmpty &&
				layout.view &&
				handleKey(key, store.getSnapshot(), layout.view)
			)
		) {
			type(key);
		}
	};

	const type = (key: Key) => {
		const pressed = press(
			latest(),
			key,
			{...noCandidates, commands: commands[mode]},
			draftColumns(latest(), '', columns),
		);
		replace(pressed.draft);
		for (const text of pressed.texts) {
			const {top: from, last, page} = shown.current;
			if (text === '' && from < last) {
				scrollTo(from < 0 ? 0 : from + page);
			} else {
				submit(text, hands);
			}
		}
	};

	useKeyboard({
		onKey,
		onPaste(text) {
			replace(pasted(latest(), text));
		},
	});

	const scrolling = [
		...(window.top < 0 ? ['earlier steps'] : []),
		...(window.top < window.last ? ['Enter: more'] : []),
		...(window.top !== 0 && window.top > window.first ? ['Alt-Up: back'] : []),
	].join(' · ');
	const lesson = (
		<Pane
			area={layout.lesson}
			title={titleOf(progress.lesson, stageOf(progress))}
			footer={
				scrolling === ''
					? undefined
					: {text: toDisplay(scrolling), role: 'unread'}
			}
		>
			{window.rows.map((row, index) => (
				<RowText key={index} row={row} />
			))}
		</Pane>
	);
	const view =
		layout.view &&
		viewEntries[viewState.name].draw({
			area: layout.view,
			note: display``,
			model,
			viewState,
			isExplained,
			monotonicMs,
			wallNow,
		});
	const {listening, connection: client} = model;
	// Before its socket is opened, there is nothing to say of it.
	const hasSocket = (listening ?? client) !== undefined;
	const connection = (
		<Box flexShrink={0} height={layout.connection.height}>
			{hasSocket && (
				<ConnectionPane
					area={layout.connection}
					kind={layout.kind}
					model={model}
					isExplained={isExplained}
					now={now}
					wallNow={wallNow}
				/>
			)}
		</Box>
	);
	return (
		<Box flexDirection="column" width={columns} height={rows}>
			{layout.kind === 'narrow' && connection}
			<Box flexShrink={0} flexDirection={layout.isBeside ? 'row' : 'column'}>
				{lesson}
				{layout.kind === 'wide' ? (
					<Box flexShrink={0}>
						{view}
						{connection}
					</Box>
				) : (
					view
				)}
			</Box>
			<InputPane
				isActive
				draft={draft}
				columns={columns}
				height={layout.input.height}
				row={layout.input.y}
				column={layout.input.x}
				hint={hintOf(progress)}
				advice={hintFor(draft, commands[mode])}
			/>
		</Box>
	);
}
