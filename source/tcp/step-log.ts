/**
 * The steps of one connection, from Node's events and the kernel's tables.
 *
 * Node's events come first and yield inferred states, at the time of the event;
 * the kernel's are read, and win. A table shows that a state was reached before
 * it was read, not when: so those steps have bounds. An inferred state that is
 * read later is returned again, as read, for appendStep() to replace it. A table
 * whose reading began before the last reported step is older than what we know,
 * and is ignored.
 *
 * Nothing is inferred that could be otherwise: whether a FIN that was answered
 * by one has led to TIME-WAIT or CLOSING, only the table knows.
 */
import {assertNever} from '../errors.js';
import {closeOrder, statesBetween} from './close-order.js';
import {
	createEnd,
	finReceivedStates,
	finStates,
	isAnothers,
	openStates,
	seenState,
	type FollowedEnd,
} from './followed-end.js';
import {between, narrowed, seenBy, timeOf, withTime} from './step-time.js';
import {canReach} from './tcp-end.js';
import {
	lingerZero,
	nameOfCall,
	type KernelPair,
	type KernelSocket,
	type Step,
	type StepTime,
	type TcpState,
} from './tcp.js';

type CallStep = Extract<Step, {kind: 'call'}>;
type StateStep = Extract<Step, {kind: 'state'}>;

/** A call happens when it is made; what follows from it has its bounds. */
const madeOf = (step: CallStep): CallStep =>
	step.at === undefined ? {...withTime(step, {at: step.notBefore})} : step;

/** When a table was read, in milliseconds since the epoch. */
type Reading = {readonly begunAt: number; readonly at: number};

export class StepLog {
	readonly #peer: string | undefined;
	readonly #local = createEnd('local');
	readonly #remote = createEnd('remote');
	/** Monotonic; when a step was last reported. */
	#reportedAt = -Infinity;
	/** When this end sent FIN. */
	#finSentAt: number | undefined;
	/** When the connection can't have been open yet; undefined if unknown. */
	readonly #notOpenAt: number | undefined;
	#hasFin = false;
	/** Whether the process read up to the FIN, so that nothing is unread. */
	#hasReadFin = false;
	/**
	 * A shutdown(), a close() or a FIN whose order only a reading shows, and what
	 * followed it.
	 */
	#held: readonly Step[] = [];
	/** Whether the table can't be read. */
	#isBlind = false;
	/** Whether both FINs arrived; until then a missing end may have been reset. */
	#isOrderly = false;
	#isReset = false;
	#isClosed = false;
	#isReplaced = false;

	/**
	 * @param peer The peer that the reported steps name.
	 * @param notOpenAt When the connection can't have been open yet; undefined if
	 * it may have been open before anybody looked.
	 */
	constructor(peer: string | undefined, notOpenAt?: number) {
		this.#peer = peer;
		this.#notOpenAt = notOpenAt;
	}

	/**
	 * Whether nothing can follow: both ends, if ever seen, were read as gone, or
	 * another connection has their addresses.
	 */
	get isOver(): boolean {
		const {state, evidence} = this.#local.last ?? {};
		const isLocalGone = state === 'CLOSED' && evidence === 'read';
		const remote =
			this.#remote.lastRead === undefined ? 'CLOSED' : this.#remote.last?.state;
		return this.#isReplaced || (isLocalGone && remote === 'CLOSED');
	}

	/**
	 * Takes a step that Node reported: calls, segments, and the states up to
	 * ESTABLISHED. Those that follow are inferred here.
	 *
	 * @param reportedAt Monotonic milliseconds, on the clock of TcpTablePoller.
	 * @returns The steps to show, without those already read from the kernel.
	 * Where it isn't known whether two FINs crossed there are none until the next
	 * reading shows it, or `release()` is called.
	 */
	report(step: Step, reportedAt: number): readonly Step[] {
		this.#reportedAt = reportedAt;
		if (this.#held.length > 0) {
			this.#held = [...this.#held, step];
			return [];
		}

		return this.#take(step);
	}

