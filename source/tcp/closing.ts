/**
 * How one connection closes: what a shutdown(), a close(), a FIN or an RST leads
 * to at either end.
 *
 * Nothing is inferred that could be otherwise: whether a FIN that was answered
 * by one has led to TIME-WAIT or CLOSING, only the table knows. Where the order of
 * two FINs isn't known, the methods return undefined: the step has to wait for a
 * reading.
 */
import type {EndStates} from './end-states.js';
import type {FollowedEnd} from './followed-end.js';
import {seenBy, timeOf} from './step-time.js';
import {canReach} from './tcp-end.js';
import {
	lingerZero,
	nameOfCall,
	type Step,
	type StepTime,
	type TcpState,
} from './tcp.js';

export type CallStep = Extract<Step, {kind: 'call'}>;
export type SegmentStep = Extract<Step, {kind: 'segment'}>;

export class Closing {
	/** Whether the table can't be read. */
	isBlind = false;
	isReset = false;
	readonly #peer: string | undefined;
	readonly #ends: EndStates;
	/** Whether close() will send RST, by SO_LINGER. */
	#isAborting = false;
	#hasFin = false;
	/** Whether the process read up to the FIN, so that nothing is unread. */
	#hasReadFin = false;

	constructor(peer: string | undefined, ends: EndStates) {
		this.#peer = peer;
		this.#ends = ends;
	}

	/** Takes a call that this process made. */
	call(step: CallStep): readonly Step[] | undefined {
		const ends = this.#ends;
		const {local} = ends;
		const state = local.last?.state;
		switch (nameOfCall(step.call)) {
			case 'shutdown': {
				if (state === 'CLOSE-WAIT') {
					return [step, ...ends.infer(local, 'LAST-ACK', step)];
				}

				// The other end's FIN may be here already, and unread.
				ends.finSentAt ??= ends.notBefore(local, step);
				return undefined;
			}

			case 'setsockopt': {
				this.#isAborting ||= step.call === lingerZero;
				return [step];
			}

			case 'close': {
				ends.isClosed = true;
				const {unreadBytes = 0} = step;
				if (this.#isAborting || unreadBytes > 0) {
					return this.#abort(step);
				}

				if (state === 'ESTABLISHED' && ends.finSentAt === undefined) {
					// With unread bytes it sends RST, else FIN.
					ends.finSentAt = ends.notBefore(local, step);
					return undefined;
				}

				const next =
					state === 'SYN-SENT'
						? 'CLOSED'
						: state === 'CLOSE-WAIT' && this.#hasReadFin
							? 'LAST-ACK'
							: undefined;
				return next ? [step, ...ends.infer(local, next, step)] : [step];
			}

			default: {
				return [step];
			}
		}
	}

	/**
	 * A call that had to wait, with the FIN that it sent and the state that this
	 * led to, if a reading shows it.
	 *
	 * @param read The state of this end; undefined if it has no row.
	 */
	sentFin(step: CallStep, read: TcpState | undefined): readonly Step[] {
		const ends = this.#ends;
		const {order} = ends.local;
		if (order === 'last') {
			const fin = ends.bounded(ends.local, seenBy(step));
			return [
				...(this.receiveFin(fin) ?? []),
				step,
				...ends.infer(ends.local, 'LAST-ACK', step),
			];
		}

		const isFirst =
			order !== undefined ||
			read === 'FIN-WAIT-1' ||
			// A close() may have sent RST.
			(this.isBlind && nameOfCall(step.call) === 'shutdown');
		return isFirst
			? [step, ...ends.infer(ends.local, 'FIN-WAIT-1', step)]
			: [step];
	}

	/** This process has read up to the other end's FIN. */
	readFin(fin: SegmentStep): readonly Step[] | undefined {
		this.#hasReadFin = true;
		return this.receiveFin(fin);
	}

	/**
	 * @param read The state that it led to, if that was read as well.
	 * @param isLast Whether no reading will show what it led to.
	 */
	receiveFin(
		time: StepTime,
		read?: TcpState,
		isLast = false,
	): readonly Step[] | undefined {
		if (this.#hasFin) {
			return [];
		}

		const ends = this.#ends;
		const end = ends.local;
		const {last} = end;
		this.#orderByFin(end);
		if (end.order === undefined && !isLast) {
			return undefined;
		}

		const fin: Step = {
			kind: 'segment',
			segment: 'FIN',
			peer: this.#peer,
			...timeOf(time),
		};
		this.#hasFin = true;
		if (end.order === undefined) {
			return [fin];
		}

		const isFirst = end.order === 'first';
		const acknowledged = ends.bounded(end, seenBy(time));
		// Where its row jumped to TIME-WAIT, nothing of that was seen.
		const isAcknowledged =
			isFirst &&
			(last?.state === 'FIN-WAIT-1'
				? read !== 'CLOSING'
				: last?.state === 'ESTABLISHED' && read === 'TIME-WAIT');
		return [
			...(isAcknowledged
				? ends.reach(end, 'FIN-WAIT-2', 'inferred', acknowledged)
				: []),
			...this.#sendFin(time),
			fin,
			...(read !== undefined || end.order === 'crossed'
				? []
				: ends.infer(end, isFirst ? 'TIME-WAIT' : 'CLOSE-WAIT', time)),
		];
	}

	/** The other end sends RST only once it is closed; a SYN may find none. */
	receiveRst(rst: SegmentStep): readonly Step[] {
		const {local, remote} = this.#ends;
		this.isReset = true;
		const sent =
			remote.last === undefined
				? []
				: this.#ends.infer(
						remote,
						'CLOSED',
						this.#ends.bounded(remote, seenBy(rst)),
					);
		return [rst, ...sent, ...this.#ends.infer(local, 'CLOSED', rst)];
	}

	/** A call that makes the kernel send RST, and what follows. */
	#abort(step: CallStep): readonly Step[] {
		const closed = this.#ends.infer(this.#ends.local, 'CLOSED', step);
		const rst: Step = {
			kind: 'segment',
			segment: 'RST',
			evidence: 'inferred',
			direction: 'out',
			peer: this.#peer,
			...timeOf(step),
		};
		return closed.length === 0 ? [step] : [step, rst, ...closed];
	}

	/** What a FIN that arrives tells of the order; until it is read, maybe nothing. */
	#orderByFin(end: FollowedEnd): void {
		// Ours was there first if it is acknowledged; until then they may cross.
		if (this.#ends.finSentAt === undefined) {
			end.order ??= 'last';
		} else if (end.last?.state === 'FIN-WAIT-2') {
			end.order ??= 'first';
		} else if (this.isBlind) {
			end.order ??= 'first';
			this.#ends.remote.order ??= 'last';
		}
	}

	/**
	 * The other end's FIN, and so its state. Whether it had our FIN stays unknown
	 * until that is read.
	 */
	#sendFin(time: StepTime): readonly Step[] {
		const ends = this.#ends;
		const end = ends.remote;
		const opening = ends.wasOpen(seenBy(time));
		const {last, order} = end;
		const isAnswer = last?.state === 'CLOSE-WAIT' || order === 'last';
		const isUnknown = !isAnswer && ends.local.order === 'first';
		const state = isAnswer ? 'LAST-ACK' : 'FIN-WAIT-1';
		const isNews =
			!isUnknown && last && last.state !== state && canReach(last.state, state);
		return isNews
			? [
					...opening,
					...ends.reach(
						end,
						state,
						'inferred',
						ends.bounded(end, seenBy(time)),
					),
				]
			: opening;
	}
}
