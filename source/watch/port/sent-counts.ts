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

export class SentCounts {
	readonly #peer: string;
	readonly #isNew: boolean;
	readonly #sent: Partial<Record<EndName, Sent>> = {};
	/** From when on nothing is counted yet. */
	#countedAt: number | undefined;

	/** @param isNew Whether the connection began after the watch did. */
	constructor(peer: string, isNew: boolean) {
		this.#peer = peer;
		this.#isNew = isNew;
	}

	/** @param readAt When the reading before this one began. */
	take(
		rows: Readonly<Record<EndName, TcpRow | undefined>>,
		{figures, begunAt, at}: PortReading,
		readAt: number,
	): readonly DataEvent[] {
		// The last figures may be older than the last reading.
		const countedAt = this.#countedAt ?? readAt;
		this.#countedAt = figures ? begunAt : countedAt;
		if (!figures) {
			return [];
		}

		const figuresOf = (row: TcpRow | undefined) =>
			row && figures.ends.get(keyOf(row));
		return (['remote', 'local'] as const).flatMap(from => {
			const own = figuresOf(rows[from]);
			const other = figuresOf(rows[from === 'local' ? 'remote' : 'local']);
			if (!own && !other) {
				return [];
			}

			const known = this.#sent[from];
			const now = sentBy(own, other, known);
			const before = known ?? (this.#isNew ? nothing : now);
			this.#sent[from] = now;
			const bytes = now.bytes - before.bytes;
			return bytes > 0
				? [
						{
							type: 'data',
							peer: this.#peer,
							from,
							bytes,
							...segmentsSince(before, now),
							...between(countedAt, at),
						} as const,
					]
				: [];
		});
	}
}
