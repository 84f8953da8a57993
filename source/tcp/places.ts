/**
 * Where calls and states stand among the captured segments: beside the one that
 * is their effect or their cause, or before or after it.
 */
import {
	CapturedConnections,
	otherRole,
	roleOf,
	type CapturedConnection,
	type Role,
	type SegmentStep,
} from './captured.js';
import {isAfter, seenBy} from './step-time.js';
import {isPassing} from './rungs.js';
import {isCounted} from './segment-counts.js';
import {canReach} from './tcp-end.js';
import {
	lingerZero,
	nameOfCall,
	type CallName,
	type Step,
	type TcpState,
} from './tcp.js';

type CallStep = Extract<Step, {kind: 'call'}>;

const opening = new Set<CallName | TcpState>([
	'socket',
	'setsockopt',
	'bind',
	'listen',
	'accept',
	'connect',
	'SYN-SENT',
	'SYN-RECEIVED',
	'ESTABLISHED',
	'resume',
]);

/** What a client may call before its connect(). */
const ofNewSocket = new Set<CallName>(['socket', 'setsockopt', 'bind']);

const receiving = new Set<CallName>(['recv', 'read', 'recvmsg']);

/** Whether it comes before data of the same millisecond. */
const isOpening = (step: Step): boolean =>
	step.kind === 'call'
		? opening.has(nameOfCall(step.call))
		: step.kind === 'state' && opening.has(step.state);

/** Whether one was made before the other; undefined if that isn't known. */
const wasCalledBefore = (one: Step, other: Step): boolean | undefined =>
	one.kind === 'call' &&
	other.kind === 'call' &&
	one.order !== undefined &&
	other.order !== undefined
		? one.order < other.order
		: undefined;

/**
 * Whether a transfer needs what the server's end did first, however late that
 * was seen: all need its handshake, and what it sent its accept().
 */
const isLetThrough = (transfer: Step, step: Step): boolean =>
	step.kind !== 'segment' &&
	step.end === 'remote' &&
	step.peer === transfer.peer &&
	!isAfter(step, transfer) &&
	(step.kind === 'state'
		? step.state === 'ESTABLISHED'
		: nameOfCall(step.call) === 'accept' &&
			transfer.kind === 'call' &&
			receiving.has(nameOfCall(transfer.call)));

/**
 * Both in their own order, by time as far as that allows; own calls of one
 * millisecond as they were made.
 *
 * @param side A server's call without a peer is one on the socket that listens:
 * it is made before its peers are told.
 */
export const merge = (
	steps: readonly Step[],
	transfers: readonly Step[],
	side: Role,
): readonly Step[] => {
	const isFirst = (step: Step, transfer: Step): boolean =>
		wasCalledBefore(step, transfer) ??
		(isOpening(step) ||
			(side === 'server' && step.kind === 'call' && step.peer === undefined));
	const merged: Step[] = [];
	let next = 0;
	for (const step of steps) {
		const at = seenBy(step);
		while (next < transfers.length) {
			const transfer = transfers[next]!;
			const transferAt = seenBy(transfer);
			const isHeld = side === 'client' && isLetThrough(transfer, step);
			const isLater =
				transferAt > at || (transferAt === at && isFirst(step, transfer));
			if (isHeld || isLater) {
				break;
			}

			merged.push(transfer);
			next++;
		}

		merged.push(step);
	}

	return [...merged, ...transfers.slice(next)];
};

/** Where a step stands among the captured segments. */
export type Place = {
	readonly step: Step;
	/** Shown on the rung of this segment. */
	readonly beside?: number | undefined;
	/** Comes before this segment, which it caused. */
	readonly before?: number | undefined;
	/** Comes before this one, which may answer what it read. */
	readonly ahead?: number | undefined;
	/** Comes after this one. */
	readonly after?: number | undefined;
	/** It is that captured segment, or a state that its FIN ended at once. */
	readonly isSame?: boolean;
	readonly isCaptured: boolean;
};

const isPassedBy = (step: Step, fin: number | undefined, cause?: number) =>
	isPassing(step) && cause !== undefined && cause === fin;

type IsTaken = (role: Role, index: number) => boolean;

/** Whose call it is, and whether its end was closed by then. */
type Caller = {readonly role: Role; readonly hasFin: boolean};

/** The end of what the other end sends, if a call may have returned that. */
const endFor = (
	step: CallStep,
	connection: CapturedConnection,
	{role, hasFin}: Caller,
): number | undefined => {
	const end = connection.endBy(otherRole(role), seenBy(step));
	const own = hasFin ? undefined : connection.indexOf(`FIN ${role}`);
	// It had returned when its program closed the socket.
	return own !== undefined && end !== undefined && own < end ? undefined : end;
};

