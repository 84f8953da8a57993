/**
 * Bytes of a connection as Wireshark's 'exported PDU' (LINKTYPE 252): between
 * whom they went, and nothing of a segment, as none was seen. Wireshark chooses
 * how to read them by the server's port, as it does for segments.
 *
 * Its header is a list of tags, numbered in wsutil/exported_pdu_tlvs.h.
 */
import {Buffer} from 'node:buffer';

export type PduEnds = {
	/** As `127.0.0.1:6379`; anything else has no address on a network. */
	readonly source: string | undefined;
	readonly target: string | undefined;
	/** Which of them is the server's. */
	readonly server: string | undefined;
	/** What carried the bytes last. */
	readonly carrier: 'tcp' | 'udp' | 'tls' | 'ws';
};

/**
 * How many bytes may follow the header: Wireshark reads no file further in
 * which a packet has more than 262,144.
 */
export const maxPduBytes = 255 * 1024;

const tags = {
	end: 0,
	dissector: 12,
	dissectorTable: 14,
	ipv4Source: 20,
	ipv4Target: 21,
	ipv6Source: 22,
	ipv6Target: 23,
	portType: 24,
	sourcePort: 25,
	targetPort: 26,
	tableValue: 32,
} as const;

/** Numbered as port types of Wireshark's. */
const portTypes = {tcp: 2, udp: 3, tls: 2, ws: 2} as const;

/** A value is padded to 32 bits, and its length counts that. */
const tag = (number: number, value: Buffer): Buffer => {
	const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
	bytes.writeUInt16BE(number, 0);
	bytes.writeUInt16BE(bytes.length - 4, 2);
	value.copy(bytes, 4);
	return bytes;
};

const numberTag = (number: number, value: number): Buffer => {
	const bytes = Buffer.alloc(4);
	bytes.writeUInt32BE(value);
	return tag(number, bytes);
};

type Ip = {readonly address: Buffer; readonly port: number};

/** Of loopback: 127.x.x.x, or ::1. */
const parseIp = (text = ''): Ip | undefined => {
	const [, host, port] =
		/^(\d+\.\d+\.\d+\.\d+|\[::1\]):(\d+)$/.exec(text) ?? [];
	if (host === undefined || port === undefined) {
		return undefined;
	}

	const address = Buffer.from(
		host === '[::1]'
			? [...Array.from({length: 15}, () => 0), 1]
			: host.split('.').map(Number),
	);
	return {address, port: Number(port)};
};

const endTags = (
	ends: Ip | undefined,
	[ipv4, ipv6, port]: readonly [number, number, number],
): readonly Buffer[] =>
	ends
		? [
				tag(ends.address.length === 4 ? ipv4 : ipv6, ends.address),
				// An address to listen on has the port 0 for any that is free.
				...(ends.port === 0 ? [] : [numberTag(port, ends.port)]),
			]
		: [];

/** The header and the bytes. */
export const exportedPdu = (
	{source, target, server, carrier}: PduEnds,
	bytes: Uint8Array,
): Buffer => {
	const [from, to] = [parseIp(source), parseIp(target)];
	const port = parseIp(server)?.port ?? 0;
	return Buffer.concat([
		...(port === 0
			? [tag(tags.dissector, Buffer.from('data'))]
			: [
					tag(tags.dissectorTable, Buffer.from(`${carrier}.port`)),
					numberTag(tags.tableValue, port),
				]),
		...endTags(from, [tags.ipv4Source, tags.ipv6Source, tags.sourcePort]),
		...endTags(to, [tags.ipv4Target, tags.ipv6Target, tags.targetPort]),
		...((from ?? to) ? [numberTag(tags.portType, portTypes[carrier])] : []),
		tag(tags.end, Buffer.alloc(0)),
		bytes,
	]);
};
