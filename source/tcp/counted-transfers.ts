/**
 * Which calls of send() and recv() moved the bytes of segments that were
 * counted. A call that moved exactly the bytes of one segment is beside it; else
 * it isn't known which segment is whose, and they stand between the calls. Pure.
 */
import {isCounted, type CountedStep} from './segment-counts.js';
import {seenBy} from './step-time.js';
import {nameOfCall, type Step} from './tcp.js';

/**
 * one: a call moved the bytes of one segment. several: of some that were counted.
 * queued: a send() whose bytes, or those before them, weren't all sent when the
 * segments were counted last.
 */
type Covered = 'one' | 'several' | 'queued';

export type CountedTransfers = {
	/** Without the counted steps that stand before or after a call. */
	readonly transfers: readonly Step[];
	readonly covered: ReadonlyMap<Step, Covered>;
	readonly before: ReadonlyMap<Step, CountedStep>;
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
type Way = {readonly counted: CountedStep[]; readonly calls: Step[]};

const offsetOf = (call: Step): number =>
	call.kind === 'call' ? (call.offset ?? 0) : 0;

const endOf = (call: Step): number =>
	offsetOf(call) + (call.kind === 'call' ? Number(call.result) : 0);

const isOut = (step: Step): boolean =>
	step.kind === 'call'
		? nameOfCall(step.call) === 'send'
		: step.kind === 'segment' && step.direction === 'out';

const waysOf = (
	transfers: readonly Step[],
	steps: readonly Step[],
): Iterable<Way> => {
	const connectionOf = connectionsOf(steps);
	const ways = new Map<string, Way>();
	for (const step of transfers) {
		const connection = connectionOf(step.peer, seenBy(step));
		const key = `${isOut(step) ? 'out' : 'in'} ${connection}`;
		const way = ways.get(key) ?? {counted: [], calls: []};
		ways.set(key, way);
		if (isCounted(step)) {
			way.counted.push(step);
		} else {
			way.calls.push(step);
		}
	}

	return ways.values();
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

/** The calls whose bytes wait, as a stream keeps its order. */
const queuedOf = ({counted, calls}: Way): readonly Step[] => {
	const last = counted.at(-1);
	if (last?.direction !== 'out') {
		return [];
	}

	const sent = last.seq - 1 + last.length;
	const first = calls.findIndex(
		call => endOf(call) > sent && seenBy(call) <= seenBy(last),
	);
	return first === -1 ? [] : calls.slice(first);
};

/** @param steps Those that tell when a connection began. */
export const matchCounts = (
	transfers: readonly Step[],
	steps: readonly Step[],
): CountedTransfers => {
	const covered = new Map<Step, Covered>();
	const before = new Map<Step, CountedStep>();
	const after = new Map<Step, CountedStep>();
	if (transfers.every(step => !isCounted(step))) {
		return {transfers, covered, before, after};
	}

	const placed = new Set<Step>();
	for (const way of waysOf(transfers, steps)) {
		for (const call of queuedOf(way)) {
			covered.set(call, 'queued');
		}

		for (const [step, moved] of callsOf(way)) {
			if (moved.length === 0) {
				continue;
			}

			placed.add(step);
			const isOne = isOneToOne(step, moved);
			for (const call of moved) {
				covered.set(call, isOne ? 'one' : 'several');
			}

			if (!isOne && step.direction === 'in') {
				before.set(moved[0]!, step);
			} else if (!isOne) {
				after.set(moved.at(-1)!, step);
			}
		}
	}

	return {
		transfers: transfers.filter(step => !placed.has(step)),
		covered,
		before,
		after,
	};
};
