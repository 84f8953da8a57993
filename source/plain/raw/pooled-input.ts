/**
 * stdin for bytes in bulk, read into buffers that are used again.
 *
 * Node reads a file in another thread, in small pieces and into new buffers; to
 * send 512 MiB took twice as long. Of a pipe, too, each read is a new buffer.
 */
import type {Buffer} from 'node:buffer';
import {fstatSync, readSync} from 'node:fs';
import {Readable} from 'node:stream';
import type {Input} from '../../raw/feed.js';
import {BufferPool, readIntoPool} from '../../socket/stream/buffer-pool.js';

/** A file has all of it at once: 128 KiB took a fifth longer. */
const pieceBytes = 256 * 1024;

/** Whether it ends by itself. */
export const isFile = (descriptor: number): boolean => {
	try {
		return fstatSync(descriptor).isFile();
	} catch {
		return false;
	}
};

/** @returns Its bytes, and what takes their buffers back, to be used again. */
export const readFileInput = (
	descriptor: number,
): {
	readonly stream: Readable;
	readonly giveBack: (chunk: Buffer) => void;
} => {
	const pool = new BufferPool(pieceBytes);
	const stream = new Readable({
		highWaterMark: pieceBytes,
		read() {
			// A turn for each piece, as the other direction wants to be read, too.
			setImmediate(() => {
				try {
					const length = readSync(descriptor, pool.room);
					this.push(length === 0 ? null : pool.fill(length));
				} catch (error) {
					this.destroy(error as Error);
				}
			});
		},
	});
	return {
		stream,
		giveBack(chunk) {
			pool.giveBack(chunk);
		},
	};
};

/** What is piped in, and what takes its buffers back. */
export const readPipedInput = (
	stream: Readable,
): Pick<Input, 'stream' | 'giveBack'> => {
	const pool = readIntoPool(stream);
	return {
		stream,
		giveBack:
			pool &&
			(chunk => {
				pool.giveBack(chunk);
			}),
	};
};
