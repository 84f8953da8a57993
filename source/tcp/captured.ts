/**
 * What captured segments mean for their connection: which of them opened it,
 * carried which bytes, and closed it. An end's state, and a call, has its cause
 * or its effect among them.
 */
import {seenBy} from './step-time.js';
import type {Step, TcpState} from './tcp.js';

/** The client dials, the server listens. */
export type Role = 'client' | 'server';

export type SegmentStep = Extract<Step, {kind: 'segment'}>;

export const otherRole = (role: Role): Role =>
	role === 'client' ? 'server' : 'client';

/**
 * Which end a call or a state belongs to; `side` is that of `local`, and of
 * what has no end.
 */
export const roleOf = (step: Step, side: Role): Role =>
	step.kind !== 'segment' && step.end === 'remote' ? otherRole(side) : side;

/** What a segment did to a connection; `ack` acknowledges that end's FIN. */
export type Mark =
	| 'SYN'
	| 'SYN+ACK'
	| 'handshake'
	| `FIN ${Role}`
	| `ack ${Role}`
	| `RST ${Role}`;

/** Whose segment has the mark. */
export const senderOf = (mark: Mark): Role => {
	switch (mark) {
		case 'SYN':
		case 'handshake':
		case 'FIN client':
		case 'RST client':
		case 'ack server': {
			return 'client';
		}

		default: {
			return 'server';
		}
	}
};

/** The segments that may have led an end to a state; the last one did. */
export const marksOf = (
	end: Role,
	state: TcpState,
	before: TcpState | undefined,
): readonly Mark[] => {
	const other = otherRole(end);
	switch (state) {
		case 'SYN-SENT': {
			return ['SYN'];
		}

		case 'SYN-RECEIVED': {
			return ['SYN+ACK'];
		}

		case 'ESTABLISHED': {
			return [end === 'client' ? 'SYN+ACK' : 'handshake'];
		}

		case 'FIN-WAIT-1':
		case 'LAST-ACK': {
			return [`FIN ${end}`];
		}

		case 'FIN-WAIT-2': {
			return [`ack ${end}`];
		}

		case 'CLOSE-WAIT':
		case 'CLOSING': {
			return [`FIN ${other}`];
		}

		case 'TIME-WAIT': {
			return before === 'CLOSING'
				? [`ack ${end}`]
				: [`FIN ${other}`, `ack ${end}`];
		}

		case 'CLOSED': {
			return before === 'TIME-WAIT'
				? []
				: before === 'LAST-ACK'
					? [`ack ${end}`]
					: [`RST ${other}`, `RST ${end}`, `ack ${end}`];
		}

		default: {
			return [];
		}
	}
};

type Span = {
	readonly index: number;
	readonly end: number;
	readonly at: number;
};

/** The first for which something holds, as it does for all that follow. */
const firstOf = <T>(
	all: readonly T[],
	holds: (each: T) => boolean,
): T | undefined => {
	let low = 0;
	let high = all.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (holds(all[middle]!)) {
			high = middle;
		} else {
			low = middle + 1;
		}
	}

	return all[low];
};

/** One connection among the captured segments. */
export class CapturedConnection {
	readonly begunAt: number;
	readonly #marks = new Map<Mark, number>();
	readonly #markedAt = new Map<Mark, number>();
	readonly #spans: Record<Role, Span[]> = {client: [], server: []};
	readonly #finEnds: Partial<Record<Role, number>> = {};
	/** Of each end's FIN, the index of the copy that arrived. */
	readonly #finArrivals: Partial<Record<Role, number>> = {};
	readonly #senders = new Set<Role>();
	/** Whether its one socket is connected to itself, and so both ends. */
	#isToItself = false;

	constructor(begunAt: number) {
		this.begunAt = begunAt;
	}

	/** Whether nothing but SYNs was seen: the next one is the same again. */
	get isDialling(): boolean {
		return this.#marks.size === 1 && this.#marks.has('SYN');
	}

	add(index: number, from: Role, step: SegmentStep): void {
		this.#senders.add(from);
		// Two that dial each other at once answer with SYN+ACK, too.
		this.#isToItself ||=
			step.segment === 'SYN+ACK' &&
			from === 'client' &&
			!this.#senders.has('server');
		this.#take(index, from, step);
		if (this.#isToItself) {
			this.#take(index, otherRole(from), step);
		}
	}

	#take(index: number, from: Role, step: SegmentStep): void {
		const {segment, seq = 0, ack, length = 0} = step;
		const at = seenBy(step);
		const other = otherRole(from);
		const finEnd = this.#finEnds[other];
		if (ack !== undefined && finEnd !== undefined && ack >= finEnd) {
			this.#mark(`ack ${other}`, index, at);
		}

