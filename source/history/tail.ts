/**
 * Reads the newest entries in one piece, to fill a room's memory: those of the
 * file being written, and the ends of the closed ones before it.
 */
import {Buffer} from 'node:buffer';
import {closeSync} from 'node:fs';
import {readAt, sizeOf} from './disk.js';
import {closedPath, openToRead} from './files.js';
import {claimAt, findSum, lastSeqOf, seqAt, sumBytes} from './lines.js';
import {crcBehind, linesIn, survey, type Group} from './survey.js';

export type Tail = {
	/** Whole entry lines, without the sums. */
	readonly entries: Buffer;
	readonly firstSeq: number;
};

/** The entries of the last groups, up to `maxBytes`; at least one group. */
export const lastEntries = (
	bytes: Buffer,
	groups: readonly Group[],
	maxBytes: number,
): Buffer => {
	let total = 0;
	const first = groups.findLastIndex(({start, end}) => {
		total += end - start;
		return total >= maxBytes;
	});
	return linesIn(bytes, groups.slice(Math.max(first, 0)));
};

/** @returns Nothing if the file is damaged, or doesn't end at `lastSeq`. */
const closedEntries = async (
	path: string,
	maxBytes: number,
	lastSeq: number,
): Promise<Buffer> => {
	const fd = openToRead(path);
	try {
		const size = sizeOf(fd);
		const bytes = await readAt(
			fd,
			Math.max(0, size - maxBytes),
			Math.min(size, maxBytes),
		);
		// Checked from its first sum on, which in a whole file is the checkpoint's.
		const sum = findSum(bytes, 0);
		if (sum === -1 || claimAt(bytes, sum) === undefined) {
			return Buffer.alloc(0);
		}

		const start = sum + sumBytes;
		const crc = crcBehind(bytes, sum);
		const {groups, end, stranded} = survey(bytes, start, crc);
		const entries = lastEntries(bytes, groups, maxBytes);
		return stranded.length === 0 &&
			end === bytes.length &&
			lastSeqOf(entries) === lastSeq
			? entries
			: Buffer.alloc(0);
	} finally {
		closeSync(fd);
	}
};

type TailOptions = {
	/** The first seq of the file being written. */
	readonly firstSeq: number;
	/** The first seqs of the closed files before it, oldest first. */
	readonly closed: readonly number[];
	readonly maxBytes: number;
};

/** @param newest The last entries of the file being written. */
export const readTail = async (
	path: string,
	newest: Buffer,
	{firstSeq, closed, maxBytes}: TailOptions,
): Promise<Tail> => {
	const parts = [newest];
	let first = seqAt(newest, 0) ?? firstSeq;
	let left = maxBytes - newest.length;
	for (const seq of first === firstSeq ? closed.toReversed() : []) {
		if (left <= 0) {
			break;
		}

		// eslint-disable-next-line no-await-in-loop -- older files only while there is room
		const part = await closedEntries(closedPath(path, seq), left, first - 1);
		const partFirst = seqAt(part, 0);
		if (partFirst === undefined) {
			break;
		}

		parts.unshift(part);
		left -= part.length;
		first = partFirst;
		if (partFirst !== seq) {
			break;
		}
	}

	return {entries: Buffer.concat(parts), firstSeq: first};
};
