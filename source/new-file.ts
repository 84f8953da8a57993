/** A new file to keep something in, for this user alone. */
import {
	closeSync,
	constants,
	fstatSync,
	openSync,
	unlinkSync,
	writeSync,
} from 'node:fs';

const reasons: Readonly<Record<string, string>> = {
	ENOSPC: 'no space is left on the device (ENOSPC)',
	EDQUOT: 'the disk quota is exceeded (EDQUOT)',
	EFBIG: 'the file has reached its size limit (EFBIG)',
	ENOENT: 'there is no such folder (ENOENT)',
	EACCES: 'permission denied (EACCES)',
	EISDIR: 'it is a folder (EISDIR)',
	ENXIO: 'it is a pipe that nobody reads (ENXIO)',
};

const codeOf = (error: unknown): string | undefined =>
	(error as NodeJS.ErrnoException).code;

/** Why a file can't be opened or written, for a sentence. */
export const reasonOf = (error: unknown): string =>
	reasons[codeOf(error) ?? ''] ?? (error as Error).message;

/** The error, if it is the kernel's; what was found there has no cause. */
export const errnoCauseOf = (error: unknown): unknown =>
	codeOf(error) === undefined ? undefined : error;

// Without O_NONBLOCK, opening a named pipe waits for its reader.
const {O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_NONBLOCK} = constants;

const openOld = (path: string): number => {
	const file = openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK);
	const stat = fstatSync(file);
	if ((stat.isFile() && stat.size === 0) || stat.isCharacterDevice()) {
		return file;
	}

	closeSync(file);
	throw new Error(
		stat.isFile()
			? 'the file is there already, and not empty'
			: 'it is not a file',
	);
};

type Opened = {readonly file: number; readonly isMade: boolean};

const openOrMake = (path: string): Opened => {
	try {
		const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
		return {file, isMade: true};
	} catch (error) {
		if (codeOf(error) !== 'EEXIST') {
			throw error;
		}
	}

	return {file: openOld(path), isMade: false};
};

/**
 * Creates a file that only this user may read. One that is there is taken if it
 * is empty, and keeps its mode.
 *
 * @throws {Error} See `reasonOf`.
 */
export const openNewFile = (path: string): number => openOrMake(path).file;

/**
 * Looks whether a file can be made, and leaves none. Only the kernel knows for
 * sure, so it is made and removed again.
 *
 * @throws {Error} See `reasonOf`.
 */
export const checkNewFile = (path: string): void => {
	const {file, isMade} = openOrMake(path);
	closeSync(file);
	if (isMade) {
		unlinkSync(path);
	}
};

/** All of it, though one call may take less. */
export const writeAll = (file: number, bytes: Uint8Array): void => {
	for (let start = 0; start < bytes.length;) {
		start += writeSync(file, bytes, start);
	}
};

/**
 * A file that is made when there is something to write: a run that opened
 * nothing leaves none. Whether it can be made is known before.
 */
export class LateFile {
	readonly #path: string;
	#file: number | undefined;

	/** @throws {Error} See `reasonOf`. */
	constructor(path: string) {
		this.#path = path;
		checkNewFile(path);
	}

	/** @throws {Error} See `reasonOf`. */
	write(bytes: Uint8Array): void {
		this.#file ??= openNewFile(this.#path);
		writeAll(this.#file, bytes);
	}

	close(): void {
		if (this.#file !== undefined) {
			closeSync(this.#file);
			this.#file = undefined;
		}
	}
}
