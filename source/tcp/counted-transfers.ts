/**
 * Which calls of send() and recv() moved the bytes of segments that were
 * counted. A call that moved exactly the bytes of one segment is beside it; else
 * it isn't known which segment is whose, and they stand between the calls. Bytes
 * that waited to be read stand where they came.
 *
 * Without counts, which of them have left: what was acknowledged, and all that
 * comes before a FIN that arrived. Pure.
 */
import {isAcknowledgement} from './acknowledged.js';
import {isCounted, type CountedStep} from './segment-counts.js';
import {seenBy} from './step-time.js';
import {nameOfCall, type Step, type TcpState} from './tcp.js';

/**
 * one: a call moved the bytes of one segment. several: of some that were counted.
 * queued: a send() whose bytes aren't all known to have been sent.
 */
type Covered = 'one' | 'several' | 'queued';

export type CountedTransfers = {
	/** Without acknowledgements, and counted steps beside, before or after a call. */
	readonly transfers: readonly Step[];
	readonly covered: ReadonlyMap<Step, Covered>;
	readonly before: ReadonlyMap<Step, readonly CountedStep[]>;
	readonly after: ReadonlyMap<Step, CountedStep>;
};

/** A client's connections follow one another, and each counts from 0. */
const connectionsOf = (
	steps: readonly Step[],
): ((peer: string | undefined, at: number) => string) => {
	const begun = new Map<string | undefined, number[]>();
	for (const step of steps) {
		if (!(step.kind === 'call' && nameOfCall(step.call) === 'connect')) {
			continue;
		}

		const times = begun.get(step.peer) ?? [];
		begun.set(step.peer, times);
		times.push(seenBy(step));
	}

	return (peer, at) => {
		const times = begun.get(peer) ?? [];
		return `${times.findLastIndex(time => time <= at)} ${peer ?? ''}`;
	};
};

/** One direction of a connection. */
type Way = {
	readonly counted: CountedStep[];
	readonly calls: Step[];
	/** How many bytes of it have left, at least. */
	left: number;
};

/** Both of them. */
type Ways = Readonly<Record<'in' | 'out', Way>>;

/** An end in one of these has got the other's FIN, and all before it. */
const afterFin = new Set<TcpState>([
	'CLOSE-WAIT',
	'LAST-ACK',
	'CLOSING',
	'TIME-WAIT',
]);

/** Or the other end has, which acknowledged it. */
const afterFinAck = new Set<TcpState>(['FIN-WAIT-2', 'TIME-WAIT']);

/** Whether it shows that the other end has got this one's FIN. */
const showsFin = (step: Step): boolean =>
	step.kind === 'state' &&
	step.evidence === 'read' &&
	(step.end === 'local' ? afterFinAck : afterFin).has(step.state);

const offsetOf = (call: Step): number =>
	call.kind === 'call' ? (call.offset ?? 0) : 0;

const endOf = (call: Step): number =>
	offsetOf(call) + (call.kind === 'call' ? Number(call.result) : 0);

const isOut = (step: Step): boolean =>
	step.kind === 'call'
		? nameOfCall(step.call) === 'send'
		: isAcknowledgement(step) ||
			(step.kind === 'segment' && step.direction === 'out');

const createWays = (): Ways => {
	const create = (): Way => ({counted: [], calls: [], left: 0});
	return {in: create(), out: create()};
};

const waysOf = (
	transfers: readonly Step[],
	steps: readonly Step[],
): Iterable<Ways> => {
	const connectionOf = connectionsOf(steps);
	const connections = new Map<string, Ways>();
	for (const step of transfers) {
		const connection = connectionOf(step.peer, seenBy(step));
		const ways = connections.get(connection) ?? createWays();
		connections.set(connection, ways);
		const way = ways[isOut(step) ? 'out' : 'in'];
		if (isCounted(step)) {
			way.counted.push(step);
			way.left = Math.max(way.left, step.seq - 1 + step.length);
		} else if (isAcknowledgement(step)) {
			way.left = Math.max(way.left, step.ack - 1);
		} else {
			way.calls.push(step);
		}
	}

	for (const step of steps) {
		const ways = showsFin(step)
			? connections.get(connectionOf(step.peer, seenBy(step)))
			: undefined;
		if (ways) {
			ways.out.left = Infinity;
		}
	}

	return connections.values();
};

