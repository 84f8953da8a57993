/**
 * Runs the screen: opens the chat, waits for a first sign of it, shows it until
 * its end, and gives the terminal back.
 *
 * The chat is opened first, because Ink and React take longer to load than a
 * connection takes to be accepted.
 */
import process from 'node:process';
import type {SockchatError} from '../errors.js';
import {systemClock} from '../socket/clock.js';
import {openSeenPlace, type SeenPlace} from '../chat/seen-place.js';
import {Remains} from '../chat/remains.js';
import {startDeadline} from '../chat/deadline.js';
import {linesWere, unfinished, type Ending} from '../chat/ending.js';
import type {RoomChat} from '../chat/room-chat.js';
import type {Options} from '../options/options.js';
import type {ChatEvent} from '../event/event.js';
import {maxPageEntries} from '../protocol/frame.js';
import {createModel} from '../store/model.js';
import {toDisplay} from '../protocol/display.js';
import {remainsWords} from '../store/remains.js';
import {olderThan} from '../store/older-entries.js';
import {seenOf} from '../store/reading.js';
import {wantsMore} from '../store/search.js';
import {Store} from '../store/store.js';
import type {Bell} from './bell.js';
import {
	createPace,
	processCpuMs,
	returnMemory,
	setOptimizing,
} from './memory.js';
import {openScreenChat, type ScreenChat} from './screen-chat.js';
import type {Terminal} from './draw.js';
import {takesOsc} from './terminal/takes-osc.js';
import {followDays} from './transcript/follow-days.js';
import {
	createPageRequests,
	type LogRequest,
	type PageWish,
} from './transcript/page-requests.js';

/** Promise.withResolvers, which Node 20 lacks. */
const createSignal = () => {
	let resolve = () => {};
	const promise = new Promise<void>(settle => {
		resolve = settle;
	});
	return {promise, resolve};
};

export type ScreenEnding = Ending & {
	/** What to report now that the screen is gone. */
	readonly error: SockchatError | undefined;
};

export type RunningScreen = {
	readonly ended: Promise<ScreenEnding>;
	/** Leaves in good order; a second call leaves at once. */
	readonly leave: () => void;
};

/** By then the screen stands, and what was said before is on it. */
const settledMs = 5000;

/** By then the screen has drawn its first frames. */
const startMs = 1000;

/**
 * @throws {SockchatError} If the chat can't be opened.
 */
export const runScreen = async (
	options: Options,
	terminal: Terminal,
): Promise<RunningScreen> => {
	setOptimizing(false);
	const bell: Bell = {
		...options.bell,
		...(!takesOsc(terminal.env['TERM']) && {notification: 'none'}),
	};
	const opened = await open(options, bell);
	const loading = import('./screen.js');
	const {chat} = opened;
	if (await isRefusedAtOnce(opened)) {
		opened.stop();
		const ended = chat.closed.then(cause => endingOf(chat, cause, false));
		return {ended, leave: chat.leave};
	}

	const end = startEnd(opened, options.timeoutMs);
	const {showScreen} = await loading;
	const {store, onPage, onSearch, screen} = opened;
	const instance = showScreen(
		{
			...screen,
			themeName: options.theme,
			hasMouse: options.hasMouse,
			store,
			bell,
			isExplained: options.isExplained,
			monotonicMs: systemClock.monotonicMs,
			setTimer: systemClock.setTimer,
			onPage,
			onSearch,
			onHit(by) {
				const at = systemClock.wallMs();
				store.dispatch({type: 'reading', at, what: {kind: 'hit', by}});
			},
			onAttention(attention) {
				const at = systemClock.wallMs();
				const what = {kind: 'attention', attention} as const;
				store.dispatch({type: 'reading', at, what});
			},
			onWireShown() {
				chat.setTap(true);
			},
			company: () => (chat.mode === 'room' ? chat.company() : undefined),
			unstored: () => unstoredIn(chat),
			onLeave: end.leave,
		},
		terminal,
	);
	const stopSaving = saveMemory(store);
	const show = async () => {
		try {
			return await Promise.race([
				end.ending(),
				// After an error while rendering, what it painted is lost with the
				// alternate screen.
				instance.waitUntilExit().then(() => endingOf(chat, undefined, false)),
			]);
		} finally {
			end.cancelDeadline();
			opened.stop();
			stopSaving();
			await instance.close();
		}
	};

	const ended = async () => {
		const ending = await show();
		const words = remainsWords((await opened.remains.read()) ?? []);
		if (words !== undefined) {
			terminal.stdout.write(`${toDisplay(words)}\n`);
		}

		return ending;
	};

	return {ended: ended(), leave: end.leave};
};

