/**
 * The state of a room behind a file of its history, and what of the file is
 * none of it.
 */
import type {Buffer} from 'node:buffer';
import {historyUnreadable} from './failures.js';
import {
	checkpointStart,
	parseCheckpoint,
	seqAt,
	type Checkpoint,
} from './lines.js';
import {linesIn, type Group, type Survey} from './survey.js';
import {walkEntries} from './walk.js';

export type Cut = {
	/** Bytes of an unfinished write that were cut off the end. */
	readonly cutBytes: number;
	/** The lines in them, the last one perhaps unfinished. */
	readonly cutLines: number;
};

export type State = Checkpoint & {readonly clients: Map<string, number>};

export const cutOf = (bytes: Buffer): Cut => ({
	cutBytes: bytes.length,
	cutLines: bytes.toString('latin1').split('\n').filter(Boolean).length,
});

export const addCuts = (a: Cut, b: Cut): Cut => ({
	cutBytes: a.cutBytes + b.cutBytes,
	cutLines: a.cutLines + b.cutLines,
});

// A start that was cut short, and nothing else, may be thrown away.
const isTornCheckpoint = (bytes: Buffer): boolean => {
	const length = Math.min(bytes.length, checkpointStart.length);
	return bytes.subarray(0, length).equals(checkpointStart.subarray(0, length));
};

/**
 * Whether nothing in a file counts.
 *
 * @throws {SockchatError} `ERR_HISTORY` where it isn't ours to judge.
 */
export const isEmpty = (
	path: string,
	bytes: Buffer,
	found: Survey,
): boolean => {
	if (found.groups.length > 0) {
		return false;
	}

	if (found.stranded.length === 0 && isTornCheckpoint(bytes)) {
		return true;
	}

	const seen = JSON.stringify(bytes.toString('utf8', 0, 40));
	throw historyUnreadable(path, `it begins with ${seen}`);
};

/** The state behind some groups, the first of which is the checkpoint. */
export const stateBehind = (
	path: string,
	bytes: Buffer,
	[first, ...groups]: readonly Group[],
	stranded: readonly Group[],
): State => {
	const line = bytes.toString('utf8', first!.start, first!.end);
	const checkpoint = parseCheckpoint(line);
	if (!checkpoint) {
		throw historyUnreadable(path, `it begins with ${line.slice(0, 60)}`);
	}

	const {logId, clients} = checkpoint;
	const walk = (after: number, lines: Buffer): number => {
		const last = walkEntries(lines, after, clients);
		if (last === undefined) {
			throw historyUnreadable(
				path,
				`its entries do not go on one by one from ${after}`,
			);
		}

		return last;
	};

	let head = walk(checkpoint.head, linesIn(bytes, groups));
	for (const group of stranded) {
		const lines = linesIn(bytes, [group]);
		// Behind damage, it goes on wherever it goes on, though never back.
		head = walk(Math.max(head, (seqAt(lines, 0) ?? 0) - 1), lines);
	}

	return {logId, head, clients};
};
