/**
 * Which sequence numbers one end has sent, so that a segment that is sent again
 * is told from a new one. Pure.
 *
 * A segment that fills a gap is none: it may have been overtaken, or the one
 * before it was lost where it wasn't captured. Nor is a probe, which repeats a
 * number to be answered (RFC 9293, 3.8.4 and 3.8.6.1).
 */
import {tcpFlags, type TcpPacket} from './pcap.js';

type Range = {
	readonly from: number;
	/** The number after its last. */
	readonly to: number;
};

/** Gaps that may still be filled; more are kept of no end. */
const maxGaps = 16;

/** How far a number is ahead of another; below 0, behind (RFC 9293, 3.4). */
const ahead = (number: number, other: number): number => {
	const distance = (number - other) >>> 0;
	return distance < 2 ** 31 ? distance : distance - 2 ** 32;
};

export class SentNumbers {
	/** The number after the highest; undefined until something was sent. */
	#next: number | undefined;
	/** The number after the highest that was acknowledged. */
	#acknowledged: number | undefined;
	/** The newest SYN, and whether it had ACK. */
	#syn: {readonly seq: number; readonly hasAck: boolean} | undefined;
	#gaps: readonly Range[] = [];

	/** Whether a SYN belongs to the same connection as the last one. */
	isSameSyn(seq: number): boolean {
		return this.#syn?.seq === seq;
	}

	acknowledge(ack: number): void {
		this.#acknowledged = ack;
	}

	/**
	 * @param isWindowClosed Whether the other end's window is.
	 * @returns Whether it, or its first byte, was sent before.
	 */
	add(
		{seq, length, flags}: Pick<TcpPacket, 'seq' | 'length' | 'flags'>,
		isWindowClosed: boolean,
	): boolean {
		const isSyn = (flags & tcpFlags.syn) !== 0;
		const isFin = (flags & tcpFlags.fin) !== 0;
		const end = seq + length + Number(isSyn) + Number(isFin);
		if (end === seq || (flags & tcpFlags.rst) !== 0) {
			return false;
		}

		const next = this.#next ?? seq;
		if (ahead(end, next) > 0) {
			this.#next = end >>> 0;
		}

		if (isSyn) {
			return this.#isSynAgain(seq, (flags & tcpFlags.ack) !== 0);
		}

		const gap = ahead(seq, next);
		if (gap > 0) {
			this.#gaps = [...this.#gaps, {from: next, to: seq}].slice(-maxGaps);
		}

		const isKeepAlive = gap === -1 && this.#isAcknowledged(next);
		const isProbe = length === 1 && !isFin && (isWindowClosed || isKeepAlive);
		return gap < 0 && !this.#fill(seq, end) && !isProbe;
	}

	/** Of two ends that dial each other, each repeats its SYN with ACK. */
	#isSynAgain(seq: number, hasAck: boolean): boolean {
		const last = this.#syn;
		this.#syn = {seq, hasAck};
		return last?.seq === seq && last.hasAck === hasAck;
	}

	#isAcknowledged(next: number): boolean {
		return (
			this.#acknowledged !== undefined && ahead(this.#acknowledged, next) >= 0
		);
	}

	/** @returns Whether some of these numbers were in a gap. */
	#fill(seq: number, end: number): boolean {
		let isFilled = false;
		this.#gaps = this.#gaps.flatMap(gap => {
			if (ahead(end, gap.from) <= 0 || ahead(gap.to, seq) <= 0) {
				return [gap];
			}

			isFilled = true;
			return [
				...(ahead(seq, gap.from) > 0 ? [{from: gap.from, to: seq}] : []),
				...(ahead(gap.to, end) > 0 ? [{from: end >>> 0, to: gap.to}] : []),
			];
		});
		return isFilled;
	}
}
