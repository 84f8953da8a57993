/**
 * The states of both ends of one connection, as steps with their evidence and
 * their time.
 *
 * What is inferred comes first and has the time of what it follows from. What is
 * read wins: a table shows that a state was reached before it was read, not when,
 * so it has bounds.
 */
import {statesBetween} from './close-order.js';
import {createEnd, type FollowedEnd} from './followed-end.js';
import {between, narrowed, timeOf} from './step-time.js';
import {canReach} from './tcp-end.js';
import type {Step, StepTime, TcpState} from './tcp.js';

type StateStep = Extract<Step, {kind: 'state'}>;

/** When a table was read, in milliseconds since the epoch. */
export type Reading = {readonly begunAt: number; readonly at: number};

export class EndStates {
	readonly local = createEnd('local');
	readonly remote = createEnd('remote');
	/** When this end sent FIN. */
	finSentAt: number | undefined;
	/** Whether both FINs arrived; until then a missing end may have been reset. */
	isOrderly = false;
	/** Whether this process called close(). */
	isClosed = false;
	readonly #peer: string | undefined;
	readonly #notOpenAt: number | undefined;

	/**
	 * @param notOpenAt When the connection can't have been open yet; undefined if
	 * it may have been open before anybody looked.
	 */
	constructor(peer: string | undefined, notOpenAt: number | undefined) {
		this.#peer = peer;
		this.#notOpenAt = notOpenAt;
	}

	/** Nothing if that is known, or if what was read rules it out. */
	infer(end: FollowedEnd, state: TcpState, time: StepTime): readonly Step[] {
		const {last} = end;
		const isKnown =
			last?.state === state ||
			(last?.evidence === 'read' && !canReach(last.state, state));
		return isKnown ? [] : this.#enter(end, state, 'inferred', time);
	}

	read(end: FollowedEnd, state: TcpState, reading: Reading): readonly Step[] {
		end.lastRead = state;
		const {last} = end;
		const isNews = last?.state !== state || last.evidence !== 'read';
		const bounds = this.bounded(end, reading.at);
		// What was inferred happened at that time; only the evidence is new.
		const time = last?.state === state ? narrowed(last.time, bounds) : bounds;
		const steps = isNews ? this.reach(end, state, 'read', time) : [];
		end.knownAt = Math.max(end.knownAt ?? -Infinity, reading.begunAt);
		return steps;
	}

	/** Its row is missing: it is gone, or was never visible. */
	miss(end: FollowedEnd, reading: Reading): readonly Step[] {
		const {last, lastRead} = end;
		const isExpected = last?.state === 'CLOSED';
		const isPossible =
			lastRead !== undefined ||
			end.wasThere ||
			(end.name === 'local' && this.isClosed);
		if (!isExpected && !isPossible) {
			return [];
		}

		// A table that changes while being read may miss an existing row.
		const isFirst = end.missingSince === undefined;
		end.missingSince ??= reading.at;
		return isFirst && !isExpected
			? []
			: this.read(end, 'CLOSED', {...reading, at: end.missingSince});
	}

	/** Enters a state, after those that lie between. */
	reach(
		end: FollowedEnd,
		state: TcpState,
		evidence: StateStep['evidence'],
		time: StepTime,
	): readonly Step[] {
		const from = end.last?.state;
		const isCertain = state !== 'CLOSED' || this.isOrderly;
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
	 * The other end closes: it was open before, even if no table showed it. Its
	 * state before we looked is unknown.
	 */
	wasOpen(seenAt: number): readonly Step[] {
		const end = this.remote;
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
	 * When a change of an end had not happened yet. Node may report an event long
	 * after it: on a busy machine a process waits.
	 */
	notBefore(end: FollowedEnd, {at, notBefore}: StepTime): number {
		return at === undefined ? notBefore : Math.min(at, this.#since(end));
	}

	/** A change of an end that was seen at a time. */
	bounded(end: FollowedEnd, seenAt: number): StepTime {
		// A peer can't have answered a FIN that wasn't sent.
		const isAnswer = end.name === 'remote' && end.order === 'last';
		return between(
			Math.max(this.#since(end), (isAnswer ? this.finSentAt : undefined) ?? 0),
			seenAt,
		);
	}

	#since({knownAt}: FollowedEnd): number {
		return knownAt ?? this.#notOpenAt ?? 0;
	}

	#enter(
		end: FollowedEnd,
		state: TcpState,
		evidence: StateStep['evidence'],
		time: StepTime,
	): readonly Step[] {
		end.last = {state, evidence, time};
		end.knownAt = this.notBefore(end, time);
		if (
			end.name === 'local' &&
			(state === 'FIN-WAIT-1' || state === 'LAST-ACK')
		) {
			this.finSentAt ??= end.knownAt;
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
