/**
 * What is known of a port that is watched, and what its reader looks at. Pure.
 *
 * Ended connections keep their steps, so that a reader can look back at them.
 */
import {assertNever} from '../errors.js';
import {
	gapOf,
	sendOf,
	type EndName,
	type PortEvent,
	type SocketsEvent,
	type WatchedConnection,
} from '../event/port-event.js';
import {nextSpelling, type Spelling} from '../tcp/spelling.js';
import {between, seenBy, timeOf, withTime} from '../tcp/step-time.js';
import {sentFinStates} from '../tcp/followed-end.js';
import {nameOfCall, type Step, type TcpState} from '../tcp/tcp.js';
import {uncountedSends} from './captured-sends.js';
import {
	appendNewest,
	insertNewest,
	lastOf,
	noneYet,
	type Newest,
} from './newest.js';
import {keptSegments, keptTransfers, type SocketView} from './socket-view.js';
import {addStep} from './steps.js';

/** How many steps are kept: a hundred connections have about twenty each. */
const keptSteps = 2000;

/** Where a view is scrolled to; see ui/pane/window.ts. */
type ScrollPlace = {
	readonly index: number;
	readonly line: number;
	readonly seenEnd: number;
};

export type PortLook = {
	/** The peer whose connection is looked at; undefined for all. */
	readonly chosen: string | undefined;
	/** Undefined follows the newest step. */
	readonly anchor: ScrollPlace | undefined;
	readonly spelling: Spelling;
	readonly isExplained: boolean;
	readonly isHelpShown: boolean;
	/** The command that is being typed, with its slash. */
	readonly typed: string | undefined;
};

export type PortModel = {
	/** As formatted, such as 127.0.0.1:5001. */
	readonly address: string;
	/** Undefined until the first reading. */
	readonly sockets: SocketsEvent | undefined;
	/** Whether somebody has listened since the watch began. */
	readonly hasListened: boolean;
	/** Without those of data: they would drive out how a connection began. */
	readonly steps: readonly Step[];
	/** How many older ones were dropped. */
	readonly droppedSteps: number;
	/** A send() for all bytes that were counted. */
	readonly transfers: Newest<Step>;
	/** What was captured. */
	readonly segments: Newest<Step>;
	/** How many bytes each end has sent since the watch began. */
	readonly sent: ReadonlyMap<string, number>;
	/** Ends whose program has ended. */
	readonly exited: ReadonlySet<string>;
	/** The program that captures. */
	readonly capturedBy: string | undefined;
	/** A sentence to the reader, until a key is pressed. */
	readonly notice: string | undefined;
	readonly look: PortLook;
};

/** What a reader does by a key. */
export type Looking =
	| {readonly do: 'choose'; readonly by: 1 | -1}
	| {readonly do: 'choose-all'}
	| {readonly do: 'scroll'; readonly anchor: ScrollPlace | undefined}
	| {readonly do: 'spell'}
	| {readonly do: 'explain'}
	| {readonly do: 'help'; readonly isShown: boolean}
	| {readonly do: 'type'; readonly typed: string | undefined}
	| {readonly do: 'note'; readonly text: string};

export type PortModelEvent =
	| PortEvent
	| {readonly type: 'segments'; readonly steps: readonly Step[]}
	| {readonly type: 'capture'; readonly program: string | undefined}
	| {readonly type: 'notice'; readonly text: string}
	| {readonly type: 'look'; readonly looking: Looking};

export const createPortModel = (
	address: string,
	isExplained: boolean,
): PortModel => ({
	address,
	sockets: undefined,
	hasListened: false,
	steps: [],
	droppedSteps: 0,
	transfers: noneYet,
	segments: noneYet,
	sent: new Map(),
	exited: new Set(),
	capturedBy: undefined,
	notice: undefined,
	look: {
		chosen: undefined,
		anchor: undefined,
		spelling: 'sockets',
		isExplained,
		isHelpShown: false,
		typed: undefined,
	},
});

/** With what was captured, and never counted: derived, so that none stays twice. */
const transfersOf = ({
	steps,
	transfers,
	segments,
	sent,
}: PortModel): Newest<Step> => {
	// Who isn't among those known may have been counted and forgotten.
	const unknownBytes = sent.size < keptEnds ? 0 : Infinity;
	const uncounted = uncountedSends(
		lastOf(segments),
		(peer, end) => sent.get(keyOf(peer, end)) ?? unknownBytes,
	);
	let all = transfers;
	for (const late of uncounted) {
		const send = beforeClosing(steps, late);
		all = insertNewest(
			all,
			send,
			other => seenBy(other) > seenBy(send) && !isOfSameEnd(other, send),
			keptTransfers,
		);
	}

	return all;
};

