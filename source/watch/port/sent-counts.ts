/**
 * What each end of a watched connection has sent, from the kernel's figures of
 * both ends: bytes, and the segments with them. Pure.
 *
 * What one end has sent the other has received, so either tells it; and one of
 * them may be gone, or read earlier. An old kernel or ss may count bytes alone:
 * then nothing is said of segments.
 */
import type {TcpRow} from '../../socket/tcp-table.js';
import {
	noSegments,
	receivedBetween,
	sentBetween,
	type SegmentCount,
	type SegmentFigures,
} from '../../tcp/segment-counts.js';
import {finReceivedStates, sentFinStates} from '../../tcp/followed-end.js';
import {between} from '../../tcp/step-time.js';
import type {DataEvent, EndName} from '../../event/port-event.js';
import type {PortReading} from './port-reading.js';

/** What an end has sent so far, as far as known. */
type Sent = {
	readonly bytes: number;
	readonly data: number;
	readonly withoutData: number;
	/** Its own figures, as they were last. */
	readonly own: SegmentFigures;
};

const nothing: Sent = {bytes: 0, data: 0, withoutData: 0, own: noSegments};

const keyOf = ({socket}: TcpRow): string => `${socket.local} ${socket.remote}`;

const sentBy = (
	own: SegmentFigures | undefined,
	other: SegmentFigures | undefined,
	before: Sent = nothing,
): Sent => {
	const sent = sentBetween(noSegments, own ?? noSegments);
	const received = receivedBetween(noSegments, other ?? noSegments);
	return {
		bytes: Math.max(
			own?.sentBytes ?? 0,
			other?.receivedBytes ?? 0,
			before.bytes,
		),
		data: Math.max(sent.count, received.count, before.data),
		withoutData: Math.max(
			sent.withoutData ?? 0,
			received.withoutData ?? 0,
			before.withoutData,
		),
		own: own ?? before.own,
	};
};

const segmentsSince = (before: Sent, now: Sent): Partial<SegmentCount> => {
	const count = now.data - before.data;
	const withoutData = now.withoutData - before.withoutData;
	const {retransmitted = 0} = sentBetween(before.own, now.own);
	return count > 0
		? {
				count,
				...(withoutData > 0 && {withoutData}),
				...(retransmitted > 0 && {
					retransmitted: Math.min(count, retransmitted),
				}),
			}
		: {};
};

type Rows = Readonly<Record<EndName, TcpRow | undefined>>;

const endNames = ['remote', 'local'] as const;

const otherOf = (name: EndName): EndName =>
	name === 'local' ? 'remote' : 'local';

/**
 * Whether an end's FIN has gone, after which no data can: the other end has it,
 * or it is acknowledged, or so is all that it was queued behind. An end that is
 * in FIN-WAIT-1 or LAST-ACK may still have to send what comes before its FIN.
 */
const hasSentAll = (name: EndName, rows: Rows): boolean => {
	const {state, sendQueueBytes} = rows[name]?.socket ?? {};
	return (
		finReceivedStates.has(rows[otherOf(name)]?.socket.state) ||
		state === 'FIN-WAIT-2' ||
		state === 'TIME-WAIT' ||
		(sentFinStates.has(state) && sendQueueBytes === 0)
	);
};

/**
 * Whether an end has closed its socket, and was not reset: what it got came
 * before its FIN, as anything later is answered with RST (RFC 9293, 3.6.1).
 */
export const hasClosed = (row: TcpRow | undefined): boolean =>
	row?.inode === '0' &&
	(row.socket.state === 'FIN-WAIT-1' || row.socket.state === 'FIN-WAIT-2');

export class SentCounts {
	readonly #peer: string;
	readonly #isNew: boolean;
	readonly #sent: Partial<Record<EndName, Sent>> = {};
	/** From when on nothing of an end is counted yet. */
	readonly #countedAt: Partial<Record<EndName, number>> = {};
	/** When each end had sent all that it ever sends, as far as known. */
	readonly #doneAt: Partial<Record<EndName, number>> = {};

	/** @param isNew Whether the connection began after the watch did. */
	constructor(peer: string, isNew: boolean) {
		this.#peer = peer;
		this.#isNew = isNew;
	}

	/** As far as counted. */
	bytesOf(name: EndName): number {
		return this.#sent[name]?.bytes ?? 0;
	}

	/** @param readAt When the reading before this one began. */
	take(
		rows: Rows,
		{figures, begunAt, tableAt, at}: PortReading,
		readAt: number,
	): readonly DataEvent[] {
		for (const name of endNames) {
			this.#countedAt[name] ??= readAt;
			if (hasSentAll(name, rows) || hasClosed(rows[otherOf(name)])) {
				this.#doneAt[name] ??= tableAt;
			}
		}

		if (!figures) {
			return [];
		}

		// In TIME-WAIT the kernel has forgotten them: those of the same addresses
		// are of a connection that began after the table was read.
		const figuresOf = (row: TcpRow | undefined) =>
			row && row.socket.state !== 'TIME-WAIT'
				? figures.ends.get(keyOf(row))
				: undefined;
		return endNames.flatMap(from => {
			const own = figuresOf(rows[from]);
			const other = figuresOf(rows[otherOf(from)]);
			if (!own && !other) {
				return [];
			}

			// The last figures may be older than the last reading.
			const countedAt = this.#countedAt[from]!;
			this.#countedAt[from] = begunAt;

			const known = this.#sent[from];
			const now = sentBy(own, other, known);
			const before = known ?? (this.#isNew ? nothing : now);
			this.#sent[from] = now;
			const bytes = now.bytes - before.bytes;
			if (bytes === 0) {
				return [];
			}

			const {withoutData, ...segments} = segmentsSince(before, now);
			const doneAt = this.#doneAt[from];
			const isDone =
				doneAt !== undefined &&
				countedAt < doneAt &&
				segments.retransmitted === undefined;
			return [
				{
					type: 'data',
					peer: this.#peer,
					from,
					bytes,
					...segments,
					// What has none, such as its FIN, may have gone later.
					...(!isDone && withoutData !== undefined && {withoutData}),
					...between(countedAt, isDone ? doneAt : at),
				} as const,
			];
		});
	}
}
