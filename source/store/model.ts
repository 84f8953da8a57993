/**
 * What a screen shows, as plain data.
 *
 * `reduce(model, events)` is pure: the store hands it all events since the
 * last frame at once, so that a flood costs one step a frame.
 */
import type {Connection} from '../connection/lifecycle.js';
import type {Listening} from '../connection/serving.js';
import {assertNever} from '../errors.js';
import type {
	Message as MessageFrame,
	ServerFrame,
	Whispered,
} from '../protocol/frame.js';
import type {ChatEvent, Place} from './event.js';
import type {Item, Mark, Message, Whisper} from './item.js';
import {foundLines, wordsOf} from './notice.js';
import {nobody, reducePresence, type Presence} from './presence.js';
import {
	emptySocketView,
	reduceSocketView,
	type SocketView,
} from './socket-view.js';
import {
	appendItems,
	clearTranscript,
	emptyTranscript,
	type Transcript,
} from './transcript.js';

/** One's own message that is not stored yet, with its n. */
export type Pending = (Message | Whisper) & {readonly n: number};

export type Model = {
	readonly mode: 'room' | 'raw';
	/** The server's or room's address, as people write it. */
	readonly where: string;
	/** One's own public id; empty in raw mode. */
	readonly id: string;
	readonly nick: string;
	readonly transcript: Transcript;
	readonly pending: readonly Pending[];
	readonly presence: Presence;
	readonly connection: Connection | undefined;
	readonly local: string | undefined;
	readonly remote: string | undefined;
	readonly traffic: {
		readonly bytesIn: number;
		readonly bytesOut: number;
		readonly queuedBytes: number;
		/** When bytes came last, ms since the epoch, as far as it was sampled. */
		readonly heardAt: number | undefined;
	};
	/** Milliseconds, newest last; at most `keptRtts`. */
	readonly rtts: readonly number[];
	readonly socket: SocketView;
	/** Set on a server. */
	readonly listening:
		| {
				readonly state: Listening;
				readonly place: Place;
				/** Peers connected now, and since the start. */
				readonly peers: number;
				readonly accepted: number;
				readonly turnedAway: number;
				/** Of the peers that have ended. */
				readonly bytesIn: number;
				readonly bytesOut: number;
		  }
		| undefined;
};

export const keptRtts = 60;

export const createModel = (
	start: Pick<Model, 'mode' | 'where' | 'id' | 'nick'>,
): Model => ({
	...start,
	transcript: emptyTranscript,
	pending: [],
	presence: nobody,
	connection: undefined,
	local: undefined,
	remote: undefined,
	traffic: {bytesIn: 0, bytesOut: 0, queuedBytes: 0, heardAt: undefined},
	rtts: [],
	socket: emptySocketView,
	listening: undefined,
});

/** A model at work: `items` are appended in one go at the end of a batch. */
type Draft = {-readonly [Key in keyof Model]: Model[Key]} & {items: Item[]};

export const reduce = (model: Model, events: readonly ChatEvent[]): Model => {
	const draft: Draft = {...model, items: []};
	for (const event of events) {
		apply(draft, event);
	}

	const {items, ...next} = draft;
	return {...next, transcript: appendItems(next.transcript, items)};
};

