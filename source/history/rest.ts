/**
 * What lies behind the last whole group of a file: the beginning of a write
 * that was cut short, which nobody was shown, or damage.
 *
 * A cut write is told by its shape: entries that go on, the last line perhaps
 * a part of one, and no whole sum. No single byte that changed gives it that
 * shape. A server that closed its history left its end in its lock, and where
 * the file doesn't end there, no write of ours was cut.
 */
import type {Buffer} from 'node:buffer';
import {findSum, isSumStart, sumBytes} from './lines.js';
import {stateBeyond, type State} from './state.js';
import {crcBehind, type Survey} from './survey.js';
import {walkEntries} from './walk.js';

/** Where a file ended as its history was closed, and the crc of all of it. */
export type FileEnd = {readonly bytes: number; readonly crc: number};

export type Verdict =
	/** All that was written is there. */
	| 'whole'
	/** Nobody was shown what is behind: it may be cut. */
	| 'cut short'
	/** Each group is whole, but it is not the file that was closed. */
	| 'exchanged'
	/** `state` is that behind all that was shown, as far as that is sure. */
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
	// Zeros, say, where the disk lacks what the file's size promises.
	return (isEntry && !/[\0-\u001F]/.test(part)) || isSumStart(bytes);
};

/** @param head The seq that it goes on from. */
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

/**
 * @param before The state behind the whole groups.
 * @param end Undefined where its last server did not close it.
 */
export const judge = (
	bytes: Buffer,
	found: Survey,
	before: State,
	end: FileEnd | undefined,
): Verdict => {
	const isEnd = (length: number, crc: number) =>
		end?.bytes === length && end.crc === crc;
	const isAllThere = isEnd(found.end, found.crc);
	const isPerhapsAll = end === undefined || isAllThere;
	if (found.end === bytes.length) {
		return isPerhapsAll ? 'whole' : 'exchanged';
	}

	if (isPerhapsAll && isCutShort(bytes.subarray(found.end), before.head)) {
		return 'cut short';
	}

	if (isAllThere) {
		return {state: before};
	}

	const last = found.stranded.at(-1);
	const state = last && stateBeyond(bytes, before, found.stranded);
	if (!state) {
		return {state: undefined};
	}

	const behind = last.end + sumBytes;
	const rest = bytes.subarray(behind);
	const isSure = end
		? rest.length === 0 && isEnd(behind, crcBehind(bytes, last.end))
		: rest.length === 0 || isCutShort(rest, state.head);
	return {state: isSure ? state : undefined};
};
