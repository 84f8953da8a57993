/** A piece of the log's memory: whole entries, one behind the other. */
import {Buffer} from 'node:buffer';

export class Segment {
	/** The absolute offset of its first byte. */
	readonly start: number;
	readonly firstSeq: number;
	readonly bytes: Buffer;
	used = 0;
	/** Where each of its entries begins, relative to `start`. */
	readonly offsets: number[] = [];
	/** Writes that have yet to take bytes out of it. */
	pins = 0;

	/** @param bytes Memory that nobody else reads or writes. */
	constructor(bytes: Buffer, start: number, firstSeq: number) {
		this.bytes = bytes;
		this.start = start;
		this.firstSeq = firstSeq;
	}

	/** The absolute offset behind its last entry. */
	get end(): number {
		return this.start + this.used;
	}

	/** The seq of its last entry. */
	get head(): number {
		return this.firstSeq + this.offsets.length - 1;
	}

	/** One UTF-16 unit is at most three bytes; count only when that is tight. */
	fits(text: string): boolean {
		const room = this.bytes.length - this.used;
		return text.length * 3 <= room || Buffer.byteLength(text) <= room;
	}

	/**
	 * Appends entries that fit.
	 *
	 * @param joined All of them.
	 * @returns Its bytes.
	 */
	write(joined: string, lines: readonly string[]): number {
		const written = this.bytes.write(joined, this.used);
		const isAscii = written === joined.length;
		let offset = this.used;
		for (const line of lines) {
			this.offsets.push(offset);
			offset += isAscii ? line.length : Buffer.byteLength(line);
		}

		this.used = offset;
		return written;
	}

	/** Forgets what lies behind an entry. */
	cut(end: number, head: number): void {
		this.used = end - this.start;
		this.offsets.length = head - this.firstSeq + 1;
	}

	/** The seq of the entry that begins at an absolute offset, or would. */
	seqAt(offset: number): number {
		const wanted = offset - this.start;
		let low = 0;
		let high = this.offsets.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (this.offsets[middle]! < wanted) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}

		return this.firstSeq + low;
	}
}
