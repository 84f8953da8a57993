/**
 * The steps of one connection, from what Node told and what the kernel says.
 *
 * What Node told comes first and is inferred; what the kernel says is read,
 * and wins. An inferred state that is then read comes out again, as read, for
 * appendStep() to put in its place. A table that began to be read before the
 * last thing that was told knows less than we do, and is passed over.
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
	/** When its row was missing for the first time. */
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

/** States of an end that has got the other's FIN. */
const finReceivedStates = new Set<TcpState>([
	'CLOSE-WAIT',
	'CLOSING',
	'LAST-ACK',
	'TIME-WAIT',
]);

/**
 * Whether a row with our addresses is that of a later connection: a port may
 * be used again within a second. Inference may have gone too far, but a
 * connection that was closed does not open again.
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
	/** Monotonic; when something was last told. */
	#toldAt = -Infinity;
	#hasFin = false;
	#isReset = false;
	#isClosed = false;
	#isReplaced = false;

	/** @param peer As the steps that are told name it. */
	constructor(peer: string | undefined) {
		this.#peer = peer;
	}

	/**
	 * Nothing can follow: both ends, as far as they were ever seen, were read to
	 * be gone, or another connection has their addresses.
	 */
	get isOver(): boolean {
		const {state, evidence} = this.#local.last ?? {};
		const isLocalGone = state === 'CLOSED' && evidence === 'read';
		const remote = this.#remote.last?.state ?? 'CLOSED';
		return this.#isReplaced || (isLocalGone && remote === 'CLOSED');
	}

	/**
	 * Takes what Node told.
	 *
	 * @param toldAt Monotonic milliseconds, on the clock of TcpTablePoller.
	 * @returns The steps to show; none of what the kernel has said before.
	 */
	told(step: Step, toldAt: number): readonly Step[] {
		this.#toldAt = toldAt;
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
	 * Takes what the kernel says.
	 *
	 * @param at When, for people, in milliseconds since the epoch.
	 * @param begunAt Monotonic; when the reading of the table began.
	 * @returns The steps that it shows, in their order.
	 */
	observe(pair: KernelPair, at: number, begunAt: number): readonly Step[] {
		if (begunAt < this.#toldAt || this.isOver) {
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
			// Who was never seen stays unknown.
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
			// Node tells of a FIN when its reader has come to it; the kernel sooner.
			const fin = finReceivedStates.has(state) ? this.#receiveFin(at) : [];
			return [...fin, ...this.#read(end, state, at)];
		}

		// Its row was read before ours, which shows that its FIN has come since.
		const isLate = end.last && !canReach(end.last.state, state);
		return isLate ? [] : this.#read(end, state, at);
	}

	/** Its row is not there: either it is gone, or it was never to be seen. */
	#miss(end: End, at: number): readonly Step[] {
		const {last, lastRead} = end;
		const isExpected = last?.state === 'CLOSED';
		const isPossible =
			lastRead !== undefined || (end.name === 'local' && this.#isClosed);
		if (!isExpected && !isPossible) {
			return [];
		}

		// A table that changes while it is read may lack a row that is there.
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
