/**
 * A piece of the log's memory: whole entries, one behind the other, each ended
 * by its LF. Where every 64th begins is known, and the others are found from
 * there: a number for each entry is a tenth of what V8 has to collect.
 */
import {Buffer} from 'node:buffer';

const lineFeed = 0x0a;

const markEvery = 64;

export class Segment {
	/** The absolute offset of its first byte. */
	readonly start: number;
	readonly firstSeq: number;
	readonly bytes: Buffer;
	/** Writes that have yet to take bytes out of it. */
	pins = 0;
	#used = 0;
	#entries = 0;
	/** Where every 64th of its entries begins, relative to `start`. */
	readonly #marks: number[] = [];

	/** @param bytes Memory that nobody else reads or writes. */
	constructor(bytes: Buffer, start: number, firstSeq: number) {
		this.bytes = bytes;
		this.start = start;
		this.firstSeq = firstSeq;
	}

	/** Bytes of its entries. */
	get used(): number {
		return this.#used;
	}

	/** The absolute offset behind its last entry. */
	get end(): number {
		return this.start + this.#used;
	}

	/** The seq of its last entry. */
	get head(): number {
		return this.firstSeq + this.#entries - 1;
	}

	/** One UTF-16 unit is at most three bytes; count only when that is tight. */
	fits(text: string): boolean {
		const room = this.bytes.length - this.#used;
		return text.length * 3 <= room || Buffer.byteLength(text) <= room;
	}

	/**
	 * Appends entries that fit.
	 *
	 * @param joined All of them.
	 * @returns Its bytes.
	 */
	write(joined: string, lines: readonly string[]): number {
		const written = this.bytes.write(joined, this.#used);
		const isAscii = written === joined.length;
		for (const line of lines) {
			this.#count(isAscii ? line.length : Buffer.byteLength(line));
		}

		return written;
	}

	/** Finds the entries that fill its memory to the end. */
	restore(): void {
		while (this.#used < this.bytes.length) {
			this.#count(this.#behind(this.#used) - this.#used);
		}
	}

	/** Forgets what lies behind an entry. */
	cut(end: number, head: number): void {
		this.#used = end - this.start;
		this.#entries = head - this.firstSeq + 1;
		this.#marks.length = Math.ceil(this.#entries / markEvery);
	}

	/** The absolute offset of one of its entries. */
	offsetOf(seq: number): number {
		const index = seq - this.firstSeq;
		let offset = this.#marks[Math.floor(index / markEvery)]!;
		for (let skipped = index % markEvery; skipped > 0; skipped--) {
			offset = this.#behind(offset);
		}

		return this.start + offset;
	}

	/** The seq of the entry that begins at an absolute offset, or would. */
	seqAt(wanted: number): number {
		const marks = this.#marks.findLastIndex(mark => mark < wanted - this.start);
		if (marks === -1) {
			return this.firstSeq;
		}

		let offset = this.#marks[marks]!;
		let index = marks * markEvery;
		while (offset < wanted - this.start) {
			offset = this.#behind(offset);
			index++;
		}

		return this.firstSeq + index;
	}

	#count(bytes: number): void {
		if (this.#entries % markEvery === 0) {
			this.#marks.push(this.#used);
		}

		this.#entries++;
		this.#used += bytes;
	}

	/** Behind the entry that begins at an offset. */
	#behind(offset: number): number {
		return this.bytes.indexOf(lineFeed, offset) + 1;
	}
}
