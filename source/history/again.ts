/**
 * Writes FILE again if it is gone: a new file of the same log, with everything
 * the old one held.
 *
 * The open descriptor still reads the old file after rm, mv and sed -i, and its
 * sums say whether the bytes are the ones we wrote. If they aren't, the entries
 * come from the room's memory. A file that somebody else put at the path is
 * renamed, not deleted.
 */
import {Buffer} from 'node:buffer';
import {lstatSync, renameSync, rmSync} from 'node:fs';
import {crc32} from 'node:zlib';
import {discardDraft, writeDraft, type Written} from './begin.js';
import {readAt} from './disk.js';
import {historyMisused} from './failures.js';
import {againPath, damagedPath, isThere, otherPath} from './files.js';
import {checkpointGroup, lastSeqOf, sumLine} from './lines.js';

/** The room's own memory of its log. */
export type Memory = {
	/** The highest n stored for each client, after an entry. */
	readonly clientsAt: (seq: number) => Iterable<readonly [string, number]>;
	/**
	 * Copies of all entries from one on, or from the oldest in memory if that is
	 * later.
	 */
	readonly entriesFrom: (seq: number) => {
		readonly entries: Buffer;
		readonly firstSeq: number;
	};
};

/** What a new FILE is to hold. */
export type Rescued = {
	readonly bytes: Buffer;
	/** The seq of its first entry, written or not. */
	readonly firstSeq: number;
};

type Known = {
	readonly logId: string;
	readonly head: number;
	readonly memory: Memory | undefined;
};

/** @returns Undefined if the bytes are not the ones that were written. */
const fromFile = async ({
	fd,
	length,
	crc,
	firstSeq,
}: Written): Promise<Rescued | undefined> => {
	const bytes = await readAt(fd, 0, length);
	return bytes.length === length && crc32(bytes) === crc
		? {bytes, firstSeq}
		: undefined;
};

const fromMemory = (wanted: number, {logId, head, memory}: Known): Rescued => {
	const {entries, firstSeq} = memory?.entriesFrom(wanted) ?? {
		entries: Buffer.alloc(0),
		firstSeq: head + 1,
	};
	if ((lastSeqOf(entries) ?? firstSeq - 1) !== head) {
		throw historyMisused(`memory does not end at entry ${head}`);
	}

	// A client's n may be that of one of these entries; a start that reads them
	// gets the same result.
	const checkpoint = checkpointGroup({
		logId,
		head: firstSeq - 1,
		clients: memory?.clientsAt(head) ?? [],
	});
	const bytes = Buffer.concat([checkpoint, entries]);
	return {
		bytes:
			entries.length === 0
				? checkpoint
				: Buffer.concat([bytes, sumLine(crc32(bytes))]),
		firstSeq,
	};
};

/** Reads as much of a lost FILE as possible. */
export const rescue = async (
	written: Written,
	known: Known,
): Promise<Rescued> =>
	(await fromFile(written)) ?? fromMemory(written.firstSeq, known);

/** @returns The new name of the file found at the path; undefined if none is. */
const setAside = (
	path: string,
	gapFrom: number | undefined,
): string | undefined => {
	const stat = lstatSync(path, {throwIfNoEntry: false});
	if (!stat) {
		return undefined;
	}

	if (stat.isFile() && stat.size === 0 && gapFrom === undefined) {
		rmSync(path);
		return undefined;
	}

	const aside =
		gapFrom === undefined ? otherPath(path) : damagedPath(path, gapFrom);
	renameSync(path, aside);
	return aside;
};

export type Begun = {
	readonly written: Written;
	/** The new name of somebody else's file. */
	readonly aside: string | undefined;
};

/**
 * Writes FILE again.
 *
 * @param gapFrom The first lost entry, if any.
 */
export const beginAgain = async (
	path: string,
	{bytes, firstSeq}: Rescued,
	gapFrom: number | undefined,
): Promise<Begun> => {
	// Not FILE.new: after a kill, a start would take even a part of it for FILE.
	const draft = againPath(path);
	if (isThere(draft)) {
		renameSync(draft, otherPath(path));
	}

	const written = await writeDraft(draft, bytes, firstSeq);
	try {
		const aside = setAside(path, gapFrom);
		renameSync(draft, path);
		return {written, aside};
	} catch (error) {
		discardDraft(draft, written.fd);
		throw error;
	}
};
