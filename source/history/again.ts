/**
 * FILE again, where it is gone: a new one of the same log, with all that the
 * old one held.
 *
 * The old file's bytes are still there for who has it open, after rm, mv and
 * sed -i alike, and its sums say whether they are as we wrote them. If they are
 * not, the entries come from the room's memory. Nothing of what somebody else
 * put at the path is deleted: it gets another name.
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
	/** The highest n stored for each client, behind an entry. */
	readonly clientsAt: (seq: number) => Iterable<readonly [string, number]>;
	/**
	 * Copies of all entries from one on; from the oldest that is remembered on,
	 * where that is a later one.
	 */
	readonly entriesFrom: (seq: number) => {
		readonly entries: Buffer;
		readonly firstSeq: number;
	};
};

/** What a new FILE is to hold. */
export type Rescued = {
	readonly bytes: Buffer;
	/** The seq of its first entry, there already or not. */
	readonly firstSeq: number;
};

type Known = {
	readonly logId: string;
	readonly head: number;
	readonly memory: Memory | undefined;
};

/** @returns Undefined where the bytes are not those that were written. */
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

	// The n of a client may be one that stands in these entries: a start that
	// reads them comes to the same.
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

/** What can be had of a FILE that is gone, all of it wherever possible. */
export const rescue = async (
	written: Written,
	known: Known,
): Promise<Rescued> =>
	(await fromFile(written)) ?? fromMemory(written.firstSeq, known);

/** @returns The other name of what stood at the path; undefined if it's gone. */
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
	/** Where somebody else's file was put. */
	readonly aside: string | undefined;
};

/**
 * Writes FILE anew.
 *
 * @param gapFrom The first entry that is lost, where some are.
 */
export const beginAgain = async (
	path: string,
	{bytes, firstSeq}: Rescued,
	gapFrom: number | undefined,
): Promise<Begun> => {
	// Not FILE.new, which a start after a kill takes for FILE, also a part of it.
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
