/**
 * What is known about the sockets themselves: the timeline, the kernel's view,
 * the peers, the chunks, the rates. Pure.
 */
import {isCounted} from '../tcp/segment-counts.js';
import {isAcknowledgement} from '../tcp/acknowledged.js';
import {seenBy} from '../tcp/step-time.js';
import type {KernelPair, KernelSocket, KernelTimer, Step} from '../tcp/tcp.js';
import {assertNever} from '../errors.js';
import type {SocketEvent, WireEvent} from '../event/event.js';
import type {PeerRow} from '../event/peer-row.js';
import type {PairRow, PairsEvent} from '../event/proxy-event.js';
import {appendNewest, noneYet, type Newest} from './newest.js';
import {addStep} from './steps.js';
import {
	appendWire,
	areHeartbeats,
	emptyWire,
	newsOf,
	type Wire,
} from './wire.js';

export type Rates = {
	/** When the last rate was computed; undefined before the first. */
	readonly at: number | undefined;
	readonly bytesIn: number;
	readonly bytesOut: number;
	/** Bytes per second, newest last. */
	readonly ins: readonly number[];
	readonly outs: readonly number[];
};

export type SocketView = {
	/** Without those of data: they would drive out how a connection began. */
	readonly steps: readonly Step[];
	/** How many older ones were dropped. */
	readonly droppedSteps: number;
	/** Each send() and recv(), as far as reported, and counted segments. */
	readonly transfers: Newest<Step>;
	/**
	 * From when on no call is missing before them, and no heartbeat; undefined:
	 * from the beginning.
	 */
	readonly keptSince: {
		readonly calls?: number;
		readonly beats?: number;
	};
	/** How many of the newest of them carried nothing but heartbeats. */
	readonly beats: number;
	/** What was captured. */
	readonly segments: Newest<Step>;
	/** How many of the newest of them carried heartbeats, or only acknowledged. */
	readonly segmentBeats: number;
	/** The last read of the kernel's table; no pair if it can't be read. */
	readonly kernel:
		| {
				readonly at: number;
				/** Its queues are those that stood there in the read before, too. */
				readonly pair: KernelPair | undefined;
				/** As it was read. */
				readonly read?: KernelPair | undefined;
		  }
		| undefined;
	/** Set on a server. */
	readonly peers:
		| {
				readonly at: number;
				readonly rows: readonly PeerRow[];
				readonly listening: KernelSocket | undefined;
				readonly backlog: number;
				readonly refused: number;
				/** Of all rows, what stood unread in the read before, too. */
				readonly unreadBytes?: number;
		  }
		| undefined;
	/** Set on a proxy. */
	readonly pairs:
		| (Omit<PairsEvent, 'type'> & {
				/** As they were read. */
				readonly read: readonly PairRow[];
		  })
		| undefined;
	readonly wire: Wire;
	readonly rates: Rates;
};

export const emptySocketView: SocketView = {
	steps: [],
	droppedSteps: 0,
	transfers: noneYet,
	keptSince: {},
	beats: 0,
	segments: noneYet,
	segmentBeats: 0,
	kernel: undefined,
	peers: undefined,
	pairs: undefined,
	wire: emptyWire,
	rates: {at: undefined, bytesIn: 0, bytesOut: 0, ins: [], outs: []},
};

/** How many steps are kept; the life of one connection has about twenty. */
export const keptSteps = 500;

/** How many calls of send() and recv() are kept. */
export const keptTransfers = 2000;

export const keptSegments = 10_000;

const keptRates = 60;

type Bytes = {readonly bytesIn: number; readonly bytesOut: number};

// The kernel is read once a second, and more often around a step; rates over
// shorter times would jump.
const leastRateMs = 900;

