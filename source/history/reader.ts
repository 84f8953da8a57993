/**
 * Finds entries in one file of a history.
 *
 * There is no index: entries are in order of seq, so a bisection finds one. Files
 * are read in blocks, each in its own turn of the event loop.
 */
import {Buffer} from 'node:buffer';
import {readAt, readInto, sizeOf} from './disk.js';
import {isSumAt, seqAt, sumBytes, withoutSums} from './lines.js';
import {survey} from './survey.js';

/** An open file and the end of its valid bytes. */
export type Source = {readonly fd: number; readonly end: number};

const lf = 10;
const lineBytes = 1024;
const blockBytes = 1024 * 1024;

// More than an entry's bytes up to its seq, and more than a sum line.
const headBytes = 128;

/** The offset after the first LF from an offset on; `end` if there is none. */
const behindLine = async ({fd, end}: Source, from: number): Promise<number> => {
	// Most lines are short; a checkpoint may be a mebibyte.
	let size = lineBytes;
	for (let at = from; at < end;) {
		// eslint-disable-next-line no-await-in-loop -- the next begins where this one ended
		const block = await readAt(fd, at, Math.min(size, end - at));
		const found = block.indexOf(lf);
		if (found !== -1) {
			return at + found + 1;
		}

		at += size;
		size *= 4;
	}

	return end;
};

/**
 * The offset after the last whole group before any damage. It reads in blocks,
 * each in its own turn: a file of short groups takes 100 ms as a whole.
 */
export const endOfWhole = async (fd: number): Promise<number> => {
	const size = sizeOf(fd);
	let end = 0;
	let crc = 0;
	let wanted = blockBytes;
	while (end < size) {
		const length = Math.min(wanted, size - end);
		// eslint-disable-next-line no-await-in-loop -- each continues where the last ended
		const found = survey(await readAt(fd, end, length), 0, crc);
		end += found.end;
		crc = found.crc;
		if (
			found.stranded.length > 0 ||
			(found.end === 0 && length === size - end)
		) {
			break;
		}

		// A group may be longer than a block.
		wanted = found.end === 0 ? wanted * 4 : blockBytes;
	}

	return end;
};

/** The offset of the first line after the checkpoint and its sum. */
export const startOfEntries = async (source: Source): Promise<number> =>
	Math.min((await behindLine(source, 0)) + sumBytes, source.end);

/** The first entry from the start of a line on. */
const entryAt = async (
	{fd, end}: Source,
	at: number,
): Promise<{at: number; seq: number} | undefined> => {
	const head = await readAt(fd, at, Math.min(headBytes, end - at));
	const start = isSumAt(head, 0) ? sumBytes : 0;
	const seq = seqAt(head, start);
	return seq === undefined ? undefined : {at: at + start, seq};
};

/**
 * The offset of an entry.
 *
 * @returns If the file doesn't contain it, the offset of the next one; the end of
 * the file if there is none.
 */
export const offsetOf = async (
	source: Source,
	seq: number,
): Promise<number> => {
	// All entries before `low` are older than it. No entry between `low` and `high`
	// is as new, unless it is the first such.
	let low = await startOfEntries(source);
	let high = source.end;
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		// eslint-disable-next-line no-await-in-loop -- each halving goes by the last
		const line = middle === low ? low : await behindLine(source, middle - 1);
		// eslint-disable-next-line no-await-in-loop -- each halving goes by the last
		const entry = line < high ? await entryAt(source, line) : undefined;
		if (!entry || entry.at >= high) {
			high = middle;
		} else if (entry.seq < seq) {
			// eslint-disable-next-line no-await-in-loop -- each halving goes by the last
			low = await behindLine(source, entry.at);
		} else {
			high = middle;
		}
	}

	return (await entryAt(source, low))?.at ?? source.end;
};

/**
 * Reads entry lines from an offset on, without the sums between them.
 *
 * @param maxBytes Of the file; at least one entry is read, however long.
 */
export const entriesFrom = async (
	source: Source,
	offset: number,
	maxBytes: number,
): Promise<Buffer> => {
	const {fd, end} = source;
	const wanted = Math.min(end, offset + maxBytes);
	const least = Math.min(end, await behindLine(source, offset));
	const length = Math.max(wanted, least) - offset;
	const bytes = await readAt(fd, offset, length);
	return withoutSums(bytes.subarray(0, bytes.lastIndexOf(lf) + 1));
};

/** Whole lines of a file. */
export type Part = {
	readonly fd: number;
	readonly from: number;
	readonly end: number;
};

/** Two blocks: one is searched while the next is read. */
export type Memory = readonly [Buffer, Buffer];

/**
 * Allocates the memory of one search. With new memory for each block, V8 spends a
 * third of the time collecting garbage.
 */
export const takeMemory = (): Memory => [
	Buffer.allocUnsafeSlow(blockBytes),
	Buffer.allocUnsafeSlow(blockBytes),
];

/** Consecutive whole lines, which end at `start` of the next block. */
type Block = {readonly bytes: Buffer; readonly start: number};

/**
 * Reads the last block of a part; it contains at least one line.
 *
 * @param memory Where to read it, unless its last line is longer.
 */
const lastBlockOf = async (
	{fd, from, end}: Part,
	memory: Buffer,
): Promise<Block> => {
	for (let into = memory; ; into = Buffer.allocUnsafe(into.length * 2)) {
		const start = Math.max(from, end - into.length);
		// eslint-disable-next-line no-await-in-loop -- a longer one only where no line fits
		const bytes = await readInto(fd, into.subarray(0, end - start), start);
		// Its first line may have started earlier.
		const skipped = start === from ? 0 : bytes.indexOf(lf) + 1;
		if (skipped < bytes.length && (skipped > 0 || start === from)) {
			return {bytes: bytes.subarray(skipped), start: start + skipped};
		}
	}
};

/**
 * Reads a part in blocks of whole lines, the newest first.
 *
 * @returns Blocks that share memory: finish with one before taking the next.
 */
export async function* blocksOf(
	part: Part,
	memory: Memory,
): AsyncGenerator<Buffer> {
	let [next, free] = memory;
	const read = (end: number): Promise<Block> | undefined =>
		part.from < end ? lastBlockOf({...part, end}, next) : undefined;
	let reading = read(part.end);
	try {
		while (reading) {
			// eslint-disable-next-line no-await-in-loop -- the next is being read meanwhile
			const {bytes, start} = await reading;
			[next, free] = [free, next];
			reading = read(start);
			yield bytes;
		}
	} finally {
		// The caller closes the file once this returns.
		await Promise.allSettled([reading]);
	}
}
