/** What is written is read back, to the last whole line, wherever it is cut. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Duplex} from 'node:stream';
import {after, test} from 'node:test';
import fc from 'fast-check';
import type {Recorded} from '../../source/recording/line.js';
import {readRecording, surveyRecording} from '../../source/recording/reader.js';
import {Recorder} from '../../source/recording/recorder.js';
import {requireLoopback} from '../../source/socket/address.js';
import {MemoryLink} from '../../source/socket/link.js';
import {maxMessageBytes} from '../../source/socket/link/transport.js';
import {listenBare} from '../helpers/scripted.js';
import {openRawClient} from '../helpers/raw.js';
import {portOf} from '../helpers/room.js';
import {until} from '../helpers/until.js';

const folder = mkdtempSync(join(tmpdir(), 'sockchat-written-'));
after(() => {
	rmSync(folder, {recursive: true});
});

let count = 0;
const newPath = () => join(folder, `recording-${count++}`);
const address = requireLoopback({kind: 'tcp', host: '127.0.0.1', port: 4});
const unexpected = (error: Error): void => {
	assert.ifError(error);
};

type Move = {
	readonly peer: string;
	readonly direction: 'in' | 'out';
	readonly bytes: Uint8Array;
};

/** Records what some peers read and write. */
const record = async (moves: readonly Move[]): Promise<string> => {
	const path = newPath();
	const side = 'serve' as const;
	const recorder = new Recorder({path, side, address, onFailure: unexpected});
	recorder.begin();
	const peers = new Map<string, {stream: Duplex; sent: (b: Buffer) => void}>();
	for (const {peer, direction, bytes} of moves) {
		const known = peers.get(peer);
		const stream =
			known?.stream ??
			new Duplex({
				read() {},
				write(_chunk, _encoding, done) {
					done();
				},
			});
		const sent =
			known?.sent ?? recorder.follow(new MemoryLink(stream), peer).sent;
		peers.set(peer, {stream, sent});
		stream.resume();
		if (direction === 'out') {
			sent(Buffer.from(bytes));
		} else {
			stream.emit('data', Buffer.from(bytes));
		}
	}

	recorder.close();
	return path;
};

const readAll = async (path: string): Promise<readonly Recorded[]> => {
	const lines: Recorded[] = [];
	for await (const line of readRecording(path)) {
		lines.push(line);
	}

	return lines;
};

const anyMove = fc.record<Move>({
	peer: fc.constantFrom('127.0.0.1:5', '127.0.0.1:6'),
	direction: fc.constantFrom('in', 'out'),
	bytes: fc.oneof(
		fc.uint8Array(),
		fc.string({unit: 'grapheme'}).map(text => Buffer.from(text)),
	),
});

test('recording: any chunks are read back as they were, cut at any byte to the last whole line', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(anyMove, {maxLength: 12}),
			fc.nat(),
			async (moves, where) => {
				const path = await record(moves);
				const whole = await readAll(path);
				assert.deepEqual(
					whole
						.filter(({type}) => type === 'chunk')
						.map(line => {
							const {peer, direction, bytes} = line as Move;
							return {peer, direction, bytes: Buffer.from(bytes)};
						}),
					moves.map(move => ({...move, bytes: Buffer.from(move.bytes)})),
				);

				const file = readFileSync(path);
				const cut = file.subarray(0, where % (file.length + 1));
				const short = newPath();
				writeFileSync(short, cut);
				const kept = cut.filter(byte => byte === 0x0a).length;
				if (kept === 0) {
					await assert.rejects(surveyRecording(short), {
						code: 'ERR_RECORDING',
						message: `${short}, line 1: expected the head of a recording, {"type":"recording",…}; got ${cut.length === 0 ? 'nothing' : `${cut.length} bytes without a line end`}.`,
					});
					return;
				}

				const {lines, cutBytes} = await surveyRecording(short);
				assert.equal(lines, kept);
				assert.equal(cutBytes, cut.length - cut.lastIndexOf(0x0a) - 1);
				assert.deepEqual(await readAll(short), whole.slice(0, kept - 1));
			},
		),
		{numRuns: 60},
	);
});

test('recording: the longest message is read back, though JSON takes six bytes for one', async () => {
	const bytes = Buffer.alloc(maxMessageBytes);
	const path = await record([{peer: '127.0.0.1:5', direction: 'out', bytes}]);
	const [, chunk] = await readAll(path);
	assert.ok(bytes.equals((chunk as Move).bytes));
});

test('recording: what is sent while connect() is under way comes after its end', async t => {
	const {address: there} = await listenBare(t, socket => {
		socket.resume();
	});
	const path = newPath();
	const recorder = new Recorder({
		path,
		side: 'connect',
		address: requireLoopback(there),
		onFailure: unexpected,
	});
	recorder.begin();
	const {client} = openRawClient(t, there, {recorder});
	void client.write(Buffer.from('early'));
	assert.ok(portOf(there) > 0);
	await until(() => readFileSync(path, 'utf8').includes('"chunk"'), {
		what: 'the chunk',
	});
	const [open, chunk] = await readAll(path);
	assert.deepEqual([open?.type, chunk?.type], ['open', 'chunk']);
});

test('recording: captured packets are read back, beside the connections', async () => {
	const path = newPath();
	const recorder = new Recorder({
		path,
		side: 'connect',
		address,
		onFailure: unexpected,
	});
	const packets = [
		{
			atUs: 1_790_000_000_000_007,
			linkType: 'EN10MB' as const,
			length: 1514,
			bytes: Buffer.from('captured'),
		},
	];
	recorder.packets(packets);
	recorder.close();
	const seen: unknown[] = [];
	for await (const line of readRecording(path, {
		onPacket(packet) {
			seen.push(packet);
		},
	})) {
		assert.ok(!line);
	}

	assert.deepEqual(seen, packets);
	assert.equal((await surveyRecording(path)).packets, 1);
});
