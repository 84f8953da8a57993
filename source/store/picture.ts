/**
 * Whether two models look the same on a screen. Pure.
 *
 * What was said, who is there, phases, states and queues count exactly, and the
 * wire and its calls but for heartbeats. Gauges always move a little: round
 * trips, rates, totals that each heartbeat adds to. Such a gauge counts only once
 * it has doubled or halved since it was shown; fixed steps would flicker around
 * their bounds. In raw mode, which has no heartbeats, each byte counts. Whatever
 * repaints the screen shows all gauges as they are then.
 */
import {lastRoundTrips, steadyRoundTrip} from '../connection/round-trips.js';
import type {PeerRow} from '../event/peer-row.js';
import type {PairRow, SideRow} from '../event/proxy-event.js';
import type {KernelPair, KernelSocket, KernelTimer} from '../tcp/tcp.js';
import type {Model} from './model.js';
import {
	closedWindows,
	hasClosedOwnWindow,
	nextKeepalives,
	shownKeepaliveMs,
	isSameSegments,
	isSameTransfers,
	type SocketView,
} from './socket-view.js';
import {isSameWire} from './wire.js';

/** What of the model is on the screen. */
export type Looking = {
	/** Whether gauges and the wire don't count: nobody looks at the terminal. */
	readonly isResting: boolean;
	readonly isWireShown: boolean;
	readonly arePeersShown: boolean;
	/** Whether every call and segment is. */
	readonly isLadderShown?: boolean;
};

// Below these there is nothing to read off a gauge.
const leastMs = 1;
// The heartbeats of some 60 members.
const leastBytes = 1000;

/** A rate to show: from any that was drawn, its end is a change of the picture. */
export const leastShownRate = 2 * leastBytes;

const hasMoved = (
	before: number | undefined,
	after: number | undefined,
	least: number,
): boolean => {
	if (before === undefined || after === undefined) {
		return before !== after;
	}

	const [low, high] = [before, after]
		.map(value => Math.max(least, value))
		.toSorted((a, b) => a - b) as [number, number];
	return high >= 2 * low;
};

const haveBytesMoved = (
	mode: Model['mode'],
	before: number,
	after: number,
): boolean =>
	mode === 'raw' ? before !== after : hasMoved(before, after, leastBytes);

/** The rtt to show, of a connection that there is. */
export const steadyRtt = ({connection, rtts}: Model): number | undefined =>
	connection?.phase === 'open' || connection?.phase === 'silent'
		? steadyRoundTrip(rtts)
		: undefined;

/**
 * Up only once none of the last five is as quick as what is shown, and down once
 * at most one is as slow: on a busy machine the middle one rises and falls again
 * every few seconds.
 */
const hasRttMoved = (before: Model, after: Model): boolean => {
	const shown = steadyRtt(before);
	const now = steadyRtt(after);
	const last = lastRoundTrips(after.rtts);
	if (shown === undefined || now === undefined) {
		return shown !== now;
	}

	return now > shown
		? 2 * Math.max(leastMs, shown) <= last[0]!
		: 2 * Math.max(leastMs, now, last.at(-2) ?? 0) <= shown;
};

/** Whether the fields of two objects are the same values. */
const isSame = (
	before: object | undefined,
	after: object | undefined,
): boolean => {
	if (before === undefined || after === undefined) {
		return before === after;
	}

	const own = Object.entries(after);
	return (
		own.length === Object.keys(before).length &&
		own.every(([key, value]) => Reflect.get(before, key) === value)
	);
};

/** Each heartbeat sets `retransmit`, until it is acknowledged. */
const shownTimer = (
	socket: KernelSocket | undefined,
): KernelTimer | undefined => {
	const timer = socket?.timer;
	return timer?.name === 'retransmit' || timer?.name === 'fin-wait-2'
		? undefined
		: timer;
};

/**
 * A persist or keepalive timer shows its time as it was read; what is left of
 * TIME-WAIT is counted down. A probe sets the timer again.
 */
