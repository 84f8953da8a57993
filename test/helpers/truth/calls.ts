/** Holds each call that sockchat reported against those that strace saw. Pure. */
import {nameOfCall, type Step} from '../../../source/tcp/tcp.js';
import type {Claim, Happened, Verdict} from './claims.js';
import type {TracedCall, TracedSocket} from './strace.js';

type CallStep = Extract<Step, {kind: 'call'}>;

export type CallClaim = Omit<Claim, 'step'> & {readonly step: CallStep};

export type JudgedCall = {
	readonly claim: CallClaim;
	readonly verdict: Verdict;
	/** What it is; several if its bytes went in several calls. */
	readonly calls: readonly TracedCall[];
};

/** How long after it happened a time may be that claims to be exact. */
const exactMs = 50;

/** Clocks that count whole milliseconds. */
const slackMs = 2;

/** What a call that doesn't block fails with at once; it goes on without it. */
const goesOn = new Set([undefined, 'EINPROGRESS', 'EAGAIN']);

const nameOf = ({call}: CallStep): TracedCall['name'] | undefined => {
	const name = nameOfCall(call);
	switch (name) {
		case 'read':
		case 'recvmsg': {
			return 'recv';
		}

		case 'write':
		case 'sendmsg': {
			return 'send';
		}

		case 'pause':
		case 'resume': {
			return undefined;
		}

		default: {
			return name;
		}
	}
};

/** What stands between the brackets. */
const argumentOf = ({call}: CallStep): string =>
	call.slice(call.indexOf('(') + 1, -1);

/** Whether a socket is the one that a claim is about. */
const isSocketOf = (
	{step, local, remote}: CallClaim,
	socket: TracedSocket,
	accepted: TracedSocket | undefined,
): boolean => {
	const isLocal = (step.end ?? 'local') === 'local';
	const name = nameOfCall(step.call);
	if (name === 'accept') {
		return (
			step.isBlocked === true ||
			step.result === undefined ||
			(accepted?.remote === step.result && socket.remote === undefined)
		);
	}

	const [own, other] = isLocal ? [local, remote] : [remote, local];
	return (
		(own === undefined || socket.local === undefined || socket.local === own) &&
		socket.remote === (other === '' ? undefined : other)
	);
};

/** A recv(1024) that was read is no read(1024). */
const isSystemName = ({call, evidence}: CallStep, systemName: string) =>
	evidence !== 'read' ||
	{recvfrom: 'recv', sendto: 'send', accept4: 'accept'}[systemName] ===
		nameOfCall(call) ||
	systemName === nameOfCall(call);

const isArgument = (step: CallStep, call: TracedCall): boolean => {
	const wanted = argumentOf(step);
	if (call.asked !== undefined) {
		return wanted === '' || Number(wanted) === call.asked;
	}

	// Of another process they may be unknown; strace shows what a recv() was
	// asked for once it returns.
	return (
		(wanted === '' && step.evidence !== undefined) ||
		wanted === call.argument ||
		call.to === Infinity
	);
};

const isOfName = (step: CallStep, {name}: TracedCall): boolean =>
	name === nameOf(step) || (step.isOrExit === true && name === 'exit');

const isFailure = (step: CallStep, {errno}: TracedCall): boolean =>
	step.errno === undefined ? goesOn.has(errno) : errno === step.errno;

const stalledMs = (from: number, to: number, stalls: readonly Happened[]) =>
	stalls.reduce(
		(sum, stall) =>
			sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)),
		0,
	);

const isAtThatTime = (
	step: CallStep,
	{from, to}: Happened,
	stalls: readonly Happened[],
): boolean =>
	step.at === undefined
		? from <= step.seenAt + slackMs && to >= step.notBefore - slackMs
		: // A call that wasn't made yet is no exact time of it.
			from <= step.at + slackMs &&
			step.at <= to + exactMs + stalledMs(to, step.at, stalls);

/** The call, from beginning to end; once it has returned, that alone. */
const timeOfCall = (step: CallStep, {from, to}: TracedCall): Happened =>
	step.evidence === 'read' && !step.isBlocked ? {from: to, to} : {from, to};

/** Between the times that a claim allows and those of a call. */
const distanceTo = (step: CallStep, call: TracedCall): number => {
	const {from, to} = timeOfCall(step, call);
	const [begin, end] =
		step.at === undefined ? [step.notBefore, step.seenAt] : [step.at, step.at];
	return Math.max(0, from - end, begin - to);
};

const hasBytes = ({name, result}: TracedCall): boolean =>
	(name === 'send' || name === 'recv') && (result ?? 0) > 0;

/** Whether so many bytes had been received once it returned. */
const hasTaken = (
	call: TracedCall,
	taken: number,
	traced: readonly TracedCall[],
): boolean => {
	let sum = 0;
	for (const each of traced) {
		if (each.name === 'recv' && each.socket === call.socket) {
			sum += each.result ?? 0;
		}

		if (each === call) {
			break;
		}
	}

	return sum >= taken;
};

/** The calls that sent or received the bytes of a claim. */
const carriersOf = (
	{step}: CallClaim,
	calls: readonly TracedCall[],
): readonly TracedCall[] => {
	const [start, end] = [step.offset!, step.offset! + Number(step.result)];
	const carriers: TracedCall[] = [];
	let offset = 0;
	for (const call of calls) {
		const next = offset + (call.result ?? 0);
		if (next > start && offset < end) {
			carriers.push(call);
		}

		offset = next;
	}

	return offset >= end ? carriers : [];
};

