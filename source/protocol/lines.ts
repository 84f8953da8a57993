/**
 * Splits chunks into lines.
 *
 * A chunk may end anywhere, even inside a UTF-8 sequence, so an unfinished
 * tail stays bytes until its LF arrives. TCP is a stream: nothing here may
 * assume that one write is one read (RFC 9293, 3.8).
 */
import {Buffer} from 'node:buffer';
import {SockchatError} from '../errors.js';

const lineFeed = 0x0a;

// Each Buffer costs some 400 bytes besides its own.
const maxPieces = 64;

export const lineTooLong = (bytes: number, limit: number) => {
	const what = `The peer sent ${bytes} bytes without a newline; the limit is ${limit}.`;
	return new SockchatError(
		'ERR_LINE_TOO_LONG',
		`${what} If it doesn't speak sockchat, use --raw.`,
		{api: `${what} Does it speak sockchat?`},
	);
};

/** Filters whole lines by a word; without a match it costs one search and no copy. */
export const linesWith = (lines: Buffer, word: string): Buffer => {
	const found: Buffer[] = [];
	let at = lines.indexOf(word);
	while (at !== -1) {
		const start = lines.lastIndexOf(lineFeed, at) + 1;
		const end = lines.indexOf(lineFeed, at) + 1;
		found.push(lines.subarray(start, end));
		at = lines.indexOf(word, end);
	}

	return Buffer.concat(found);
};

// Shared, as most peers have no tail: 10,000 arrays take half a megabyte.
const noPieces: readonly Buffer[] = [];

export class LineSplitter {
	readonly #limit: number;
	// A few pieces, not one buffer: joining at every chunk would copy a slow line
	// each time.
	#tail: readonly Buffer[] = noPieces;
	#tailBytes = 0;

	/** @param limit The longest line in bytes, without its LF. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Bytes of the unfinished line. */
	get pendingBytes(): number {
		return this.#tailBytes;
	}

	/**
	 * Takes one chunk and passes on the lines that it completed, in wire order.
	 *
	 * @param chunk Bytes of one read; any length, 0 included. It is not copied,
	 * so don't write to it afterwards.
	 * @param onLine Gets each line without its LF.
	 * @param takeLines Gets the bytes from the first whole line on, and returns
	 * how many bytes of whole lines it consumed; their length isn't checked here.
	 * @returns `ERR_LINE_TOO_LONG` past the limit, after passing on the lines before
	 * it; the stream can't be resynchronised, so close it. It isn't thrown, because
	 * what `onLine` throws is thrown from here, and nobody could tell them apart.
	 */
	push(
		chunk: Buffer,
		onLine: (line: Buffer) => void,
		takeLines: (lines: Buffer) => number = () => 0,
	): SockchatError | undefined {
		let start = 0;
		let isTaken = false;
		for (;;) {
			if (!isTaken && this.#tailBytes === 0) {
				isTaken = true;
				start += takeLines(chunk.subarray(start));
			}

			const end = chunk.indexOf(lineFeed, start);
			const bytes = (end === -1 ? chunk.length : end) - start;
			if (this.#tailBytes + bytes > this.#limit) {
				return lineTooLong(this.#tailBytes + bytes, this.#limit);
			}

			if (end === -1) {
				this.#keep(chunk.subarray(start));
				return undefined;
			}

			const piece = chunk.subarray(start, end);
			start = end + 1;
			onLine(this.#tailBytes === 0 ? piece : this.#join(piece));
		}
	}

	/** Adds to the unfinished line. */
	#keep(piece: Buffer): void {
		if (piece.length > 0) {
			const pieces =
				this.#tail.length === maxPieces
					? [Buffer.concat(this.#tail)]
					: this.#tail;
			this.#tail = [...pieces, piece];
			this.#tailBytes += piece.length;
		}
	}

	/** Removes and returns the unfinished line. */
	takeRest(): Buffer {
		return this.#join(Buffer.alloc(0));
	}

	#join(last: Buffer): Buffer {
		const line = Buffer.concat([...this.#tail, last]);
		this.#tail = noPieces;
		this.#tailBytes = 0;
		return line;
	}
}