/** The ladder's source. */
export const ladderSource = (
	model: PortModel,
): Pick<
	SocketView,
	'steps' | 'droppedSteps' | 'transfers' | 'keptSince' | 'segments'
> => {
	const {steps, droppedSteps, segments} = model;
	return {
		steps,
		droppedSteps,
		transfers: transfersOf(model),
		keptSince: {},
		segments,
	};
};

/** A connection that can be chosen. */
export type PortEntry = {
	readonly peer: string;
	/** Undefined once it has ended, or while others are listed instead. */
	readonly connection: WatchedConnection | undefined;
	/** Of one that isn't listed and hasn't ended: its ends' last states. */
	readonly states: Partial<Record<EndName, TcpState>>;
};

/** The last state of each end of each connection that isn't over. */
const lastStates = (
	steps: readonly Step[],
): ReadonlyMap<string | undefined, PortEntry['states']> => {
	const all = new Map<string | undefined, PortEntry['states']>();
	for (const step of steps) {
		if (step.kind !== 'state') {
			continue;
		}

		const {peer, end, state} = step;
		const open = state === 'CLOSED' ? undefined : state;
		all.set(peer, {...all.get(peer), [end]: open});
	}

	return all;
};

/** Those that have ended, then those that are there; each in their order. */
export const entriesOf = ({
	sockets,
	steps,
}: Pick<PortModel, 'sockets' | 'steps'>): readonly PortEntry[] => {
	const {connections: there = [], more = 0} = sockets ?? {};
	const listed = new Set(there.map(({peer}) => peer));
	const known = new Set(steps.map(({peer}) => peer));
	// All that are there are listed, unless there are too many.
	const states = more === 0 ? undefined : lastStates(steps);
	return [
		...[...known]
			.filter(peer => peer !== undefined && !listed.has(peer))
			.map(peer => ({
				peer: peer!,
				connection: undefined,
				states: states?.get(peer) ?? {},
			})),
		...there.map(connection => ({
			peer: connection.peer,
			connection,
			states: {},
		})),
	];
};

/** The next one in the table, or all of them before the first. */
const choose = (model: PortModel, by: 1 | -1): string | undefined => {
	const peers = [undefined, ...entriesOf(model).map(({peer}) => peer)];
	const place = Math.max(0, peers.indexOf(model.look.chosen));
	return peers[Math.min(peers.length - 1, Math.max(0, place + by))];
};

const look = (model: PortModel, looking: Looking): PortModel => {
	const change = (changes: Partial<PortLook>): PortModel => ({
		...model,
		notice: undefined,
		look: {...model.look, ...changes},
	});
	switch (looking.do) {
		case 'choose': {
			return change({chosen: choose(model, looking.by), anchor: undefined});
		}

		case 'choose-all': {
			return change({chosen: undefined, anchor: undefined});
		}

		case 'scroll': {
			return change({anchor: looking.anchor});
		}

		case 'spell': {
			return change({spelling: nextSpelling(model.look.spelling)});
		}

		case 'explain': {
			// Rows change their numbers.
			return change({
				isExplained: !model.look.isExplained,
				anchor: undefined,
			});
		}

		case 'help': {
			return change({isHelpShown: looking.isShown, typed: undefined});
		}

		case 'type': {
			return change({typed: looking.typed});
		}

		case 'note': {
			return {...change({typed: undefined}), notice: looking.text};
		}

		default: {
			return assertNever(looking);
		}
	}
};

type CallStep = Extract<Step, {kind: 'call'}>;

const keyOf = (peer: string, end: EndName): string => `${end} ${peer}`;

/** Of how many ends it is known what they have sent. */
const keptEnds = 1000;

const withSent = (
	sent: PortModel['sent'],
	key: string,
	bytes: number,
): PortModel['sent'] => {
	const next = new Map(sent);
	next.delete(key);
	next.set(key, bytes);
	if (next.size > keptEnds) {
		const [oldest] = next.keys();
		next.delete(oldest!);
	}

	return next;
};

/** A connection between the same addresses as an earlier one begins anew. */
const isConnect = (step: Step): boolean =>
	step.kind === 'call' &&
	nameOfCall(step.call) === 'connect' &&
	!step.isBlocked;

const closing = new Set<TcpState>(['FIN-WAIT-1', 'LAST-ACK', 'CLOSED']);

const isClosing = (step: Step): boolean => {
	switch (step.kind) {
		case 'state': {
			return sentFinStates.has(step.state) || step.state === 'CLOSED';
		}

		case 'call': {
			const name = nameOfCall(step.call);
			return (name === 'close' || name === 'shutdown') && !step.isBlocked;
		}

		default: {
			return false;
		}
	}
};

/**
 * Where an end began to close, if no call of its program was seen to do that;
 * else -1.
 */