/** It was seen to return: bytes did that, or the end of them. */
const placeOfReturn = (
	step: CallStep,
	connection: CapturedConnection,
	{isTaken, ...caller}: Caller & {readonly isTaken: IsTaken},
): Pick<Place, 'beside' | 'after'> => {
	const {role} = caller;
	const other = otherRole(role);
	const at = seenBy(step);
	const {taken, result} = step;
	if (result !== undefined) {
		// The end of what the other end sends.
		return {after: connection.endBy(other, at)};
	}

	const end = endFor(step, connection, caller);

	const carrier =
		(taken === undefined
			? undefined
			: connection.carrierOf(other, taken - 1)) ??
		connection.carrierBy(other, at);
	if (carrier !== undefined && !isTaken(role, carrier)) {
		return {beside: carrier};
	}

	if (taken !== undefined) {
		return {after: carrier};
	}

	return end === undefined ? {beside: carrier} : {after: end};
};

/** Node reads when it comes to that; another process was seen in its call. */
const isOwnRead = (step: CallStep): boolean =>
	step.evidence === undefined && receiving.has(nameOfCall(step.call));

/** Whether what came with a segment was read by a later call. */
const isLateRead = (
	step: CallStep,
	carrier: SegmentStep | undefined,
): boolean =>
	carrier !== undefined &&
	receiving.has(nameOfCall(step.call)) &&
	isAfter(step, carrier);

/**
 * Whether another program's bytes left later than they were written: a closed
 * window kept them back, and the program has closed its end meanwhile.
 */
const isQueuedSend = (
	step: CallStep,
	carrier: SegmentStep | undefined,
): boolean =>
	carrier !== undefined &&
	step.evidence !== undefined &&
	nameOfCall(step.call) === 'send' &&
	seenBy(step) < Math.floor(seenBy(carrier));

/**
 * It took bytes that had waited, as its process was stopped or did something
 * else, or it returned the end of them.
 */
const placeOfLate = (
	step: CallStep,
	connection: CapturedConnection,
	caller: Caller,
	carrier: number,
): Pick<Place, 'after' | 'ahead'> => {
	const end =
		step.taken === undefined ? endFor(step, connection, caller) : undefined;
	const after = end ?? carrier;
	const answer = connection.nextOf(caller.role, step.notBefore!) ?? -1;
	// What was counted is the least that it took: all that was there it may have.
	const last = connection.carrierBy(otherRole(caller.role), seenBy(step)) ?? -1;
	const isAnswered = answer > after && answer > last;
	return {after, ahead: isAnswered ? answer : undefined};
};

/** Where a call stands. */
const placeOfCall = (
	step: CallStep,
	connection: CapturedConnection,
	{
		role,
		hasFin,
		isTaken,
		isLate,
	}: {
		readonly role: Role;
		readonly hasFin: boolean;
		readonly isTaken: IsTaken;
		/** Whether it waited for a resume(). */
		readonly isLate: (carrier: number | undefined) => boolean;
	},
): Omit<Place, 'step' | 'isCaptured'> => {
	const {offset, result, isBlocked} = step;
	const name = nameOfCall(step.call);
	if (isBlocked) {
		return {};
	}

	// Another program's: how many bytes it took isn't known.
	if (receiving.has(name) && (result === undefined || step.evidence)) {
		return placeOfReturn(step, connection, {role, hasFin, isTaken});
	}

	switch (name) {
		case 'socket': {
			// Another program's; our own has its time.
			return step.evidence === undefined
				? {}
				: {before: connection.indexOf('SYN')};
		}

		case 'connect': {
			return {before: connection.indexOf('SYN')};
		}

		case 'accept': {
			return {
				after: connection.indexOf('handshake'),
				// Only what it returned can send.
				ahead: connection.carrierOf(role, 0),
			};
		}

		case 'send': {
			if (offset === undefined) {
				// It failed and sent nothing, and follows those that didn't.
				return {after: connection.indexOf(`RST ${otherRole(role)}`)};
			}

			const carrier = connection.carrierOf(role, offset);
			// What shutdown() or close() sent with it stands between the two.
			return carrier === connection.indexOf(`FIN ${role}`)
				? {before: carrier}
				: {beside: carrier};
		}

		case 'recv': {
			const last = (offset ?? 0) + Number(result) - 1;
			const carrier = connection.carrierOf(otherRole(role), last);
			return isLate(carrier) ? {after: carrier} : {beside: carrier};
		}

		case 'shutdown':
		case 'close': {
			// Without a FIN it may have made the kernel send RST.
			const effect =
				connection.indexOf(`FIN ${role}`) ?? connection.indexOf(`RST ${role}`);
			return hasFin ? {after: effect} : {before: effect};
		}

		default: {
			return step.call === lingerZero
				? {before: connection.indexOf(`RST ${role}`)}
				: {};
		}
	}
};

const roles = ['client', 'server'] as const;