/** Collects garbage, and lets V8 optimize, by what happens. @returns A stop. */
const saveMemory = (store: Store): (() => void) => {
	const cancelReturn = systemClock.setTimer(returnMemory, settledMs);
	const startedAt = systemClock.monotonicMs();
	const look = createPace(isBusy => {
		setOptimizing(isBusy);
		if (!isBusy) {
			returnMemory();
		}
	});
	const unsubscribe = store.subscribe(() => {
		const at = systemClock.monotonicMs();
		// The start itself is work.
		if (at - startedAt > startMs) {
			look(at, processCpuMs);
		}
	});
	return () => {
		cancelReturn();
		unsubscribe();
	};
};

const unstoredIn = (chat: ScreenChat['chat']): number =>
	chat.mode === 'room' ? chat.unstored() : 0;

const endingOf = (
	chat: ScreenChat['chat'],
	error: SockchatError | undefined,
	isLate: boolean,
): ScreenEnding => {
	const unstored = unstoredIn(chat);
	const isUnfinished = unstored > 0;
	return {
		error:
			error ??
			(isUnfinished
				? unfinished(`${linesWere(unstored)} not confirmed as stored`)
				: undefined),
		hasFailed: error !== undefined,
		isLate,
		isUnfinished,
	};
};

type Opened = {
	readonly chat: ScreenChat['chat'];
	/** What the screen takes from the chat as it is. */
	readonly screen: Omit<ScreenChat, 'chat'>;
	readonly store: Store;
	readonly onPage: (wish: PageWish) => void;
	/** Opens a search; without a text, closes it. */
	readonly onSearch: (text: string | undefined) => void;
	/** Whether a connection has ever been open. */
	readonly hasConnected: () => boolean;
	/** Settles once one is. */
	readonly connected: Promise<void>;
	/** How many connections a person asked for. */
	readonly dials: () => number;
	/** Settles once another one is dialled. */
	readonly redialled: () => Promise<void>;
	readonly remains: Remains;
	/** Keeps what was seen, and stops the timers. */
	readonly stop: () => void;
};

const nextTurn = async (): Promise<void> =>
	new Promise(resolve => {
		setImmediate(resolve);
	});

/** Opens the chat, with a store that takes its events. */
const open = async (options: Options, bell: Bell): Promise<Opened> => {
	// The store needs to know who one is, and events come before that.
	const early: ChatEvent[] = [];
	let dispatch = (event: ChatEvent) => {
		early.push(event);
	};

	let hasConnected = false;
	let dials = 0;
	let onDial = () => {};
	const {promise: connected, resolve: onConnected} = createSignal();
	const pages = createPageRequests(wish => {
		// One turn later, as a server in this process answers during the call.
		setImmediate(() => {
			if (chat.mode === 'room') {
				sendRequest(chat, wish, store);
			}
		});
	});
	const remains = new Remains();
	const take = (event: ChatEvent) => {
		remains.see(event);
		if (event.type === 'connection' && event.connection.phase === 'open') {
			hasConnected = true;
			onConnected();
		}

		if (
			event.type === 'connection' &&
			event.connection.phase === 'connecting' &&
			event.connection.attempt === 1
		) {
			dials++;
			onDial();
		}

		dispatch(event);
		pages.see(event);
		if (event.type === 'frame' && event.frame.type === 'found') {
			store.flush();
			const {search} = store.getSnapshot();
			if (search?.text === event.frame.text && wantsMore(search)) {
				pages.want({search: undefined});
			}
		}
	};

	const {chat, ...screen} = await openScreenChat(options, take, bell);
	// After one turn, its socket is connecting while the screen loads.
	await nextTurn();
	const store = new Store(createModel(chat), systemClock);
	dispatch = store.dispatch;
	const place = seenPlaceOf(options, chat);
	const seen = place?.read();
	if (seen) {
		const at = systemClock.wallMs();
		dispatch({type: 'reading', at, what: {kind: 'seen-before', seen}});
	}

	for (const event of early) {
		dispatch(event);
	}

	const stopDays = followDays(systemClock, dispatch);
	const stopKeeping = place && keepSeen(place, store);
	store.flush();
	return {
		chat,
		screen,
		store,
		onPage(wish) {
			pages.want(wish);
			if (wish === 'none') {
				dispatch({type: 'forget-past', at: systemClock.wallMs()});
			}
		},
		onSearch(text) {
			const at = systemClock.wallMs();
			dispatch({type: 'reading', at, what: {kind: 'search', text}});
			if (text !== undefined) {
				pages.want({search: text});
			}
		},
		hasConnected: () => hasConnected,
		connected,
		dials: () => dials,
		redialled: async () =>
			new Promise(resolve => {
				onDial = resolve;
			}),
		remains,
		stop() {
			stopDays();
			stopKeeping?.();
		},
	};
};

