/** A recording as packets: what was captured, or chunks as exported PDUs. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, test} from 'node:test';
import fc from 'fast-check';
import {exportRecording} from '../../source/recording/export.js';
import {surveyRecording} from '../../source/recording/reader.js';
import {requireExecutable} from '../helpers/environment.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-export-'));
after(() => {
	rmSync(folder, {recursive: true});
});

const exportLines = async (lines: readonly object[]): Promise<Buffer> => {
	const path = join(folder, 'recording');
	writeFileSync(path, lines.map(line => `${JSON.stringify(line)}\n`).join(''));
	const pieces: Uint8Array[] = [];
	for await (const piece of exportRecording(
		path,
		await surveyRecording(path),
	)) {
		pieces.push(piece);
	}

	return Buffer.concat(pieces);
};

type Block = {readonly type: number; readonly body: Buffer};

const blocksOf = (file: Buffer): Block[] => {
	const blocks: Block[] = [];
	for (let at = 0; at < file.length;) {
		const length = file.readUInt32LE(at + 4);
		assert.equal(length % 4, 0);
		assert.equal(file.readUInt32LE(at + length - 4), length);
		blocks.push({
			type: file.readUInt32LE(at),
			body: file.subarray(at + 8, at + length - 4),
		});
		at += length;
	}

	return blocks;
};

/** Of enhanced packet blocks: when, and what. */
const packetsOf = (blocks: readonly Block[]) =>
	blocks
		.filter(({type}) => type === 6)
		.map(({body}) => ({
			atUs: body.readUInt32LE(4) * 2 ** 32 + body.readUInt32LE(8),
			length: body.readUInt32LE(16),
			bytes: body.subarray(20, 20 + body.readUInt32LE(12)),
		}));

/** The tags of an exported PDU, and the bytes below them. */
const pduOf = (packet: Buffer) => {
	const tags = new Map<number, string>();
	let at = 0;
	for (;;) {
		const tag = packet.readUInt16BE(at);
		const length = packet.readUInt16BE(at + 2);
		const value = packet.subarray(at + 4, at + 4 + length);
		// Wireshark takes the length as it is, and adds no padding to it.
		at += 4 + length;
		if (tag === 0) {
			return {tags, bytes: packet.subarray(at)};
		}

		tags.set(
			tag,
			tag === 12 || tag === 14
				? value.toString().replace(/\0+$/, '')
				: value.toString('hex'),
		);
	}
};

const at = 1_790_000_000_000;
const head = (side: string, address = '127.0.0.1:6379') => ({
	type: 'recording',
	v: 1,
	side,
	address,
	at,
});
const chunk = (direction: 'in' | 'out', bytes: Uint8Array, peer?: string) => ({
	type: 'chunk',
	direction,
	peer,
	at,
	bytes: bytes.length,
	base64: Buffer.from(bytes).toString('base64'),
});
const open = {
	type: 'state',
	phase: 'open',
	at,
	local: '127.0.0.1:40000',
	remote: '127.0.0.1:6379',
};

test('export: chunks are exported PDUs with the addresses that are known, byte for byte', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.tuple(fc.constantFrom('in', 'out'), fc.uint8Array())),
			async moves => {
				const [section, network, ...packets] = blocksOf(
					await exportLines([
						head('connect'),
						open,
						...moves.map(([direction, bytes]) => chunk(direction, bytes)),
					]),
				);
				assert.equal(section?.type, 0x0a_0d_0d_0a);
				assert.equal(network?.body.readUInt16LE(0), 252);
				assert.deepEqual(
					packetsOf(packets).map(({atUs, bytes}) => {
						const pdu = pduOf(bytes);
						return [atUs, pdu.tags.get(25), pdu.tags.get(26), pdu.bytes];
					}),
					moves.map(([direction, bytes]) => {
						const ports = ['00009c40', '000018eb'];
						return [
							at * 1000,
							...(direction === 'out' ? ports : ports.toReversed()),
							Buffer.from(bytes),
						];
					}),
				);
			},
		),
		{numRuns: 40},
	);
});

