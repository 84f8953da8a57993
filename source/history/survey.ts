/**
 * Which groups of a history file are whole.
 *
 * The sum after a group is the crc32 of all bytes of the file before it. So a
 * group can also be checked from the sum before it, even if earlier bytes are
 * damaged. This distinguishes an unfinished end from damage in the middle, which
 * has whole groups after it. Damage in the last two groups looks like an
 * unfinished end; no sum can tell them apart (see `rest.ts`).
 */
import {Buffer} from 'node:buffer';
import {crc32} from 'node:zlib';
import {claimAt, findSum, sumBytes} from './lines.js';

/** The range of a group's lines; its sum line starts at `end`. */
export type Group = {readonly start: number; readonly end: number};

export type Survey = {
	/** The whole groups up to the first broken one. */
	readonly groups: readonly Group[];
	/** The offset after the last of them, sum included. */
	readonly end: number;
	/** The crc of all bytes up to there. */
	readonly crc: number;
	/** Whole groups after a broken one; none if only the end is unfinished. */
	readonly stranded: readonly Group[];
};

/** The crc of a file up to the end of a sum line, from that line's own crc. */
export const crcBehind = (bytes: Buffer, sum: number): number =>
	crc32(bytes.subarray(sum, sum + sumBytes), claimAt(bytes, sum));

/**
 * @param from The start of a group.
 * @param before The crc of the file up to there.
 */
export const survey = (bytes: Buffer, from = 0, before = 0): Survey => {
	const groups: Group[] = [];
	const stranded: Group[] = [];
	let end = from;
	let isBroken = false;
	let start = from;
	// One call covers a group and the sum line before it.
	let summed = from;
	let crc = before;
	let sum = findSum(bytes, start);
	while (sum !== -1) {
		const claim = claimAt(bytes, sum);
		if (claim === undefined) {
			// A broken sum line, perhaps overwritten by the next group.
			sum = findSum(bytes, sum + 1);
			continue;
		}

		const isWhole = crc32(bytes.subarray(summed, sum), crc) === claim;
		isBroken ||= !isWhole;
		if (isWhole) {
			(isBroken ? stranded : groups).push({start, end: sum});
		}

		start = sum + sumBytes;
		summed = sum;
		crc = claim;
		if (!isBroken) {
			end = start;
		}

		sum = findSum(bytes, start);
	}

	const last = groups.at(-1);
	return {
		groups,
		end,
		crc: last ? crcBehind(bytes, last.end) : before,
		stranded,
	};
};

/** The lines of these groups, without the sums between them. */
export const linesIn = (bytes: Buffer, groups: readonly Group[]): Buffer =>
	Buffer.concat(groups.map(({start, end}) => bytes.subarray(start, end)));
