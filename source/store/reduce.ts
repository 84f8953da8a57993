/**
 * Updates the model. Pure: the store passes all events since the last frame at
 * once, so a flood costs one update a frame.
 */
import {Buffer} from 'node:buffer';
import {assertNever} from '../errors.js';
import {nameOfCall, type CallName, type Step} from '../tcp/tcp.js';
import type {ChatEvent, RawEvent} from '../event/event.js';
import type {BeyondEvent, PairsEvent} from '../event/proxy-event.js';
import {startOfNext, unfinishedBytes} from '../protocol/byte-text.js';
import {ignore, isNothingHidden, quiet} from './hiding.js';
import {dayRule} from './days.js';
import type {TurnedAway} from './item.js';
import {
	finishUpdate,
	flushItems,
	keptRtts,
	noTraffic,
	showAgain,
	startUpdate,
	type Model,
	type ModelUpdate,
} from './model.js';
import {lockedOutText, reduceLockedOut} from './locked-out.js';
import {wordsOf} from './notice.js';
import {forgetPast} from './older-entries.js';
import {answered, attend} from './reading.js';
import {
	applyFrame,
	endInvitation,
	greet,
	placeInvitation,
	settle,
} from './reduce-frame.js';
import {moveHit, openSearch} from './search.js';
import {emptySocketView, reduceSocketView} from './socket-view.js';
import {clearTranscript} from './transcript.js';

/** What the events of a chat don't have is for a screen alone. */
export type ModelEvent = ChatEvent | PairsEvent | BeyondEvent;

export const reduce = (model: Model, events: readonly ModelEvent[]): Model => {
	const update = startUpdate(model);
	for (const event of events) {
		if (event.type === 'pairs') {
			applySockets(update, event);
		} else if (event.type === 'beyond') {
			const {beyond, traffic} = update;
			update.beyond = reduceSocketView(beyond, event.event, traffic);
		} else {
			apply(update, event);
		}
	}

	return finishUpdate(update);
};

const seeLock = (
	update: ModelUpdate,
	{at, connection}: Extract<ChatEvent, {type: 'connection'}>,
): void => {
	const wasLockedOut = update.isLockedOut;
	update.isLockedOut = reduceLockedOut(wasLockedOut, connection);
	if (update.isLockedOut && !wasLockedOut) {
		const text = lockedOutText;
		update.items.push({kind: 'notice', at, tone: 'warn', text});
	}
};

type PeerEvent = Extract<ChatEvent, {type: 'accepted' | 'ended' | 'foreign'}>;

const isOfPeer = (event: ChatEvent): event is PeerEvent =>
	event.type === 'accepted' ||
	event.type === 'ended' ||
	event.type === 'foreign';

/**
 * In a room, connections are in the table of peers: who came by one, and how
 * it ended, the log says. It does not say who was turned away.
 *
 * @param foreigners Those whose row was given when their protocol showed.
 */
const turnedAwayBy = (
	event: PeerEvent,
	foreigners: Model['foreigners'],
): TurnedAway | undefined => {
	const {at, peer} = event;
	const one = {kind: 'turned-away', at, count: 1, peer} as const;
	if (event.type === 'foreign') {
		return {...one, speaking: {[event.protocol]: 1}};
	}

	return event.type === 'ended' &&
		event.reason === 'protocol' &&
		!foreigners.has(peer)
		? {...one, speaking: {}}
		: undefined;
};

const applyConnection = (update: ModelUpdate, event: PeerEvent): void => {
	const {foreigners, listening} = update;
	const turnedAway = turnedAwayBy(event, foreigners);
	if (turnedAway) {
		update.items.push(turnedAway);
		update.listening = listening && {
			...listening,
			turnedAway: listening.turnedAway + 1,
		};
	}

	if (event.type === 'foreign') {
		ownForeigners(update).add(event.peer);
	} else if (foreigners.has(event.peer)) {
		ownForeigners(update).delete(event.peer);
	}
};

/** A copy for each update, the first time that it changes. */
const ownForeigners = (update: ModelUpdate): Set<string> => {
	if (update.foreigners === update.foreignersBefore) {
		update.foreigners = new Set(update.foreigners);
	}

	return update.foreigners as Set<string>;
};

