/**
 * An RST that nobody reports: of a socket that this process has closed, Node
 * says nothing more. Its kernel answers what still comes with RST, and then both
 * ends are gone at once. Pure.
 */
import {timeOf} from '../tcp/step-time.js';
import type {KernelPair, Step, TcpState} from '../tcp/tcp.js';
import {countedSince, type ResetCounts} from './port/reset-counts.js';

type SegmentStep = Extract<Step, {kind: 'segment'}>;

/** What is known of an RST that nobody reports. */
export type Found = Pick<SegmentStep, 'reason' | 'direction'>;

/** The steps with it before the end that it made; undefined without that. */
export const withRst = (
	steps: readonly Step[],
	found: Found,
	peer: string | undefined,
): readonly Step[] | undefined => {
	const place = steps.findIndex(
		step => step.kind === 'state' && step.state === 'CLOSED',
	);
	return place === -1
		? undefined
		: steps.toSpliced(place, 0, {
				kind: 'segment',
				segment: 'RST',
				evidence: 'inferred',
				...found,
				peer,
				...timeOf(steps[place]!),
			});
};

/** States that only RST, or TIME-WAIT at one end, ends at both ends at once. */
export const openedStates: ReadonlySet<TcpState | undefined> = new Set([
	'ESTABLISHED',
	'FIN-WAIT-1',
	'FIN-WAIT-2',
	'CLOSE-WAIT',
	'CLOSING',
	'LAST-ACK',
]);

/** Until it is over, the row of TIME-WAIT is there. */
const timeWaitMs = 60_000;

type Opened = {
	/** Before that reading. */
	readonly counts: ResetCounts;
	readonly at: number;
	/** Whether this end's FIN was acknowledged, and the other end had none sent. */
	readonly isHalfClosed: boolean;
};

export class UnseenReset {
	#opened: Opened | undefined;
	#found: Found | undefined;

	/**
	 * Takes a reading of the table, after the socket was closed.
	 *
	 * @param at When it was read, in milliseconds since the epoch.
	 * @param before What was counted when it began.
	 * @param readCounts Counts now.
	 */
	observe(
		{local, remote}: KernelPair,
		at: number,
		before: ResetCounts | undefined,
		readCounts: () => ResetCounts | undefined,
	): void {
		if (local ?? remote) {
			this.#found = undefined;
			const isOpen =
				openedStates.has(local?.state) && openedStates.has(remote?.state);
			this.#opened =
				isOpen && before
					? {
							counts: before,
							at,
							isHalfClosed:
								local?.state === 'FIN-WAIT-2' && remote?.state === 'CLOSE-WAIT',
						}
					: undefined;
			return;
		}

		const opened = this.#opened;
		this.#opened = undefined;
		const counts =
			opened && at - opened.at < timeWaitMs ? readCounts() : undefined;
		if (opened && counts) {
			this.#found = foundIn(countedSince(opened.counts, counts), opened);
		}
	}

	/** With the RST that ended both ends. */
	complete(steps: readonly Step[], peer: string | undefined): readonly Step[] {
		const completed = this.#found && withRst(steps, this.#found, peer);
		if (!completed) {
			return steps;
		}

		this.#found = undefined;
		return completed;
	}
}

const foundIn = (
	{sent, unread, aborted, unwaited}: ResetCounts,
	{isHalfClosed}: Opened,
): Found | undefined => {
	// An end that should wait may have had no room for that.
	if (sent === 0 || unwaited > 0) {
		return undefined;
	}

	if (!isHalfClosed) {
		return {reason: 'unknown'};
	}

	// The other end sends RST only if its process aborts it, which is counted.
	if (unread === 0 && aborted === 0) {
		return {reason: 'answer', direction: 'out'};
	}

	return sent === unread
		? {reason: 'unread', direction: 'in'}
		: {reason: 'unknown'};
};
