/**
 * Looking for words in what was said, newest first.
 *
 * Case is folded as toLowerCase does, on NFC. Most lines are never decoded for
 * that: a regular expression passes over the bytes of a block as Latin 1 for
 * the part of the words that JSON, and folding, leave as it is. With the read
 * it takes 0.4 ms a megabyte, where to parse each line takes twelve.
 */
import {Buffer} from 'node:buffer';
import {normalized} from '../protocol/normal.js';
import {turn} from './turn.js';

const messageStart = Buffer.from('{"type":"message",');

// As the codec writes a message, up to its text. Latin 1 serves: no byte of a
// longer UTF-8 sequence is one of these.
const messageHead =
	/\{"type":"message","seq":\d+,"at":\d+,"from":"((?:[^"\\\n]|\\.)*)","id":"[\da-f]+","n":\d+,"text":"/y;

const fold = (text: string): string => normalized(text, 'NFC').toLowerCase();

export type Needle = {
	readonly folded: string;
	/** Found, from `lastIndex` on, in each line as Latin 1 that has the words. */
	readonly filter: RegExp;
};

/** What else folds to an ASCII character: all that there is in Unicode. */
const foldedTo = new Map([
	['i', '\u0130'],
	['k', '\u212A'],
	[';', '\u037E'],
	['`', '\u1FEF'],
]);

/** A pattern for one character in the bytes of a line. */
const patternOf = (character: string): string => {
	const other = foldedTo.get(character);
	const own = character.replace(/\W/, String.raw`\$&`);
	return other === undefined
		? own
		: `(?:${own}|${Buffer.from(other).toString('latin1')})`;
};

// Whatever is longer hardly tells lines apart any better, and of a text made
// for it each place is compared for as long.
const maxFilterLength = 16;

/** By the longest part in plain ASCII. */
const filterOf = (folded: string): RegExp => {
	const [longest = ''] = (
		folded.match(/[^\u0000-\u001F"\\\u0080-\uFFFF]+/g) ?? []
	).toSorted((a, b) => b.length - a.length);
	if (longest === '' && folded !== '') {
		// All of it is either escaped or not ASCII.
		return /[\\\u0080-\u00FF]/g;
	}

	const pattern = [...longest.slice(0, maxFilterLength)].map(patternOf);
	return new RegExp(pattern.join(''), 'gi');
};

export const needleOf = (text: string): Needle => {
	const folded = fold(text);
	return {folded, filter: filterOf(folded)};
};

const lf = 10;

// In V8, what is larger than some 128 KiB is an object of its own: with pieces
// of a mebibyte, a search took twice the time.
const pieceBytes = 32 * 1024;

/** Whole lines in pieces, the last first; none is longer than need be. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
	for (let end = bytes.length; end > 0;) {
		const start =
			end <= pieceBytes ? 0 : bytes.lastIndexOf(lf, end - pieceBytes) + 1;
		yield bytes.subarray(start, end);
		end = start;
	}
}

/** The lines that may have the words, newest first: all that do, and others. */
const candidatesIn = (bytes: Buffer, {filter}: Needle): Buffer[] => {
	const lines = bytes.toString('latin1');
	const found: Buffer[] = [];
	let at = 0;
	while (at < lines.length) {
		filter.lastIndex = at;
		const match = filter.exec(lines);
		if (!match) {
			break;
		}

		const start = lines.lastIndexOf('\n', match.index) + 1;
		messageHead.lastIndex = start;
		const [, from] = messageHead.exec(lines) ?? [];
		const textStart = messageHead.lastIndex;
		if (match.index < textStart && from?.search(filter) === -1) {
			// In a key or a number, as 'text' and 'face' would be in every line.
			at = textStart;
			continue;
		}

		at = lines.indexOf('\n', match.index) + 1;
		found.unshift(bytes.subarray(start, at));
	}

	return found;
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

// Some 0.1 ms of lines that are passed over. Texts made to be slow take 10 ms.
const bytesInTurn = 128 * 1024;

/**
 * The newest messages with the words.
 *
 * @param blocks Of whole lines each, the newest first.
 * @returns At most `limit` lines, newest first.
 */
export const searchBlocks = async (
	blocks: Iterable<Buffer> | AsyncIterable<Buffer>,
	needle: Needle,
	limit: number,
): Promise<Buffer[]> => {
	const hits: Buffer[] = [];
	let bytes = 0;
	for await (const block of blocks) {
		for (const piece of piecesOf(block)) {
			bytes += piece.length;
			if (bytes > bytesInTurn) {
				bytes = 0;
				// eslint-disable-next-line no-await-in-loop -- the others are let in here
				await turn();
			}

			for (const line of candidatesIn(piece, needle)) {
				if (isHit(line, needle)) {
					// A copy: one line would keep the whole block.
					hits.push(Buffer.from(line));
				}

				if (hits.length >= limit) {
					return hits;
				}
			}
		}
	}

	return hits;
};
