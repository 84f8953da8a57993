/**
 * The rungs of a ladder, one after the other.
 *
 * Of a connection that wasn't captured the segments are inferred: each state has
 * a segment that must have led to it, each send() and recv() one that carried
 * its bytes. If the state was read from the kernel, so is its segment.
 */
import {
	marksOf,
	otherRole,
	roleOf,
	senderOf,
	type Mark,
	type Role,
	type SegmentStep,
} from './captured.js';
import type {CountedTransfers} from './counted-transfers.js';
import {isCounted} from './segment-counts.js';
import type {SegmentName} from './segment.js';
import {between, isAfter, seenBy, timeOf} from './step-time.js';
import {canReach} from './tcp-end.js';
import {
	lingerZero,
	nameOfCall,
	type CallName,
	type Step,
	type StepTime,
	type TcpState,
} from './tcp.js';

export type ArrowEvidence = 'captured' | 'read' | 'inferred';

export type Arrow = {
	readonly from: Role;
	readonly evidence: ArrowEvidence;
	/** Undefined for bytes of which it isn't known how they were cut. */
	readonly name: SegmentName | undefined;
	readonly seq?: number | undefined;
	readonly ack?: number | undefined;
	readonly length?: number | undefined;
	readonly window?: number | undefined;
	readonly text?: string | undefined;
	/** Of counted segments: how many. */
	readonly count?: number | undefined;
	/** How many of them were sent again; of a captured one, 1 if it was. */
	readonly retransmitted?: number | undefined;
	/** Of what nobody saw; if `unknown` or `uncounted`, either end may have sent it. */
	readonly reason?: SegmentStep['reason'];
};

export type Rung = {
	readonly time: StepTime;
	readonly peer: string | undefined;
	readonly arrow: Arrow | undefined;
	/** The segment itself, if it is a step. */
	readonly segment: Step | undefined;
	/** A call that the client made, or a state that it reached. */
	readonly client: Step | undefined;
	readonly server: Step | undefined;
};

const receiving = new Set<CallName>(['recv', 'read', 'recvmsg']);

type StateStep = Extract<Step, {kind: 'state'}>;
type CallStep = Extract<Step, {kind: 'call'}>;

type Building = {
	time: StepTime;
	peer: string | undefined;
	arrow: Arrow | undefined;
	segment: Step | undefined;
	client: Step | undefined;
	server: Step | undefined;
};

const nameOfMark = (mark: Mark): SegmentName => {
	switch (mark) {
		case 'SYN':
		case 'SYN+ACK': {
			return mark;
		}

		case 'FIN client':
		case 'FIN server': {
			return 'FIN';
		}

		case 'RST client':
		case 'RST server': {
			return 'RST';
		}

		default: {
			return 'ACK';
		}
	}
};

/** What is inferred of one connection so far. */
type Inferred = {
	readonly rungs: Map<Mark, number>;
	readonly last: Partial<Record<Role, TcpState>>;
	/** The rung of the last state of an end: the next one is not above it. */
	readonly reached: Record<Role, number>;
	/** The newest bytes of each end that the other hasn't been seen to receive. */
	readonly data: Partial<Record<Role, readonly Building[]>>;
	/** The last bytes of each end. */
	readonly newest: Partial<Record<Role, Building>>;
	/** Where an end was seen to receive what isn't counted yet. */
	readonly returned: Partial<Record<Role, Building | undefined>>;
	/** The rung of an end that closed, while its FIN isn't known to be sent. */
	readonly queuedFins: Partial<Record<Role, number | undefined>>;
	isAborted: boolean;
	pausedAt: number | undefined;
	/** When the own end stopped reading, until it has read all that waited. */
	lateSince: number | undefined;
};

const nothingInferred = (): Inferred => ({
	rungs: new Map(),
	last: {},
	reached: {client: -1, server: -1},
	data: {},
	newest: {},
	returned: {},
	queuedFins: {},
	isAborted: false,
	pausedAt: undefined,
	lateSince: undefined,
});

/**
 * Beside the FIN that leads to TIME-WAIT, FIN-WAIT-2 lasted no time: that FIN
 * acknowledged ours (RFC 9293, 3.10.7.4).
 */
