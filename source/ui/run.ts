/**
 * Opens the chat behind a screen, and then the screen: Ink and React take
 * longer to load than a connection to be accepted.
 */
import type {SockchatError} from '../errors.js';
import {systemClock} from '../socket/clock.js';
import {startDeadline} from '../chat/deadline.js';
import type {Options} from '../options/options.js';
import type {ChatEvent} from '../event/event.js';
import {createModel} from '../store/model.js';
import {olderThan} from '../store/older-entries.js';
import {Store} from '../store/store.js';
import {createPastQueue} from './past-queue.js';
import {openScreenChat} from './screen-chat.js';
import type {Terminal} from './screen.js';
import type {PastWish} from './use-views.js';

export type Running = {
	/** Settles with the cause of the end; with none if it was wanted. */
	readonly closed: Promise<SockchatError | undefined>;
	/** Leaves in good order; called again, at once. */
	readonly leave: () => void;
};

/**
 * Opens the chat, shows it until its end, and gives the terminal back.
 *
 * @throws {SockchatError} Where the chat can't be opened.
 */
export const runScreen = async (
	options: Options,
	terminal: Terminal,
): Promise<Running> => {
	const early: ChatEvent[] = [];
	let dispatch = (event: ChatEvent) => {
		early.push(event);
	};

	let hasOpened = false;
	let onSettled = () => {};
	const settled = new Promise<void>(resolve => {
		onSettled = resolve;
	});
	const past = createPastQueue(wish => {
		// A turn later: to its own server, an answer comes amid its telling.
		setImmediate(() => {
			if (chat.mode === 'room') {
				chat.readPast(
					wish === 'older' ? olderThan(store.getSnapshot()) : undefined,
				);
			}
		});
	});
	const {chat, ...ways} = await openScreenChat(options, event => {
		if (event.type === 'connection') {
			hasOpened ||= event.connection.phase === 'open';
			if (hasOpened) {
				onSettled();
			}
		}

		dispatch(event);
		past.see(event);
	});
	// A turn later its socket is on its way to the other side.
	await new Promise(resolve => {
		setImmediate(resolve);
	});
	const loading = import('./screen.js');
	const {mode, where} = chat;
	const own = chat.mode === 'room' ? chat : {id: '', nick: ''};
	const {id, nick} = own;
	const store = new Store(createModel({mode, where, id, nick}), systemClock);
	dispatch = store.dispatch;
	for (const event of early) {
		dispatch(event);
	}

	store.flush();
	// A connection refused at once is one sentence, not a screen that flashes;
	// one that hangs is shown as it hangs.
	const cancel = systemClock.setTimer(
		onSettled,
		chat.role === 'serve' ? 0 : 150,
	);
	const isOver = chat.closed.then(() => !hasOpened);
	const isRefused = await Promise.race([isOver, settled.then(() => false)]);
	cancel();
	if (isRefused) {
		return {closed: chat.closed, leave: chat.leave};
	}

	let wasLeft = false;
	let onLeft = () => {};
	const left = new Promise<void>(resolve => {
		onLeft = resolve;
	});
	const leave = () => {
		wasLeft = true;
		onLeft();
		chat.leave();
	};

	/** In raw mode the other side often ends first, and its answer is to be read. */
	const end = async () => {
		const cause = await chat.closed;
		if (mode === 'raw' && hasOpened && !wasLeft) {
			const at = systemClock.wallMs();
			const text = 'The connection has ended; Ctrl-C or /quit leaves.';
			dispatch({type: 'notice', at, tone: 'info', text});
			await left;
		}

		return late ?? cause;
	};

	let late: SockchatError | undefined;
	const cancelDeadline = startDeadline({
		timeoutMs: options.timeoutMs,
		clock: systemClock,
		missing: () => (hasOpened ? undefined : 'Not connected'),
		onLate(error) {
			late = error;
			leave();
			leave();
		},
	});

	const tap = () => {
		chat.setTap(true);
	};

	const onPast = (wish: PastWish) => {
		past.wish(wish);
		if (wish === 'none') {
			dispatch({type: 'forget-past', at: systemClock.wallMs()});
		}
	};

	const {showScreen} = await loading;
	const instance = showScreen(
		{
			store,
			isExplained: options.isExplained,
			monotonicMs: systemClock.monotonicMs,
			onPast,
			onWireShown: tap,
			onLeave: leave,
			...ways,
		},
		terminal,
	);
	const over = async () => {
		try {
			return await Promise.race([
				end(),
				// A throw while rendering: what it painted is lost with the screen.
				instance.waitUntilExit().then(() => undefined),
			]);
		} finally {
			cancelDeadline();
			instance.unmount();
			await instance.waitUntilExit();
		}
	};

	return {closed: over(), leave};
};
