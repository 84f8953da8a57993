/**
 * The steps of one connection, from Node's events and the kernel's tables.
 *
 * Node's events come first and yield inferred states, at the time of the event;
 * the kernel's are read, and win. An inferred state that is read later is
 * returned again, as read, for appendStep() to replace it. A table whose reading
 * began before the last reported step is older than what we know, and is ignored.
 */
import {assertNever} from '../errors.js';
import {closeOrder} from './close-order.js';
import {Closing} from './closing.js';
import {EndStates, type Reading} from './end-states.js';
import {
	finReceivedStates,
	finStates,
	isAnothers,
	openStates,
	seenState,
	type FollowedEnd,
} from './followed-end.js';
import {canReach} from './tcp-end.js';
import type {
	KernelPair,
	KernelSocket,
	Step,
	StepTime,
	TcpState,
} from './tcp.js';

export class StepLog {
	readonly #ends: EndStates;
	readonly #closing: Closing;
	#isReplaced = false;
	/** Monotonic; when a step was last reported. */
	#reportedAt = -Infinity;
	/**
	 * A shutdown(), a close() or a FIN whose order only a reading shows, and what
	 * followed it.
	 */
	#held: readonly Step[] = [];

	/**
	 * @param peer The peer that the reported steps name.
	 * @param notOpenAt When the connection can't have been open yet; undefined if
	 * it may have been open before anybody looked.
	 */
	constructor(peer: string | undefined, notOpenAt?: number) {
		this.#ends = new EndStates(peer, notOpenAt);
		this.#closing = new Closing(peer, this.#ends);
	}

	/** Whether another connection has its addresses. */
	get isReplaced(): boolean {
		return this.#isReplaced;
	}

	/**
	 * Whether nothing can follow: both ends, if ever seen, were read as gone, or
	 * another connection has their addresses.
	 */
	get isOver(): boolean {
		const {local, remote} = this.#ends;
		const {state, evidence} = local.last ?? {};
		const isLocalGone = state === 'CLOSED' && evidence === 'read';
		const other = remote.lastRead === undefined ? 'CLOSED' : remote.last?.state;
		return this.#isReplaced || (isLocalGone && other === 'CLOSED');
	}

	/**
	 * Whether this process has closed it and so is told no more, but nothing shows
	 * yet that it is over.
	 */
	get isUnreported(): boolean {
		const {isClosed, local} = this.#ends;
		return isClosed && local.last?.state !== 'CLOSED' && !this.isOver;
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
	 * An end was open before its row could be read, as the other one's state
	 * shows. Without a row it is closed by now.
	 */
	reportOpen(name: FollowedEnd['name'], time: StepTime): readonly Step[] {
		const end = this.#ends[name];
		end.wasThere = true;
		return this.#ends.infer(end, 'ESTABLISHED', time);
	}

	/**
	 * Returns the steps that wait for a reading, as none will come: then FINs are
	 * taken not to have crossed, which is how nearly all connections end.
	 */
	release(): readonly Step[] {
		this.#closing.isBlind = true;
		return this.#resolve(undefined);
	}

	/**
	 * Returns the steps that wait for a reading without what it would show, as
	 * others have to follow them.
	 */
	settle(): readonly Step[] {
		return this.#resolve(undefined);
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

		this.#closing.isBlind = false;
		const {local: own, remote: other, finSentAt} = this.#ends;
		const {local, remote} = pair;
		this.#isReplaced =
			(local !== undefined &&
				(this.#closing.isReset ||
					this.#hasClosed(local.state) ||
					isAnothers(own, local.state))) ||
			(remote !== undefined && isAnothers(other, remote.state));
		if (this.#isReplaced) {
			return [];
		}

		const reading = {begunAt: at - tookMs, at};
		const ours = seenState(own, local, finSentAt !== undefined);
		const theirs = seenState(other, remote);
		this.#ends.isOrderly ||= [ours, theirs].some(
			state => state === 'TIME-WAIT' || state === 'CLOSING',
		);
		own.order ??= closeOrder(ours, theirs);
		other.order ??= closeOrder(theirs, ours);
		return [
			...(remote && finStates.has(remote.state) ? this.#ends.wasOpen(at) : []),
			...this.#resolve(local?.state),
			...(this.#lookAtAnswer(pair, reading) ?? [
				...this.#look(own, local, reading),
				...this.#look(other, remote, reading),
			]),
		];
	}

	#take(step: Step): readonly Step[] {
		switch (step.kind) {
			case 'call': {
				return this.#unlessItWaits(step, this.#closing.call(step));
			}

			case 'segment': {
				switch (step.segment) {
					case 'FIN': {
						return this.#unlessItWaits(step, this.#closing.readFin(step));
					}

					case 'RST': {
						return this.#closing.receiveRst(step);
					}

					default: {
						return [step];
					}
				}
			}

			case 'state': {
				const {local, remote} = this.#ends;
				const end = step.end === 'local' ? local : remote;
				return this.#ends.infer(end, step.state, step);
			}

			default: {
				return assertNever(step);
			}
		}
	}

	/** @param steps What follows from it; undefined if it has to wait. */
	#unlessItWaits(
		step: Step,
		steps: readonly Step[] | undefined,
	): readonly Step[] {
		this.#held = steps === undefined ? [step] : [];
		return steps ?? [];
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
			steps.push(...this.#closing.sentFin(first, read));
		} else if (first) {
			// Without a row, no reading will show its order.
			const isLast = read === undefined;
			const received = this.#closing.receiveFin(first, undefined, isLast);
			steps.push(...this.#unlessItWaits(first, received));
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

	/** @param seenAt By when it was in that state. */
	#look(
		end: FollowedEnd,
		socket: KernelSocket | undefined,
		reading: Reading,
		seenAt = reading.at,
	): readonly Step[] {
		if (!socket) {
			return this.#ends.miss(end, reading);
		}

		end.missingSince = undefined;
		const {state, timer} = socket;
		end.endsAt =
			timer?.name === 'time-wait' ? reading.at + timer.inMs : undefined;
		if (end.name === 'local') {
			// Node reports a FIN once its reader reaches it; the kernel earlier. Such
			// a state shows the order, too.
			const fin = finReceivedStates.has(state)
				? this.#closing.receiveFin(
						this.#ends.bounded(end, reading.at),
						state,
						true,
					)!
				: [];
			return [...fin, ...this.#ends.read(end, state, reading)];
		}

		// Its row was read before ours, and ours shows that its FIN arrived since.
		const isLate = end.last && !canReach(end.last.state, state);
		return isLate ? [] : this.#ends.read(end, state, {...reading, at: seenAt});
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
		const {local: own, remote: other} = this.#ends;
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

		// Our end is gone by then, and TIME-WAIT let it go.
		const {missingSince} = own;
		const enter = (end: FollowedEnd, state: TcpState) =>
			end.last?.state === state
				? []
				: this.#ends.reach(
						end,
						state,
						'inferred',
						this.#ends.bounded(end, missingSince),
					);
		return [
			...enter(other, 'FIN-WAIT-2'),
			...enter(own, 'LAST-ACK'),
			...this.#look(other, remote, reading, missingSince),
			...this.#look(own, local, reading),
		];
	}

	/** Whether it is open again, though this end closed it. */
	#hasClosed(state: TcpState): boolean {
		const {isClosed, finSentAt} = this.#ends;
		return (isClosed || finSentAt !== undefined) && openStates.has(state);
	}
}