/** The calls that moved only bytes of each counted step, if there are any. */
const callsOf = ({
	counted,
	calls,
}: Way): ReadonlyArray<readonly [CountedStep, readonly Step[]]> => {
	let next = 0;
	return counted.map(step => {
		const start = step.seq - 1;
		const end = start + step.length;
		while (next < calls.length && offsetOf(calls[next]!) < start) {
			next++;
		}

		const first = next;
		while (next < calls.length && endOf(calls[next]!) <= end) {
			next++;
		}

		return [step, calls.slice(first, next)];
	});
};

/** Whether one call moved all the bytes of one segment. */
const isOneToOne = (
	{seq, length, count}: CountedStep,
	moved: readonly Step[],
): boolean => {
	const [call] = moved;
	return (
		call !== undefined &&
		moved.length === 1 &&
		count === 1 &&
		offsetOf(call) === seq - 1 &&
		endOf(call) === seq - 1 + length
	);
};

/**
 * The calls whose bytes may wait: the kernel has taken them, and a closed window
 * may keep them back. Another program's are made from bytes that have left.
 */
const queuedOf = ({calls, left}: Way): readonly Step[] =>
	calls.filter(
		call =>
			call.kind === 'call' &&
			call.evidence === undefined &&
			isOut(call) &&
			endOf(call) > left,
	);

/**
 * Bytes of an own send() that left later than others of it, by what was received
 * first in the time in which they did. Nobody saw which came first; what is sent
 * leaves as soon as it can, and no answer goes with what was written before.
 */
const meanwhileOf = (
	{in: received, out}: Ways,
	orderOf: (step: Step) => number,
): ReadonlyMap<CountedStep, Step> => {
	const meanwhile = new Map<CountedStep, Step>();
	let sent = 0;
	let next = 0;
	let previous = -1;
	for (const step of out.counted) {
		const end = step.seq - 1 + step.length;
		while (sent < out.calls.length && endOf(out.calls[sent]!) < end) {
			sent++;
		}

		const call = out.calls[sent];
		if (call?.kind !== 'call' || call.evidence !== undefined) {
			break;
		}

		const begun = Math.max(orderOf(call), previous);
		const isTooEarly = (each: Step): boolean =>
			orderOf(each) < begun || seenBy(each) <= (step.notBefore ?? Infinity);
		while (next < received.calls.length && isTooEarly(received.calls[next]!)) {
			next++;
		}

		const first = received.calls[next];
		previous = orderOf(step);
		if (offsetOf(call) < end && first && orderOf(first) < previous) {
			meanwhile.set(step, first);
		}
	}

	return meanwhile;
};

/** @param steps Those that tell when a connection began. */
export const matchCounts = (
	transfers: readonly Step[],
	steps: readonly Step[],
): CountedTransfers => {
	const covered = new Map<Step, Covered>();
	const before = new Map<Step, CountedStep[]>();
	const after = new Map<Step, CountedStep>();
	const placed = new Set<Step>();
	const order = new Map(transfers.map((step, index) => [step, index]));
	const placeBefore = (call: Step, step: CountedStep): void => {
		before.set(call, [...(before.get(call) ?? []), step]);
		placed.add(step);
	};

	for (const ways of waysOf(transfers, steps)) {
		const meanwhile = meanwhileOf(ways, step => order.get(step)!);
		for (const call of queuedOf(ways.out)) {
			covered.set(call, 'queued');
		}

		for (const [step, moved] of [...callsOf(ways.out), ...callsOf(ways.in)]) {
			if (moved.length === 0) {
				const received = meanwhile.get(step);
				if (received) {
					placeBefore(received, step);
				}

				continue;
			}

			// What waited to be read was counted before, and stands there.
			const hasWaited =
				step.direction === 'in' && order.get(step)! < order.get(moved[0]!)!;
			const isOne = !hasWaited && isOneToOne(step, moved);
			for (const call of moved) {
				covered.set(call, isOne ? 'one' : 'several');
			}

			if (hasWaited) {
				continue;
			}

			placed.add(step);
			if (!isOne && step.direction === 'in') {
				placeBefore(moved[0]!, step);
			} else if (!isOne) {
				after.set(moved.at(-1)!, step);
			}
		}
	}

	return {
		transfers: transfers.filter(
			step => !placed.has(step) && !isAcknowledgement(step),
		),
		covered,
		before,
		after,
	};
};
