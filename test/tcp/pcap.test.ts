import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {test} from 'node:test';
import fc from 'fast-check';
import {PcapReader, tcpPacketOf, type Packet} from '../../source/tcp/pcap.js';
import {pcapngHead, pcapngPacket} from '../../source/tcp/pcapng.js';
import {SegmentCounter} from '../../source/tcp/segment.js';
import {
	conversation,
	cooked,
	ethernet,
	ipv4,
	ipv6,
	pcapOf,
	type Made,
} from '../helpers/packets.js';

/** What a stream holds, in one line per segment. */
const segmentsOf = (chunks: readonly Uint8Array[]): string[] => {
	const reader = new PcapReader();
	const counter = new SegmentCounter();
	return chunks
		.flatMap(chunk => reader.push(chunk))
		.flatMap(packet => tcpPacketOf(packet) ?? [])
		.map(packet => {
			const {at, from, segment, seq, ack, length, window, text} =
				counter.count(packet);
			return `${at} ${from} ${segment} ${seq} ${ack ?? '-'} ${length} ${window ?? '-'} ${JSON.stringify(text)}`;
		});
};

const talk = [
	'1000 127.0.0.1:41306 SYN 0 - 0 512 ""',
	'1001 127.0.0.1:5001 SYN+ACK 0 1 0 512 ""',
	'1002 127.0.0.1:41306 ACK 1 1 0 65536 ""',
	String.raw`1003 127.0.0.1:41306 PSH 1 1 6 65536 "hello\n"`,
	'1004 127.0.0.1:5001 ACK 1 7 0 65536 ""',
	'1005 127.0.0.1:41306 FIN 7 1 0 65536 ""',
	'1006 127.0.0.1:5001 FIN 1 8 0 65536 ""',
	'1007 127.0.0.1:41306 ACK 8 2 0 65536 ""',
];

const frames = conversation.map(made => ethernet(ipv4(made)));

test('pcap: a conversation, with numbers from 0 on', () => {
	assert.deepEqual(segmentsOf([pcapOf(frames)]), talk);
});

test('pcap: both byte orders, nanoseconds, and cooked packets', () => {
	for (const isLittle of [true, false]) {
		for (const isNano of [true, false]) {
			assert.deepEqual(segmentsOf([pcapOf(frames, {isLittle, isNano})]), talk);
		}
	}

	const linkType = 113;
	const packets = conversation.map(made => cooked(ipv4(made)));
	assert.deepEqual(segmentsOf([pcapOf(packets, {linkType})]), talk);
});

test('pcap: IPv6, named as the kernel names it', () => {
	const packets = conversation.map(made => ethernet(ipv6(made)));
	assert.deepEqual(
		segmentsOf([pcapOf(packets)]),
		talk.map(line => line.replace('127.0.0.1', '[::1]')),
	);
});

test('pcap: the length is the whole, if only a part was kept', () => {
	const packet = ethernet(
		ipv4({ports: [1, 2], seq: 1, flags: 24, data: 'x'.repeat(3000)}),
	);
	const [line] = segmentsOf([pcapOf([packet], {kept: 60})]);
	assert.match(line!, / PSH 1 1 3000 - "x{6}"$/);
});

test("pcap: the padding of a short frame is no data, and a scale unknown isn't guessed", () => {
	const packet = Buffer.concat([
		ethernet(ipv4({ports: [1, 2], seq: 7, ack: 4, flags: 16})),
		Buffer.alloc(6),
	]);
	assert.deepEqual(segmentsOf([pcapOf([packet])]), [
		'1000 127.0.0.1:1 ACK 1 1 0 - ""',
	]);
});

test('pcap: an answer to a SYN on a closed port', () => {
	const made: Made[] = [
		{ports: [9, 5001], seq: 77, flags: 2},
		{ports: [5001, 9], seq: 0, ack: 78, flags: 20, window: 0},
	];
	const lines = segmentsOf([pcapOf(made.map(each => ethernet(ipv4(each))))]);
	assert.deepEqual(lines, [
		'1000 127.0.0.1:9 SYN 0 - 0 512 ""',
		'1001 127.0.0.1:5001 RST 0 1 0 0 ""',
	]);
});

