/**
 * TCP segments out of a pcap stream of the loopback device (pcap(5): a head of
 * 24 bytes, then 16 bytes before each packet; frames are Ethernet's). Pure.
 */
import {Buffer} from 'node:buffer';

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

const fileHead = 24;
const packetHead = 16;
const ethernetHead = 14;
const ethernet = 1;
const [ipv4, ipv6, tcp] = [0x08_00, 0x86_dd, 6];

const loopbackV6 = '::1';

/** Where TCP begins in a packet, and how long it is there. */
const network = (packet: Buffer) => {
	const kind = packet.readUInt16BE(12);
	const ip = packet.subarray(ethernetHead);
	if (kind === ipv4 && ip[9] === tcp) {
		const head = (ip[0]! % 16) * 4;
		const dotted = (at: number) => [...ip.subarray(at, at + 4)].join('.');
		return {
			from: dotted(12),
			to: dotted(16),
			bytes: ip.subarray(head),
			length: ip.readUInt16BE(2) - head,
		};
	}

	if (kind === ipv6 && ip[6] === tcp) {
		const from = `[${loopbackV6}]`;
		return {
			from,
			to: from,
			bytes: ip.subarray(40),
			length: ip.readUInt16BE(4),
		};
	}

	return undefined;
};

const segmentOf = (at: number, packet: Buffer): Segment | undefined => {
	const found = network(packet);
	if (!found) {
		return undefined;
	}

	const {from, to, bytes, length} = found;
	const head = Math.floor(bytes[12]! / 16) * 4;
	const flags = bytes[13]!;
	const has = (bit: number) => Math.floor(flags / bit) % 2 === 1;
	return {
		at,
		from: `${from}:${bytes.readUInt16BE(0)}`,
		to: `${to}:${bytes.readUInt16BE(2)}`,
		isFin: has(1),
		isSyn: has(2),
		isRst: has(4),
		isAck: has(16),
		sequence: bytes.readUInt32BE(4),
		acknowledgment: bytes.readUInt32BE(8),
		length: length - head,
	};
};

export class PcapReader {
	#rest = Buffer.alloc(0);
	#hasHead = false;

	/** @returns The segments that this chunk completes. */
	push(chunk: Buffer): readonly Segment[] {
		this.#rest = Buffer.concat([this.#rest, chunk]);
		const segments: Segment[] = [];
		if (!this.#hasHead && this.#rest.length >= fileHead) {
			const isKnown =
				this.#rest.readUInt32LE(0) === 0xa1_b2_c3_d4 &&
				this.#rest.readUInt32LE(20) === ethernet;
			if (!isKnown) {
				throw new Error(
					`This is no pcap of a loopback device: ${this.#rest.subarray(0, fileHead).toString('hex')}`,
				);
			}

			this.#hasHead = true;
			this.#rest = this.#rest.subarray(fileHead);
		}

		while (this.#hasHead && this.#rest.length >= packetHead) {
			const end = packetHead + this.#rest.readUInt32LE(8);
			if (this.#rest.length < end) {
				break;
			}

			const at =
				this.#rest.readUInt32LE(0) * 1000 + this.#rest.readUInt32LE(4) / 1000;
			const segment = segmentOf(at, this.#rest.subarray(packetHead, end));
			this.#rest = this.#rest.subarray(end);
			if (segment) {
				segments.push(segment);
			}
		}

		return segments;
	}
}