		switch (segment) {
			case 'SYN':
			case 'SYN+ACK': {
				this.#mark(segment, index, at);
				break;
			}

			case 'RST': {
				this.#mark(`RST ${from}`, index, at);
				break;
			}

			case 'FIN': {
				this.#finEnds[from] ??= seq + length + 1;
				this.#mark(`FIN ${from}`, index, at);
				// Until it is acknowledged, those before were lost.
				if (!this.#marks.has(`ack ${from}`)) {
					this.#finArrivals[from] = index;
				}

				break;
			}

			case 'ACK':
			case 'PSH': {
				if (from === 'client' && this.#marks.has('SYN+ACK')) {
					this.#mark('handshake', index, at);
				}

				break;
			}
		}

		const spans = this.#spans[from];
		const end = seq + length - 1;
		// Retransmitted bytes are not new.
		if (length > 0 && end > (spans.at(-1)?.end ?? 0)) {
			spans.push({index, end, at});
		}
	}

	/** The index of the segment that led an end to a state. */
	causeOf(
		end: Role,
		state: TcpState,
		before: TcpState | undefined,
	): number | undefined {
		const other = otherRole(end);
		const found = marksOf(end, state, before).flatMap(
			mark =>
				(mark === `FIN ${other}`
					? this.#finArrivals[other]
					: this.#marks.get(mark)) ?? [],
		);
		return found.length === 0 ? undefined : Math.max(...found);
	}

	indexOf(mark: Mark): number | undefined {
		return this.#marks.get(mark);
	}

	/** The index of the segment that carried a byte, counted from 0. */
	carrierOf(from: Role, offset: number): number | undefined {
		return firstOf(this.#spans[from], span => span.end > offset)?.index;
	}

	/** The index of the newest segment with data by a time. */
	carrierBy(from: Role, at: number): number | undefined {
		return this.#spans[from].findLast(span => span.at <= at)?.index;
	}

	/** The index of the first bytes, or the FIN, of an end after a time. */
	nextOf(from: Role, at: number): number | undefined {
		const fin = `FIN ${from}` as const;
		const isLater = (this.#markedAt.get(fin) ?? -Infinity) > at;
		return (
			firstOf(this.#spans[from], span => span.at > at)?.index ??
			(isLater ? this.#marks.get(fin) : undefined)
		);
	}

	/** The index of the FIN or the RST of an end, if it was there by a time. */
	endBy(from: Role, at: number): number | undefined {
		const mark = ([`FIN ${from}`, `RST ${from}`] as const).find(
			each => (this.#markedAt.get(each) ?? Infinity) <= at,
		);
		return mark && this.#marks.get(mark);
	}

	#mark(mark: Mark, index: number, at: number): void {
		if (!this.#marks.has(mark)) {
			this.#marks.set(mark, index);
			this.#markedAt.set(mark, at);
		}
	}
}

/** Whose connection a step is about; undefined for what listens. */
const peerOf = (step: Step): string | undefined =>
	step.peer ??
	// Another program's accept(), but that of a client's server, is a call on what listens.
	(step.kind === 'call' && step.call === 'accept()' && step.end !== 'remote'
		? step.result
		: undefined);

/** Whether a step is about a peer's connection, or about what all share. */
export const isAbout = (step: Step, peer: string): boolean => {
	const own = peerOf(step);
	return own === undefined || own === peer;
};

// A call is reported a little before or after its segment is captured.
const nearMs = 5;

/** The captured connections of each peer, in order. */
export class CapturedConnections {
	readonly #byPeer = new Map<string | undefined, CapturedConnection[]>();

	constructor(segments: readonly SegmentStep[], side: Role) {
		for (const [index, step] of segments.entries()) {
			const from = step.direction === 'out' ? side : otherRole(side);
			const all = this.#byPeer.get(step.peer) ?? [];
			this.#byPeer.set(step.peer, all);
			const last = all.at(-1);
			const isNew =
				last === undefined || (step.segment === 'SYN' && !last.isDialling);
			const connection = isNew ? new CapturedConnection(seenBy(step)) : last;
			if (isNew) {
				all.push(connection);
			}

			connection.add(index, from, step);
		}
	}

	/** The one that a step is about; undefined if it wasn't captured. */
	find(step: Step): CapturedConnection | undefined {
		const at = seenBy(step) + nearMs;
		return this.#byPeer
			.get(peerOf(step))
			?.findLast(({begunAt}) => begunAt <= at);
	}
}