test('pcap: a SYN that is sent again begins no other connection', () => {
	const syn = {ports: [9, 5001], seq: 77, flags: 2, scale: 7} as const;
	const counter = new SegmentCounter();
	const seen = [syn, syn, {...syn, seq: 77_000}, {...syn, ack: 5, flags: 18}]
		.flatMap(made => new PcapReader().push(pcapOf([ethernet(ipv4(made))])))
		.flatMap(packet => tcpPacketOf(packet) ?? [])
		.map(packet => counter.count(packet))
		.map(({segment, seq, retransmitted}) => [segment, seq, retransmitted]);
	assert.deepEqual(seen, [
		['SYN', 0, undefined],
		['SYN', 0, 1],
		['SYN', 0, undefined],
		['SYN+ACK', 0, undefined],
	]);
});

test('pcap: the same segments, however the stream is cut', () => {
	const stream = pcapOf(frames);
	fc.assert(
		fc.property(
			fc.array(fc.nat({max: stream.length}), {maxLength: 40}),
			cuts => {
				const places = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
				const chunks = places
					.slice(1)
					.map((end, index) => stream.subarray(places[index], end));
				assert.deepEqual(segmentsOf(chunks), talk);
			},
		),
	);
	assert.deepEqual(
		segmentsOf([...stream].map(byte => Uint8Array.of(byte))),
		talk,
	);
});

test('pcap: any bytes are taken, and no number leaves its bounds', () => {
	const anyBytes = fc.uint8Array({maxLength: 200});
	const anyPacket = fc.oneof(
		anyBytes.map(bytes => Buffer.from(bytes)),
		fc
			.tuple(
				fc.constantFrom(...frames, ethernet(ipv6(conversation[3]!))),
				fc.array(fc.tuple(fc.nat({max: 90}), fc.nat({max: 255}))),
			)
			.map(([frame, changes]) => {
				const changed = Buffer.from(frame);
				for (const [place, value] of changes) {
					if (place < changed.length) {
						changed[place] = value;
					}
				}

				return changed;
			}),
	);
	fc.assert(
		fc.property(fc.array(anyPacket), fc.nat({max: 120}), (packets, kept) => {
			const reader = new PcapReader();
			const counter = new SegmentCounter();
			const read = reader.push(pcapOf(packets, {kept}));
			assert.equal(read.length, packets.length);
			for (const packet of read) {
				const tcp = tcpPacketOf(packet);
				if (!tcp) {
					continue;
				}

				const {seq, length, ack = 0} = counter.count(tcp);
				assert.ok(length >= 0 && length <= packet.length);
				assert.ok(tcp.data.length <= length);
				assert.ok(seq >= 0 && seq < 2 ** 32 && ack >= 0 && ack < 2 ** 32);
			}
		}),
	);
	fc.assert(
		fc.property(fc.array(anyBytes), chunks => {
			const reader = new PcapReader();
			for (const chunk of chunks) {
				reader.push(chunk);
			}

			assert.ok(reader.isBroken || chunks.flatMap(x => [...x]).length < 24);
		}),
	);
});

test('pcap: a record that is too long ends the stream', () => {
	const reader = new PcapReader();
	const stream = Buffer.concat([pcapOf(frames), Buffer.alloc(16, 0xff)]);
	assert.equal(reader.push(stream).length, frames.length);
	assert.ok(reader.isBroken);
	assert.deepEqual(reader.push(pcapOf(frames)), []);
});

/** A packet block of a pcapng file, read by its specification. */
const readBlocks = (file: Buffer): Array<[type: number, body: Buffer]> => {
	const blocks: Array<[number, Buffer]> = [];
	let at = 0;
	while (at < file.length) {
		const length = file.readUInt32LE(at + 4);
		assert.equal(length % 4, 0);
		assert.equal(file.readUInt32LE(at + length - 4), length);
		blocks.push([
			file.readUInt32LE(at),
			file.subarray(at + 8, at + length - 4),
		]);
		at += length;
	}

	return blocks;
};

test('pcapng: each packet is a block, with its time and bytes', () => {
	const reader = new PcapReader();
	const packets: readonly Packet[] = reader.push(pcapOf(frames));
	const blocks = readBlocks(
		Buffer.concat([pcapngHead('EN10MB'), ...packets.map(p => pcapngPacket(p))]),
	);
	assert.deepEqual(
		blocks.map(([type]) => type),
		[0x0a_0d_0d_0a, 1, ...frames.map(() => 6)],
	);
	for (const [index, [, body]] of blocks.slice(2).entries()) {
		const {atUs, bytes} = packets[index]!;
		const high = body.readUInt32LE(4);
		assert.equal(high * 2 ** 32 + body.readUInt32LE(8), atUs);
		const length = body.readUInt32LE(12);
		assert.deepEqual(new Uint8Array(body.subarray(20, 20 + length)), bytes);
	}
});
