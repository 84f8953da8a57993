/**
 * A new FILE takes the place of the one before it, which keeps another name.
 *
 * FILE.new is on the disk with its checkpoint before anything is renamed. So a
 * kill leaves either both names as they were, or no FILE and a whole FILE.new,
 * which the next start renames (see `finishBeginning`); never a FILE without a
 * checkpoint, and never a seq that is given twice.
 */
import type {Buffer} from 'node:buffer';
import {closeSync, lstatSync, renameSync, rmSync} from 'node:fs';
import {crc32} from 'node:zlib';
import {syncData, writeAt} from './disk.js';
import {closedPath, createFile, isThere, newPath} from './files.js';
import {checkpointGroup, type Checkpoint} from './lines.js';

/** A file that is written to. */
export type Written = {
	readonly fd: number;
	/** Its bytes that count; what a failed write left lies behind them. */
	readonly length: number;
	/** Of all these bytes. */
	readonly crc: number;
	/** The seq of its first entry, there already or not. */
	readonly firstSeq: number;
};

/** Writes a file of whole groups under a name that it is not to keep. */
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
 * Makes FILE.new the FILE. At once rather than in turns of its own: nobody can
 * look for a file by name in between.
 *
 * @param aside The other name that FILE gets, which must be free.
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
 * What a start does about a FILE.new: it was killed in the middle of this.
 *
 * Without a FILE it becomes one, whole or not: the start looks at it as such.
 */
export const finishBeginning = (path: string): void => {
	const draft = newPath(path);
	if (
		!isThere(path) &&
		(lstatSync(draft, {throwIfNoEntry: false})?.size ?? 0) > 0
	) {
		renameSync(draft, path);
	}

	rmSync(draft, {force: true});
};

/** Puts bytes into a closed file of their own, unless one is there. */
export const keepClosed = async (
	path: string,
	firstSeq: number,
	bytes: Buffer,
): Promise<void> => {
	const kept = closedPath(path, firstSeq);
	if (isThere(kept)) {
		return;
	}

	// The name that a start deletes, as long as there is a FILE.
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
