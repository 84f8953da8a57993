/** Searches and pages of the log, from the history or else from memory. */
import {Buffer} from 'node:buffer';
import type {Memory} from '../../history/again.js';
import type {Found as FoundEntries, History} from '../../history/history.js';
import {needleOf, searchBlocks} from '../../history/search.js';
import {
	maxFound,
	maxFrameBytes,
	maxPageEntries,
	type ReadPast,
	type Search,
} from '../../protocol/frame.js';
import type {RoomLog} from '../../room/log.js';
import type {Room} from '../../room/room.js';

/** The shown part of the log from an offset on, in the pieces it is stored in. */
const piecesOf = (
	log: RoomLog,
	from: number,
	before: number | undefined,
): ReadonlyArray<{cursor: number; length: number}> => {
	const pieces: Array<{cursor: number; length: number}> = [];
	const end =
		before === undefined
			? log.shownEnd
			: Math.min(log.shownEnd, log.offsetOf(before));
	for (let cursor = from; cursor < end;) {
		const length = Math.min(log.slice(cursor).length, end - cursor);
		pieces.push({cursor, length});
		cursor += length;
	}

	return pieces;
};

/** The newest piece first. Each is pinned until the next is asked for. */
function* pinned(log: RoomLog, before: number | undefined): Generator<Buffer> {
	for (const {cursor, length} of piecesOf(
		log,
		log.start,
		before,
	).toReversed()) {
		if (cursor < log.start) {
			// Memory has dropped it meanwhile.
			return;
		}

		const unpin = log.pin(cursor);
		try {
			yield log.slice(cursor).subarray(0, length);
		} finally {
			unpin();
		}
	}
}

/** What the room remembers of its log, for a history whose file is gone. */
export const memoryOf = (room: Room): Memory => ({
	clientsAt: seq => room.clientsAt(seq),
	entriesFrom(seq) {
		const {log} = room;
		const firstSeq = Math.max(seq, log.firstSeq);
		const pieces = piecesOf(log, log.offsetOf(firstSeq), undefined);
		const slices = pieces.map(({cursor}) => log.slice(cursor));
		return {entries: Buffer.concat(slices), firstSeq};
	},
});

const searchLog = async (
	log: RoomLog,
	{text, before}: Search,
	limit: number,
): Promise<FoundEntries> => {
	const blocks = pinned(log, before);
	const entries = await searchBlocks(blocks, needleOf(text), limit);
	const isFull = entries.length >= limit;
	const last = entries.at(-1);
	return {entries, next: isFull && last ? seqOf(last) : undefined};
};

const seqOf = (line: Buffer): number =>
	(JSON.parse(line.toString()) as {seq: number}).seq;

// The rest of an answer around its entries, without its `text`.
const frameAround = 200;

/**
 * Searches the messages.
 *
 * @returns The line of the answer: as many of the newest matches as fit, oldest
 * first.
 */
export const searchRoom = async (
	log: RoomLog,
	history: History | undefined,
	search: Search,
): Promise<string> => {
	const {id, text, before} = search;
	const found = await (history
		? history.search(text, {before, limit: maxFound})
		: searchLog(log, search, maxFound));
	let free = maxFrameBytes - frameAround - JSON.stringify(text).length * 3;
	const lines: string[] = [];
	let {next} = found;
	for (const entry of found.entries) {
		free -= entry.length;
		if (free < 0) {
			next = seqOf(entry) + 1;
			break;
		}

		lines.unshift(entry.toString().trimEnd());
	}

	// The stored bytes of the entries go into it as they are.
	const head = JSON.stringify({type: 'found', id, text}).slice(0, -1);
	const tail = next === undefined ? '' : `,"next":${next}`;
	return `${head},"entries":[${lines.join(',')}]${tail}}\n`;
};

const lineFeed = 0x0a;

/** Whole lines, one by one, without their LF. */
const linesOf = (entries: Buffer): string[] => {
	const lines: string[] = [];
	for (let start = 0; start < entries.length;) {
		const end = entries.indexOf(lineFeed, start);
		lines.push(entries.toString('utf8', start, end));
		start = end + 1;
	}

	return lines;
};

/** The entries of the history from a seq up to, but not including, another. */
const readHistory = async (
	history: History,
	from: number,
	before: number,
): Promise<string[]> => {
	const lines: string[] = [];
	for (let seq = from; seq < before;) {
		// eslint-disable-next-line no-await-in-loop -- each begins where the last ended
		const read = await history.read(seq, maxFrameBytes);
		if (!read) {
			break;
		}

		lines.push(...linesOf(read.entries));
		seq = read.nextSeq;
	}

	return lines.slice(0, before - from);
};

const readLog = (log: RoomLog, from: number, before: number): string[] => {
	const pieces = piecesOf(log, log.offsetOf(from), before);
	return pieces.flatMap(({cursor, length}) =>
		linesOf(log.slice(cursor).subarray(0, length)),
	);
};

/** As many lines as fit into a frame. */
const fitting = (lines: readonly string[], isFromEnd: boolean): string[] => {
	let free = maxFrameBytes - frameAround;
	const kept: string[] = [];
	for (const line of isFromEnd ? lines.toReversed() : lines) {
		free -= Buffer.byteLength(line) + 1;
		if (free < 0) {
			break;
		}

		kept.push(line);
	}

	return isFromEnd ? kept.toReversed() : kept;
};

/**
 * A page of the log.
 *
 * @returns The line of the answer.
 */
export const readPast = async (
	log: RoomLog,
	history: History | undefined,
	{id, before}: ReadPast,
): Promise<string> => {
	const oldest = Math.min(history?.firstSeq ?? Infinity, log.firstSeq);
	const after = Math.min(before ?? oldest + maxPageEntries, log.shownHead + 1);
	const from = Math.max(oldest, after - maxPageEntries);
	const lines =
		from >= after
			? []
			: history
				? await readHistory(history, from, after)
				: readLog(log, from, after);
	const page = fitting(lines, before !== undefined);
	return `{"type":"past","id":${id},"entries":[${page.join(',')}],"oldest":${oldest}}\n`;
};
