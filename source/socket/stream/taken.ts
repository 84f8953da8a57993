/**
 * Counts the bytes of a socket that the kernel has taken.
 *
 * `bytesWritten` of node:net has what was given to libuv, which holds what the
 * kernel doesn't take, and after the end also the write that failed. A write
 * that was taken in part counts once all of it was taken.
 */
import {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';

type Done = (error?: Error | null) => void;

type Written = {
	readonly chunk: Buffer | string;
	readonly encoding: BufferEncoding;
};

// A socket of node:net doesn't decode the strings that are written to it.
const bytesOf = ({chunk, encoding}: Written): number =>
	typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;

/**
 * Call it before anything is written.
 *
 * @returns How many bytes were taken by now.
 */
export const countTaken = (socket: Socket): (() => number) => {
	let bytesTaken = 0;
	const write = socket._write.bind(socket);
	const writeAll = socket._writev!.bind(socket);
	const count = (bytes: number, begin: (done: Done) => void, done: Done) => {
		let isWithinCall = true;
		begin(error => {
			// Up to Node 22 a write that destroy() has cancelled fails without an error.
			if (!error && (isWithinCall || !socket.destroyed)) {
				bytesTaken += bytes;
			}

			done(error);
		});
		isWithinCall = false;
	};

	socket._write = (chunk: Buffer | string, encoding, done) => {
		count(
			bytesOf({chunk, encoding}),
			ended => {
				write(chunk, encoding, ended);
			},
			done,
		);
	};

	socket._writev = (chunks: Written[], done) => {
		let bytes = 0;
		for (const written of chunks) {
			bytes += bytesOf(written);
		}

		count(
			bytes,
			ended => {
				writeAll(chunks, ended);
			},
			done,
		);
	};

	return () => bytesTaken;
};
