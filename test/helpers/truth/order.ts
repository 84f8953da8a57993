/**
 * Holds the order of a ladder's rows against the order of cause and effect, as
 * strace and tcpdump saw it. Pure.
 */
import {otherRole, roleOf, type Role} from '../../../source/tcp/captured.js';
import type {Arrow, Rung} from '../../../source/tcp/rungs.js';
import {nameOfCall, type Step} from '../../../source/tcp/tcp.js';
import type {Segment} from './pcap.js';
import type {TracedCall, TracedSocket} from './strace.js';

/** Why one row has to be above another. */
export type Rule =
	/** SYN, SYN+ACK, and all else. */
	| 'handshake'
	/** What one end sends keeps its order: data, then FIN. */
	| 'stream'
	/** Captured segments are in the order of tcpdump. */
	| 'captured'
	/** A call stands above the segment that it made the kernel send. */
	| 'effect'
	/** A segment stands above the call that took it. */
	| 'cause'
	/** The calls of one program keep their order. */
	| 'program'
	/** What was sent after something was received. */
	| 'answer'
	/** With --capture, no segment is drawn that wasn't captured. */
	| 'unseen';

export type Reversed = {
	readonly rule: Rule;
	readonly above: string;
	readonly below: string;
};

export type Order = {
	/** How many pairs had to be in an order. */
	readonly pairs: number;
	readonly reversed: readonly Reversed[];
};

export type OrderFacts = {
	/** The server's address. */
	readonly place: string;
	readonly side: Role;
	/** Of the one connection that the rungs are about. */
	readonly segments: readonly Segment[];
	/** What each call of the rungs is. */
	readonly callsOf: ReadonlyMap<Step, readonly TracedCall[]>;
	/** All, in their order. */
	readonly traced: readonly TracedCall[];
};

/** What one direction carries: SYN is 0, then the bytes, then FIN. */
type Span = {readonly start: number; readonly end: number};

type PlacedArrow = Span & {
	readonly kind: 'arrow';
	readonly row: number;
	readonly what: string;
	readonly name: Arrow['name'];
	readonly from: Role;
	/** When it passed, if it was captured. */
	readonly at: number | undefined;
};

type PlacedCall = {
	readonly kind: 'call';
	readonly row: number;
	readonly what: string;
	readonly by: Role;
	readonly isBlocked: boolean;
	/** Whether it is the return of a call that was seen to block. */
	readonly isReturn: boolean;
	/** Where the bytes begin that its row is about, if it is about some of them. */
	readonly start: number | undefined;
	readonly calls: readonly TracedCall[];
};

type Placed = PlacedArrow | PlacedCall;

const relative = (number: number, base: number): number =>
	(number - base) >>> 0;

const isFrom = (segment: Segment, role: Role, place: string): boolean =>
	(segment.from === place) === (role === 'server');

/** Where the FIN of an end is in its stream, and when it was sent first. */
const finOf = (role: Role, {segments, place}: OrderFacts) => {
	const own = segments.filter(segment => isFrom(segment, role, place));
	const base = own.find(({isSyn}) => isSyn)?.sequence;
	const fin = own.find(({isFin}) => isFin);
	return base === undefined || !fin
		? undefined
		: {start: relative(fin.sequence, base) + fin.length, at: fin.at};
};

const spanOf = (
	{from, name, seq, length = 0}: Arrow,
	facts: OrderFacts,
): Span | undefined => {
	if (name === 'SYN' || name === 'SYN+ACK') {
		return {start: 0, end: 1};
	}

	if (name === 'FIN') {
		const fin = finOf(from, facts);
		return fin && {start: seq ?? fin.start, end: fin.start + 1};
	}

	return seq === undefined || length === 0
		? undefined
		: {start: seq, end: seq + length};
};

const placedIn = (
	rungs: readonly Rung[],
	facts: OrderFacts,
): readonly Placed[] =>
	rungs.flatMap(({arrow, segment, client, server}, row): readonly Placed[] => {
		const span = arrow && spanOf(arrow, facts);
		const isCaptured = arrow?.evidence === 'captured';
		const arrows: readonly PlacedArrow[] =
			arrow && (span ?? isCaptured)
				? [
						{
							kind: 'arrow',
							row,
							what: `${arrow.name ?? 'data'} of the ${arrow.from}, ${span?.start ?? arrow.seq}`,
							name: arrow.name,
							from: arrow.from,
							at: isCaptured ? segment?.at : undefined,
							...(span ?? {start: NaN, end: NaN}),
						},
					]
				: [];
		const calls = [client, server].flatMap((step): readonly PlacedCall[] => {
			const known = (step && facts.callsOf.get(step)) ?? [];
			return step?.kind !== 'call' || known.length === 0
				? []
				: [
						{
							kind: 'call',
							row,
							what: `${step.call} of the ${roleOf(step, facts.side)}`,
							by: roleOf(step, facts.side),
							isBlocked: step.isBlocked === true,
							isReturn: step.evidence === 'read' && !step.isBlocked,
							start: step.offset === undefined ? undefined : step.offset + 1,
							calls: known,
						},
					];
		});
		return [...arrows, ...calls];
	});

