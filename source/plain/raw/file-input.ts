/**
 * A file under stdin, for bytes in bulk. Node reads files in another thread, in
 * small pieces; to send 512 MiB took half as long again.
 */
import {Buffer} from 'node:buffer';
import {fstatSync, readSync} from 'node:fs';
import {Readable} from 'node:stream';

const pieceBytes = 128 * 1024;

/** Whether it ends by itself. */
export const isFile = (descriptor: number): boolean => {
	try {
		return fstatSync(descriptor).isFile();
	} catch {
		return false;
	}
};

export const readFileInput = (descriptor: number): Readable =>
	new Readable({
		highWaterMark: pieceBytes,
		read() {
			// A turn for each piece, as the other direction wants to be read, too.
			setImmediate(() => {
				try {
					const piece = Buffer.allocUnsafeSlow(pieceBytes);
					const length = readSync(descriptor, piece);
					this.push(length === 0 ? null : piece.subarray(0, length));
				} catch (error) {
					this.destroy(error as Error);
				}
			});
		},
	});
