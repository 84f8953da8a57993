/** Holds what sockchat said of a connection against what happened. Pure. */
import {isAcknowledgement} from '../../../source/tcp/acknowledged.js';
import {
	isCounted,
	type CountedStep,
} from '../../../source/tcp/segment-counts.js';
import {seenBy} from '../../../source/tcp/step-time.js';
import type {Step, TcpState} from '../../../source/tcp/tcp.js';
import type {Segment} from './pcap.js';
import type {Entry} from './tcp-model.js';

/** A step, and whose it is. */
export type Claim = {
	readonly step: Step;
	/** The address of this end; undefined if it was never known. */
	readonly local: string | undefined;
	readonly remote: string;
};

export type Verdict = 'right' | 'false' | 'late';

export type Judged = {readonly claim: Claim; readonly verdict: Verdict};

/** How long after it happened a time may be that claims to be exact. */
const exactMs = 50;

/** Clocks that count whole milliseconds. */
const slackMs = 2;

export type Happened = {readonly from: number; readonly to: number};

/** How long nothing could run between two times. */
const stalledMs = (
	from: number,
	to: number,
	stalls: readonly Happened[],
): number => {
	let sum = 0;
	for (const stall of stalls) {
		sum += Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from));
	}

	return sum;
};

const isAtThatTime = (
	{step}: Claim,
	{from, to}: Happened,
	stalls: readonly Happened[],
): boolean =>
	step.at === undefined
		? from <= step.seenAt + slackMs && to >= step.notBefore - slackMs
		: from <= step.at + slackMs &&
			step.at <= to + exactMs + stalledMs(to, step.at, stalls);

/** Without one, it was received. */
const directionOf = (step: Step): 'in' | 'out' =>
	step.kind === 'segment' && step.direction === 'out' ? 'out' : 'in';

const isEnd = (
	end: string,
	local: string | undefined,
	remote: string | undefined,
): boolean => {
	const [from, to] = end.split(' ');
	return (
		(local === undefined || from === local) &&
		(remote === undefined || to === remote)
	);
};

/** Everything that the claim may mean. */
const happenedOf = (
	{step, local, remote}: Claim,
	entries: readonly Entry[],
	segments: readonly Segment[],
): readonly Happened[] | undefined => {
	switch (step.kind) {
		case 'call': {
			return undefined;
		}

		case 'segment': {
			return segments
				.filter(({isFin, isRst}) => (step.segment === 'FIN' ? isFin : isRst))
				.filter(({from, to}) => {
					const isIn = isEnd(`${to} ${from}`, local, remote);
					const isOut = isEnd(`${from} ${to}`, local, remote);
					// Of an RST, who sent it may be unknown.
					return step.reason === 'unknown'
						? isIn || isOut
						: directionOf(step) === 'in'
							? isIn
							: isOut;
				})
				.map(({at}) => ({from: at, to: at}));
		}

		case 'state': {
			return entries
				.filter(({state}) => state === step.state)
				.filter(({end}) =>
					step.end === 'local'
						? isEnd(end, local, remote)
						: isEnd(end, remote, local),
				);
		}
	}
};

/** Whose a claim about a state is. */
const isAboutState = ({step, local, remote}: Claim, end: string): boolean =>
	step.kind === 'state' &&
	(step.end === 'local'
		? isEnd(end, local, remote)
		: isEnd(end, remote, local));

/** What an end did or got, and nobody said. */
export type Unsaid = {
	readonly end: string;
	readonly what: TcpState | 'FIN' | 'RST';
	/**
	 * gap: a state of that end is said to have been reached at some time before and
	 * after it. unknown: nothing at all was said of that end. unread: it happened
	 * after the last reading.
	 */
	readonly why: 'gap' | 'unknown' | 'unread' | 'none';
};

const whyUnsaid = (
	claims: readonly Claim[],
	end: string,
	{from, to}: Happened,
): Unsaid['why'] => {
	const about = claims.filter(claim => isAboutState(claim, end));
	if (about.length === 0) {
		return 'unknown';
	}

	if (from > Math.max(...claims.map(({step}) => seenBy(step))) - slackMs) {
		return 'unread';
	}

	return about.some(
		({step}) =>
			step.at === undefined &&
			step.notBefore <= to + slackMs &&
			step.seenAt >= from - slackMs,
	)
		? 'gap'
		: 'none';
};

/**
 * @param polled What the poll has seen.
 * @returns What happened to the ends that were followed, and wasn't said.
 */
