/**
 * Packets as a pcapng file, for Wireshark (draft-ietf-opsawg-pcapng): a section
 * header, one interface, and an enhanced packet block for each packet.
 */
import type {LinkType, Packet} from './pcap.js';

/** What packets begin with: a capture's, or none that was on a wire. */
type FileLinkType = LinkType | 'UPPER_PDU';

const linkNumbers: Readonly<Record<FileLinkType, number>> = {
	EN10MB: 1,
	LINUX_SLL: 113,
	UPPER_PDU: 252,
};

/** Blocks are padded to 32 bits, and end with their length once more. */
const block = (type: number, bodyBytes: number) => {
	const length = 12 + Math.ceil(bodyBytes / 4) * 4;
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	view.setUint32(0, type, true);
	view.setUint32(4, length, true);
	view.setUint32(length - 4, length, true);
	return {bytes, view};
};

const sectionBytes = 28;
const interfaceBytes = 20;

/** What the file begins with. */
export const pcapngHead = (linkType: FileLinkType): Uint8Array => {
	const section = block(0x0a_0d_0d_0a, 16);
	section.view.setUint32(8, 0x1a_2b_3c_4d, true);
	section.view.setUint16(12, 1, true);
	// The section's length: not known while it is written.
	section.view.setBigInt64(16, -1n, true);
	const network = block(1, 8);
	network.view.setUint16(8, linkNumbers[linkType], true);
	const head = new Uint8Array(sectionBytes + interfaceBytes);
	head.set(section.bytes);
	head.set(network.bytes, sectionBytes);
	return head;
};

const fixedBytes = 20;

export const pcapngPacket = ({
	atUs,
	bytes,
	length,
}: Pick<Packet, 'atUs' | 'bytes' | 'length'>): Uint8Array => {
	const packet = block(6, fixedBytes + bytes.length);
	packet.view.setUint32(12, Math.floor(atUs / 2 ** 32), true);
	packet.view.setUint32(16, atUs % 2 ** 32, true);
	packet.view.setUint32(20, bytes.length, true);
	packet.view.setUint32(24, Math.max(length, bytes.length), true);
	packet.bytes.set(bytes, 8 + fixedBytes);
	return packet.bytes;
};