const isSameTimer = (
	before: KernelTimer | undefined,
	after: KernelTimer | undefined,
): boolean =>
	before?.name === after?.name &&
	shownKeepaliveMs(before) === shownKeepaliveMs(after) &&
	(before?.name !== 'persist' || before.inMs === after?.inMs);

const isSameEnd = (
	before: KernelSocket | undefined,
	after: KernelSocket | undefined,
): boolean =>
	before === after ||
	(isSameTimer(shownTimer(before), shownTimer(after)) &&
		isSame(before?.sending, after?.sending) &&
		isSame(
			before && {...before, timer: undefined, sending: undefined},
			after && {...after, timer: undefined, sending: undefined},
		));

const isSamePair = (
	before: KernelPair | undefined,
	after: KernelPair | undefined,
): boolean =>
	before === undefined || after === undefined
		? before === after
		: isSameEnd(before.local, after.local) &&
			isSameEnd(before.remote, after.remote);

const isSameKernel = (before: SocketView, after: SocketView): boolean =>
	(before.kernel === undefined) === (after.kernel === undefined) &&
	isSamePair(before.kernel?.pair, after.kernel?.pair);

const isSameRow = (
	before: PeerRow,
	after: PeerRow,
	mode: Model['mode'],
	isResting: boolean,
): boolean => {
	const {rttMs, bytesIn, bytesOut, kernel, ...rest} = after;
	return (
		(Object.keys(rest) as Array<keyof typeof rest>).every(
			key => before[key] === rest[key],
		) &&
		isSamePair(before.kernel, kernel) &&
		(isResting ||
			!(
				hasMoved(before.rttMs, rttMs, leastMs) ||
				haveBytesMoved(mode, before.bytesIn, bytesIn) ||
				haveBytesMoved(mode, before.bytesOut, bytesOut)
			))
	);
};

const areSameKeepalives = (
	before: readonly PeerRow[],
	after: readonly PeerRow[],
): boolean => {
	const [shown, now] = [before, after].map(rows =>
		nextKeepalives(rows.map(({kernel}) => kernel)),
	);
	return isSame(shown, now);
};

const isSameTable = (
	{peers: before}: SocketView,
	{peers: after}: SocketView,
	mode: Model['mode'],
	{arePeersShown, isResting}: Looking,
): boolean => {
	if (before === undefined || after === undefined) {
		return before === after;
	}

	return (
		before.backlog === after.backlog &&
		before.refused === after.refused &&
		before.unreadBytes === after.unreadBytes &&
		closedWindows(before.rows) === closedWindows(after.rows) &&
		hasClosedOwnWindow(before.rows) === hasClosedOwnWindow(after.rows) &&
		areSameKeepalives(before.rows, after.rows) &&
		isSameEnd(before.listening, after.listening) &&
		(!arePeersShown ||
			(before.rows.length === after.rows.length &&
				before.rows.every((row, index) =>
					isSameRow(row, after.rows[index]!, mode, isResting),
				)))
	);
};

const isSameSide = (before: SideRow, after: SideRow): boolean =>
	isSamePair(before.kernel, after.kernel) &&
	isSame({...before, kernel: undefined}, {...after, kernel: undefined});

/** A proxy has no heartbeats: each byte counts. */
const isSameConnection = (before: PairRow, after: PairRow): boolean =>
	before.peer === after.peer &&
	before.since === after.since &&
	before.isOpen === after.isOpen &&
	isSameSide(before.client, after.client) &&
	isSameSide(before.target, after.target) &&
	isSame(before.out, after.out) &&
	isSame(before.in, after.in);

const areSamePairs = (
	{pairs: before}: SocketView,
	{pairs: after}: SocketView,
): boolean => {
	if (before === undefined || after === undefined) {
		return before === after;
	}

	return (
		isSame(before.faults, after.faults) &&
		isSame(before.bytes, after.bytes) &&
		isSameEnd(before.listening, after.listening) &&
		before.rows.length === after.rows.length &&
		before.rows.every((row, index) => isSameConnection(row, after.rows[index]!))
	);
};

