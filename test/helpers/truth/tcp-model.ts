/**
 * The states that both ends of each connection went through, derived from the
 * segments between them (RFC 9293, 3.10). On loopback a segment is received when
 * it is sent. It knows nothing of sockchat. Pure.
 */
import type {TcpState} from '../../../source/tcp/tcp.js';
import type {Segment} from './pcap.js';
import type {TracedCall, TracedSocket} from './strace.js';

/** An end entered a state at some time between two. */
export type Entry = {
	/** `local remote`. */
	readonly end: string;
	readonly state: TcpState;
	readonly from: number;
	readonly to: number;
};

/** Sent at first, and last: which of them was taken isn't known. */
type Fin = {readonly next: number; readonly from: number; readonly to: number};

type End = {
	state: TcpState | undefined;
	/** Its own FIN: the number that acknowledges it. */
	fin: number | undefined;
	/** The other's FIN, until what this end sends shows that it was taken. */
	arriving: Fin | undefined;
};

const modulus = 2 ** 32;

/** Whether a sequence number is at or after another. */
const isReached = (number: number, wanted: number): boolean =>
	(number - wanted + modulus) % modulus < modulus / 2;

const onFinSent: Readonly<Partial<Record<TcpState, TcpState>>> = {
	'SYN-RECEIVED': 'FIN-WAIT-1',
	ESTABLISHED: 'FIN-WAIT-1',
	'CLOSE-WAIT': 'LAST-ACK',
};
const onFinReceived: Readonly<Partial<Record<TcpState, TcpState>>> = {
	ESTABLISHED: 'CLOSE-WAIT',
	'FIN-WAIT-1': 'CLOSING',
	'FIN-WAIT-2': 'TIME-WAIT',
};
const onFinAcknowledged: Readonly<Partial<Record<TcpState, TcpState>>> = {
	'FIN-WAIT-1': 'FIN-WAIT-2',
	CLOSING: 'TIME-WAIT',
	'LAST-ACK': 'CLOSED',
};

export const entriesOf = (segments: readonly Segment[]): readonly Entry[] => {
	const ends = new Map<string, End>();
	const entries: Entry[] = [];
	const endOf = (key: string): End => {
		const end = ends.get(key) ?? {
			state: undefined,
			fin: undefined,
			arriving: undefined,
		};
		ends.set(key, end);
		return end;
	};

	const enter = (
		key: string,
		state: TcpState | undefined,
		from: number,
		to = from,
	) => {
		const end = endOf(key);
		if (state !== undefined && end.state !== state) {
			end.state = state;
			entries.push({end: key, state, from, to});
		}
	};

	for (const segment of segments) {
		const {at, from, to, sequence, acknowledgment, length} = segment;
		const [senderKey, receiverKey] = [`${from} ${to}`, `${to} ${from}`];
		const sender = endOf(senderKey);
		const receiver = endOf(receiverKey);
		const step = (
			key: string,
			table: Readonly<Partial<Record<TcpState, TcpState>>>,
			begin: number,
			end = begin,
		) => {
			const {state} = endOf(key);
			enter(key, state && table[state], begin, end);
		};

		const {arriving} = sender;
		if (
			arriving &&
			segment.isAck &&
			!segment.isRst &&
			isReached(acknowledgment, arriving.next)
		) {
			sender.arriving = undefined;
			step(senderKey, onFinReceived, arriving.from, arriving.to);
		}

		if (segment.isRst) {
			for (const key of [senderKey, receiverKey]) {
				if (endOf(key).state !== undefined) {
					enter(key, 'CLOSED', at);
				}
			}

			continue;
		}

		if (segment.isSyn) {
			sender.fin = undefined;
			sender.arriving = undefined;
			// What was left of an earlier connection is over.
			enter(senderKey, segment.isAck ? 'SYN-RECEIVED' : 'SYN-SENT', at);
			// One that is connected to itself gets its own answer.
			const isOwn = senderKey === receiverKey;
			if (segment.isAck && (isOwn || receiver.state === 'SYN-SENT')) {
				enter(receiverKey, 'ESTABLISHED', at);
			}

			continue;
		}

		if (segment.isFin) {
			sender.fin = (sequence + length + 1) % modulus;
			step(senderKey, onFinSent, at);
		}

		if (segment.isAck && receiver.state === 'SYN-RECEIVED') {
			enter(receiverKey, 'ESTABLISHED', at);
		}

		if (
			segment.isAck &&
			receiver.fin !== undefined &&
			isReached(acknowledgment, receiver.fin)
		) {
			step(receiverKey, onFinAcknowledged, at);
		}

		if (!segment.isFin) {
			continue;
		}

		const next = sender.fin!;
		const earlier = receiver.arriving;
		const isAgain = earlier?.next === next;
		receiver.arriving = {next, from: isAgain ? earlier.from : at, to: at};
	}

	return entries;
};

