/**
 * Looking for words in what was said, newest first.
 *
 * Case is folded as toLowerCase does, on NFC. A block that can't hold the
 * words isn't taken apart; for plain ASCII its bytes as a whole tell, as JSON
 * then writes the words as they are.
 */
import {Buffer} from 'node:buffer';
import {blockBefore} from './reader.js';

const lf = 10;
const blockBytes = 128 * 1024;
const messageStart = Buffer.from('{"type":"message",');

const fold = (text: string): string => text.normalize('NFC').toLowerCase();

export type Needle = {
	readonly folded: string;
	/** Whether JSON, and folding, leave these characters as they are. */
	readonly isPlain: boolean;
};

export const needleOf = (text: string): Needle => {
	const folded = fold(text);
	return {
		folded,
		isPlain: /^[\u0020-\u007E]*$/.test(folded) && !/["\\]/.test(folded),
	};
};

const isHit = (line: Buffer, {folded}: Needle): boolean => {
	if (!line.subarray(0, messageStart.length).equals(messageStart)) {
		return false;
	}

	const {from, text} = JSON.parse(line.toString()) as {
		from: string;
		text: string;
	};
	return fold(text).includes(folded) || fold(from).includes(folded);
};

/**
 * The newest messages with the words in whole lines.
 *
 * @returns At most `limit` lines, newest first.
 */
export const hitsIn = (
	bytes: Buffer,
	needle: Needle,
	limit: number,
): Buffer[] => {
	if (needle.isPlain && !fold(bytes.toString()).includes(needle.folded)) {
		return [];
	}

	const hits: Buffer[] = [];
	let end = bytes.length;
	while (end > 0 && hits.length < limit) {
		const start = end < 2 ? 0 : bytes.lastIndexOf(lf, end - 2) + 1;
		const line = bytes.subarray(start, end);
		if (isHit(line, needle)) {
			// A copy: one line would keep the whole block.
			hits.push(Buffer.from(line));
		}

		end = start;
	}

	return hits;
};

/** A part of a file, of whole lines. */
export type Part = {
	readonly fd: number;
	readonly from: number;
	readonly end: number;
};

/**
 * The newest messages with the words in a part of a file.
 *
 * @returns At most `limit` lines, newest first.
 */
export const searchFile = async (
	{fd, from, end}: Part,
	needle: Needle,
	limit: number,
): Promise<Buffer[]> => {
	const hits: Buffer[] = [];
	let at = end;
	while (at > from && hits.length < limit) {
		// eslint-disable-next-line no-await-in-loop
		const {bytes, start} = await blockBefore(fd, from, at, blockBytes);
		hits.push(...hitsIn(bytes, needle, limit - hits.length));
		at = start;
	}

	return hits;
};