const apply = (update: ModelUpdate, event: ChatEvent): void => {
	if (event.type === 'connection' && event.connection.phase !== 'open') {
		greet(update);
	}

	if (event.type === 'notice') {
		placeInvitation(update);
	}

	if (update.mode === 'room' && isOfPeer(event)) {
		applyConnection(update, event);
	} else {
		const words = event.type === 'frame' ? undefined : wordsOf(event);
		if (words) {
			update.items.push({kind: 'notice', at: event.at, ...words});
		}
	}

	switch (event.type) {
		case 'connection': {
			update.connection = event.connection;
			seeLock(update, event);
			update.local = event.local;
			update.remote = event.remote;
			// What was agreed is still worth seeing after the end.
			update.link = event.link ?? update.link;
			break;
		}

		case 'frame': {
			applyFrame(update, event.frame, event.at, event.isReplay);
			break;
		}

		case 'queued': {
			const {at, n, text, to} = event;
			endInvitation(update);
			update.reading = answered(update.reading);
			const own = {at, n, from: update.nick, text, mark: 'queued'} as const;
			update.pending.set(
				n,
				to === undefined
					? {...own, kind: 'message', id: update.id}
					: {...own, kind: 'whisper', to},
			);
			break;
		}

		case 'sent': {
			const item = update.pending.get(event.n);
			if (item) {
				update.pending.set(event.n, {...item, mark: 'sent'});
			}

			break;
		}

		case 'stored': {
			settle(update, event.n, 'stored');
			break;
		}

		case 'failed': {
			settle(update, event.n, 'failed', event.error.message);
			break;
		}

		case 'traffic': {
			const {bytesIn, bytesOut, queuedBytes} = event;
			const heardAt =
				bytesIn > update.traffic.bytesIn ? event.at : update.traffic.heardAt;
			update.traffic = {bytesIn, bytesOut, queuedBytes, heardAt};
			break;
		}

		case 'rtt': {
			update.rtts = [...update.rtts, event.rttMs].slice(-keptRtts);
			break;
		}

		case 'listening': {
			const {state, place, tookOverFrom, link} = event;
			update.link = link;
			update.isTakingOver ||= tookOverFrom !== undefined;
			const counts = {
				peers: 0,
				accepted: 0,
				turnedAway: 0,
				bytesIn: 0,
				bytesOut: 0,
			};
			update.listening = {...counts, ...update.listening, state, place};
			forgetConnection(update);
			break;
		}

		case 'accepted':
		case 'ended':
		case 'foreign': {
			applyPeer(update, event);
			break;
		}

		case 'chunk': {
			applyChunk(update, event);
			break;
		}

		case 'step':
		case 'kernel':
		case 'peers':
		case 'wire': {
			applySockets(update, event);
			break;
		}

		case 'relay': {
			update.relay = event;
			break;
		}

		case 'history':
		case 'control':
		case 'notice': {
			break;
		}

		case 'clear': {
			flushItems(update);
			if (update.newestSeq > 0) {
				update.clearedSeq = update.newestSeq;
			}

			update.transcript = clearTranscript(update.transcript);
			update.whole = isNothingHidden(update.hiding)
				? update.transcript
				: clearTranscript(update.whole);
			break;
		}

		case 'hide': {
			applyHide(update, event);
			break;
		}

		case 'asked': {
			const {at, to, text} = event;
			endInvitation(update);
			update.items.push({
				kind: 'bot',
				at,
				direction: 'out',
				bot: to,
				text,
				hasFailed: false,
			});
			break;
		}

		case 'reading': {
			applyReading(update, event);
			break;
		}

		case 'look': {
			update.look = {...update.look, ...event.look};
			break;
		}

		case 'sending': {
			update.sending = event.file && {file: event.file, at: event.at};
			break;
		}

		case 'forget-past': {
			forgetPast(update);
			break;
		}

		default: {
			assertNever(event);
		}
	}
};

const applySockets = (
	update: ModelUpdate,
	event: Parameters<typeof reduceSocketView>[1],
): void => {
	const before = update.listening ?? update.traffic;
	update.socket = reduceSocketView(update.socket, event, before);
};

/**
 * The steps of the listening socket: those before it are of a client, which was
 * the other end of what is drawn from now on.
 */
