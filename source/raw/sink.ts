/**
 * The sending half of a connection, which counts what the kernel has taken.
 *
 * A socket's own count includes the write that failed, and bytes that are still
 * in Node's queue: neither was sent.
 */
import type {Buffer} from 'node:buffer';
import {Writable, type Duplex} from 'node:stream';
import {whetherTaken, writeTo} from '../socket/stream/write.js';

export type Sink = {
	readonly writable: Writable;
	/** At least: of a write that failed half-way, nothing is counted. */
	readonly bytesTaken: () => number;
	/** @returns Settles with whether the kernel took all of it. */
	readonly write: (bytes: Buffer) => Promise<boolean>;
};

// The next read of the input is made while the kernel takes the last one.
const highWaterMark = 128 * 1024;

export type SinkWatch = {
	/** Called before each write to the kernel. */
	readonly onWrite?: ((chunk: Buffer) => void) | undefined;
	/** Called once the kernel has all of a chunk. */
	readonly onTaken?: ((chunk: Buffer) => void) | undefined;
};

/** Its end doesn't end the connection; that is up to the owner. */
export const createSink = (
	stream: Duplex,
	{onWrite, onTaken}: SinkWatch = {},
): Sink => {
	let bytesTaken = 0;
	const writable = new Writable({
		highWaterMark,
		write(chunk: Buffer, _encoding, done) {
			onWrite?.(chunk);
			writeTo(stream, chunk, error => {
				if (!error) {
					bytesTaken += chunk.length;
					onTaken?.(chunk);
				}

				done(error);
			});
		},
	});
	// Whoever owns the connection reports how it failed.
	writable.on('error', () => undefined);
	stream.once('close', () => {
		writable.destroy();
	});
	return {
		writable,
		bytesTaken: () => bytesTaken,
		write: async bytes =>
			writable.writable &&
			whetherTaken(stream, done => {
				writable.write(bytes, error => {
					done(!error);
				});
			}),
	};
};
