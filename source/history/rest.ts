/**
 * What follows the last whole group of a file: the start of an unfinished
 * write, which nobody was shown, or damage.
 *
 * The bytes alone can't tell: a group that was shown and then cut from outside
 * looks like an unfinished write. The lock can: its holder wrote there which
 * entry was the last to be shown or, when it closed the history, where the file
 * ended. If neither proves that nothing shown is missing, the rest is kept and
 * the entries continue in another log.
 */
import type {Buffer} from 'node:buffer';
import {findSum, isSumStart, sumBytes} from './lines.js';
import {stateBeyond, type State} from './state.js';
import {crcBehind, type Survey} from './survey.js';
import {walkEntries} from './walk.js';

/** Where a file ended when its history was closed, and the crc of all of it. */
export type FileEnd = {readonly bytes: number; readonly crc: number};

/** What the last server left in its lock. */
export type Left =
	| {readonly kind: 'unknown'}
	| {readonly kind: 'closed'; readonly end: FileEnd}
	| {
			readonly kind: 'shown';
			readonly logId: string;
			readonly seq: number;
			/** Whether no later entry was shown. */
			readonly isLatest: boolean;
	  };

export type Verdict =
	/** Everything written is there. */
	| 'whole'
	/** Nobody was shown the rest: it may be cut off. */
	| 'cut short'
	/** Each group is whole, but entries that were shown are missing. */
	| 'exchanged'
	/** Damaged. `state` follows everything shown; undefined if that isn't sure. */
	| {readonly state: State | undefined};

const lf = 10;
const entryStart = '{"type":"';

const isJson = (line: string): boolean => {
	try {
		JSON.parse(line);
		return true;
	} catch {
		return false;
	}
};

const isPartOfLine = (bytes: Buffer): boolean => {
	const part = bytes.toString('latin1');
	const isEntry =
		part.length < entryStart.length
			? entryStart.startsWith(part)
			: part.startsWith(entryStart) && !part.startsWith(`${entryStart}sum"`);
	// Zeros, for example, if the disk lacks bytes that the file's size promises.
	return (isEntry && !/[\0-\u001F]/.test(part)) || isSumStart(bytes);
};

/** @param head The seq before the first entry. */
const isCutShort = (rest: Buffer, head: number): boolean => {
	const last = rest.lastIndexOf(lf) + 1;
	const sum = findSum(rest, 0);
	const lines = rest.subarray(0, last);
	return (
		(sum === -1 || sum === last) &&
		isPartOfLine(rest.subarray(last)) &&
		walkEntries(lines, head, new Map()) !== undefined &&
		lines.toString().split('\n').slice(0, -1).every(isJson)
	);
};

/** A file up to the end of one of its groups. */
type Part = {
	readonly state: State;
	readonly bytes: number;
	readonly crc: number;
};

/** Whether a part holds every entry that was shown; undefined if unknown. */
const holdsAll = (left: Left, {state, bytes, crc}: Part) => {
	switch (left.kind) {
		case 'unknown': {
			return undefined;
		}

		case 'closed': {
			return left.end.bytes === bytes && left.end.crc === crc;
		}

		case 'shown': {
			const isEnough = left.logId === state.logId && state.head >= left.seq;
			return isEnough && !left.isLatest ? undefined : isEnough;
		}
	}
};

/** @param before The state after the whole groups. */
export const judge = (
	bytes: Buffer,
	found: Survey,
	before: State,
	left: Left,
): Verdict => {
	const whole = {state: before, bytes: found.end, crc: found.crc};
	const isAllThere = holdsAll(left, whole);
	if (found.end === bytes.length) {
		return isAllThere === false ? 'exchanged' : 'whole';
	}

	if (isAllThere) {
		return isCutShort(bytes.subarray(found.end), before.head)
			? 'cut short'
			: {state: before};
	}

	const last = found.stranded.at(-1);
	const state = last && stateBeyond(bytes, before, found.stranded);
	if (!state) {
		return {state: undefined};
	}

	const end = last.end + sumBytes;
	const crc = crcBehind(bytes, last.end);
	const isSure =
		holdsAll(left, {state, bytes: end, crc}) ?? end === bytes.length;
	return {state: isSure ? state : undefined};
};