export const isPassing = (step: Step | undefined): boolean =>
	step?.kind === 'state' &&
	step.state === 'FIN-WAIT-2' &&
	step.evidence === 'inferred';

/** The state that it led to was read, and so it is. */
const readArrow = (rung: Building): void => {
	if (rung.arrow?.evidence === 'inferred') {
		rung.arrow = {...rung.arrow, evidence: 'read'};
	}
};

/** Of how many sent bytes it isn't known yet whether they were received. */
const keptData = 16;

/** Whether a call that receives may have taken what comes at an offset. */
const hasTaken = (step: Step | undefined, offset: number): boolean =>
	step?.kind !== 'call' || step.taken === undefined || step.taken > offset;

const begunAt = ({at, notBefore}: StepTime): number => at ?? notBefore;

export class Rungs {
	/** Those from which a call has moved on to its segment are empty. */
	readonly all: Building[] = [];
	readonly #side: Role;
	readonly #inferred = new Map<string | undefined, Inferred>();

	readonly #covered: CountedTransfers['covered'];

	constructor(side: Role, covered: CountedTransfers['covered'] = new Map()) {
		this.#side = side;
		this.#covered = covered;
	}

	addSegment(segment: SegmentStep, beside: readonly Step[]): void {
		const {seq, ack, length, window, text, retransmitted} = segment;
		const from = this.#senderOf(segment);
		const name = segment.segment;
		const rung = this.#push(segment, {
			from,
			evidence: 'captured',
			name,
			seq,
			ack,
			length,
			window,
			text,
			retransmitted,
		});
		rung.segment = segment;
		for (const step of beside) {
			rung[roleOf(step, this.#side)] = step;
		}
	}

	/** A call or a state without a segment. */
	addAlone(step: Step, time: StepTime = step): void {
		const rung = this.#push(step, undefined, time);
		rung[roleOf(step, this.#side)] = step;
	}

	/** A step of a connection that wasn't captured, with what it implies. */
	addInferred(step: Step): void {
		switch (step.kind) {
			case 'call': {
				this.#call(step);
				break;
			}

			case 'segment': {
				if (isCounted(step)) {
					const {seq, length, count, retransmitted} = step;
					const from = this.#senderOf(step);
					const shown = {seq, length, count, retransmitted};
					this.#push(step, {
						from,
						evidence: 'read',
						name: undefined,
						...shown,
					}).segment = step;
					break;
				}

				if (step.reason === 'uncounted') {
					this.#push(step, {
						from: this.#side,
						evidence: 'inferred',
						name: undefined,
						reason: step.reason,
					}).segment = step;
					break;
				}

				const mark =
					`${step.segment as 'FIN' | 'RST'} ${this.#senderOf(step)}` as const;
				this.#sendQueuedFin(step, mark);
				const known = this.#of(step).rungs.get(mark);
				if (known === undefined) {
					const rung = this.#mark(step, mark, 'inferred');
					rung.segment = step;
					rung.arrow = {...rung.arrow!, reason: step.reason};
				} else {
					this.all[known]!.segment ??= step;
				}

				break;
			}

			case 'state': {
				this.#state(step);
				break;
			}
		}
	}

	#senderOf({direction}: SegmentStep): Role {
		return direction === 'out' ? this.#side : otherRole(this.#side);
	}

	#of({peer}: Step): Inferred {
		const known = this.#inferred.get(peer);
		if (known) {
			return known;
		}

		const fresh = nothingInferred();
		this.#inferred.set(peer, fresh);
		return fresh;
	}

	#call(step: CallStep): void {
		const name = nameOfCall(step.call);
		this.#note(step);
		const {offset, result, text, evidence, isBlocked} = step;
		const role = roleOf(step, this.#side);
		const covered = this.#covered.get(step);
		// What is read after the other end's FIN came before it.
		const isAfterFin =
			evidence === undefined &&
			name === 'recv' &&
			this.#of(step).rungs.has(`FIN ${otherRole(role)}`);
		if (covered === 'several' || covered === 'queued' || isAfterFin) {
			this.addAlone(step);
			return;
		}

		if (offset === undefined) {
			if (evidence !== undefined && !isBlocked && receiving.has(name)) {
				this.#receive(step, role);
			} else {
				// What is counted later may still be what it took, whatever follows.
				this.addAlone(step);
			}

			return;
		}

		const from = name === 'send' ? role : otherRole(role);
		const arrow: Arrow = {
			from,
			// It is the one segment that was counted, or another program's, whose
			// bytes the kernel counted.
			evidence:
				covered === 'one' || evidence !== undefined ? 'read' : 'inferred',
			name: undefined,
			seq: offset + 1,
			length: Number(result),
			text,
			count: step.segments,
			retransmitted: step.retransmitted,
		};
		const {returned, data} = this.#of(step);
		const end = offset + Number(result);
		const to = otherRole(from);
		const waiting = evidence && returned[to];
		const isTaken =
			waiting && hasTaken(waiting[to], end - 1) && !isAfter(step, waiting.time);
		if (!isTaken) {
			const rung = this.#push(step, arrow, this.#cameBy(step));
			rung[role] = step;
			data[from] = [...(data[from] ?? []), rung].slice(-keptData);
			this.#of(step).newest[from] = rung;
			return;
		}

		// They were counted after they were seen to be received.
		returned[to] = undefined;
		const place = this.all.lastIndexOf(waiting);
		const other = this.#of(step).newest[to];
		if (other === undefined || this.all.lastIndexOf(other) < place) {
			waiting.arrow = arrow;
			waiting[role] = step;
			this.#of(step).newest[from] = waiting;
			return;
		}

		// They may answer what the other end has sent, so they come after it.
		const rung = this.#push(step, arrow);
		rung[role] = step;
		this.#of(step).newest[from] = rung;
		const later = this.all.slice(place + 1);
		if (
			later.every(each => each.peer !== step.peer || each[to] === undefined)
		) {
			rung[to] = waiting[to];
			waiting[to] = undefined;
		}
	}

	/** Another program received something: it stands beside what that was. */
	#receive(step: CallStep, role: Role): void {
		const {data, returned} = this.#of(step);
		const from = otherRole(role);
		const waiting = data[from] ?? [];
		// Where the other end closed it was the end, and no bytes.
		const isEnd = step.result === '0';
		const place = isEnd
			? -1
			: waiting.findLastIndex(({arrow}) => hasTaken(step, arrow!.seq! - 1));
		returned[role] = undefined;
		if (place === -1) {
			this.addAlone(step);
			returned[role] = isEnd ? undefined : this.all.at(-1);
			return;
		}

		const rung = waiting[place]!;
		data[from] = waiting.slice(place + 1);
		if (isAfter(step, rung.time)) {
			// They had waited: its process was stopped, or did something else.
			this.addAlone(step);
			return;
		}

		rung[role] = step;
	}

	/** What a call means for those that follow. */
	#note(step: CallStep): void {
		const name = nameOfCall(step.call);
		if (name === 'connect') {
			this.#inferred.set(step.peer, nothingInferred());
		} else if (step.call === lingerZero) {
			this.#of(step).isAborted = true;
		} else if (name === 'pause') {
			this.#of(step).pausedAt ??= seenBy(step);
		} else if (name === 'resume') {
			const inferred = this.#of(step);
			inferred.lateSince ??= inferred.pausedAt;
			inferred.pausedAt = undefined;
		}
	}

	/** When the bytes of a call came; after a pause, maybe long before it. */
	#cameBy(step: CallStep): StepTime {
		const inferred = this.#of(step);
		const {lateSince} = inferred;
		const [, asked] = /^recv\((\d+)\)$/.exec(step.call) ?? [];
		if (lateSince === undefined || asked === undefined) {
			return step;
		}

		if (Number(step.result) < Number(asked)) {
			// It has emptied the queue.
			inferred.lateSince = undefined;
		}

		return between(lateSince, seenBy(step));
	}

	#state(step: StateStep): void {
		const role = roleOf(step, this.#side);
		const before = this.#of(step).last[role];
		if (before !== undefined && !canReach(before, step.state)) {
			this.#inferred.set(step.peer, nothingInferred());
		}

		const {rungs, last, reached, isAborted} = this.#of(step);
		const mark = this.#markOf(step, role);
		const drawn = mark !== undefined && rungs.has(mark) ? mark : undefined;
		last[role] = step.state;
		const isRst = mark?.startsWith('RST') === true;
		const isUnknown =
			mark === undefined ||
			// Without a reset the end is gone for a reason that nobody saw. And a
			// FIN may have acknowledged this end's, and no segment before it.
			(drawn === undefined && (isRst ? !isAborted : isPassing(step)));
		if (isUnknown) {
			this.addAlone(step);
			reached[role] = this.all.length - 1;
			return;
		}

		const cause: Mark =
			isRst && drawn === undefined ? `RST ${this.#side}` : mark;
		this.#sendQueuedFin(step, cause);
		const known = rungs.get(cause);
		if (known === undefined) {
			this.#cause(cause, step, role);
			reached[role] = this.all.length - 1;
			return;
		}

		const rung = this.all[known]!;
		const passed = step.state === 'TIME-WAIT' && isPassing(rung[role]);
		if ((rung[role] !== undefined && !passed) || known < reached[role]) {
			this.addAlone(step);
			reached[role] = this.all.length - 1;
			return;
		}

		rung[role] = step;
		reached[role] = known;
		const isSeen = rung.arrow?.reason === undefined;
		if (step.evidence === 'read' && isSeen) {
			readArrow(rung);
		}
	}

	/** The segment that led to a state, if there is one. */
	#markOf(step: StateStep, role: Role): Mark | undefined {
		const {rungs, last, queuedFins} = this.#of(step);
		const otherFin = `FIN ${otherRole(role)}` as const;
		const marks: readonly Mark[] = [
			...marksOf(role, step.state, last[role]),
			// The other end's FIN acknowledges ours, too.
			...(step.state === 'FIN-WAIT-2' ? [otherFin] : []),
		];
		const isArriving =
			marks[0] === otherFin && queuedFins[otherRole(role)] !== undefined;
		return isArriving
			? otherFin
			: (marks.find(each => rungs.has(each)) ?? marks[0]);
	}

	/** A state with the segment that led to it, and that nothing showed before. */
	#cause(cause: Mark, step: StateStep, role: Role): void {
		if (cause === `FIN ${role}` && step.evidence === 'read') {
			// Its FIN may wait behind data that a closed window keeps back.
			this.addAlone(step);
			this.#of(step).queuedFins[role] = this.all.length - 1;
			return;
		}

		this.#openUpTo(cause, step);
		this.#mark(step, cause, step.evidence)[role] = step;
	}

	/** A step shows that a FIN arrived: it is beside its state, or came later. */
	#sendQueuedFin(step: Step, cause: Mark): void {
		const {queuedFins, rungs} = this.#of(step);
		for (const role of ['client', 'server'] as const) {
			const index = queuedFins[role];
			const fin = `FIN ${role}` as const;
			const isShown = cause === fin || cause === `ack ${role}`;
			if (index === undefined || !isShown) {
				continue;
			}

			queuedFins[role] = undefined;
			const rung = this.all[index]!;
			if (begunAt(step) <= begunAt(rung.time)) {
				rung.arrow = {from: role, evidence: 'read', name: 'FIN'};
				rungs.set(fin, index);
			} else if (cause !== fin) {
				this.#mark(step, fin, 'read');
			}
		}
	}

	/** The segments of the handshake that came before one of them. */
	#openUpTo(cause: Mark, step: StateStep): void {
		const earlier: readonly Mark[] =
			cause === 'handshake'
				? ['SYN', 'SYN+ACK']
				: cause === 'SYN+ACK'
					? ['SYN']
					: [];
		for (const mark of earlier) {
			if (!this.#of(step).rungs.has(mark)) {
				this.#mark(step, mark, step.evidence);
			}
		}
	}

	#mark(step: Step, mark: Mark, evidence: 'read' | 'inferred'): Building {
		this.#of(step).rungs.set(mark, this.all.length);
		const from = senderOf(mark);
		return this.#push(step, {from, evidence, name: nameOfMark(mark)});
	}

	#push(
		{peer, ...step}: Step,
		arrow: Arrow | undefined,
		time: StepTime = step,
	): Building {
		const rung: Building = {
			time: timeOf(time),
			peer,
			arrow,
			segment: undefined,
			client: undefined,
			server: undefined,
		};
		this.all.push(rung);
		return rung;
	}
}