/** @param total All bytes so far, of the socket or of a server's peers. */
const appendRate = (rates: Rates, at: number, total: Bytes): Rates => {
	const {bytesIn, bytesOut} = total;
	// After the clock was set back, counting starts again.
	if (rates.at === undefined || at < rates.at) {
		return {...rates, at, bytesIn, bytesOut};
	}

	const elapsedMs = at - rates.at;
	if (elapsedMs < leastRateMs) {
		return rates;
	}

	const perSecond = (bytes: number) => Math.max(0, (bytes * 1000) / elapsedMs);
	return {
		at,
		bytesIn,
		bytesOut,
		ins: [...rates.ins, perSecond(bytesIn - rates.bytesIn)].slice(-keptRates),
		outs: [...rates.outs, perSecond(bytesOut - rates.bytesOut)].slice(
			-keptRates,
		),
	};
};

// A read may fall between a heartbeat's arrival and the turn of its reader, which
// on a busy machine takes a while. What stands in a queue is there at the next.
const lasting = (
	before: KernelSocket | undefined,
	now: KernelSocket | undefined,
): KernelSocket | undefined => {
	if (!before || !now) {
		return undefined;
	}

	const {sending, ...rest} = now;
	const sendQueueBytes = Math.min(before.sendQueueBytes, now.sendQueueBytes);
	const receiveQueueBytes = Math.min(
		before.receiveQueueBytes,
		now.receiveQueueBytes,
	);
	const shown = {...rest, sendQueueBytes, receiveQueueBytes};
	if (!sending || sendQueueBytes === 0) {
		return shown;
	}

	const notSentBytes = Math.min(sending.notSentBytes, sendQueueBytes);
	return {...shown, sending: {...sending, notSentBytes}};
};

const lastingPair = (
	before: KernelPair | undefined,
	now: KernelPair | undefined,
): KernelPair | undefined =>
	before && now
		? {
				local: lasting(before.local, now.local) ?? now.local,
				remote: lasting(before.remote, now.remote) ?? now.remote,
			}
		: now;

/** With queues that stood there in the read before, too. */
const lastingPairs = (
	before: readonly PairRow[],
	now: readonly PairRow[],
): readonly PairRow[] => {
	const known = new Map(before.map(row => [row.peer, row]));
	return now.map(row => {
		const former = known.get(row.peer);
		const side = (name: 'client' | 'target') => ({
			...row[name],
			kernel: lastingPair(former?.[name].kernel, row[name].kernel),
		});
		return {...row, client: side('client'), target: side('target')};
	});
};

const unreadOf = ({kernel}: PeerRow): number =>
	kernel?.local?.receiveQueueBytes ?? 0;

/** How many peers' windows are closed. */
export const closedWindows = (rows: readonly PeerRow[]): number =>
	rows.filter(({kernel}) => kernel?.local?.timer?.name === 'persist').length;

/** Whether a peer probes until this process has read. */
export const hasClosedOwnWindow = (rows: readonly PeerRow[]): boolean =>
	rows.some(({kernel}) => kernel?.remote?.timer?.name === 'persist');

/** How long a keepalive timer has to go, as exactly as it is shown. */
export const shownKeepaliveMs = (
	timer: KernelTimer | undefined,
): number | undefined => {
	if (timer?.name !== 'keepalive') {
		return undefined;
	}

	const unitMs = timer.inMs > 60_000 ? 60_000 : 1000;
	return Math.max(1, Math.ceil(timer.inMs / unitMs)) * unitMs;
};

/** The keepalive timers that fire next, at this process's ends and the others. */
export const nextKeepalives = (
	pairs: ReadonlyArray<KernelPair | undefined>,
): {readonly here: number; readonly there: number} => {
	const nextOf = (end: 'local' | 'remote') =>
		Math.min(
			...pairs.map(pair => shownKeepaliveMs(pair?.[end]?.timer) ?? Infinity),
		);
	return {here: nextOf('local'), there: nextOf('remote')};
};

const standingUnread = (
	before: readonly PeerRow[],
	now: readonly PeerRow[],
): number => {
	const known = new Map(before.map(row => [row.peer, unreadOf(row)]));
	let unreadBytes = 0;
	for (const row of now) {
		unreadBytes += Math.min(known.get(row.peer) ?? 0, unreadOf(row));
	}

	return unreadBytes;
};

