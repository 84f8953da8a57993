/**
 * Finding entries in one file of a history.
 *
 * No index is kept: entries stand in the order of their seq, so a file is
 * halved until the wanted one is near. All of it is read in blocks, each in a
 * turn of its own.
 */
import {Buffer} from 'node:buffer';
import {readAt, readInto, sizeOf} from './disk.js';
import {isSumAt, seqAt, sumBytes, withoutSums} from './lines.js';
import {survey} from './survey.js';

/** A file that is open, up to where its bytes count. */
export type Source = {readonly fd: number; readonly end: number};

const lf = 10;
const lineBytes = 1024;
const blockBytes = 1024 * 1024;

// More than any entry's bytes up to its seq, and more than a sum line.
const headBytes = 128;

/** The offset behind the first LF at or after an offset; `end` if none is. */
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
 * The offset behind the last whole group before any damage. In blocks, each in
 * a turn of its own: a file of short groups takes 100 ms as a whole.
 */
export const endOfWhole = async (fd: number): Promise<number> => {
	const size = sizeOf(fd);
	let end = 0;
	let crc = 0;
	let wanted = blockBytes;
	while (end < size) {
		const length = Math.min(wanted, size - end);
		// eslint-disable-next-line no-await-in-loop -- each goes on where the last ended
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

/** Where the first line behind the checkpoint and its sum begins. */
export const startOfEntries = async (source: Source): Promise<number> =>
	Math.min((await behindLine(source, 0)) + sumBytes, source.end);

/** The first entry that begins at or behind where a line begins. */
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
 * Where an entry begins.
 *
 * @returns For one that the file doesn't hold, where the next one begins; the
 * end of the file if there is none.
 */
export const offsetOf = async (
	source: Source,
	seq: number,
): Promise<number> => {
	// All before `low` are older than it; none before `high` is not, or it is
	// the first such that begins at or behind `low`.
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
 * Entry lines from an offset on, without the sums between them.
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

/** A part of a file, of whole lines. */
export type Part = {
	readonly fd: number;
	readonly from: number;
	readonly end: number;
};

/** For two blocks: one is looked through while the next is read. */
export type Memory = readonly [Buffer, Buffer];

/**
 * For a search as a whole: with memory of its own for each block, V8 collects
 * garbage for a third of the time.
 */
export const takeMemory = (): Memory => [
	Buffer.allocUnsafeSlow(blockBytes),
	Buffer.allocUnsafeSlow(blockBytes),
];

/** Whole lines, one behind the other, that end at `start` of the next block. */
type Block = {readonly bytes: Buffer; readonly start: number};

/**
 * The last block of a part that holds a line at least.
 *
 * @param memory Where it is put, unless its last line is longer than that.
 */
const lastBlockOf = async (
	{fd, from, end}: Part,
	memory: Buffer,
): Promise<Block> => {
	for (let into = memory; ; into = Buffer.allocUnsafe(into.length * 2)) {
		const start = Math.max(from, end - into.length);
		// eslint-disable-next-line no-await-in-loop -- a longer one only where no line fits
		const bytes = await readInto(fd, into.subarray(0, end - start), start);
		// Its first line began further before, as far as anybody knows here.
		const skipped = start === from ? 0 : bytes.indexOf(lf) + 1;
		if (skipped < bytes.length && (skipped > 0 || start === from)) {
			return {bytes: bytes.subarray(skipped), start: start + skipped};
		}
	}
};

/**
 * A part in blocks of whole lines, the newest first.
 *
 * @returns Each is to be done with before the next is asked for.
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
		// The file may be closed once this has returned.
		await Promise.allSettled([reading]);
	}
}