const openings = new Set<TcpState>(['SYN-SENT', 'SYN-RECEIVED']);
const afterBothFins = new Set<TcpState>(['CLOSING', 'TIME-WAIT']);

/** Where the poll saw that an end that got a FIN had sent its own before. */
const crossingOf = (
	{end, to}: Entry,
	later: readonly Entry[],
	polled: readonly Entry[],
): Entry | undefined => {
	const next = later.find(each => each.end === end && openings.has(each.state));
	return polled.find(
		each =>
			each.end === end &&
			afterBothFins.has(each.state) &&
			each.to >= to &&
			// Else it is of the next connection with these addresses.
			each.to <= (next?.from ?? Infinity),
	);
};

/**
 * While an end's FIN waits behind its data, the end is in FIN-WAIT-1, and no
 * segment shows it: by its segments it goes to CLOSE-WAIT, LAST-ACK and CLOSED.
 * That the poll saw it in CLOSING or TIME-WAIT shows that it did not.
 *
 * @param entries Those of the segments, in order.
 * @param polled What the poll has seen.
 */
export const withQueuedFins = (
	entries: readonly Entry[],
	polled: readonly Entry[],
): readonly Entry[] => {
	/** The ends whose FIN waited, until they are opened again. */
	const waiting = new Set<string>();
	return entries.flatMap((entry, index): readonly Entry[] => {
		const {end, state} = entry;
		if (openings.has(state)) {
			waiting.delete(end);
		}

		const crossing =
			state === 'CLOSE-WAIT'
				? crossingOf(entry, entries.slice(index + 1), polled)
				: undefined;
		if (crossing) {
			waiting.add(end);
			// If the poll missed FIN-WAIT-1, that was between the same two looks.
			return [
				{...crossing, state: 'FIN-WAIT-1'},
				{...entry, state: 'CLOSING'},
			];
		}

		return waiting.has(end) && (state === 'LAST-ACK' || state === 'CLOSED')
			? []
			: [entry];
	});
};

/**
 * A FIN that waited behind data was asked for by a call, and from then on its end
 * was in FIN-WAIT-1, also if a poll that was held up never saw it there.
 *
 * @param traced What strace has seen.
 */
export const withAskedFins = (
	entries: readonly Entry[],
	traced: ReadonlyArray<Pick<TracedCall, 'name' | 'errno' | 'from' | 'socket'>>,
): readonly Entry[] => {
	const asked = traced.filter(
		({name, errno}) =>
			(name === 'shutdown' || name === 'close') && errno === undefined,
	);
	return entries.map(entry => {
		const [local, remote] = entry.end.split(' ');
		const opened = entries.findLast(
			({end, state, from}) =>
				end === entry.end && state === 'ESTABLISHED' && from <= entry.to,
		);
		const call =
			entry.state === 'FIN-WAIT-1'
				? asked.find(
						({socket, from}) =>
							socket.remote === remote &&
							(socket.local ?? local) === local &&
							from >= (opened?.from ?? -Infinity) &&
							from < entry.from,
					)
				: undefined;
		return call ? {...entry, from: call.from} : entry;
	});
};

/**
 * The states into which calls alone put an end whose FIN waited behind data: no
 * segment shows them if that FIN never left, nor does a poll that was held up.
 *
 * @param traced What strace has seen.
 * @returns Those that nothing else can explain, each within its call.
 */
export const askedFins = (
	segments: readonly Segment[],
	traced: ReadonlyArray<
		Pick<TracedCall, 'name' | 'argument' | 'result' | 'from' | 'to' | 'socket'>
	>,
): readonly Entry[] => {
	const entries = entriesOf(segments);
	const asking = new Set<TracedSocket>();
	return traced.flatMap(({name, argument, result, from, to, socket}) => {
		const isAsking =
			name === 'close' || (name === 'shutdown' && argument !== 'SHUT_RD');
		if (!isAsking || result !== 0 || asking.has(socket)) {
			return [];
		}

		asking.add(socket);
		const {local, remote} = socket;
		const end = `${local} ${remote}`;
		const known = entries.filter(each => each.end === end);
		const before = known.findLast(each => each.from <= to);
		const state = before && onFinSent[before.state];
		// Where the next connection with these addresses begins.
		const over =
			known.find(each => each.from > to && openings.has(each.state))?.from ??
			Infinity;
		const isReset = segments.some(
			each =>
				each.isRst &&
				`${each.from} ${each.to}` === end &&
				each.at >= from &&
				each.at < over,
		);
		// close() sends RST where bytes are unread, or if SO_LINGER says so.
		const isOther = name === 'close' && isReset;
		return state === undefined || before!.to > from || isOther
			? []
			: [{end, state, from, to}];
	});
};