/** Which bytes of its stream each call sent or received; the first is 1. */
const spansOf = (
	traced: readonly TracedCall[],
): ReadonlyMap<TracedCall, Span> => {
	const reached = new Map<TracedSocket, {recv: number; send: number}>();
	const spans = new Map<TracedCall, Span>();
	for (const call of traced) {
		const {name, socket, result} = call;
		if ((name !== 'recv' && name !== 'send') || result === undefined) {
			continue;
		}

		const own = reached.get(socket) ?? {recv: 1, send: 1};
		reached.set(socket, own);
		const start = own[name];
		// The end of what the other end sends is its FIN.
		const isEnd = name === 'recv' && result === 0;
		own[name] += result;
		spans.set(call, {start, end: isEnd ? start + 1 : own[name]});
	}

	return spans;
};

/** Whether another segment had brought the same before it. */
const isRepeated = (
	{from, start, end, at = 0}: PlacedArrow,
	placed: readonly Placed[],
): boolean =>
	placed.some(
		other =>
			other.kind === 'arrow' &&
			other.from === from &&
			other.start <= start &&
			other.end >= end &&
			(other.at ?? Infinity) < at,
	);

/**
 * Whether one reading counted what went each way: nobody saw which came first,
 * and questions and answers may both be on one row.
 */
const isOneCount = (one: Rung, other: Rung): boolean => {
	const [first, second] = [one.arrow, other.arrow];
	return (
		first?.evidence === 'read' &&
		second?.evidence === 'read' &&
		first.count !== undefined &&
		second.count !== undefined &&
		first.from !== second.from &&
		one.time.at === undefined &&
		one.time.notBefore === other.time.notBefore &&
		one.time.seenAt === other.time.seenAt
	);
};

/** What one count leaves open: what each of the two programs did when. */
const openInCount = new Set<Rule>(['program', 'answer']);