const apply = (draft: Draft, event: ChatEvent): void => {
	const words = wordsOf(event);
	if (words) {
		draft.items.push({kind: 'notice', at: event.at, ...words});
	}

	switch (event.type) {
		case 'connection': {
			draft.connection = event.connection;
			draft.local = event.local;
			draft.remote = event.remote;
			break;
		}

		case 'frame': {
			applyFrame(draft, event.frame, event.at);
			break;
		}

		case 'queued': {
			const {at, n, text, to} = event;
			const own = {at, n, from: draft.nick, text, mark: 'queued'} as const;
			draft.pending = [
				...draft.pending,
				to === undefined
					? {...own, kind: 'message', id: draft.id}
					: {...own, kind: 'whisper', to},
			];
			break;
		}

		case 'sent': {
			draft.pending = draft.pending.map(item =>
				item.n === event.n ? {...item, mark: 'sent'} : item,
			);
			break;
		}

		case 'stored': {
			settle(draft, event.n, 'stored');
			break;
		}

		case 'failed': {
			settle(draft, event.n, 'failed', event.error.message);
			break;
		}

		case 'traffic': {
			const {bytesIn, bytesOut, queuedBytes} = event;
			const heardAt =
				bytesIn > draft.traffic.bytesIn ? event.at : draft.traffic.heardAt;
			draft.traffic = {bytesIn, bytesOut, queuedBytes, heardAt};
			break;
		}

		case 'rtt': {
			draft.rtts = [...draft.rtts, event.rttMs].slice(-keptRtts);
			break;
		}

		case 'listening': {
			const {state, place} = event;
			const counts = {
				peers: 0,
				accepted: 0,
				turnedAway: 0,
				bytesIn: 0,
				bytesOut: 0,
			};
			draft.listening = {...counts, ...draft.listening, state, place};
			break;
		}

		case 'accepted':
		case 'ended':
		case 'foreign': {
			applyPeer(draft, event);
			break;
		}

		case 'chunk': {
			const {at, direction, peer, bytes} = event;
			draft.items.push({kind: 'chunk', at, direction, peer, bytes});
			break;
		}

		case 'step':
		case 'kernel':
		case 'peers':
		case 'wire': {
			const before = draft.listening ?? draft.traffic;
			draft.socket = reduceSocketView(draft.socket, event, before);
			break;
		}

		case 'history':
		case 'notice': {
			break;
		}

		case 'clear': {
			// Counted first: an index is never given twice.
			const {transcript, items} = draft;
			draft.transcript = clearTranscript(appendItems(transcript, items));
			draft.items = [];
			break;
		}

		default: {
			assertNever(event);
		}
	}
};

const applyPeer = (
	draft: Draft,
	event: Extract<ChatEvent, {type: 'accepted' | 'ended' | 'foreign'}>,
): void => {
	const {listening} = draft;
	if (!listening) {
		return;
	}

	const {peers, accepted, turnedAway, bytesIn, bytesOut} = listening;
	switch (event.type) {
		case 'accepted': {
			const counts = {peers: peers + 1, accepted: accepted + 1};
			draft.listening = {...listening, ...counts};
			break;
		}

		case 'ended': {
			draft.listening = {
				...listening,
				peers: peers - 1,
				bytesIn: bytesIn + event.bytesIn,
				bytesOut: bytesOut + event.bytesOut,
			};
			break;
		}

		case 'foreign': {
			draft.listening = {...listening, turnedAway: turnedAway + 1};
			break;
		}

		default: {
			assertNever(event);
		}
	}
};

const applyFrame = (draft: Draft, frame: ServerFrame, at: number): void => {
	draft.presence = reducePresence(draft.presence, frame);
	switch (frame.type) {
		case 'welcome': {
			draft.nick = frame.nick;
			break;
		}

		case 'message': {
			addMessage(draft, frame);
			break;
		}

		case 'whispered': {
			addWhisper(draft, frame);
			break;
		}

		case 'found': {
			for (const text of foundLines(frame)) {
				draft.items.push({kind: 'notice', at, tone: 'info', text});
			}

			break;
		}

		case 'renamed': {
			if (frame.id === draft.id) {
				draft.nick = frame.to;
			}

			break;
		}

		case 'members':
		case 'joined':
		case 'left':
		case 'gap':
		case 'error':
		case 'bye':
		case 'challenge':
		case 'ping':
		case 'pong': {
			break;
		}

		default: {
			assertNever(frame);
		}
	}
};

const addMessage = (draft: Draft, frame: MessageFrame): void => {
	const {at, from, id, n, text} = frame;
	const isOwn = id === draft.id;
	if (isOwn) {
		draft.pending = draft.pending.filter(item => item.n !== n);
	}

	const mark = isOwn ? 'stored' : undefined;
	draft.items.push({kind: 'message', at, from, id, text, mark});
};

const addWhisper = (draft: Draft, frame: Whispered): void => {
	const {at, from, id, to, n, text} = frame;
	const isOwn = id === undefined ? from === draft.nick : id === draft.id;
	if (isOwn) {
		draft.pending = draft.pending.filter(item => item.n !== n);
	}

	const mark = isOwn ? 'stored' : undefined;
	draft.items.push({kind: 'whisper', at, from, to, text, mark});
};

const settle = (draft: Draft, n: number, mark: Mark, reason?: string): void => {
	const item = draft.pending.find(item => item.n === n);
	if (item) {
		draft.pending = draft.pending.filter(other => other !== item);
		draft.items.push({
			...item,
			mark,
			...(reason === undefined ? {} : {reason}),
		});
	}
};
