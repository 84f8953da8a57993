/** Bytes in bulk through a raw pipe, whose buffers are used again. */
import assert from 'node:assert/strict';
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {
	closeSync,
	constants,
	mkdtempSync,
	openSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {execFileSync, spawn} from 'node:child_process';
import {connect, Socket} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable, Writable} from 'node:stream';
import test, {after, type TestContext} from 'node:test';
import fc from 'fast-check';
import {
	readFileInput,
	readPipedInput,
} from '../../source/plain/raw/pooled-input.js';
import type {Input} from '../../source/raw/feed.js';
import {ReadCutter} from '../../source/raw/messages/cut.js';
import {startPipe, type PipeOptions} from '../../source/raw/pipe.js';
import {reach} from '../../source/raw/reach.js';
import {startServePipe} from '../../source/raw/serve-pipe.js';
import {Recorder} from '../../source/recording/recorder.js';
import {dial} from '../../source/socket/dial.js';
import {anyPort, portOf} from '../helpers/room.js';
import {listenBare} from '../helpers/scripted.js';
import {afterTurns, readSlowly} from '../helpers/turns.js';
import {until} from '../helpers/until.js';

const million = randomBytes(1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'sockchat-bulk-'));
after(() => {
	rmSync(folder, {recursive: true});
});

/** A turn for each piece, so that they are read one by one. */
const writePieces = (socket: Socket, [piece, ...more]: readonly Buffer[]) => {
	if (!piece) {
		socket.end();
		return;
	}

	socket.write(piece);
	afterTurns(2, () => {
		writePieces(socket, more);
	});
};

/** Keeps copies, and counts the buffers; each write takes its turns. */
const createOutput = (turns: readonly number[] = [0]) => {
	const seen: Buffer[] = [];
	const buffers = new Set<ArrayBufferLike>();
	let count = 0;
	const output = new Writable({
		highWaterMark: 1,
		write(chunk: Buffer, _encoding, done) {
			buffers.add(chunk.buffer);
			afterTurns(turns[count++ % turns.length]!, () => {
				// As late as a kernel reads it.
				seen.push(Buffer.from(chunk));
				done();
			});
		},
	});
	return {output, buffers, bytes: () => Buffer.concat(seen)};
};

const pass = async (
	t: TestContext,
	converse: (socket: Socket) => void,
	options: Pick<PipeOptions, 'input' | 'output' | 'recorder'>,
) => {
	let isHeard = false;
	const {address} = await listenBare(t, socket => {
		socket.once('close', () => {
			isHeard = true;
		});
		converse(socket);
	});
	const link = await reach({dial: () => dial(address), isWaiting: false});
	const end = await startPipe({link: link!, limits: {}, ...options}).ended;
	await until(() => isHeard, {what: 'the end of the other side'});
	return end;
};

/** A file of these bytes as an input. */
const fileInput = (t: TestContext, bytes: Buffer) => {
	const path = join(folder, 'file');
	writeFileSync(path, bytes);
	const file = openSync(path, 'r');
	t.after(() => {
		closeSync(file);
	});
	const {stream, giveBack} = readFileInput(file);
	const buffers = new Set<ArrayBufferLike>();
	stream.on('data', ({buffer}: Buffer) => {
		buffers.add(buffer);
	});
	stream.pause();
	const input: Input = {
		stream,
		giveBack,
		isFinite: true,
		lineEnding: undefined,
		isShutdown: true,
	};
	return {input, buffers};
};

test('raw pipe: what comes in bulk goes through few buffers', async t => {
	const {output, buffers, bytes} = createOutput();
	const end = await pass(
		t,
		socket => {
			for (let count = 0; count < 20; count++) {
				socket.write(million);
			}

			socket.end();
		},
		{input: undefined, output: {output, isDirect: true}},
	);
	assert.equal(end.linkError, undefined);
	const all = bytes();
	assert.equal(all.length, 20 * million.length);
	for (let at = 0; at < all.length; at += million.length) {
		assert.ok(all.subarray(at, at + million.length).equals(million));
	}

	// Those that Node made before it came in bulk, and ours.
	assert.ok(buffers.size < 20, `${buffers.size} buffers`);
});

