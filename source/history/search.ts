/**
 * Searches messages for words, newest first.
 *
 * Most lines are never decoded: a regular expression searches the bytes of a
 * block, as Latin 1, for the longest part of a word that neither JSON nor folding
 * changes. With the read this takes 0.4 ms per megabyte; parsing each line takes
 * 12.
 */
import {Buffer} from 'node:buffer';
import {hasWords, wordsOf} from '../protocol/words.js';
import {turn} from './turn.js';

const messageStart = Buffer.from('{"type":"message",');

// A message up to its text, as the codec writes it. Latin 1 will do: these are
// ASCII, which no byte of a longer UTF-8 sequence is.
const messageHead =
	/\{"type":"message","seq":\d+,"at":\d+,"from":"((?:[^"\\\n]|\\.)*)","id":"[\da-f]+","n":\d+,"text":"/y;

export type Needle = {
	/** Folded. */
	readonly words: readonly string[];
	/**
	 * Each matches, from `lastIndex` on, in every line (as Latin 1) that has the
	 * words. The first is for finding lines, the others for leaving some out.
	 */
	readonly filters: readonly [RegExp, ...RegExp[]];
};

/** All other characters of Unicode that fold to an ASCII one. */
const foldedTo = new Map([
	['i', '\u0130'],
	['k', '\u212A'],
	[';', '\u037E'],
	['`', '\u1FEF'],
]);

/** A pattern for one character in a line's bytes. */
const patternOf = (character: string): string => {
	const other = foldedTo.get(character);
	const own = character.replace(/\W/, String.raw`\$&`);
	return other === undefined
		? own
		: `(?:${own}|${Buffer.from(other).toString('latin1')})`;
};

// A longer one hardly excludes more lines, and in a hostile text each place is
// compared over its whole length.
const maxFilterLength = 16;

// What more of them leave out is less than they cost.
const maxFilters = 3;

/** The longest part in plain ASCII. */
const plainPartOf = (word: string): string =>
	(word.match(/[^\u0000-\u001F"\\\u0080-\uFFFF]+/g) ?? []).toSorted(
		(a, b) => b.length - a.length,
	)[0] ?? '';

const filterOf = (part: string): RegExp => {
	const pattern = [...part.slice(0, maxFilterLength)].map(patternOf);
	return new RegExp(pattern.join(''), 'gi');
};

/** The longest parts first. */
const filtersOf = (words: readonly string[]): Needle['filters'] => {
	const [longest = '', ...others] = words
		.map(word => plainPartOf(word))
		.toSorted((a, b) => b.length - a.length);
	if (longest === '' && words.length > 0) {
		// Every character is either escaped or not ASCII.
		return [/[\\\u0080-\u00FF]/g];
	}

	return [
		filterOf(longest),
		...others
			.filter(part => part !== '')
			.slice(0, maxFilters - 1)
			.map(part => filterOf(part)),
	];
};

export const needleOf = (text: string): Needle => {
	const words = wordsOf(text);
	return {words, filters: filtersOf(words)};
};

const lf = 10;

// V8 allocates larger strings (over about 128 KiB) as separate objects: with
// pieces of 1 MiB, a search took twice as long.
const pieceBytes = 32 * 1024;

/** Splits whole lines into pieces, the last first, as short as possible. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
	for (let end = bytes.length; end > 0;) {
		const start =
			end <= pieceBytes ? 0 : bytes.lastIndexOf(lf, end - pieceBytes) + 1;
		yield bytes.subarray(start, end);
		end = start;
	}
}

/** Lines that may have the words, newest first: all that do, and some others. */
const candidatesIn = (bytes: Buffer, {filters}: Needle): Buffer[] => {
	const [filter, ...others] = filters;
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
			// In a key or a number: 'text' and 'face' would match in every line.
			at = textStart;
			continue;
		}

		at = lines.indexOf('\n', match.index) + 1;
		const said = `${from}\n${lines.slice(Math.max(start, textStart), at)}`;
		if (others.every(other => said.match(other))) {
			found.unshift(bytes.subarray(start, at));
		}
	}

	return found;
};

const isHit = (line: Buffer, {words}: Needle): boolean => {
	if (!line.subarray(0, messageStart.length).equals(messageStart)) {
		return false;
	}

	const {from, text} = JSON.parse(line.toString()) as {
		from: string;
		text: string;
	};
	return hasWords(words, [text, from]);
};

// About 0.1 ms of lines without a match. Hostile texts take 10 ms.
const bytesInTurn = 128 * 1024;

/**
 * Finds the newest messages with the words.
 *
 * @param blocks Whole lines each, the newest first.
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
				// eslint-disable-next-line no-await-in-loop -- lets other events in
				await turn();
			}

			for (const line of candidatesIn(piece, needle)) {
				if (isHit(line, needle)) {
					// A copy, as a subarray would keep the whole block.
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