// Half a page: the entry is then in the middle of it.
const entriesAfter = maxPageEntries / 2;

const sendRequest = (chat: RoomChat, wish: LogRequest, store: Store): void => {
	if (wish === 'older') {
		chat.readPast(olderThan(store.getSnapshot()));
	} else if (wish === 'oldest') {
		chat.readPast(undefined);
	} else if ('around' in wish) {
		chat.readPast(wish.around + entriesAfter);
	} else {
		const refused = chat.search(wish.search);
		if (refused !== undefined) {
			const at = systemClock.wallMs();
			const closed = {kind: 'search', text: undefined} as const;
			store.dispatch({type: 'reading', at, what: closed});
			store.dispatch({type: 'notice', at, tone: 'bad', text: refused});
		}
	}
};

/** @returns Undefined if there is no room to return to. */
const seenPlaceOf = (
	options: Options,
	chat: ScreenChat['chat'],
): SeenPlace | undefined =>
	options.mode === 'raw' ||
	chat.mode === 'raw' ||
	(options.command === 'serve' && options.history === undefined)
		? undefined
		: openSeenPlace(options.address, options.nick, process.env);

// A kill costs no more than this.
const keepEveryMs = 30_000;

/** @returns Keeps what was seen by now, and stops. */
const keepSeen = (place: SeenPlace, store: Store): (() => void) => {
	let cancel = () => {};
	const keep = () => {
		const seen = seenOf(store.getSnapshot(), systemClock.wallMs());
		if (seen) {
			place.write(seen);
		}

		cancel = systemClock.setTimer(keep, keepEveryMs);
	};

	keep();
	return () => {
		store.flush();
		cancel();
		keep();
		cancel();
	};
};

/**
 * A connection that is refused at once is one sentence, not a screen that
 * flashes; one that hangs is shown while it hangs.
 */
const isRefusedAtOnce = async ({
	chat,
	connected,
	hasConnected,
}: Opened): Promise<boolean> => {
	const {promise: waitedLongEnough, resolve} = createSignal();
	const cancel = systemClock.setTimer(resolve, chat.role === 'serve' ? 0 : 150);
	const isRefused = await Promise.race([
		chat.closed.then(() => !hasConnected()),
		connected.then(() => false),
		waitedLongEnough.then(() => false),
	]);
	cancel();
	return isRefused;
};

/** The end of a chat that is shown: how to ask for it, and why it came. */
const startEnd = (
	{chat, screen, hasConnected, dials, redialled}: Opened,
	timeoutMs: number | undefined,
) => {
	const {promise: left, resolve: onLeft} = createSignal();
	let wasLeft = false;
	const leave = () => {
		wasLeft = true;
		onLeft();
		chat.leave();
	};

	let late: SockchatError | undefined;
	const cancelDeadline = startDeadline({
		timeoutMs,
		clock: systemClock,
		missing: () => (hasConnected() ? undefined : 'Not connected'),
		onLate(error) {
			late = error;
			leave();
			leave();
		},
	});

	return {
		leave,
		cancelDeadline,
		async ending(): Promise<ScreenEnding> {
			for (;;) {
				const dialled = dials();
				// eslint-disable-next-line no-await-in-loop -- one after the other
				const cause = await chat.closed;
				const isOver = chat.mode === 'room' || !hasConnected() || wasLeft;
				if (isOver) {
					return endingOf(chat, late ?? cause, late !== undefined);
				}

				if (dials() > dialled) {
					continue;
				}

				// The other side often ends first, and its answer should stay
				// readable.
				const at = systemClock.wallMs();
				const dialling =
					chat.role === 'connect' ? '/connect dials again, ' : '';
				const text = `The connection has ended; ${dialling}Ctrl-C or /quit leaves.`;
				screen.emit({type: 'notice', at, tone: 'info', text});
				// eslint-disable-next-line no-await-in-loop -- as long as it is read
				await Promise.race([left, redialled()]);
				if (wasLeft) {
					return endingOf(chat, late ?? cause, late !== undefined);
				}
			}
		},
	};
};