test('raw pipe: an output that keeps chunks gets each in its own buffer', async t => {
	const kept: Buffer[] = [];
	const output = new Writable({
		write(chunk: Buffer, _encoding, done) {
			kept.push(chunk);
			done();
		},
	});
	await pass(
		t,
		socket => {
			socket.end(Buffer.concat([million, million]));
		},
		{input: undefined, output: {output}},
	);
	assert.ok(Buffer.concat(kept).equals(Buffer.concat([million, million])));
});

test('raw pipe: a file is sent through few buffers', async t => {
	const bytes = Buffer.concat(Array.from({length: 20}, () => million));
	const {input, buffers} = fileInput(t, bytes);
	const received: Buffer[] = [];
	const end = await pass(
		t,
		socket => {
			// So that writes have to wait for room in the kernel.
			void readSlowly(socket, [4], received);
			socket.on('end', () => {
				socket.end();
			});
		},
		{input, output: {output: createOutput().output, isDirect: true}},
	);
	assert.ok(Buffer.concat(received).equals(bytes));
	assert.deepEqual(
		[end.bytesRead, end.bytesTaken, end.hasInputEnded],
		[bytes.length, bytes.length, true],
	);
	assert.ok(buffers.size <= 4, `${buffers.size} buffers`);
});

test('raw pipe: what is piped in is sent through few buffers', async t => {
	const path = join(folder, 'pipe');
	execFileSync('mkfifo', [path]);
	const {O_RDONLY, O_NONBLOCK} = constants;
	const stdin = new Socket({
		fd: openSync(path, O_RDONLY | O_NONBLOCK),
		readable: true,
		writable: false,
	});
	const size = 20 * million.length;
	// In pieces that fill no page.
	const writer = spawn('dd', [
		'if=/dev/zero',
		`of=${path}`,
		'bs=10000',
		`count=${size / 10_000}`,
		'status=none',
	]);
	t.after(() => {
		writer.kill();
	});
	const {stream, giveBack} = readPipedInput(stdin);
	const buffers = new Set<ArrayBufferLike>();
	stream.on('data', ({buffer}: Buffer) => {
		buffers.add(buffer);
	});
	stream.pause();
	let received = 0;
	const end = await pass(
		t,
		socket => {
			socket.on('data', chunk => {
				received += chunk.length;
			});
			socket.on('end', () => {
				socket.end();
			});
		},
		{
			input: {
				stream,
				giveBack,
				isFinite: false,
				lineEnding: undefined,
				isShutdown: true,
			},
			output: {output: createOutput().output, isDirect: true},
		},
	);
	assert.deepEqual([end.bytesTaken, received], [size, size]);
	assert.ok(buffers.size <= 6, `${buffers.size} buffers`);
});

test('raw pipe: a file whose line ends change is sent whole', async t => {
	const line = `${'x'.repeat(100_000)}\n`;
	const {input} = fileInput(t, Buffer.from(line.repeat(50)));
	let received = '';
	await pass(
		t,
		socket => {
			socket.on('data', chunk => {
				received += chunk.toString();
			});
			socket.on('end', () => {
				socket.end();
			});
		},
		{
			input: {...input, lineEnding: 'crlf'},
			output: {output: createOutput().output, isDirect: true},
		},
	);
	// A diff of this size would say nothing.
	const wanted = Buffer.from(line.replace('\n', '\r\n').repeat(50));
	assert.ok(Buffer.from(received).equals(wanted));
});

test('raw pipe: a file that is cut into messages is sent whole', async t => {
	const bytes = Buffer.concat(Array.from({length: 10}, () => million));
	const {input} = fileInput(t, bytes);
	const received: Buffer[] = [];
	await pass(
		t,
		socket => {
			void readSlowly(socket, [4], received);
			socket.on('end', () => {
				socket.end();
			});
		},
		{
			input: {...input, createCutter: () => new ReadCutter(10_000)},
			output: {output: createOutput().output, isDirect: true},
		},
	);
	assert.ok(Buffer.concat(received).equals(bytes));
});