test('export: Wireshark reads the bytes by the server port, whoever recorded', async () => {
	const tagsOf = async (...lines: readonly object[]) => {
		const [packet] = packetsOf(blocksOf(await exportLines(lines)));
		return Object.fromEntries(pduOf(packet!.bytes).tags);
	};

	const served = await tagsOf(
		head('serve', '[::1]:80'),
		{type: 'accepted', at, peer: '[::1]:40000'},
		chunk('in', Buffer.from('GET'), '[::1]:40000'),
	);
	assert.deepEqual(served, {
		14: 'tcp.port',
		32: '00000050',
		22: `${'00'.repeat(15)}01`,
		23: `${'00'.repeat(15)}01`,
		24: '00000002',
		25: '00009c40',
		26: '00000050',
	});
	// Nothing is made up for a Unix domain socket.
	assert.deepEqual(
		await tagsOf(
			head('connect', '/run/x.sock'),
			{type: 'state', phase: 'open', at},
			chunk('out', Buffer.from('hi')),
		),
		{12: 'data'},
	);
});

test('export: what was captured is written as it was, and no chunk', async () => {
	const bytes = Buffer.from('00'.repeat(54), 'hex');
	const captured = {
		type: 'packet',
		at,
		atUs: at * 1000 + 7,
		linkType: 'EN10MB',
		length: 1514,
		base64: bytes.toString('base64'),
	};
	const blocks = blocksOf(
		await exportLines([
			head('connect'),
			open,
			captured,
			chunk('out', Buffer.from('hi')),
			captured,
		]),
	);
	assert.equal(blocks[1]?.body.readUInt16LE(0), 1);
	assert.deepEqual(
		packetsOf(blocks),
		[captured, captured].map(({atUs}) => ({atUs, length: 1514, bytes})),
	);
});

test('export: tcpdump reads the file', async () => {
	const path = join(folder, 'out.pcapng');
	writeFileSync(
		path,
		await exportLines([
			head('connect'),
			open,
			chunk('out', Buffer.from('PING\r\n')),
			chunk('in', Buffer.from('+PONG\r\n')),
		]),
	);
	const tcpdump = requireExecutable('tcpdump', 'tcpdump');
	const listed = execFileSync(tcpdump, ['-tt', '-r', path], {
		encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'ignore'],
	});
	assert.equal(listed.match(/^1790000000\.000000 /gm)?.length, 2);
});

test('export: datagrams have the ports of UDP', async () => {
	const lines = [
		{...head('connect'), link: {kind: 'udp'}},
		open,
		chunk('out', Buffer.of(1)),
	];
	const [packet] = packetsOf(blocksOf(await exportLines(lines)));
	const {tags} = pduOf(packet!.bytes);
	assert.equal(tags.get(14), 'udp.port');
	assert.equal(tags.get(24), '00000003');
});

test('export: a message that Wireshark would refuse as too long is several packets', async () => {
	const message = Buffer.alloc(600_000, 'abc');
	const next = Buffer.from('next');
	const packets = packetsOf(
		blocksOf(
			await exportLines([
				{...head('connect'), link: {kind: 'ws', path: '/'}},
				open,
				chunk('out', message),
				chunk('in', next),
			]),
		),
	);
	// As its wiretap has it: WTAP_MAX_PACKET_SIZE_STANDARD.
	assert.ok(packets.every(({bytes}) => bytes.length <= 262_144));
	const pdus = packets.map(({bytes}) => pduOf(bytes));
	assert.deepEqual(pdus.at(-1)!.bytes, next);
	assert.deepEqual(
		Buffer.concat(pdus.slice(0, -1).map(({bytes}) => bytes)),
		message,
	);
	assert.ok(pdus.slice(0, -1).every(({tags}) => tags.get(25) === '00009c40'));
});

test('export: the port 0 that a server was to take any of is written nowhere', async () => {
	const [packet] = packetsOf(
		blocksOf(
			await exportLines([
				head('serve', '127.0.0.1:0'),
				{type: 'accepted', at, peer: '127.0.0.1:40000'},
				chunk('in', Buffer.from('hi'), '127.0.0.1:40000'),
			]),
		),
	);
	assert.deepEqual(Object.fromEntries(pduOf(packet!.bytes).tags), {
		12: 'data',
		20: '7f000001',
		21: '7f000001',
		24: '00000002',
		25: '00009c40',
	});
});

test('export: what TLS or a WebSocket carried is read as what they carry', async () => {
	const tableOf = async (link: object) => {
		const [packet] = packetsOf(
			blocksOf(
				await exportLines([
					{...head('connect'), link},
					open,
					chunk('out', Buffer.from('hi')),
				]),
			),
		);
		const {tags} = pduOf(packet!.bytes);
		return [tags.get(14), tags.get(24)];
	};

	assert.deepEqual(await tableOf({kind: 'tls'}), ['tls.port', '00000002']);
	assert.deepEqual(await tableOf({kind: 'ws', path: '/', tls: true}), [
		'ws.port',
		'00000002',
	]);
});
