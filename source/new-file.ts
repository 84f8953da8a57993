/** A new file to keep something in, for this user alone. */
import {
	accessSync,
	closeSync,
	constants,
	fstatSync,
	lstatSync,
	openSync,
	writeSync,
} from 'node:fs';
import {dirname} from 'node:path';

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

/**
 * Creates a file that only this user may read. One that is there is taken if it
 * is empty, and keeps its mode.
 *
 * @throws {Error} See `reasonOf`.
 */
export const openNewFile = (path: string): number => {
	try {
		return openSync(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
	} catch (error) {
		if (codeOf(error) !== 'EEXIST') {
			throw error;
		}
	}

	return openOld(path);
};

/**
 * Looks whether a file can be made, and makes none.
 *
 * @throws {Error} See `reasonOf`.
 */
export const checkNewFile = (path: string): void => {
	if (lstatSync(path, {throwIfNoEntry: false})) {
		closeSync(openOld(path));
	} else {
		accessSync(dirname(path), constants.W_OK);
	}
};

/** All of it, though one call may take less. */
export const writeAll = (file: number, bytes: Uint8Array): void => {
	for (let start = 0; start < bytes.length;) {
		start += writeSync(file, bytes, start);
	}
};
