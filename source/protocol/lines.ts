/**
 * Lines out of chunks.
 *
 * A chunk may end anywhere, even inside a UTF-8 sequence, so an unfinished
 * tail stays bytes until its LF arrives. TCP is a stream: nothing here may
 * assume that one write is one read (RFC 9293, 3.8).
 */
import {Buffer} from 'node:buffer';
import {SockchatError} from '../errors.js';

const lineFeed = 0x0a;

// A piece costs some 400 bytes beside its own, however few they are.
const maxPieces = 64;

export const lineTooLong = (bytes: number, limit: number) =>
	new SockchatError(
		'ERR_LINE_TOO_LONG',
		`The peer sent ${bytes} bytes with no newline; the limit is ${limit}. Is it speaking sockchat? --raw takes any bytes.`,
	);

/** Of whole lines, those that hold a word; none costs one search, no copy. */
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

// Nearly always; an array for each of 10,000 peers is half a megabyte.
const noPieces: readonly Buffer[] = [];

export class LineSplitter {
	readonly #limit: number;
	// A few pieces, not one buffer: joining at every chunk would copy a slow line
	// again and again.
	#tail: readonly Buffer[] = noPieces;
	#tailBytes = 0;

	/** @param limit The longest line in bytes, its LF not counted. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Bytes of the line that has not ended yet. */
	get pendingBytes(): number {
		return this.#tailBytes;
	}

	/**
	 * Takes one chunk and hands on the lines that it completed, in wire order.
	 *
	 * @param chunk Bytes of one read; any length, 0 included. It is not copied,
	 * so it must not be written to afterwards.
	 * @param onLine Gets each line without its LF.
	 * @param takeLines Is first offered what begins with a line, and returns how
	 * many bytes of whole lines it took; none of these are checked here.
	 * @throws {SockchatError} `ERR_LINE_TOO_LONG` past the limit, after the lines
	 * before it were handed on; the stream can't be resynchronised, so close it.
	 */
	push(
		chunk: Buffer,
		onLine: (line: Buffer) => void,
		takeLines: (lines: Buffer) => number = () => 0,
	): void {
		let start = this.#tailBytes === 0 ? 0 : this.#takeLine(chunk, 0, onLine);
		if (this.#tailBytes === 0) {
			start += takeLines(chunk.subarray(start));
		}

		let next = this.#takeLine(chunk, start, onLine);
		while (next > start) {
			start = next;
			next = this.#takeLine(chunk, start, onLine);
		}

		if (start < chunk.length) {
			this.#check(chunk.length - start);
			const pieces =
				this.#tail.length === maxPieces
					? [Buffer.concat(this.#tail)]
					: this.#tail;
			this.#tail = [...pieces, chunk.subarray(start)];
			this.#tailBytes += chunk.length - start;
		}
	}

	/** Takes out what has arrived of the unfinished line. */
	takeRest(): Buffer {
		return this.#join(Buffer.alloc(0));
	}

	/** @returns Where the next line begins; the same place if none has ended. */
	#takeLine(
		chunk: Buffer,
		start: number,
		onLine: (line: Buffer) => void,
	): number {
		const end = chunk.indexOf(lineFeed, start);
		if (end === -1) {
			return start;
		}

		const piece = chunk.subarray(start, end);
		this.#check(piece.length);
		onLine(this.#tailBytes === 0 ? piece : this.#join(piece));
		return end + 1;
	}

	#check(bytes: number): void {
		if (this.#tailBytes + bytes > this.#limit) {
			throw lineTooLong(this.#tailBytes + bytes, this.#limit);
		}
	}

	#join(last: Buffer): Buffer {
		const line = Buffer.concat([...this.#tail, last]);
		this.#tail = noPieces;
		this.#tailBytes = 0;
		return line;
	}
}
