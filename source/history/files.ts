/**
 * The files of one history, by name: FILE is being written, FILE.000000001234 is
 * closed and named by its first seq, FILE.new is about to become FILE.
 * FILE.damaged-000000001234 was set aside by a start, FILE.other-1 while the
 * server ran; neither is ours to delete.
 *
 * Their content is private, so a folder or a file that others may write to is
 * refused, and symbolic links are not followed.
 */
import {
	chmodSync,
	closeSync,
	constants,
	fchmodSync,
	fstatSync,
	fsync,
	lstatSync,
	mkdirSync,
	openSync,
	readdirSync,
	rmSync,
	statSync,
	type Stats,
} from 'node:fs';
import {basename, dirname, resolve} from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';
import {historyFailed, historyNowhere, historyUnsafe} from './failures.js';

const seqDigits = 12;
const fileMode = 0o600;
const folderMode = 0o700;
const writableByOthers = 0o022;
const sticky = 0o1000;

export const newPath = (path: string): string => `${path}.new`;

/** FILE being written again after it was lost. */
export const againPath = (path: string): string => `${path}.again`;

const padded = (seq: number): string => String(seq).padStart(seqDigits, '0');

export const closedPath = (path: string, firstSeq: number): string =>
	`${path}.${padded(firstSeq)}`;

/** A free name for a file that replaced FILE. */
export const otherPath = (path: string): string => {
	let number = 1;
	while (isThere(`${path}.other-${number}`)) {
		number++;
	}

	return `${path}.other-${number}`;
};

export const codeOf = (error: unknown): string | undefined =>
	(error as NodeJS.ErrnoException | undefined)?.code;

export const isThere = (path: string): boolean =>
	lstatSync(path, {throwIfNoEntry: false}) !== undefined;

/** A free name for a file whose damage starts at a seq. */
export const damagedPath = (path: string, seq: number): string => {
	const name = `${path}.damaged-${padded(seq)}`;
	let free = name;
	for (let count = 2; isThere(free); count++) {
		free = `${name}.${count}`;
	}

	return free;
};

/** What follows `FILE.` in the names of the history's folder. */
export const suffixesOf = (path: string): string[] => {
	const start = `${basename(path)}.`;
	return readdirSync(dirname(path))
		.filter(name => name.startsWith(start))
		.map(name => name.slice(start.length));
};

/** The first seq of each closed file, oldest first. */
export const closedFiles = (path: string): number[] =>
	suffixesOf(path)
		.flatMap(suffix => /^(\d{12,16})$/.exec(suffix)?.slice(1) ?? [])
		.map(Number)
		.toSorted((a, b) => a - b);

/** @returns Undefined if it doesn't exist, or a part of its path is a file. */
const statOf = (path: string): Stats | undefined => {
	try {
		return statSync(path);
	} catch (error) {
		if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
			return undefined;
		}

		throw error;
	}
};

const owner = (): number | undefined => process.getuid?.();

/**
 * Creates a folder and its parents. Node's recursive mkdir never returns below
 * /proc, where mkdir fails with ENOENT even in a folder that exists.
 */
export const makeFolders = (folder: string): void => {
	const missing: string[] = [];
	let part = resolve(folder);
	while (!isThere(part)) {
		missing.unshift(part);
		part = dirname(part);
	}

	for (const each of missing) {
		try {
			mkdirSync(each, {mode: folderMode});
		} catch (error) {
			// Another server may have created it.
			if (codeOf(error) !== 'EEXIST') {
				throw error;
			}
		}
	}

	if (missing.length > 0) {
		// The umask may have removed bits that we need.
		chmodSync(folder, folderMode);
	}
};

/**
 * Checks that the history's folder is safe.
 *
 * @param isDefault Whether a missing folder is created. A folder that the user
 * named isn't: a typo would start another room.
 * @throws {SockchatError} `ERR_HISTORY` if others may write to it, or it doesn't
 * exist.
 */