const judgeTransfer = (
	claim: CallClaim,
	calls: readonly TracedCall[],
	stalls: readonly Happened[],
): JudgedCall => {
	const {step} = claim;
	const sockets = new Map<TracedSocket, TracedCall[]>();
	for (const call of calls) {
		const isOwn =
			hasBytes(call) &&
			call.name === nameOf(step) &&
			isSocketOf(claim, call.socket, undefined);
		if (!isOwn) {
			continue;
		}

		const own = sockets.get(call.socket) ?? [];
		sockets.set(call.socket, [...own, call]);
	}

	let verdict: Verdict = 'false';
	let found: readonly TracedCall[] = [];
	for (const own of sockets.values()) {
		const carriers = carriersOf(claim, own);
		if (carriers.length === 0) {
			continue;
		}

		const time = {from: carriers[0]!.from, to: carriers.at(-1)!.to};
		found = carriers;
		if (isAtThatTime(step, time, stalls)) {
			return {claim, verdict: 'right', calls: carriers};
		}

		verdict = 'late';
	}

	return {claim, verdict, calls: found};
};

/**
 * @returns A verdict on each call. Each that strace saw is claimed once, by its
 * own program and by who sees it from the other end: a second claim is false.
 */
export const judgeCalls = (
	claims: readonly CallClaim[],
	traced: readonly TracedCall[],
	stalls: readonly Happened[],
): readonly JudgedCall[] => {
	const taken = {
		blocked: new Set<TracedCall>(),
		returned: new Set<TracedCall>(),
		ofOther: new Set<TracedCall>(),
	};
	return claims.flatMap((claim): readonly JudgedCall[] => {
		const {step} = claim;
		if (nameOf(step) === undefined) {
			return [];
		}

		if (step.offset !== undefined) {
			return [judgeTransfer(claim, traced, stalls)];
		}

		const isOfOther = step.end !== undefined && step.evidence === 'inferred';
		const pool = step.isBlocked
			? taken.blocked
			: isOfOther
				? taken.ofOther
				: taken.returned;
		const meant = traced.filter(
			call =>
				isOfName(step, call) &&
				isSystemName(step, call.systemName) &&
				isSocketOf(claim, call.socket, call.accepted) &&
				isArgument(step, call) &&
				(step.taken === undefined || hasTaken(call, step.taken, traced)) &&
				(step.isBlocked === true || isFailure(step, call)) &&
				!pool.has(call),
		);
		const right = meant
			.filter(call => isAtThatTime(step, timeOfCall(step, call), stalls))
			.toSorted(
				(one, other) =>
					// One whose port nobody learned may be another's.
					Number(one.socket.local === undefined) -
						Number(other.socket.local === undefined) ||
					// Of two sockets with the same addresses, both may have been in time
					// while the machine stood still.
					distanceTo(step, one) - distanceTo(step, other),
			)
			.at(0);
		const found = right ?? meant[0];
		if (!found) {
			return [{claim, verdict: 'false', calls: []}];
		}

		pool.add(found);
		return [{claim, verdict: right ? 'right' : 'late', calls: [found]}];
	});
};

/** Those on another program's connection of which every one can be told. */
const toldOfOthers = new Set<TracedCall['name']>([
	'connect',
	'shutdown',
	'close',
]);

/**
 * Whether nothing was read between a call on another program's socket and what hid
 * it: a close() after a shutdown(), or the end of the program, after which nobody
 * can tell that it had called anything. What is said of that end has one time for
 * both then.
 */
const isHidden = (
	call: TracedCall,
	traced: readonly TracedCall[],
	claims: readonly Claim[],
): boolean => {
	const {socket} = call;
	const closed = traced.find(
		({name, socket: other, from}) =>
			name === 'close' && other === socket && from > call.from,
	);
	const hiddenAt = closed?.to ?? socket.exitedAt;
	return (
		hiddenAt !== undefined &&
		claims.some(
			({step, local, remote}) =>
				step.kind === 'state' &&
				step.at === undefined &&
				(step.end === 'local'
					? socket.local === local && socket.remote === remote
					: socket.local === remote && socket.remote === local) &&
				step.notBefore <= call.to + slackMs &&
				step.seenAt >= hiddenAt - slackMs,
		)
	);
};

/**
 * What was called on the sockets that were followed, and wasn't said.
 *
 * @param watched What was said, if these are other programs' sockets.
 */
export const unsaidCalls = (
	judged: readonly JudgedCall[],
	traced: readonly TracedCall[],
	watched?: readonly Claim[],
): readonly TracedCall[] => {
	const isWatched = watched !== undefined;
	const said = new Set(judged.flatMap(({calls}) => calls));
	const followed = new Set([...said].map(({socket}) => socket));
	const lastAt = Math.max(
		...judged.map(({claim: {step}}) => step.at ?? step.seenAt),
	);
	const isDue = ({name, socket, result, asked}: TracedCall): boolean => {
		switch (name) {
			case 'exit': {
				return false;
			}

			case 'recv': {
				return !isWatched && result !== 0;
			}

			// What the kernel takes in part is told once it has taken all. A write of
			// nothing sends nothing: it asks whether the other side has reset.
			case 'send': {
				return !isWatched && result === asked && result !== 0;
			}

			default: {
				return (
					!isWatched || (toldOfOthers.has(name) && socket.remote !== undefined)
				);
			}
		}
	};

	return traced.filter(
		call =>
			!said.has(call) &&
			followed.has(call.socket) &&
			call.errno === undefined &&
			call.from < lastAt &&
			isDue(call) &&
			!(watched && isHidden(call, traced, watched)),
	);
};
