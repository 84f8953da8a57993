/**
 * Reads a recording line by line, in constant memory.
 *
 * What kill -9 or a full disk has left ends amid a line: it is read to its last
 * whole one.
 */
import type {Buffer} from 'node:buffer';
import {createReadStream} from 'node:fs';
import {stat} from 'node:fs/promises';
import {SockchatError, whyUnreadable} from '../errors.js';
import type {Packet} from '../tcp/pcap.js';
import {LineSplitter} from '../protocol/lines.js';
import {maxMessageBytes} from '../socket/link/transport.js';
import {
	isWrong,
	parseHead,
	parseLine,
	wrongLine,
	type Recorded,
	type RecordingHead,
} from './line.js';

// The longest chunk is a message of a WebSocket. A line has it twice: base64
// takes 4/3 of its bytes, and JSON up to 6 times as many, as for a NUL.
const maxLineBytes = 8 * maxMessageBytes;

const unreadable = (path: string, why: string, cause?: unknown) =>
	new SockchatError('ERR_RECORDING', `Can't read ${path}: ${why}.`, {cause});

export type Summary = {
	readonly head: RecordingHead;
	readonly connections: number;
	/** How many packets were captured. */
	readonly packets: number;
	/** How many whole lines there are. */
	readonly lines: number;
	/** How long the rest is, which is no whole line. */
	readonly cutBytes: number;
};

type End = {readonly lines: number; readonly cutBytes: number};

/** Yields the lines that came together, and at last what is left. */
async function* batches(path: string): AsyncGenerator<Buffer[], number> {
	const splitter = new LineSplitter(maxLineBytes);
	for await (const chunk of createReadStream(path)) {
		const lines: Buffer[] = [];
		const tooLong = splitter.push(chunk as Buffer, line => {
			lines.push(line);
		});
		yield lines;
		if (tooLong) {
			throw unreadable(path, `a line has more than ${maxLineBytes} bytes`);
		}
	}

	return splitter.pendingBytes;
}

export type ReadOptions = {
	readonly onHead?: (head: RecordingHead) => void;
	/** Called for what was captured, which no connection is made of. */
	readonly onPacket?: (packet: Packet) => void;
};

/** @throws {SockchatError} `ERR_RECORDING`: the line, and what was expected. */
export async function* readRecording(
	path: string,
	{onHead, onPacket}: ReadOptions = {},
): AsyncGenerator<Recorded, End> {
	const source = batches(path);
	let number = 0;
	for (;;) {
		// eslint-disable-next-line no-await-in-loop -- in the order of the file
		const {value, done} = await source.next();
		if (done) {
			if (number === 0) {
				const wrong = parseHead('');
				const expected = isWrong(wrong) ? wrong : {expected: 'a head'};
				throw new SockchatError(
					'ERR_RECORDING',
					wrongLine(
						path,
						1,
						expected,
						'',
						value === 0 ? undefined : `${value} bytes without a line end`,
					),
				);
			}

			return {lines: number, cutBytes: value};
		}

		for (const bytes of value) {
			number++;
			const line = bytes.toString();
			const parsed = number === 1 ? parseHead(line) : parseLine(line);
			if (parsed && isWrong(parsed)) {
				throw new SockchatError(
					'ERR_RECORDING',
					wrongLine(path, number, parsed, line),
				);
			}

			if (parsed?.type === 'recording') {
				onHead?.(parsed);
			} else if (parsed?.type === 'packet') {
				onPacket?.(parsed.packet);
			} else if (parsed) {
				yield parsed;
			}
		}
	}
}

/**
 * Reads all of it, before anything is done with it.
 *
 * @throws {SockchatError} `ERR_RECORDING`, if it can't be read, or isn't a
 * recording.
 */
export const surveyRecording = async (path: string): Promise<Summary> => {
	const found = await stat(path).catch((error: unknown) => {
		throw unreadable(path, whyUnreadable(error), error);
	});
	if (!found.isFile()) {
		throw unreadable(path, 'it is not a file');
	}

	let head: RecordingHead | undefined;
	let connections = 0;
	let packets = 0;
	const lines = readRecording(path, {
		onHead(read) {
			head = read;
		},
		onPacket() {
			packets++;
		},
	});
	try {
		for (;;) {
			// eslint-disable-next-line no-await-in-loop -- in the order of the file
			const {value, done} = await lines.next();
			if (done) {
				return {head: head!, connections, packets, ...value};
			}

			connections += value.type === 'open' ? 1 : 0;
		}
	} catch (error) {
		throw error instanceof SockchatError
			? error
			: unreadable(path, whyUnreadable(error), error);
	}
};