test('raw pipe: both ways at once, at any pace, in pieces of any size', async t => {
	const sizes = fc.array(
		fc.oneof(
			fc.integer({min: 1, max: 20_000}),
			fc.integer({min: 16_000, max: 70_000}),
			fc.integer({min: 60_000, max: 500_000}),
		),
		{minLength: 1, maxLength: 20},
	);
	await fc.assert(
		fc.asyncProperty(
			fc.record({
				ours: sizes,
				theirs: sizes,
				isFile: fc.boolean(),
				turns: fc.array(fc.nat(8), {minLength: 1, maxLength: 10}),
				pauses: fc.array(fc.nat(3), {minLength: 1, maxLength: 10}),
			}),
			async ({ours, theirs, isFile, turns, pauses}) => {
				const cut = (lengths: readonly number[], from: number) =>
					lengths.map(length => million.subarray(from, from + length));
				const say = cut(ours, 0);
				const hear = cut(theirs, 100_000);
				const {output, bytes} = createOutput(turns);
				const received: Buffer[] = [];
				const {input} = isFile
					? fileInput(t, Buffer.concat(say))
					: {
							input: {
								stream: Readable.from(say, {objectMode: false}),
								isFinite: true,
								lineEnding: undefined,
								isShutdown: true,
							},
						};
				const end = await pass(
					t,
					socket => {
						void readSlowly(socket, pauses, received);
						writePieces(socket, hear);
					},
					{input, output: {output, isDirect: true}},
				);
				assert.ok(Buffer.concat(received).equals(Buffer.concat(say)), 'sent');
				assert.ok(bytes().equals(Buffer.concat(hear)), 'received');
				assert.equal(end.bytesTaken, end.bytesRead);
			},
		),
		{numRuns: 40},
	);
});

test('raw pipe: an output that fails in bulk ends it', async t => {
	let written = 0;
	const output = new Writable({
		write(chunk: Buffer, _encoding, done) {
			written += chunk.length;
			done(written > 3_000_000 ? new Error('full') : undefined);
		},
	});
	output.on('error', () => undefined);
	await pass(
		t,
		socket => {
			const pour = () => {
				socket.write(million, error => {
					if (!error) {
						pour();
					}
				});
			};

			pour();
		},
		{input: undefined, output: {output, isDirect: true}},
	);
	assert.ok(written > 3_000_000 && written < 4_000_000, String(written));
});

test('raw pipe: what the peers of a server said is written before its end', async t => {
	const {output, bytes} = createOutput([20]);
	const server = await startServePipe({
		address: anyPort,
		input: undefined,
		output: {output, isDirect: true},
		limits: {},
		onEvent() {},
	});
	t.after(() => {
		server.destroy();
	});
	const peer = connect({host: '127.0.0.1', port: portOf(server.address)});
	peer.on('end', () => {
		peer.end();
	});
	const pieces = Array.from({length: 30}, (_, index) =>
		million.subarray(index * 1000, (index + 1) * 1000),
	);
	for (const piece of pieces) {
		peer.write(piece);
		// A turn for each, so that they are read one by one.
		await new Promise(resolve => {
			afterTurns(3, () => {
				resolve(undefined);
			});
		});
	}

	peer.end();
	server.leave();
	await server.ended;
	assert.ok(bytes().equals(Buffer.concat(pieces)), `${bytes().length} bytes`);
});

test('raw pipe: what comes in bulk is recorded as it came', async t => {
	const path = join(folder, 'recording');
	const recorder = new Recorder({
		path,
		side: 'connect',
		address: anyPort,
		onFailure(error) {
			throw error;
		},
	});
	const all = Buffer.concat(Array.from({length: 5}, () => million));
	const {output, bytes} = createOutput([3]);
	await pass(
		t,
		socket => {
			socket.end(all);
		},
		{input: undefined, output: {output, isDirect: true}, recorder},
	);
	recorder.close();
	const chunks = readFileSync(path, 'utf8')
		.split('\n')
		.filter(line => line.includes('"direction":"in"'))
		.map(line => (JSON.parse(line) as {base64?: string}).base64 ?? '')
		.map(base64 => Buffer.from(base64, 'base64'));
	assert.ok(Buffer.concat(chunks).equals(all));
	assert.ok(bytes().equals(all));
});
