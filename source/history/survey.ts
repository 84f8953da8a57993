/**
 * Which groups of a history file are whole.
 *
 * The sum behind a group is the crc32 of all bytes of the file before it, each
 * chained on the one before. So a group can also be checked by what the sum
 * before it claims, whatever became of the bytes before that: this tells a
 * torn end, which was never shown to anybody, from damage in the middle, with
 * good groups behind it. Damage within the last two groups looks like a torn
 * end; no sum can tell those apart.
 */
import {Buffer} from 'node:buffer';
import {crc32} from 'node:zlib';
import {claimAt, findSum, sumBytes} from './lines.js';

/** Where a whole group's lines lie; its sum line begins at `end`. */
export type Group = {readonly start: number; readonly end: number};

export type Survey = {
	/** The whole groups up to the first that is not. */
	readonly groups: readonly Group[];
	/** The offset behind the last of them, its sum included. */
	readonly end: number;
	/** The crc of the bytes up to there. */
	readonly crc: number;
	/** Whole groups behind one that is not: none, if the end is only torn. */
	readonly stranded: readonly Group[];
};

/** The crc of a file up to behind a sum line, by what that line claims. */
export const crcBehind = (bytes: Buffer, sum: number): number =>
	crc32(bytes.subarray(sum, sum + sumBytes), claimAt(bytes, sum));

/**
 * @param from Where a group begins.
 * @param before The crc of the file up to there.
 */
export const survey = (bytes: Buffer, from = 0, before = 0): Survey => {
	const groups: Group[] = [];
	const stranded: Group[] = [];
	let end = from;
	let isBroken = false;
	let start = from;
	// One call sums a group up together with the sum line before it.
	let summed = from;
	let crc = before;
	let sum = findSum(bytes, start);
	while (sum !== -1) {
		const claim = claimAt(bytes, sum);
		if (claim === undefined) {
			// Half a sum, with the next group's bytes over its rest perhaps.
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

/** The lines of some groups, without the sums between them. */
export const linesIn = (bytes: Buffer, groups: readonly Group[]): Buffer =>
	Buffer.concat(groups.map(({start, end}) => bytes.subarray(start, end)));