const isSameListening = (
	before: Model['listening'],
	after: Model['listening'],
): boolean => {
	if (before === undefined || after === undefined) {
		return before === after;
	}

	const {bytesIn, bytesOut, ...shown} = after;
	return isSame({...before, bytesIn, bytesOut}, {bytesIn, bytesOut, ...shown});
};

const haveGaugesMoved = (before: Model, after: Model): boolean => {
	const counted = (bytesOf: (model: Model) => number) =>
		haveBytesMoved(after.mode, bytesOf(before), bytesOf(after));
	const moved = (rateOf: (model: Model) => number) =>
		hasMoved(rateOf(before), rateOf(after), leastBytes);
	return (
		hasRttMoved(before, after) ||
		counted(({traffic}) => traffic.bytesIn) ||
		counted(({traffic}) => traffic.bytesOut) ||
		counted(({socket}) => socket.rates.bytesIn) ||
		counted(({socket}) => socket.rates.bytesOut) ||
		moved(({socket}) => socket.rates.ins.at(-1) ?? 0) ||
		moved(({socket}) => socket.rates.outs.at(-1) ?? 0)
	);
};

const isSamePending = (before: Model, after: Model): boolean =>
	before.pending.length === after.pending.length &&
	before.pending.every((item, index) => item === after.pending[index]);

/** What is compared in ways of its own. */
type Compared =
	'pending' | 'listening' | 'traffic' | 'rtts' | 'socket' | 'beyond';

const isSameRest = (before: Model, after: Model): boolean => {
	const {pending, listening, traffic, rtts, socket, beyond, ...rest} = after;
	return (Object.keys(rest) as Array<Exclude<keyof Model, Compared>>).every(
		key => before[key] === rest[key],
	);
};

/**
 * What to draw of a model: without heartbeats that follow what is on the screen.
 * A row for each of them would move all others every minute.
 *
 * @param shown The model that is on the screen.
 */
export const withoutBeats = (shown: Model, latest: Model): Model => {
	const {steps, segments, segmentBeats, wire, transfers, beats} = shown.socket;
	const {socket} = latest;
	const areCallsSame =
		steps === socket.steps &&
		isSameSegments(shown.socket, socket) &&
		isSameTransfers(shown.socket, socket);
	const calls = areCallsSame ? {transfers, beats, segments, segmentBeats} : {};
	const chunks = isSameWire(wire, socket.wire) ? {wire} : {};
	return {...latest, socket: {...socket, ...calls, ...chunks}};
};

const isSameLadder = (before: SocketView, after: SocketView): boolean =>
	before.steps === after.steps &&
	isSameTransfers(before, after) &&
	isSameSegments(before, after);

/** @param before The model that is on the screen. */
export const isSamePicture = (
	before: Model,
	after: Model,
	looking: Looking,
): boolean =>
	before === after ||
	(isSameRest(before, after) &&
		isSamePending(before, after) &&
		isSameListening(before.listening, after.listening) &&
		before.traffic.queuedBytes === after.traffic.queuedBytes &&
		before.socket.steps === after.socket.steps &&
		(!looking.isWireShown ||
			looking.isResting ||
			isSameWire(before.socket.wire, after.socket.wire)) &&
		(looking.isLadderShown !== true ||
			looking.isResting ||
			(isSameLadder(before.socket, after.socket) &&
				isSameLadder(before.beyond, after.beyond))) &&
		isSameKernel(before.socket, after.socket) &&
		isSameTable(before.socket, after.socket, after.mode, looking) &&
		areSamePairs(before.socket, after.socket) &&
		before.rtts.length < 2 === after.rtts.length < 2 &&
		(looking.isResting || !haveGaugesMoved(before, after)));
