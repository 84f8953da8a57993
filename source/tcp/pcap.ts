/**
 * Packets out of a pcap stream, as `tcpdump -w -` writes it
 * (draft-ietf-opsawg-pcap), and the TCP segments in them.
 *
 * A chunk may end anywhere. What makes no sense ends the stream, as the next
 * record can't be found; a packet that isn't TCP is skipped. Both cost time in
 * proportion to the bytes.
 */
import {addressOf4, addressOf6} from './packet-address.js';

/** Ethernet, which loopback has on Linux, and what `-i any` gives. */
export type LinkType = 'EN10MB' | 'LINUX_SLL';

const linkTypes: ReadonlyMap<number, LinkType> = new Map([
	[1, 'EN10MB'],
	[113, 'LINUX_SLL'],
]);

export type Packet = {
	/** Microseconds since the epoch. */
	readonly atUs: number;
	readonly linkType: LinkType;
	/** As captured; the rest of a longer packet was cut off. */
	readonly bytes: Uint8Array;
	/** Its length on the wire. */
	readonly length: number;
};

/** The most that tcpdump captures of a packet. */
const maxPacketBytes = 256 * 1024;

const headBytes = 24;
const recordBytes = 16;

/** By how the magic number reads in little endian. */
const formats: ReadonlyMap<
	number,
	{readonly isLittle: boolean; readonly isNano: boolean}
> = new Map([
	[0xa1_b2_c3_d4, {isLittle: true, isNano: false}],
	[0xa1_b2_3c_4d, {isLittle: true, isNano: true}],
	[0xd4_c3_b2_a1, {isLittle: false, isNano: false}],
	[0x4d_3c_b2_a1, {isLittle: false, isNano: true}],
]);

type Record = {
	readonly atUs: number;
	readonly captured: number;
	readonly length: number;
};

const viewOf = (bytes: Uint8Array): DataView =>
	new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export class PcapReader {
	/** Whether the stream made no sense; what follows is ignored. */
	isBroken = false;
	#format: {readonly isLittle: boolean; readonly isNano: boolean} | undefined;
	#linkType: LinkType | undefined;
	#record: Record | undefined;
	#chunks: Uint8Array[] = [];
	#length = 0;

	/** Whether the head was read: the capture is running. */
	get hasBegun(): boolean {
		return this.#linkType !== undefined;
	}

	/** Takes a chunk of any length; returns the packets that it completed. */
	push(chunk: Uint8Array): readonly Packet[] {
		if (this.isBroken) {
			return [];
		}

		this.#chunks.push(chunk);
		this.#length += chunk.length;
		const packets: Packet[] = [];
		for (;;) {
			const bytes = this.#take(this.#wanted);
			if (bytes === undefined) {
				return packets;
			}

			const packet = this.#read(bytes);
			if (this.isBroken) {
				this.#chunks = [];
				return packets;
			}

			if (packet) {
				packets.push(packet);
			}
		}
	}

	get #wanted(): number {
		if (this.#linkType === undefined) {
			return headBytes;
		}

		return this.#record?.captured ?? recordBytes;
	}

	#read(bytes: Uint8Array): Packet | undefined {
		if (this.#linkType === undefined) {
			this.#readHead(viewOf(bytes));
			return undefined;
		}

		const record = this.#record;
		if (record) {
			this.#record = undefined;
			const {atUs, length} = record;
			return {atUs, linkType: this.#linkType, bytes, length};
		}

		this.#readRecord(viewOf(bytes));
		return undefined;
	}

	#readHead(view: DataView): void {
		this.#format = formats.get(view.getUint32(0, true));
		const network =
			this.#format && view.getUint32(20, this.#format.isLittle) % 0x1_00_00;
		this.#linkType = network === undefined ? undefined : linkTypes.get(network);
		this.isBroken = this.#linkType === undefined;
	}

	#readRecord(view: DataView): void {
		const {isLittle, isNano} = this.#format!;
		const fraction = view.getUint32(4, isLittle);
		const captured = view.getUint32(8, isLittle);
		const length = view.getUint32(12, isLittle);
		this.isBroken = captured > maxPacketBytes;
		const atUs =
			view.getUint32(0, isLittle) * 1_000_000 +
			(isNano ? Math.floor(fraction / 1000) : fraction);
		this.#record = {atUs, captured, length};
	}

	/** Exactly so many bytes; undefined until they are there. */
	#take(wanted: number): Uint8Array | undefined {
		if (this.#length < wanted) {
			return undefined;
		}

		const bytes = new Uint8Array(wanted);
		let filled = 0;
		let used = 0;
		for (const chunk of this.#chunks) {
			if (filled === wanted) {
				break;
			}

			const part = chunk.subarray(0, wanted - filled);
			bytes.set(part, filled);
			filled += part.length;
			if (part.length < chunk.length) {
				this.#chunks[used] = chunk.subarray(part.length);
				break;
			}

			used++;
		}

		this.#chunks.splice(0, used);
		this.#length -= wanted;
		return bytes;
	}
}