export const unsaid = (
	claims: readonly Claim[],
	polled: readonly Entry[],
	segments: readonly Segment[],
	stalls: readonly Happened[],
): readonly Unsaid[] => {
	const own = new Set(
		claims.flatMap(({local, remote}) =>
			local === undefined ? [] : [`${local} ${remote}`],
		),
	);
	const both = new Set(
		[...own].flatMap(end => [end, end.split(' ').toReversed().join(' ')]),
	);
	const states = polled
		.filter(({end}) => both.has(end))
		.filter(({end, state, ...time}) =>
			claims.every(
				claim =>
					!(
						claim.step.kind === 'state' &&
						claim.step.state === state &&
						isAboutState(claim, end) &&
						isAtThatTime(claim, time, stalls)
					),
			),
		)
		.map(({end, state, ...time}) => ({
			end,
			what: state,
			why: whyUnsaid(claims, end, time),
		}));
	const closing = segments
		.filter(({isFin, isRst}) => isFin || isRst)
		.flatMap(({isRst, at, from, to}) => {
			const time = {from: at, to: at};
			const what = isRst ? ('RST' as const) : ('FIN' as const);
			// What was received; of what was sent, an RST.
			const wanted = [
				[`${to} ${from}`, 'in'] as const,
				...(isRst ? [[`${from} ${to}`, 'out'] as const] : []),
			];
			return wanted
				.filter(([end]) => own.has(end))
				.filter(([end, direction]) =>
					claims.every(
						claim =>
							!(
								claim.step.kind === 'segment' &&
								claim.step.segment === what &&
								(directionOf(claim.step) === direction ||
									claim.step.reason === 'unknown') &&
								isEnd(end, claim.local, claim.remote) &&
								isAtThatTime(claim, time, stalls)
							),
					),
				)
				.map(([end]) => {
					const why = whyUnsaid(claims, end, time);
					// What ended both ends can't be made up for by their states.
					return {end, what, why: isRst && why === 'gap' ? 'none' : why};
				});
		});
	return [...states, ...closing];
};

/** More than one segment may be in a packet of loopback (TSO). */
const segmentBytes = 32_768;

/** Counted segments: how many bytes in how many, and when. */
const judgeCounted = (
	{local, remote}: Claim,
	step: CountedStep,
	segments: readonly Segment[],
): Verdict => {
	const own = segments.filter(({from, to}) =>
		step.direction === 'out'
			? isEnd(`${from} ${to}`, local, remote)
			: isEnd(`${to} ${from}`, local, remote),
	);
	const base = own.findLast(
		({isSyn, at}) => isSyn && at <= seenBy(step) + slackMs,
	)?.sequence;
	const start = step.seq;
	const end = step.seq + step.length;
	const [from, to] =
		step.at === undefined ? [step.notBefore, step.seenAt] : [step.at, step.at];
	const carried = own
		.map(({at, sequence, length}) => {
			const seq = (sequence - (base ?? 0) + 2 ** 32) % 2 ** 32;
			return {at, seq, next: seq + length};
		})
		.filter(({seq, next}) => next > seq && next > start && seq < end);
	// What was sent again covers nothing new.
	let reached = start;
	let fewest = 0;
	let most = 0;
	let isLate = false;
	for (const {at, seq, next} of carried.toSorted((a, b) => a.seq - b.seq)) {
		most += Math.ceil((next - seq) / segmentBytes);
		if (!(seq <= reached && next > reached)) {
			continue;
		}

		isLate ||= at < from - slackMs || at > to + slackMs;
		fewest++;
		reached = next;
	}

	if (reached < end || step.count < fewest || step.count > most) {
		return 'false';
	}

	return isLate ? 'late' : 'right';
};

/** Whether as much was acknowledged by then. */
const judgeAcknowledged = (
	{local, remote, step}: Claim,
	acknowledgment: number,
	segments: readonly Segment[],
): Verdict => {
	const base = segments.findLast(
		({isSyn, from, to, at}) =>
			isSyn &&
			isEnd(`${from} ${to}`, local, remote) &&
			at <= seenBy(step) + slackMs,
	)?.sequence;
	const acks = segments.filter(
		each =>
			each.isAck &&
			isEnd(`${each.to} ${each.from}`, local, remote) &&
			(each.acknowledgment - (base ?? 0) + 2 ** 32) % 2 ** 32 >= acknowledgment,
	);
	return acks.length === 0
		? 'false'
		: acks.some(({at}) =>
					isAtThatTime({local, remote, step}, {from: at, to: at}, []),
			  )
			? 'right'
			: 'late';
};

/** @returns A verdict on each claim about a state or a segment. */
export const judge = (
	claims: readonly Claim[],
	entries: readonly Entry[],
	segments: readonly Segment[],
	stalls: readonly Happened[],
): readonly Judged[] =>
	claims.flatMap(claim => {
		if (isCounted(claim.step)) {
			return [{claim, verdict: judgeCounted(claim, claim.step, segments)}];
		}

		if (isAcknowledgement(claim.step)) {
			const verdict = judgeAcknowledged(claim, claim.step.ack, segments);
			return [{claim, verdict}];
		}

		const happened = happenedOf(claim, entries, segments);
		if (!happened) {
			return [];
		}

		const isRight = happened.some(time => isAtThatTime(claim, time, stalls));
		const verdict = isRight
			? 'right'
			: happened.length === 0
				? 'false'
				: 'late';
		return [{claim, verdict}];
	});
