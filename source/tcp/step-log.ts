/**
 * The steps of one connection, from Node's events and the kernel's tables.
 *
 * Node's events come first and yield inferred states; the kernel's are read, and
 * win. An inferred state that is read later is returned again, as read, for
 * appendStep() to replace it. A table whose reading began before the last
 * reported step is older than what we know, and is ignored.
 */
import {assertNever} from '../errors.js';
import {canReach, nextTcpState} from './tcp-end.js';
import type {KernelPair, KernelSocket, Step, TcpState} from './tcp.js';

type StateStep = Extract<Step, {kind: 'state'}>;

type End = {
	readonly name: 'local' | 'remote';
	/** Undefined until something is known. */
	last: Pick<StateStep, 'state' | 'evidence'> | undefined;
	lastRead: TcpState | undefined;
	/** When its row was first missing. */
	missingSince: number | undefined;
};

const createEnd = (name: End['name']): End => ({
	name,
	last: undefined,
	lastRead: undefined,
	missingSince: undefined,
});

/** States in which no FIN has gone either way. */
const openStates = new Set<TcpState>([
	'SYN-SENT',
	'SYN-RECEIVED',
	'ESTABLISHED',
]);

/** States of an end that has received the other's FIN. */
const finReceivedStates = new Set<TcpState>([
	'CLOSE-WAIT',
	'CLOSING',
	'LAST-ACK',
	'TIME-WAIT',
]);

/**
 * Whether a row with our addresses belongs to a later connection: a port may be
 * reused within a second. Inference may have run ahead, but a closed connection
 * never reopens.
 */
const isAnothers = ({last, lastRead}: End, state: TcpState): boolean => {
	if (last === undefined || canReach(last.state, state)) {
		return false;
	}

	return (
		openStates.has(state) ||
		(lastRead !== undefined && !canReach(lastRead, state))
	);
};

export class StepLog {
	readonly #peer: string | undefined;
	readonly #local = createEnd('local');
	readonly #remote = createEnd('remote');
	/** Monotonic; when a step was last reported. */
	#reportedAt = -Infinity;
	#hasFin = false;
	#isReset = false;
	#isClosed = false;
	#isReplaced = false;

	/** @param peer The peer that the reported steps name. */
	constructor(peer: string | undefined) {
		this.#peer = peer;
	}

	/**
	 * Whether nothing can follow: both ends, if ever seen, were read as gone, or
	 * another connection has their addresses.
	 */
	get isOver(): boolean {
		const {state, evidence} = this.#local.last ?? {};
		const isLocalGone = state === 'CLOSED' && evidence === 'read';
		const remote = this.#remote.last?.state ?? 'CLOSED';
		return this.#isReplaced || (isLocalGone && remote === 'CLOSED');
	}

	/**
	 * Takes a step that Node reported.
	 *
	 * @param reportedAt Monotonic milliseconds, on the clock of TcpTablePoller.
	 * @returns The steps to show, without those already read from the kernel.
	 */
	report(step: Step, reportedAt: number): readonly Step[] {
		this.#reportedAt = reportedAt;
		switch (step.kind) {
			case 'call': {
				this.#isClosed ||= step.call === 'close()';
				return [step];
			}

			case 'segment': {
				if (step.segment === 'FIN') {
					return this.#receiveFin(step.at);
				}

				this.#isReset = true;
				return [step];
			}

			case 'state': {
				return this.#infer(this.#local, step.state, step.at);
			}

			default: {
				return assertNever(step);
			}
		}
	}

	/**
	 * Takes both ends as read from the kernel.
	 *
	 * @param at Milliseconds since the epoch, to show.
	 * @param begunAt Monotonic; when the reading of the table began.
	 * @returns The new steps, in order.
	 */
	observe(pair: KernelPair, at: number, begunAt: number): readonly Step[] {
		if (begunAt < this.#reportedAt || this.isOver) {
			return [];
		}

		const {local, remote} = pair;
		this.#isReplaced =
			(local !== undefined &&
				(this.#isReset || isAnothers(this.#local, local.state))) ||
			(remote !== undefined && isAnothers(this.#remote, remote.state));
		return this.#isReplaced
			? []
			: [
					...this.#look(this.#local, local, at),
					...this.#look(this.#remote, remote, at),
				];
	}

	#receiveFin(at: number): readonly Step[] {
		if (this.#hasFin) {
			return [];
		}

		this.#hasFin = true;
		const sender = this.#remote.last?.state;
		const peer = this.#peer;
		return [
			// An end that was never seen stays unknown.
			...(sender === 'ESTABLISHED' || sender === 'CLOSE-WAIT'
				? this.#infer(this.#remote, nextTcpState(sender, 'close'), at)
				: []),
			{kind: 'segment', at, segment: 'FIN', peer},
		];
	}

	#infer(end: End, state: TcpState, at: number): readonly Step[] {
		const {last} = end;
		const isKnown =
			last?.state === state ||
			(last?.evidence === 'read' && !canReach(last.state, state));
		return isKnown ? [] : this.#enter(end, state, 'inferred', at);
	}

	#look(
		end: End,
		socket: KernelSocket | undefined,
		at: number,
	): readonly Step[] {
		if (!socket) {
			return this.#miss(end, at);
		}

		end.missingSince = undefined;
		const {state} = socket;
		if (end.name === 'local') {
			// Node reports a FIN once its reader reaches it; the kernel earlier.
			const fin = finReceivedStates.has(state) ? this.#receiveFin(at) : [];
			return [...fin, ...this.#read(end, state, at)];
		}

		// Its row was read before ours, and ours shows that its FIN arrived since.
		const isLate = end.last && !canReach(end.last.state, state);
		return isLate ? [] : this.#read(end, state, at);
	}

	/** Its row is missing: it is gone, or was never visible. */
	#miss(end: End, at: number): readonly Step[] {
		const {last, lastRead} = end;
		const isExpected = last?.state === 'CLOSED';
		const isPossible =
			lastRead !== undefined || (end.name === 'local' && this.#isClosed);
		if (!isExpected && !isPossible) {
			return [];
		}

		// A table that changes while being read may miss an existing row.
		const isFirst = end.missingSince === undefined;
		end.missingSince ??= at;
		return isFirst && !isExpected
			? []
			: this.#read(end, 'CLOSED', end.missingSince);
	}

	#read(end: End, state: TcpState, at: number): readonly Step[] {
		end.lastRead = state;
		const isNews = end.last?.state !== state || end.last.evidence !== 'read';
		return isNews ? this.#enter(end, state, 'read', at) : [];
	}

	#enter(
		end: End,
		state: TcpState,
		evidence: StateStep['evidence'],
		at: number,
	): readonly Step[] {
		end.last = {state, evidence};
		const peer = this.#peer;
		return [{kind: 'state', at, end: end.name, state, evidence, peer}];
	}
}