/** @returns Each pair of rows that had to be in an order, and those that are not. */
export const judgeOrder = (
	rungs: readonly Rung[],
	facts: OrderFacts,
): Order => {
	const placed = placedIn(rungs, facts);
	const spans = spansOf(facts.traced);
	/** The calls of one end of this connection. */
	const callsBy = (role: Role): readonly TracedCall[] => {
		const [some] = placed.flatMap(each =>
			each.kind === 'call' && each.by === role
				? each.calls
						.map(({socket, accepted}) => accepted ?? socket)
						.filter(({remote}) => remote !== undefined)
				: [],
		);
		return some ? facts.traced.filter(({socket}) => socket === some) : [];
	};

	const own = {client: callsBy('client'), server: callsBy('server')};
	/** When an end had received all of an arrow. */
	const receivedAt = ({from, end}: PlacedArrow): number | undefined =>
		own[otherRole(from)].find(
			call => call.name === 'recv' && (spans.get(call)?.end ?? NaN) >= end,
		)?.to;
	/** The call that asked for the FIN of an end: one after it asks for nothing. */
	const finCallOf = (role: Role): TracedCall | undefined =>
		own[role].find(({name}) => name === 'shutdown' || name === 'close');
	/** When an end called for what is in an arrow. */
	const calledAt = ({from, name, start}: PlacedArrow): number | undefined =>
		(name === 'FIN'
			? finCallOf(from)
			: own[from].find(
					call => call.name === 'send' && (spans.get(call)?.end ?? NaN) > start,
				)
		)?.from;

	/** Bytes of one call may have been counted in parts, each on a row. */
	const startOf = ({start, calls}: PlacedCall): number =>
		start ?? spans.get(calls[0]!)?.start ?? Infinity;
	/** Whether a segment had left when the call that sent it returned. */
	const isMeanwhile = (
		{isReturn, calls}: PlacedCall,
		{at = Infinity}: PlacedArrow,
	): boolean => isReturn && at <= calls.at(-1)!.to;

	/** The rule by which the first has to be above the second, if any. */
	const ruleOf = (first: Placed, second: Placed): Rule | undefined => {
		if (first.kind === 'call' && second.kind === 'call') {
			return first.by === second.by &&
				(first.isBlocked ? first.calls[0]!.from : first.calls.at(-1)!.to) <
					second.calls[0]!.from
				? 'program'
				: undefined;
		}

		if (first.kind === 'arrow' && second.kind === 'arrow') {
			if (first.at !== undefined && second.at !== undefined) {
				return first.at < second.at ? 'captured' : undefined;
			}

			const isOpening =
				(first.name === 'SYN' && second.name !== 'SYN') ||
				(first.name === 'SYN+ACK' && second.start >= 1);
			if (isOpening) {
				return 'handshake';
			}

			if (first.from === second.from) {
				return first.end <= second.start ? 'stream' : undefined;
			}

			const [got, answered] = [receivedAt(first), calledAt(second)];
			return second.start >= 1 && got! < answered! ? 'answer' : undefined;
		}

		if (first.kind === 'call' && second.kind === 'arrow') {
			const [{name, from}] = first.calls as [TracedCall];
			if (first.isBlocked || first.by !== second.from) {
				return undefined;
			}

			const isEffect =
				name === 'connect'
					? second.name === 'SYN'
					: name === 'send'
						? second.start >= startOf(first) && !isMeanwhile(first, second)
						: first.calls[0] === finCallOf(first.by) &&
							second.name === 'FIN' &&
							from < (finOf(first.by, facts)?.at ?? -Infinity);
			return isEffect ? 'effect' : undefined;
		}

		if (first.kind === 'arrow' && second.kind === 'call') {
			const last = second.calls.at(-1)!;
			// What comes later is sent again.
			const isAgain = first.at! > last.to || isRepeated(first, placed);
			if (second.isBlocked || first.from === second.by || isAgain) {
				return undefined;
			}

			const isCause =
				last.name === 'accept'
					? first.name === 'SYN'
					: last.name === 'recv' && first.end <= (spans.get(last)?.end ?? NaN);
			return isCause ? 'cause' : undefined;
		}

		return undefined;
	};

	let pairs = 0;
	const reversed: Reversed[] = [];
	for (const [index, above] of placed.entries()) {
		for (const below of placed.slice(index + 1)) {
			// A call stands beside its segment.
			if (above.row === below.row) {
				continue;
			}

			const isRight = ruleOf(above, below) !== undefined;
			const broken = isRight ? undefined : ruleOf(below, above);
			const isOpen =
				broken !== undefined &&
				openInCount.has(broken) &&
				isOneCount(rungs[above.row]!, rungs[below.row]!);
			const rule = isOpen ? undefined : broken;
			pairs += isRight || rule ? 1 : 0;
			if (rule) {
				reversed.push({
					rule,
					above: `${above.row}: ${above.what}`,
					below: `${below.row}: ${below.what}`,
				});
			}
		}
	}

	return {pairs, reversed};
};

/** For a message: each row, with what stands at its sides. */
export const rowsOf = (rungs: readonly Rung[]): readonly string[] => {
	const nameIn = (step: Step | undefined) =>
		step?.kind === 'call' ? step.call : step?.kind === 'state' && step.state;
	return rungs.map(({client, arrow, server, time}, row) =>
		[
			`${row}:`,
			nameIn(client) || '·',
			arrow
				? `[${arrow.name ?? 'data'} of the ${arrow.from}, ${arrow.seq}+${arrow.length}, ${arrow.evidence}]`
				: '·',
			nameIn(server) || '·',
			JSON.stringify(time),
		].join(' '),
	);
};

/** Segments that are drawn though none was captured there. */
export const unseenArrows = (rungs: readonly Rung[]): readonly Reversed[] =>
	rungs.flatMap(({arrow}, row) =>
		arrow === undefined || arrow.evidence === 'captured'
			? []
			: [
					{
						rule: 'unseen',
						above: `${row}: ${arrow.name ?? 'data'} of the ${arrow.from}, ${arrow.evidence}`,
						below: '',
					},
				],
	);

/** Each connection on its own: it begins with connect(), and with its SYN. */
export const connectionsOf = (
	rungs: readonly Rung[],
	segments: readonly Segment[],
): ReadonlyArray<{
	readonly rungs: readonly Rung[];
	readonly segments: readonly Segment[];
}> => {
	const parts: Rung[][] = [];
	for (const rung of rungs) {
		const isFirst = [rung.client, rung.server].some(
			step => step?.kind === 'call' && nameOfCall(step.call) === 'connect',
		);
		const isPrelude = parts.at(-1)?.every(({arrow}) => arrow === undefined);
		if (parts.length === 0 || (isFirst && !isPrelude)) {
			parts.push([]);
		}

		parts.at(-1)!.push(rung);
	}

	const passed: Segment[][] = [];
	let base: number | undefined;
	for (const segment of segments) {
		if (segment.isSyn && !segment.isAck && segment.sequence !== base) {
			base = segment.sequence;
			passed.push([]);
		}

		passed.at(-1)?.push(segment);
	}

	return parts.map((part, index) => ({
		rungs: part,
		segments: passed[index] ?? [],
	}));
};
