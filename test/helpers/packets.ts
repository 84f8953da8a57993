/** Hand-made packets, and a pcap stream around them. */
import {Buffer} from 'node:buffer';

export type Made = {
	/** The port it comes from, and the one it goes to. */
	readonly ports: readonly [number, number];
	readonly seq: number;
	readonly ack?: number;
	/** The flags as a number: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK. */
	readonly flags: number;
	readonly window?: number;
	/** The window scale option. */
	readonly scale?: number;
	readonly data?: string;
};

const tcpOf = ({
	ports,
	seq,
	ack = 0,
	flags,
	window = 512,
	scale,
	data = '',
}: Made): Buffer => {
	// A no-operation before and after the option fills the word.
	const options =
		scale === undefined ? Buffer.alloc(0) : Buffer.from([1, 3, 3, scale]);
	const header = Buffer.alloc(20);
	header.writeUInt16BE(ports[0], 0);
	header.writeUInt16BE(ports[1], 2);
	header.writeUInt32BE(seq >>> 0, 4);
	header.writeUInt32BE(ack >>> 0, 8);
	header[12] = ((20 + options.length) / 4) << 4;
	header[13] = flags;
	header.writeUInt16BE(window, 14);
	return Buffer.concat([header, options, Buffer.from(data)]);
};

export const ipv4 = (made: Made): Buffer => {
	const tcp = tcpOf(made);
	const ip = Buffer.alloc(20);
	ip[0] = 0x45;
	ip.writeUInt16BE(20 + tcp.length, 2);
	ip[9] = 6;
	ip.set([127, 0, 0, 1], 12);
	ip.set([127, 0, 0, 1], 16);
	return Buffer.concat([ip, tcp]);
};

export const ipv6 = (made: Made): Buffer => {
	const tcp = tcpOf(made);
	const ip = Buffer.alloc(40);
	ip[0] = 0x60;
	ip.writeUInt16BE(tcp.length, 4);
	ip[6] = 6;
	ip[23] = 1;
	ip[39] = 1;
	return Buffer.concat([ip, tcp]);
};

export const ethernet = (ip: Buffer): Buffer => {
	const head = Buffer.alloc(14);
	head.writeUInt16BE(ip[0]! >> 4 === 6 ? 0x86_dd : 0x08_00, 12);
	return Buffer.concat([head, ip]);
};

/** What `tcpdump -i any` puts before an address. */
export const cooked = (ip: Buffer): Buffer => {
	const head = Buffer.alloc(16);
	head.writeUInt16BE(ip[0]! >> 4 === 6 ? 0x86_dd : 0x08_00, 14);
	return Buffer.concat([head, ip]);
};

type Format = {
	readonly isLittle?: boolean;
	readonly isNano?: boolean;
	readonly linkType?: number;
	/** How much of a packet is kept. */
	readonly kept?: number;
};

/** A pcap file; the packets come a millisecond after one another, from 1 s. */
export const pcapOf = (
	packets: readonly Buffer[],
	{isLittle = true, isNano = false, linkType = 1, kept = 65_536}: Format = {},
): Buffer => {
	const write = (values: readonly number[]): Buffer => {
		const bytes = Buffer.alloc(values.length * 4);
		for (const [index, value] of values.entries()) {
			if (isLittle) {
				bytes.writeUInt32LE(value, index * 4);
			} else {
				bytes.writeUInt32BE(value, index * 4);
			}
		}

		return bytes;
	};

	const magic = isNano ? 0xa1_b2_3c_4d : 0xa1_b2_c3_d4;
	const version = isLittle ? 0x00_04_00_02 : 0x00_02_00_04;
	return Buffer.concat([
		write([magic, version, 0, 0, kept, linkType]),
		...packets.flatMap((packet, index) => {
			const shown = packet.subarray(0, kept);
			const fraction = index * (isNano ? 1_000_000 : 1000);
			return [write([1, fraction, shown.length, packet.length]), shown];
		}),
	]);
};

const client = 41_306;
const server = 5001;

/** The tutorial's connection: open, hello, and an orderly close. */
export const conversation: readonly Made[] = [
	{ports: [client, server], seq: 4_294_967_290, flags: 2, scale: 7},
	{
		ports: [server, client],
		seq: 900,
		ack: 4_294_967_291,
		flags: 18,
		scale: 7,
	},
	{ports: [client, server], seq: 4_294_967_291, ack: 901, flags: 16},
	{
		ports: [client, server],
		seq: 4_294_967_291,
		ack: 901,
		flags: 24,
		data: 'hello\n',
	},
	{ports: [server, client], seq: 901, ack: 1, flags: 16},
	{ports: [client, server], seq: 1, ack: 901, flags: 17},
	{ports: [server, client], seq: 901, ack: 2, flags: 17},
	{ports: [client, server], seq: 2, ack: 902, flags: 16},
];
