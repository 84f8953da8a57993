/**
 * Reads and writes all bytes at a place in a file, however few the system takes
 * or returns at a time.
 */
import {Buffer} from 'node:buffer';
import {fdatasync, fstatSync, ftruncate, read, writev} from 'node:fs';
import {promisify} from 'node:util';

const readOnce = promisify(read);
const writeOnce = promisify(writev);
export const syncData = promisify(fdatasync);
export const truncate = promisify(ftruncate);

export const sizeOf = (fd: number): number => fstatSync(fd).size;

/** @returns The bytes read: all of them, or fewer at the end of the file. */
export const readInto = async (
	fd: number,
	bytes: Buffer,
	position: number,
): Promise<Buffer> => {
	const {length} = bytes;
	let filled = 0;
	while (filled < length) {
		// eslint-disable-next-line no-await-in-loop -- each continues where the last ended
		const {bytesRead} = await readOnce(
			fd,
			bytes,
			filled,
			length - filled,
			position + filled,
		);
		if (bytesRead === 0) {
			break;
		}

		filled += bytesRead;
	}

	return bytes.subarray(0, filled);
};

/** @returns Fewer than `length` bytes only at the end of the file. */
export const readAt = async (
	fd: number,
	position: number,
	length: number,
): Promise<Buffer> => readInto(fd, Buffer.allocUnsafe(length), position);

const behind = (buffers: readonly Buffer[], count: number): Buffer[] => {
	let left = count;
	return buffers.flatMap(buffer => {
		const taken = Math.min(left, buffer.length);
		left -= taken;
		return taken === buffer.length ? [] : [buffer.subarray(taken)];
	});
};

/** Writes in one system call, unless the system takes only a part. */
export const writeAt = async (
	fd: number,
	buffers: readonly Buffer[],
	position: number,
): Promise<void> => {
	let rest = behind(buffers, 0);
	let at = position;
	while (rest.length > 0) {
		// eslint-disable-next-line no-await-in-loop -- each continues where the last ended
		const {bytesWritten} = await writeOnce(fd, rest, at);
		if (bytesWritten === 0) {
			throw new Error('the system took none of the bytes');
		}

		at += bytesWritten;
		rest = behind(rest, bytesWritten);
	}
};