/** One that was reported or counted, of a connection that was captured. */
const placeOfSegment = (
	step: SegmentStep,
	connection: CapturedConnection,
	side: Role,
): Place => {
	const from = step.direction === 'out' ? side : otherRole(side);
	const senders = step.reason === 'unknown' ? roles : [from];
	const isSame =
		isCounted(step) ||
		senders.some(sender => {
			const mark = `${step.segment as 'FIN' | 'RST'} ${sender}` as const;
			return connection.indexOf(mark) !== undefined;
		});
	return {step, isSame, isCaptured: isSame};
};

/** Finds the place of each step; a rung has room for one at each side. */
export const placesOf = (
	steps: readonly Step[],
	segments: readonly SegmentStep[],
	side: Role,
): readonly Place[] => {
	const connections = new CapturedConnections(segments, side);
	const taken = new Set<string>();
	const last = new Map<
		string,
		{readonly state: TcpState; readonly index: number}
	>();
	const closed: Readonly<Record<Role, Set<CapturedConnection>>> = {
		client: new Set(),
		server: new Set(),
	};
	const resumedAt = new Map<CapturedConnection, number>();
	const dialled = new Set<CapturedConnection>();
	/** By caller, the last segment that one of its calls stands at. */
	const furthest = new Map<string, number>();
	const isTaken: IsTaken = (role, index) => taken.has(`${role} ${index}`);
	const take = (
		place: Place,
		role: Role,
		index: number,
		orElse: 'before' | 'after',
	): Place => {
		if (isTaken(role, index)) {
			return {...place, beside: undefined, [orElse]: index};
		}

		taken.add(`${role} ${index}`);
		return {...place, beside: index};
	};

	const placeCall = (step: CallStep, connection: CapturedConnection): Place => {
		const isCaptured = true;
		const name = nameOfCall(step.call);
		const role = roleOf(step, side);
		const hasFin = closed[role].has(connection);
		if (name === 'shutdown' || name === 'close') {
			closed[role].add(connection);
		} else if (name === 'resume') {
			resumedAt.set(connection, seenBy(step));
		}

		if (name === 'connect') {
			dialled.add(connection);
		} else if (
			side === 'client' &&
			ofNewSocket.has(name) &&
			!dialled.has(connection)
		) {
			// Its own time, as connect()'s, may be one of reporting.
			return {step, isCaptured, before: connection.indexOf('SYN')};
		}

		const isLate = (carrier: number | undefined) =>
			carrier !== undefined &&
			seenBy(segments[carrier]!) < (resumedAt.get(connection) ?? -Infinity);
		const place = placeOfCall(step, connection, {
			role,
			hasFin,
			isTaken,
			isLate,
		});
		const {beside} = place;
		const caller = `${role} ${step.peer ?? ''}`;
		const before = furthest.get(caller) ?? -1;
		const isOvertaken =
			isOwnRead(step) &&
			(beside ?? Infinity) < before &&
			// Calls have whole milliseconds, and captured segments more.
			seenBy(step) >= Math.floor(seenBy(segments[before]!));
		furthest.set(caller, Math.max(before, beside ?? place.before ?? -1));
		if (isOvertaken) {
			// It was read after the process had called something else.
			return {step, isCaptured, after: before};
		}

		if (isLateRead(step, segments[beside ?? -1])) {
			taken.add(`${role} ${beside!}`);
			return {
				step,
				isCaptured,
				...placeOfLate(step, connection, {role, hasFin}, beside!),
			};
		}

		if (isQueuedSend(step, segments[beside ?? -1])) {
			return {step, isCaptured, before: beside};
		}

		return beside === undefined
			? {step, isCaptured, ...place}
			: take(
					{step, isCaptured},
					role,
					beside,
					name === 'send' ? 'before' : 'after',
				);
	};

	return steps.map((step): Place => {
		const connection = connections.find(step);
		if (!connection) {
			return {step, isCaptured: false};
		}

		const isCaptured = true;
		if (step.kind === 'segment') {
			return placeOfSegment(step, connection, side);
		}

		if (step.kind === 'call') {
			return placeCall(step, connection);
		}

		const role = roleOf(step, side);
		const key = `${role} ${step.peer ?? ''}`;
		const previous = last.get(key);
		const isSuccessor =
			previous !== undefined && canReach(previous.state, step.state);
		const before = isSuccessor ? previous : undefined;
		const earlier = before?.index ?? -1;
		const cause = connection.causeOf(role, step.state, before?.state);
		last.set(key, {
			state: step.state,
			index: Math.max(cause ?? -1, earlier),
		});
		if (isPassedBy(step, connection.indexOf(`FIN ${otherRole(role)}`), cause)) {
			return {step, isCaptured, isSame: true};
		}

		return cause === undefined || cause < earlier
			? {step, isCaptured, after: before?.index}
			: take({step, isCaptured}, role, cause, 'after');
	});
};
