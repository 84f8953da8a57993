/**
 * The chat of a screen, open, with the store that takes its events: pages of the
 * log are asked for as somebody scrolls, and what was seen is kept.
 */
import process from 'node:process';
import {Remains} from '../chat/remains.js';
import type {RoomChat} from '../chat/room-chat.js';
import {openSeenPlace, type SeenPlace} from '../chat/seen-place.js';
import type {ChatEvent} from '../event/event.js';
import type {Options} from '../options/options.js';
import {maxPageEntries} from '../protocol/frame.js';
import {systemClock} from '../socket/clock.js';
import {createModel} from '../store/model.js';
import {olderThan} from '../store/older-entries.js';
import {seenOf} from '../store/reading.js';
import {wantsMore} from '../store/search.js';
import {Store} from '../store/store.js';
import type {Bell} from './bell.js';
import {openScreenChat, type ScreenChat} from './screen-chat.js';
import {followDays} from './transcript/follow-days.js';
import {
	createPageRequests,
	type LogRequest,
	type PageWish,
} from './transcript/page-requests.js';

/** Promise.withResolvers, which Node 20 lacks. */
export const createSignal = () => {
	let resolve = () => {};
	const promise = new Promise<void>(settle => {
		resolve = settle;
	});
	return {promise, resolve};
};

export type OpenedChat = {
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
export const openChat = async (
	options: Options,
	bell: Bell,
): Promise<OpenedChat> => {
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
