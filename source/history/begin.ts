/**
 * Replaces FILE by a new one; the old one gets another name.
 *
 * FILE.new is on the disk with its checkpoint before any rename. So a kill leaves
 * either both names as they were, or no FILE and a whole FILE.new, which the next
 * start renames (see `finishBeginning`); never a FILE without a checkpoint, and
 * never a seq given twice.
 */
import type {Buffer} from 'node:buffer';
import {closeSync, renameSync, rmSync} from 'node:fs';
import {crc32} from 'node:zlib';
import {readAt, sizeOf, syncData, writeAt} from './disk.js';
import {historyForeign} from './failures.js';
import {
	closedPath,
	createFile,
	isThere,
	newPath,
	openExisting,
} from './files.js';
import {beginsAsOurs, checkpointGroup, type Checkpoint} from './lines.js';

/** The file being written. */
export type Written = {
	readonly fd: number;
	/** Its valid bytes; a failed write may have left more after them. */
	readonly length: number;
	/** The crc of these bytes. */
	readonly crc: number;
	/** The seq of its first entry, written or not. */
	readonly firstSeq: number;
};

/** Writes a file of whole groups under a temporary name. */
export const writeDraft = async (
	draft: string,
	bytes: Buffer,
	firstSeq: number,
): Promise<Written> => {
	const fd = createFile(draft);
	try {
		await writeAt(fd, [bytes], 0);
		await syncData(fd);
		return {fd, length: bytes.length, crc: crc32(bytes), firstSeq};
	} catch (error) {
		discardDraft(draft, fd);
		throw error;
	}
};

export const discardDraft = (draft: string, fd: number): void => {
	closeSync(fd);
	rmSync(draft, {force: true});
};

/** Writes FILE.new. */
export const draftFile = async (
	path: string,
	checkpoint: Checkpoint,
): Promise<Written> => {
	const draft = newPath(path);
	rmSync(draft, {force: true});
	const bytes = checkpointGroup(checkpoint);
	return writeDraft(draft, bytes, checkpoint.head + 1);
};

/**
 * Renames FILE.new to FILE. Synchronously: nobody can look for a file by name in
 * between.
 *
 * @param aside The new name of the old FILE; it must be free.
 */
export const putInPlace = (path: string, aside: string | undefined): void => {
	if (aside !== undefined) {
		if (isThere(aside)) {
			throw new Error(`${aside} is in the way`);
		}

		renameSync(path, aside);
	}

	try {
		renameSync(newPath(path), path);
	} catch (error) {
		if (aside !== undefined) {
			renameSync(aside, path);
		}

		throw error;
	}
};

/**
 * Finishes at a start what a kill interrupted.
 *
 * Without a FILE, FILE.new becomes it, whole or not: the start checks it as FILE.
 * After a power cut it may be all zero bytes; then it was about to replace
 * nothing, and is left to `dropDraft`.
 *
 * @throws {SockchatError} `ERR_HISTORY` if FILE.new is another program's; it is
 * not changed.
 */
export const finishBeginning = async (path: string): Promise<void> => {
	const draft = newPath(path);
	const fd = openExisting(draft);
	if (fd === undefined) {
		return;
	}

	try {
		const bytes = await readAt(fd, 0, sizeOf(fd));
		if (bytes.every(byte => byte === 0)) {
			return;
		}

		if (!beginsAsOurs(bytes)) {
			throw historyForeign(draft, bytes);
		}
	} finally {
		closeSync(fd);
	}

	if (!isThere(path)) {
		renameSync(draft, path);
	}
};

/** Deletes what a kill left of a FILE.new, once FILE is known to be a history. */
export const dropDraft = (path: string): void => {
	rmSync(newPath(path), {force: true});
};

/** Writes a closed file, unless it exists. */
export const keepClosed = async (
	path: string,
	firstSeq: number,
	bytes: Buffer,
): Promise<void> => {
	const kept = closedPath(path, firstSeq);
	if (isThere(kept)) {
		return;
	}

	// A start deletes this name as long as there is a FILE.
	const draft = newPath(path);
	rmSync(draft, {force: true});
	const fd = createFile(draft);
	try {
		await writeAt(fd, [bytes], 0);
		await syncData(fd);
	} finally {
		closeSync(fd);
	}

	renameSync(draft, kept);
};