const unexplainedEnd = (
	steps: readonly Step[],
	peer: string,
	end: EndName,
): number => {
	let place = -1;
	for (let index = steps.length - 1; index >= 0; index--) {
		const step = steps[index]!;
		if (step.peer !== peer || step.kind === 'segment' || step.end !== end) {
			continue;
		}

		if (step.kind === 'state') {
			place = closing.has(step.state) ? index : place;
			continue;
		}

		const name = nameOfCall(step.call);
		if (name === 'close' || name === 'shutdown') {
			return -1;
		}

		if (name === 'connect') {
			break;
		}
	}

	return place;
};

/**
 * A program that has ended closed what it held, or left that to the kernel:
 * which of them can't be seen if both came between two readings. Its end may be
 * seen before what its end led to.
 */
const withExit = (model: PortModel, peer: string, end: EndName): PortModel => {
	const {steps} = model;
	const place = unexplainedEnd(steps, peer, end);
	if (place === -1) {
		return model;
	}

	const close: Step = {
		kind: 'call',
		call: 'close()',
		end,
		evidence: 'inferred',
		isOrExit: true,
		peer,
		...timeOf(steps[place]!),
	};
	return {...model, steps: steps.toSpliced(place, 0, close)};
};

const isOfSameEnd = (step: Step, {peer, end}: CallStep): boolean =>
	step.kind !== 'segment' && step.end === end && step.peer === peer;

/** Bytes may be counted, or even go, later than the end was closed. */
const beforeClosing = (steps: readonly Step[], send: CallStep): CallStep => {
	let first: Step | undefined;
	for (const step of steps.toReversed()) {
		if (!isOfSameEnd(step, send)) {
			continue;
		}

		if (isConnect(step)) {
			break;
		}

		first = isClosing(step) ? step : first;
	}

	const closedAt = first && seenBy(first);
	if (closedAt === undefined || seenBy(send) <= closedAt) {
		return send;
	}

	const {notBefore = 0} = send;
	return {
		...withTime(send, between(notBefore < closedAt ? notBefore : 0, closedAt)),
	};
};

const withStep = (model: PortModel, added: Step): PortModel => {
	const isListening = added.kind === 'state' && added.state === 'LISTEN';
	const next = {
		...model,
		...addStep(model, added, keptSteps),
		hasListened: model.hasListened || isListening,
	};
	const {peer} = added;
	if (peer === undefined || added.kind === 'segment') {
		return next;
	}

	if (isConnect(added)) {
		const sent = new Map(model.sent);
		const exited = new Set(model.exited);
		for (const end of ['local', 'remote'] as const) {
			sent.delete(keyOf(peer, end));
			exited.delete(keyOf(peer, end));
		}

		return {...next, sent, exited};
	}

	const {end = 'local'} = added;
	return added.kind === 'state' && model.exited.has(keyOf(peer, end))
		? withExit(next, peer, end)
		: next;
};

const add = (model: PortModel, event: PortModelEvent): PortModel => {
	switch (event.type) {
		case 'sockets': {
			return {
				...model,
				sockets: event,
				hasListened: model.hasListened || event.listening.length > 0,
			};
		}

		case 'step': {
			return withStep(model, event.step);
		}

		case 'data': {
			const key = keyOf(event.peer, event.from);
			const offset = model.sent.get(key) ?? 0;
			const send = beforeClosing(model.steps, sendOf(event, offset));
			return {
				...model,
				sent: withSent(model.sent, key, offset + event.bytes),
				transfers: insertNewest(
					model.transfers,
					send,
					other => seenBy(other) > seenBy(send) && !isOfSameEnd(other, send),
					keptTransfers,
				),
			};
		}

		case 'uncounted': {
			// What was captured is all there was.
			return model.capturedBy === undefined
				? withStep(model, gapOf(event))
				: model;
		}

		case 'process': {
			// The list of sockets has who is stopped.
			if (event.state !== 'ended') {
				return model;
			}

			const {peers, end} = event;
			const ended = peers.map(peer => keyOf(peer, end));
			const exited = [...model.exited, ...ended].slice(-keptEnds);
			let next: PortModel = {...model, exited: new Set(exited)};
			for (const peer of peers) {
				next = withExit(next, peer, end);
			}

			return next;
		}

		case 'segments': {
			let {segments} = model;
			for (const step of event.steps) {
				segments = appendNewest(segments, step, keptSegments);
			}

			return {...model, segments};
		}

		case 'capture': {
			return {...model, capturedBy: event.program};
		}

		case 'notice': {
			return {...model, notice: event.text};
		}

		case 'look': {
			return look(model, event.looking);
		}

		default: {
			return assertNever(event);
		}
	}
};

export const reducePort = (
	model: PortModel,
	events: readonly PortModelEvent[],
): PortModel => {
	let next = model;
	for (const event of events) {
		next = add(next, event);
	}

	return next;
};