/** One TCP segment, with the numbers that its header has. */
export type TcpPacket = {
	readonly atUs: number;
	/** Such as 127.0.0.1:5001 or [::1]:5001. */
	readonly from: string;
	readonly to: string;
	readonly seq: number;
	readonly ack: number;
	readonly flags: number;
	/** Not scaled. */
	readonly window: number;
	/** Of a SYN: the window scale option, if it has one. */
	readonly windowScale: number | undefined;
	/** The bytes of data that it carries. */
	readonly length: number;
	/** Those that were captured. */
	readonly data: Uint8Array;
};

export const tcpFlags = {fin: 1, syn: 2, rst: 4, psh: 8, ack: 16} as const;

const ethernet = {EN10MB: 14, LINUX_SLL: 16} as const;
const tcpProtocol = 6;

/** What an IP header says of its payload. */
type Network = {
	readonly source: string;
	readonly target: string;
	/** Where TCP's header begins. */
	readonly start: number;
	/** Where the packet ends on the wire. */
	readonly end: number;
};

const network4 = (
	view: DataView,
	start: number,
	wireEnd: number,
): Network | undefined => {
	if (view.byteLength < start + 20 || view.getUint8(start) >> 4 !== 4) {
		return undefined;
	}

	const header = (view.getUint8(start) & 0x0f) * 4;
	const total = view.getUint16(start + 2);
	const isLaterFragment = (view.getUint16(start + 6) & 0x1f_ff) !== 0;
	if (
		header < 20 ||
		isLaterFragment ||
		view.getUint8(start + 9) !== tcpProtocol
	) {
		return undefined;
	}

	return {
		source: addressOf4(view, start + 12),
		target: addressOf4(view, start + 16),
		start: start + header,
		// Of a packet that the kernel has yet to cut it may be 0.
		end: total === 0 ? wireEnd : Math.min(wireEnd, start + total),
	};
};

/** Hop-by-hop options, routing, destination options: [next, length in 8s]. */
const skipped: ReadonlySet<number> = new Set([0, 43, 60]);
const maxExtensions = 8;

const network6 = (
	view: DataView,
	start: number,
	wireEnd: number,
): Network | undefined => {
	if (view.byteLength < start + 40 || view.getUint8(start) >> 4 !== 6) {
		return undefined;
	}

	const payload = view.getUint16(start + 4);
	let next = view.getUint8(start + 6);
	let at = start + 40;
	for (let count = 0; skipped.has(next) && count < maxExtensions; count++) {
		if (view.byteLength < at + 8) {
			return undefined;
		}

		next = view.getUint8(at);
		at += (view.getUint8(at + 1) + 1) * 8;
	}

	return next === tcpProtocol
		? {
				source: addressOf6(view, start + 8),
				target: addressOf6(view, start + 24),
				start: at,
				end: payload === 0 ? wireEnd : Math.min(wireEnd, start + 40 + payload),
			}
		: undefined;
};

const networkOf = ({linkType, bytes, length}: Packet, view: DataView) => {
	const start = ethernet[linkType];
	if (bytes.length < start) {
		return undefined;
	}

	const type = view.getUint16(start - 2);
	const wireEnd = Math.max(length, bytes.length);
	if (type === 0x08_00) {
		return network4(view, start, wireEnd);
	}

	return type === 0x86_dd ? network6(view, start, wireEnd) : undefined;
};

const windowScaleKind = 3;

/** Of the options between TCP's fixed header and its data. */
const windowScaleOf = (options: Uint8Array): number | undefined => {
	let at = 0;
	while (at < options.length) {
		const kind = options[at]!;
		if (kind === 0) {
			return undefined;
		}

		if (kind === 1) {
			at++;
			continue;
		}

		const size = options[at + 1] ?? 0;
		if (size < 2 || at + size > options.length) {
			return undefined;
		}

		if (kind === windowScaleKind && size === 3) {
			return Math.min(14, options[at + 2]!);
		}

		at += size;
	}

	return undefined;
};

/**
 * @returns Undefined if it isn't a TCP segment, or too little of it was
 * captured.
 */
export const tcpPacketOf = (packet: Packet): TcpPacket | undefined => {
	const view = viewOf(packet.bytes);
	const network = networkOf(packet, view);
	if (!network || packet.bytes.length < network.start + 20) {
		return undefined;
	}

	const {start, end, source, target} = network;
	const header = (view.getUint8(start + 12) >> 4) * 4;
	if (header < 20 || start + header > end) {
		return undefined;
	}

	const flags = view.getUint8(start + 13);
	const options = packet.bytes.subarray(start + 20, start + header);
	return {
		atUs: packet.atUs,
		from: `${source}:${view.getUint16(start)}`,
		to: `${target}:${view.getUint16(start + 2)}`,
		seq: view.getUint32(start + 4),
		ack: view.getUint32(start + 8),
		flags,
		window: view.getUint16(start + 14),
		windowScale:
			(flags & tcpFlags.syn) === 0 ? undefined : windowScaleOf(options),
		length: end - start - header,
		data: packet.bytes.subarray(
			start + header,
			Math.min(end, packet.bytes.length),
		),
	};
};