const sum = (rows: readonly PeerRow[], ended: Bytes): Bytes => {
	let {bytesIn, bytesOut} = ended;
	for (const row of rows) {
		bytesIn += row.bytesIn;
		bytesOut += row.bytesOut;
	}

	return {bytesIn, bytesOut};
};

/** Whether one has no data calls to show that the other hasn't, but heartbeats. */
export const isSameTransfers = (
	before: SocketView,
	after: SocketView,
): boolean => {
	const end = ({transfers: {dropped, length}, beats}: SocketView) =>
		newsOf(dropped + length, beats);
	return before.transfers === after.transfers || end(before) === end(after);
};

/** The same of captured segments. */
export const isSameSegments = (
	before: SocketView,
	after: SocketView,
): boolean => {
	const end = ({segments: {dropped, length}, segmentBeats}: SocketView) =>
		newsOf(dropped + length, segmentBeats);
	return before.segments === after.segments || end(before) === end(after);
};

/** Whether it carried nothing but heartbeats; what is counted after some is theirs. */
const areBeats = (step: Step, before: number): boolean =>
	step.kind === 'call'
		? areHeartbeats(step.text ?? '', Number(step.result))
		: before > 0;

const keptSince = (
	{keptSince: known}: SocketView,
	step: Step,
): SocketView['keptSince'] => {
	if (step.kind !== 'call' || step.unkept === undefined) {
		return known;
	}

	const at = seenBy(step);
	return areBeats(step, 0) ? {...known, beats: at} : {...known, calls: at};
};

const reduceStep = (view: SocketView, step: Step): SocketView => {
	if (step.kind === 'segment' && step.evidence === 'captured') {
		const segments = appendNewest(view.segments, step, keptSegments);
		const {segment, length = 0, text = ''} = step;
		// What acknowledges after heartbeats does so for them.
		const isBeat =
			segment === 'ACK' && length === 0
				? view.segmentBeats > 0
				: areHeartbeats(text, length);
		const segmentBeats = isBeat ? view.segmentBeats + 1 : 0;
		return {...view, segments, segmentBeats};
	}

	const isTransfer =
		(step.kind === 'call' && step.offset !== undefined) ||
		isCounted(step) ||
		isAcknowledgement(step);
	if (isTransfer) {
		const transfers = appendNewest(view.transfers, step, keptTransfers);
		const beats = areBeats(step, view.beats) ? view.beats + 1 : 0;
		return {...view, transfers, beats, keptSince: keptSince(view, step)};
	}

	return {...view, ...addStep(view, step, keptSteps)};
};

/** @param counted A client's own bytes, or those of a server's ended peers. */
export const reduceSocketView = (
	view: SocketView,
	event: SocketEvent | WireEvent | PairsEvent,
	counted: Bytes,
): SocketView => {
	switch (event.type) {
		case 'step': {
			return reduceStep(view, event.step);
		}

		case 'kernel': {
			const {at, pair: read} = event;
			const rates = appendRate(view.rates, at, counted);
			const pair = lastingPair(view.kernel?.read, read);
			return {...view, kernel: {at, pair, read}, rates};
		}

		case 'peers': {
			const {type, ...peers} = event;
			const total = sum(peers.rows, counted);
			const rates = appendRate(view.rates, peers.at, total);
			const unreadBytes = standingUnread(view.peers?.rows ?? [], peers.rows);
			return {...view, peers: {...peers, unreadBytes}, rates};
		}

		case 'pairs': {
			const {type, ...pairs} = event;
			const total = {bytesIn: pairs.bytes.in, bytesOut: pairs.bytes.out};
			const rates = appendRate(view.rates, pairs.at, total);
			const rows = lastingPairs(view.pairs?.read ?? [], pairs.rows);
			return {...view, pairs: {...pairs, rows, read: pairs.rows}, rates};
		}

		case 'wire': {
			const {type, ...chunk} = event;
			return {...view, wire: appendWire(view.wire, [chunk])};
		}

		default: {
			return assertNever(event);
		}
	}
};
