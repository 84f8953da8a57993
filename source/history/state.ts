/**
 * The state of a room after a file of its history.
 */
import type {Buffer} from 'node:buffer';
import {historyUnreadable} from './failures.js';
import {
	beginsAsOurs,
	parseCheckpoint,
	seqAt,
	type Checkpoint,
} from './lines.js';
import {linesIn, type Group, type Survey} from './survey.js';
import {walkEntries} from './walk.js';

export type Cut = {
	/** Bytes of an unfinished write that were cut off. */
	readonly cutBytes: number;
	/** Their lines, the last one perhaps incomplete. */
	readonly cutLines: number;
};

export type State = Checkpoint & {readonly clients: Map<string, number>};

export const cutOf = (bytes: Buffer): Cut => ({
	cutBytes: bytes.length,
	cutLines: bytes.toString('latin1').split('\n').filter(Boolean).length,
});

/** Whether a file without a whole group was once a history. */
export const isOurs = (bytes: Buffer, {stranded}: Survey): boolean =>
	stranded.length > 0 || beginsAsOurs(bytes);

/**
 * The state after some whole groups, of which the first is the checkpoint.
 *
 * @throws {SockchatError} `ERR_HISTORY` if another program wrote them.
 */
export const stateBehind = (
	path: string,
	bytes: Buffer,
	[first, ...groups]: readonly Group[],
): State => {
	const line = bytes.toString('utf8', first!.start, first!.end);
	const checkpoint = parseCheckpoint(line);
	if (!checkpoint) {
		throw historyUnreadable(path, `it begins with ${line.slice(0, 60)}`);
	}

	const {logId, clients} = checkpoint;
	const head = walkEntries(linesIn(bytes, groups), checkpoint.head, clients);
	if (head === undefined) {
		throw historyUnreadable(
			path,
			`its entries do not go on one by one from ${checkpoint.head}`,
		);
	}

	return {logId, head, clients};
};

/** @returns Undefined if whole groups after damage are inconsistent. */
export const stateBeyond = (
	bytes: Buffer,
	before: State,
	stranded: readonly Group[],
): State | undefined => {
	const clients = new Map(before.clients);
	let {head} = before;
	for (const group of stranded) {
		const lines = linesIn(bytes, [group]);
		// After damage the seqs continue anywhere, though never backwards.
		const after = Math.max(head, (seqAt(lines, 0) ?? 0) - 1);
		const last = walkEntries(lines, after, clients);
		if (last === undefined) {
			return undefined;
		}

		head = last;
	}

	return {...before, head, clients};
};
