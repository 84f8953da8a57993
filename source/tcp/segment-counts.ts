/**
 * How many segments carried the bytes of a connection, from the kernel's
 * counters (struct tcp_info). Two readings tell how many there were between
 * them, and how many bytes in all; not how they were cut, nor when each was
 * sent. Pure.
 */
import {between} from './step-time.js';
import type {Step} from './tcp.js';

/** One end's counters, since its connection began. */
export type SegmentFigures = {
	/** Bytes of data; what was sent again is counted once. */
	readonly sentBytes: number;
	readonly receivedBytes: number;
	/** Segments with data; those sent again among them. */
	readonly dataSegmentsOut: number;
	readonly dataSegmentsIn: number;
	/** All segments. */
	readonly segmentsOut: number;
	readonly segmentsIn: number;
	/** All that were sent again; a SYN or a FIN, too. */
	readonly retransmitted: number;
	/** Bytes of data that were sent again. */
	readonly retransmittedBytes: number;
};

export const noSegments: SegmentFigures = {
	sentBytes: 0,
	receivedBytes: 0,
	dataSegmentsOut: 0,
	dataSegmentsIn: 0,
	segmentsOut: 0,
	segmentsIn: 0,
	retransmitted: 0,
	retransmittedBytes: 0,
};

/** Segments that went one way. */
export type SegmentCount = {
	/** Those with data. */
	readonly count: number;
	/** Those without any, such as acknowledgements. */
	readonly withoutData?: number;
	/** How many of `count` were sent again. */
	readonly retransmitted?: number;
};

export const segmentsText = (count: number): string =>
	`${count} segment${count === 1 ? '' : 's'}`;

/** What an end has sent from one reading to the next. */
export const sentBetween = (
	before: SegmentFigures,
	now: SegmentFigures,
): SegmentCount => {
	const count = now.dataSegmentsOut - before.dataSegmentsOut;
	const withoutData = now.segmentsOut - before.segmentsOut - count;
	// If no bytes were sent again, that was a SYN or a FIN.
	const hasAgain = now.retransmittedBytes > before.retransmittedBytes;
	const again = hasAgain ? now.retransmitted - before.retransmitted : 0;
	return {
		count,
		...(withoutData > 0 && {withoutData}),
		...(again > 0 && {retransmitted: Math.min(again, count)}),
	};
};

/** What it has received. */
export const receivedBetween = (
	before: SegmentFigures,
	now: SegmentFigures,
): SegmentCount => {
	const count = now.dataSegmentsIn - before.dataSegmentsIn;
	const withoutData = now.segmentsIn - before.segmentsIn - count;
	return {count, ...(withoutData > 0 && {withoutData})};
};

/** A segment step that says how many there were. */
export type CountedStep = Extract<Step, {kind: 'segment'}> & {
	readonly direction: 'in' | 'out';
	readonly seq: number;
	readonly length: number;
	readonly count: number;
};

export const isCounted = (step: Step): step is CountedStep =>
	step.kind === 'segment' && step.count !== undefined;

/** Counts what one end sends and gets. */
export class SegmentCounts {
	#last = noSegments;
	/** When nothing more than the last figures was there. */
	#since: number;

	/** @param notBefore When the connection was not open yet. */
	constructor(notBefore: number) {
		this.#since = notBefore;
	}

	/** @param begunAt When the reading began, in ms since the epoch. */
	take(
		figures: SegmentFigures,
		{begunAt, at}: {readonly begunAt: number; readonly at: number},
		peer: string | undefined,
	): readonly CountedStep[] {
		const last = this.#last;
		const since = this.#since;
		const step = (
			direction: 'in' | 'out',
			[bytes, bytesBefore]: readonly [number, number],
			counted: SegmentCount,
		): CountedStep[] =>
			counted.count > 0
				? [
						{
							kind: 'segment',
							// All but a SYN acknowledge.
							segment: 'ACK',
							evidence: 'read',
							direction,
							seq: bytesBefore + 1,
							length: bytes - bytesBefore,
							...counted,
							peer,
							...between(since, at),
						},
					]
				: [];

		this.#last = figures;
		this.#since = begunAt;
		return [
			...step(
				'out',
				[figures.sentBytes, last.sentBytes],
				sentBetween(last, figures),
			),
			...step(
				'in',
				[figures.receivedBytes, last.receivedBytes],
				receivedBetween(last, figures),
			),
		];
	}
}