	/**
	 * Returns the steps that wait for a reading, as none will come: then FINs are
	 * taken not to have crossed, which is how nearly all connections end.
	 */
	release(): readonly Step[] {
		this.#isBlind = true;
		return this.#resolve(undefined);
	}

	/**
	 * Returns the steps that wait for a reading without what it would show, as
	 * others have to follow them.
	 */
	settle(): readonly Step[] {
		return this.#resolve(undefined);
	}

	#take(step: Step): readonly Step[] {
		switch (step.kind) {
			case 'call': {
				return this.#call(step);
			}

			case 'segment': {
				if (step.segment === 'FIN') {
					this.#hasReadFin = true;
					return this.#receiveFin(step);
				}

				if (step.segment !== 'RST') {
					return [step];
				}

				this.#isReset = true;
				return [
					step,
					...this.#sentRst(seenBy(step)),
					...this.#infer(this.#local, 'CLOSED', step),
				];
			}

			case 'state': {
				const end = step.end === 'local' ? this.#local : this.#remote;
				return this.#infer(end, step.state, step);
			}

			default: {
				return assertNever(step);
			}
		}
	}

	#call(step: CallStep): readonly Step[] {
		const state = this.#local.last?.state;
		const made = madeOf(step);
		switch (nameOfCall(step.call)) {
			case 'shutdown': {
				if (state === 'CLOSE-WAIT') {
					return [made, ...this.#infer(this.#local, 'LAST-ACK', step)];
				}

				// The other end's FIN may be here already, and unread.
				this.#finSentAt ??= this.#notBefore(this.#local, step);
				this.#held = [step];
				return [];
			}

			case 'setsockopt': {
				// Node calls close() in the same turn, and reports it later.
				return step.call === lingerZero ? this.#abort(step) : [made];
			}

			case 'close': {
				this.#isClosed = true;
				if (step.unreadBytes !== undefined && step.unreadBytes > 0) {
					return this.#abort(step);
				}

				if (state === 'ESTABLISHED' && this.#finSentAt === undefined) {
					// With unread bytes it sends RST, else FIN.
					this.#finSentAt = this.#notBefore(this.#local, step);
					this.#held = [step];
					return [];
				}

				const next =
					state === 'SYN-SENT'
						? 'CLOSED'
						: state === 'CLOSE-WAIT' && this.#hasReadFin
							? 'LAST-ACK'
							: undefined;
				return next ? [made, ...this.#infer(this.#local, next, step)] : [made];
			}

			default: {
				return [made];
			}
		}
	}

	/** A call that makes the kernel send RST, and what follows. */
	#abort(step: CallStep): readonly Step[] {
		const closed = this.#infer(this.#local, 'CLOSED', step);
		const rst: Step = {
			kind: 'segment',
			segment: 'RST',
			evidence: 'inferred',
			direction: 'out',
			peer: this.#peer,
			...timeOf(step),
		};
		const made = madeOf(step);
		return closed.length === 0 ? [made] : [made, rst, ...closed];
	}

	/**
	 * Takes both ends as read from the kernel.
	 *
	 * @param at Milliseconds since the epoch; when the table had been read.
	 * @param begunAt Monotonic; when its reading began.
	 * @param tookMs How long that took.
	 * @returns The new steps, in order.
	 */
	observe(
		pair: KernelPair,
		at: number,
		begunAt: number,
		tookMs = 0,
	): readonly Step[] {
		if (begunAt < this.#reportedAt || this.isOver) {
			return [];
		}

		this.#isBlind = false;
		const {local, remote} = pair;
		this.#isReplaced =
			(local !== undefined &&
				(this.#isReset ||
					this.#hasClosed(local.state) ||
					isAnothers(this.#local, local.state))) ||
			(remote !== undefined && isAnothers(this.#remote, remote.state));
		if (this.#isReplaced) {
			return [];
		}

		const reading = {begunAt: at - tookMs, at};
		const ours = seenState(this.#local, local, this.#finSentAt !== undefined);
		const theirs = seenState(this.#remote, remote);
		this.#isOrderly ||= [ours, theirs].some(
			state => state === 'TIME-WAIT' || state === 'CLOSING',
		);
		this.#local.order ??= closeOrder(ours, theirs);
		this.#remote.order ??= closeOrder(theirs, ours);
		return [
			...(remote && finStates.has(remote.state) ? this.#wasOpen(at) : []),
			...this.#resolve(local?.state),
			...(this.#lookAtAnswer(pair, reading) ?? [
				...this.#look(this.#local, local, reading),
				...this.#look(this.#remote, remote, reading),
			]),
		];
	}

	/**
	 * Nobody reports what this end does, and its row is gone already: that the other
	 * end is in TIME-WAIT shows that it was closed after it. That row may only have
	 * been missed, so this waits for the next reading.
	 */
	#lookAtAnswer(
		{local, remote}: KernelPair,
		reading: Reading,
	): readonly Step[] | undefined {
		const [own, other] = [this.#local, this.#remote];
		const isAnswered =
			this.#reportedAt === -Infinity &&
			local === undefined &&
			remote?.state === 'TIME-WAIT' &&
			own.order === 'last' &&
			own.last !== undefined &&
			own.last.state !== 'LAST-ACK' &&
			canReach(own.last.state, 'LAST-ACK') &&
			other.last !== undefined &&
			canReach(other.last.state, 'FIN-WAIT-2');
		if (!isAnswered) {
			return undefined;
		}

		if (own.missingSince === undefined) {
			return this.#look(own, local, reading);
		}

		const enter = (end: FollowedEnd, state: TcpState) =>
			end.last?.state === state
				? []
				: this.#reach(
						end,
						state,
						'inferred',
						this.#bounded(end, own.missingSince!),
					);
		return [
			...enter(other, 'FIN-WAIT-2'),
			...enter(own, 'LAST-ACK'),
			...this.#look(other, remote, reading),
			...this.#look(own, local, reading),
		];
	}

	/** Whether it is open again, though this end closed it. */
	#hasClosed(state: TcpState): boolean {
		const isClosing = this.#isClosed || this.#finSentAt !== undefined;
		return isClosing && openStates.has(state);
	}

	/**
	 * What was held, with the states that a reading shows to be true.
	 *
	 * @param read Our end; undefined if it has no row.
	 */
	#resolve(read: TcpState | undefined): readonly Step[] {
		const steps: Step[] = [];
		const [first, ...others] = this.#held;
		this.#held = [];
		if (first?.kind === 'call') {
			steps.push(...this.#sentFin(first, read));
		} else if (first) {
			// Without a row, no reading will show its order.
			steps.push(...this.#receiveFin(first, undefined, read === undefined));
		}

		for (const step of others) {
			if (this.#held.length > 0) {
				this.#held = [...this.#held, step];
			} else {
				steps.push(...this.#take(step));
			}
		}

		return read === undefined && this.#held.length > 0
			? [...steps, ...this.#resolve(read)]
			: steps;
	}

	/** Our FIN, and the state it led to. */
	#sentFin(step: CallStep, read: TcpState | undefined): readonly Step[] {
		const {order} = this.#local;
		if (order === 'last') {
			const seenAt = seenBy(step);
			return [
				...this.#receiveFin(this.#bounded(this.#local, seenAt)),
				madeOf(step),
				...this.#infer(this.#local, 'LAST-ACK', step),
			];
		}

		const isFirst =
			order !== undefined ||
			read === 'FIN-WAIT-1' ||
			// A close() may have sent RST.
			(this.#isBlind && nameOfCall(step.call) === 'shutdown');
		const made = madeOf(step);
		return isFirst
			? [made, ...this.#infer(this.#local, 'FIN-WAIT-1', step)]
			: [made];
	}

	/**
	 * @param read The state that it led to, if that was read as well.
	 * @param isLast Whether no reading will show what it led to.
	 */
	#receiveFin(
		time: StepTime,
		read?: TcpState,
		isLast = false,
	): readonly Step[] {
		if (this.#hasFin) {
			return [];
		}

		const peer = this.#peer;
		const fin: Step = {
			kind: 'segment',
			segment: 'FIN',
			peer,
			...timeOf(time),
		};
		const end = this.#local;
		const {last} = end;
		this.#orderByFin(end);
		if (end.order === undefined && !isLast) {
			this.#held = [fin];
			return [];
		}

		this.#hasFin = true;
		if (end.order === undefined) {
			return [fin];
		}

		const isFirst = end.order === 'first';
		const acknowledged = this.#bounded(this.#local, seenBy(time));
		return [
			...(isFirst && last?.state === 'FIN-WAIT-1' && read !== 'CLOSING'
				? this.#infer(this.#local, 'FIN-WAIT-2', acknowledged)
				: []),
			...this.#sendFin(time),
			fin,
			...(read !== undefined || end.order === 'crossed'
				? []
				: this.#infer(end, isFirst ? 'TIME-WAIT' : 'CLOSE-WAIT', time)),
		];
	}

	/** What a FIN that arrives tells of the order; until it is read, maybe nothing. */
	#orderByFin(end: FollowedEnd): void {
		// Ours was there first if it is acknowledged; until then they may cross.
		if (this.#finSentAt === undefined) {
			end.order ??= 'last';
		} else if (end.last?.state === 'FIN-WAIT-2') {
			end.order ??= 'first';
		} else if (this.#isBlind) {
			end.order ??= 'first';
			this.#remote.order ??= 'last';
		}
	}

	/**
	 * The other end closes: it was open before, even if no table showed it. What
	 * it was before we looked, nobody knows.
	 */
	#wasOpen(seenAt: number): readonly Step[] {
		const end = this.#remote;
		return end.last === undefined && this.#notOpenAt !== undefined
			? this.#enter(
					end,
					'ESTABLISHED',
					'inferred',
					between(this.#notOpenAt, seenAt),
				)
			: [];
	}

	/**
	 * The other end's FIN, and so its state. Whether it had our FIN stays unknown
	 * until that is read.
	 */
	#sendFin(time: StepTime): readonly Step[] {
		const end = this.#remote;
		const opening = this.#wasOpen(seenBy(time));
		const {last, order} = end;
		const isAnswer = last?.state === 'CLOSE-WAIT' || order === 'last';
		const isUnknown = !isAnswer && this.#local.order === 'first';
		const state = isAnswer ? 'LAST-ACK' : 'FIN-WAIT-1';
		const isNews =
			!isUnknown && last && last.state !== state && canReach(last.state, state);
		return isNews
			? [
					...opening,
					...this.#reach(
						end,
						state,
						'inferred',
						this.#bounded(end, seenBy(time)),
					),
				]
			: opening;
	}

	/** The other end sends RST only once it is closed; a SYN may find none. */
	#sentRst(seenAt: number): readonly Step[] {
		const end = this.#remote;
		return end.last === undefined
			? []
			: this.#infer(end, 'CLOSED', this.#bounded(end, seenAt));
	}

	#infer(end: FollowedEnd, state: TcpState, time: StepTime): readonly Step[] {
		const {last} = end;
		const isKnown =
			last?.state === state ||
			(last?.evidence === 'read' && !canReach(last.state, state));
		return isKnown ? [] : this.#enter(end, state, 'inferred', time);
	}

	#look(
		end: FollowedEnd,
		socket: KernelSocket | undefined,
		reading: Reading,
	): readonly Step[] {
		if (!socket) {
			return this.#miss(end, reading);
		}

		end.missingSince = undefined;
		const {state, timer} = socket;
		end.endsAt =
			timer?.name === 'time-wait' ? reading.at + timer.inMs : undefined;
		if (end.name === 'local') {
			// Node reports a FIN once its reader reaches it; the kernel earlier.
			const fin = finReceivedStates.has(state)
				? this.#receiveFin(this.#bounded(end, reading.at), state)
				: [];
			return [...fin, ...this.#read(end, state, reading)];
		}

		// Its row was read before ours, and ours shows that its FIN arrived since.
		const isLate = end.last && !canReach(end.last.state, state);
		return isLate ? [] : this.#read(end, state, reading);
	}

	/** Its row is missing: it is gone, or was never visible. */
	#miss(end: FollowedEnd, reading: Reading): readonly Step[] {
		const {last, lastRead} = end;
		const isExpected = last?.state === 'CLOSED';
		const isPossible =
			lastRead !== undefined || (end.name === 'local' && this.#isClosed);
		if (!isExpected && !isPossible) {
			return [];
		}

		// A table that changes while being read may miss an existing row.
		const isFirst = end.missingSince === undefined;
		end.missingSince ??= reading.at;
		return isFirst && !isExpected
			? []
			: this.#read(end, 'CLOSED', {...reading, at: end.missingSince});
	}

	#read(end: FollowedEnd, state: TcpState, reading: Reading): readonly Step[] {
		end.lastRead = state;
		const {last} = end;
		const isNews = last?.state !== state || last.evidence !== 'read';
		const bounds = this.#bounded(end, reading.at);
		// What was inferred happened at that time; only the evidence is new.
		const time = last?.state === state ? narrowed(last.time, bounds) : bounds;
		const steps = isNews ? this.#reach(end, state, 'read', time) : [];
		end.knownAt = Math.max(end.knownAt ?? -Infinity, reading.begunAt);
		return steps;
	}

	/** Enters a state, after those that lie between. */
	#reach(
		end: FollowedEnd,
		state: TcpState,
		evidence: StateStep['evidence'],
		time: StepTime,
	): readonly Step[] {
		const from = end.last?.state;
		const isCertain = state !== 'CLOSED' || this.#isOrderly;
		const unseen =
			from === undefined || !isCertain
				? []
				: statesBetween(from, state, end.order);
		return [
			...unseen.flatMap(passed => this.#enter(end, passed, 'inferred', time)),
			...this.#enter(end, state, evidence, time),
		];
	}

	/**
	 * When a change of an end had not happened yet. Node may report an event long
	 * after it: on a busy machine a process waits.
	 */
	#notBefore(end: FollowedEnd, {at, notBefore}: StepTime): number {
		return at === undefined ? notBefore : Math.min(at, this.#since(end));
	}

	#since({knownAt}: FollowedEnd): number {
		return knownAt ?? this.#notOpenAt ?? 0;
	}

	/** A change of an end that was seen at a time. */
	#bounded(end: FollowedEnd, seenAt: number): StepTime {
		// A peer can't have answered a FIN that wasn't sent.
		const isAnswer = end.name === 'remote' && end.order === 'last';
		return between(
			Math.max(this.#since(end), (isAnswer ? this.#finSentAt : undefined) ?? 0),
			seenAt,
		);
	}

	#enter(
		end: FollowedEnd,
		state: TcpState,
		evidence: StateStep['evidence'],
		time: StepTime,
	): readonly Step[] {
		end.last = {state, evidence, time};
		end.knownAt = this.#notBefore(end, time);
		if (
			end.name === 'local' &&
			(state === 'FIN-WAIT-1' || state === 'LAST-ACK')
		) {
			this.#finSentAt ??= end.knownAt;
		}

		const peer = this.#peer;
		const {name, endsAt} = end;
		const isEnding = state === 'TIME-WAIT' && evidence === 'read';
		return [
			{
				kind: 'state',
				end: name,
				state,
				evidence,
				peer,
				...timeOf(time),
				...(isEnding && endsAt !== undefined && {endsAt}),
			},
		];
	}
}