export const prepareFolder = (path: string, isDefault: boolean): void => {
	// With a slash at its end, the start would never return.
	if (path.endsWith('/') || statOf(path)?.isDirectory()) {
		throw historyFailed(path, 'it is a folder');
	}

	const folder = dirname(path);
	if (isDefault) {
		try {
			makeFolders(folder);
		} catch (error) {
			throw historyFailed(path, error);
		}
	}

	const stat = statOf(folder);
	if (!stat?.isDirectory()) {
		throw stat
			? historyFailed(path, `${folder} is not a folder`)
			: historyNowhere(path, folder);
	}

	const {mode, uid} = stat;
	const self = owner();
	// Windows has neither owners nor modes.
	if (self === undefined) {
		return;
	}

	if (uid !== self && uid !== 0) {
		throw historyUnsafe(
			path,
			`stands in ${folder}, which belongs to another user (uid ${uid})`,
			'choose a folder of your own',
		);
	}

	if (mode & writableByOthers) {
		throw historyUnsafe(
			path,
			`stands in ${folder}, which others may write to (mode ${(mode & 0o7777).toString(8)})`,
			// A sticky folder such as /tmp, or another user's, is shared on purpose.
			uid === self && (mode & sticky) === 0
				? `run chmod go-w ${folder}`
				: 'choose a folder of your own, such as ~/.local/state/sockchat',
		);
	}
};

const refuseForeign = (path: string, fd: number): void => {
	const stat = fstatSync(fd);
	if (!stat.isFile()) {
		throw historyUnsafe(path, 'is not a regular file', 'move it away');
	}

	const self = owner();
	if (self !== undefined && stat.uid !== self) {
		throw historyUnsafe(
			path,
			`belongs to another user (uid ${stat.uid})`,
			'move it away',
		);
	}
};

/** Takes the others' rights away, from a file that is known to be a history's. */
export const makePrivate = (fd: number): void => {
	if ((fstatSync(fd).mode & 0o777) !== fileMode) {
		fchmodSync(fd, fileMode);
	}
};

// Without O_NONBLOCK, a FIFO at the path would hang us.
const safely = constants.O_NOFOLLOW | constants.O_NONBLOCK;

const open = (path: string, flags: number): number => {
	let fd;
	try {
		fd = openSync(path, flags | safely, fileMode);
	} catch (error) {
		throw codeOf(error) === 'ELOOP'
			? historyUnsafe(path, 'is a symbolic link', 'name the file itself')
			: error;
	}

	try {
		refuseForeign(path, fd);
		return fd;
	} catch (error) {
		closeSync(fd);
		throw error;
	}
};

/**
 * Opens FILE, and leaves its mode: whatever the user has named may be there.
 *
 * @returns Undefined if it doesn't exist.
 */
export const openExisting = (path: string): number | undefined => {
	try {
		return open(path, constants.O_RDWR);
	} catch (error) {
		if (codeOf(error) === 'ENOENT') {
			return undefined;
		}

		throw error;
	}
};

const openPrivate = (path: string, flags: number): number => {
	const fd = open(path, flags);
	try {
		makePrivate(fd);
		return fd;
	} catch (error) {
		closeSync(fd);
		throw error;
	}
};

export const createFile = (path: string): number =>
	openPrivate(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);

/** Opens a file for reading, and leaves its mode: it may be no history's. */
export const openToLook = (path: string): number =>
	open(path, constants.O_RDONLY);

/**
 * Opens a file of a history for reading. Synchronously: the name can't come to
 * mean another file between its choice and this call.
 */
export const openToRead = (path: string): number =>
	openPrivate(path, constants.O_RDONLY);

/** A name survives a power cut only once its folder is synced. */
export const syncFolder = async (path: string): Promise<void> => {
	const fd = openSync(dirname(path), constants.O_RDONLY);
	try {
		await promisify(fsync)(fd);
	} finally {
		closeSync(fd);
	}
};

/** @returns The first seqs of the closed files that remain. */
export const removeOldest = (
	path: string,
	closed: readonly number[],
	keptFiles: number,
): readonly number[] => {
	// FILE itself counts as one of them.
	const count = Math.max(0, closed.length + 1 - keptFiles);
	for (const seq of closed.slice(0, count)) {
		rmSync(closedPath(path, seq), {force: true});
	}

	return closed.slice(count);
};
