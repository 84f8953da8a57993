/** TCP segments out of a pcap stream, as the truth compares them. */
import type {Buffer} from 'node:buffer';
import {
	PcapReader,
	tcpFlags,
	tcpPacketOf,
	type Packet,
} from '../../../source/tcp/pcap.js';

export type Segment = {
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** Such as 127.0.0.1:5001 or [::1]:5001. */
	readonly from: string;
	readonly to: string;
	readonly isSyn: boolean;
	readonly isAck: boolean;
	readonly isFin: boolean;
	readonly isRst: boolean;
	readonly sequence: number;
	readonly acknowledgment: number;
	/** Bytes of payload, captured or not. */
	readonly length: number;
};

const segmentOf = (packet: Packet): Segment[] => {
	const found = tcpPacketOf(packet);
	if (!found) {
		return [];
	}

	const {atUs, from, to, seq, ack, flags, length} = found;
	const has = (flag: number) => Math.floor(flags / flag) % 2 === 1;
	return [
		{
			at: atUs / 1000,
			from,
			to,
			isSyn: has(tcpFlags.syn),
			isAck: has(tcpFlags.ack),
			isFin: has(tcpFlags.fin),
			isRst: has(tcpFlags.rst),
			sequence: seq,
			acknowledgment: ack,
			length,
		},
	];
};

export class SegmentReader {
	readonly #reader = new PcapReader();

	/** @returns The segments that this chunk completes. */
	push(chunk: Buffer): readonly Segment[] {
		const packets = this.#reader.push(chunk);
		if (this.#reader.isBroken) {
			throw new Error('What tcpdump writes is no pcap.');
		}

		return packets.flatMap(packet => segmentOf(packet));
	}
}
