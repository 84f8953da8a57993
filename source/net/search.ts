/** Finds what was said: in the history, or in what memory holds. */
import type {Buffer} from 'node:buffer';
import type {Found as FoundEntries, History} from '../history/history.js';
import {hitsIn, needleOf} from '../history/search.js';
import {maxFound, maxFrameBytes, type Search} from '../protocol/frame.js';
import type {RoomLog} from '../room/log.js';

/** What is shown of the log, in the pieces that it lies in. */
const shownIn = (log: RoomLog, before: number | undefined): Buffer[] => {
	const slices: Buffer[] = [];
	const end =
		before === undefined
			? log.shownEnd
			: Math.min(log.shownEnd, log.offsetOf(before));
	for (let cursor = log.start; cursor < end;) {
		const slice = log.slice(cursor).subarray(0, end - cursor);
		slices.push(slice);
		cursor += slice.length;
	}

	return slices;
};

const searchLog = (
	log: RoomLog,
	{text, before}: Search,
	limit: number,
): FoundEntries => {
	const needle = needleOf(text);
	const entries: Buffer[] = [];
	for (const slice of shownIn(log, before).toReversed()) {
		entries.push(...hitsIn(slice, needle, limit - entries.length));
	}

	const isFull = entries.length >= limit;
	const last = entries.at(-1);
	return {entries, next: isFull && last ? seqOf(last) : undefined};
};

const seqOf = (line: Buffer): number =>
	(JSON.parse(line.toString()) as {seq: number}).seq;

// What stands around the entries in an answer, its `text` not counted.
const frameAround = 200;

/**
 * Looks for words in what was said.
 *
 * @returns The line of the answer: the newest messages that fit into it, the
 * oldest of them first.
 */
export const searchRoom = async (
	log: RoomLog,
	history: History | undefined,
	search: Search,
): Promise<string> => {
	const {id, text, before} = search;
	const found = history
		? await history.search(text, {before, limit: maxFound})
		: searchLog(log, search, maxFound);
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

	// The entries stand in it as they are kept.
	const head = JSON.stringify({type: 'found', id, text}).slice(0, -1);
	const tail = next === undefined ? '' : `,"next":${next}`;
	return `${head},"entries":[${lines.join(',')}]${tail}}\n`;
};