const serverSteps = (steps: readonly Step[]): readonly Step[] => {
	const callsOf = (name: CallName) => (step: Step) =>
		step.kind === 'call' && nameOfCall(step.call) === name;
	const bound = steps.findLastIndex(callsOf('bind'));
	const first = steps.slice(0, bound + 1).findLastIndex(callsOf('socket'));
	return bound === -1 ? [] : steps.slice(Math.max(0, first));
};

/** A member that became the host has a connection no longer. */
const forgetConnection = (update: ModelUpdate): void => {
	if (update.connection === undefined) {
		return;
	}

	update.connection = undefined;
	update.local = undefined;
	update.remote = undefined;
	update.traffic = noTraffic;
	update.rtts = [];
	const {steps, wire} = update.socket;
	update.socket = {...emptySocketView, steps: serverSteps(steps), wire};
};

const applyHide = (
	update: ModelUpdate,
	{at, what, nick}: Extract<ChatEvent, {type: 'hide'}>,
): void => {
	flushItems(update);
	const {hiding, text} =
		what === 'quiet'
			? quiet(update.hiding)
			: ignore(update.hiding, nick, update.nick);
	if (hiding !== update.hiding) {
		update.hiding = hiding;
		showAgain(update);
	}

	update.items.push({kind: 'notice', at, tone: 'info', text});
};

const applyReading = (
	update: ModelUpdate,
	{at, what}: Extract<ChatEvent, {type: 'reading'}>,
): void => {
	switch (what.kind) {
		case 'day': {
			update.today = dayRule(at);
			break;
		}

		case 'seen-before': {
			update.reading = {...update.reading, before: what.seen};
			break;
		}

		case 'attention': {
			flushItems(update);
			const {transcript, newestSeq, reading} = update;
			const place = {end: transcript.end, newestSeq};
			update.reading = attend(reading, what.attention, at, place);
			break;
		}

		case 'search': {
			update.search =
				what.text === undefined ? undefined : openSearch(what.text);
			break;
		}

		case 'hit': {
			update.search &&= moveHit(update.search, what.by);
			break;
		}

		default: {
			assertNever(what);
		}
	}
};

/** A character may be cut in two, as TCP is a stream (RFC 9293, 3.8). */
const applyChunk = (
	update: ModelUpdate,
	{at, direction, peer, bytes}: RawEvent,
): void => {
	const key = streamOf(direction, peer);
	const before = update.unfinished.get(key);
	const start = startOfNext(before, bytes);
	update.items.push({
		kind: 'chunk',
		at,
		direction,
		peer,
		bytes,
		...(start && {before: start}),
		// A wall clock may be set back.
		...(update.chunkAt !== undefined && {
			sinceMs: Math.max(0, at - update.chunkAt),
		}),
	});
	update.chunkAt = at;
	const whole = Buffer.concat([before ?? Buffer.alloc(0), bytes.slice(-3)]);
	const count = unfinishedBytes(whole);
	if (before !== undefined || count > 0) {
		const unfinished = new Map(update.unfinished);
		unfinished.delete(key);
		if (count > 0) {
			unfinished.set(key, Buffer.from(whole.subarray(-count)));
		}

		update.unfinished = unfinished;
	}
};

/** The end of a peer's connection. */
const forgetUnfinished = (update: ModelUpdate, peer: string): void => {
	if (update.unfinished.size > 0) {
		const unfinished = new Map(update.unfinished);
		unfinished.delete(streamOf('in', peer));
		unfinished.delete(streamOf('out', peer));
		update.unfinished = unfinished;
	}
};

const streamOf = (direction: 'in' | 'out', peer: string | undefined): string =>
	`${direction} ${peer ?? ''}`;

const applyPeer = (update: ModelUpdate, event: PeerEvent): void => {
	const {listening} = update;
	if (!listening) {
		return;
	}

	const {peers, accepted, bytesIn, bytesOut} = listening;
	switch (event.type) {
		case 'accepted': {
			const counts = {peers: peers + 1, accepted: accepted + 1};
			update.listening = {...listening, ...counts};
			break;
		}

		case 'ended': {
			forgetUnfinished(update, event.peer);
			update.listening = {
				...listening,
				peers: peers - 1,
				bytesIn: bytesIn + event.bytesIn,
				bytesOut: bytesOut + event.bytesOut,
			};
			break;
		}

		case 'foreign': {
			break;
		}

		default: {
			assertNever(event);
		}
	}
};
