/**
 * A segment of the log's memory: consecutive whole entries, each ended by its LF.
 * It records the offset of every 64th entry, and the messages before it, and
 * finds the others from there: an offset for each entry would be a tenth of all
 * garbage that V8 collects.
 */
import {Buffer} from 'node:buffer';

const lineFeed = 0x0a;

const markEvery = 64;

// The first letter of an entry's type, after {"type":" shows a message.
const typeAt = 9;
const messageLetter = 0x6d;

type Mark = {
	/** Relative to `start`. */
	readonly offset: number;
	/** How many messages the segment has before it. */
	readonly messages: number;
};

export class Segment {
	/** The absolute offset of its first byte. */
	readonly start: number;
	readonly firstSeq: number;
	readonly bytes: Buffer;
	/** Pending writes that still use its bytes. */
	pins = 0;
	#used = 0;
	#entries = 0;
	#messages = 0;
	/** Of every 64th entry. */
	readonly #marks: Mark[] = [];

	/** @param bytes Memory for this segment alone. */
	constructor(bytes: Buffer, start: number, firstSeq: number) {
		this.bytes = bytes;
		this.start = start;
		this.firstSeq = firstSeq;
	}

	/** Bytes used by its entries. */
	get used(): number {
		return this.#used;
	}

	/** The absolute offset after its last entry. */
	get end(): number {
		return this.start + this.#used;
	}

	/** The seq of its last entry. */
	get head(): number {
		return this.firstSeq + this.#entries - 1;
	}

	/** How many of its entries are messages. */
	get messages(): number {
		return this.#messages;
	}

	/** One UTF-16 unit is at most three bytes; count exactly only when it's tight. */
	fits(text: string): boolean {
		const room = this.bytes.length - this.#used;
		return text.length * 3 <= room || Buffer.byteLength(text) <= room;
	}

	/**
	 * Appends entries that fit.
	 *
	 * @param joined The lines joined.
	 * @returns The bytes written.
	 */
	write(joined: string, lines: readonly string[]): number {
		const written = this.bytes.write(joined, this.#used);
		const isAscii = written === joined.length;
		for (const line of lines) {
			this.#count(isAscii ? line.length : Buffer.byteLength(line));
		}

		return written;
	}

	/** Indexes the entries that already fill its memory. */
	restore(): void {
		while (this.#used < this.bytes.length) {
			this.#count(this.#endOf(this.#used) - this.#used);
		}
	}

	/** Removes the entries after `head`, which ends at `end`. */
	cut(end: number, head: number): void {
		this.#used = end - this.start;
		this.#entries = head - this.firstSeq + 1;
		this.#marks.length = Math.ceil(this.#entries / markEvery);
		const {offset: last, messages} = this.#marks.at(-1) ?? {
			offset: 0,
			messages: 0,
		};
		this.#messages = messages;
		for (let offset = last; offset < this.#used;) {
			const next = this.#endOf(offset);
			this.#messages += this.#isMessage(offset, next) ? 1 : 0;
			offset = next;
		}
	}

	/** The seq of one of its messages; 1 is the last one. */
	seqOfMessage(fromEnd: number): number {
		let left = this.#messages - fromEnd;
		const mark = this.#marks.findLastIndex(({messages}) => messages <= left);
		let {offset, messages} = this.#marks[mark]!;
		left -= messages;
		for (let seq = this.firstSeq + mark * markEvery; ; seq++) {
			const next = this.#endOf(offset);
			if (this.#isMessage(offset, next)) {
				if (left === 0) {
					return seq;
				}

				left--;
			}

			offset = next;
		}
	}

	/** The absolute offset of one of its entries. */
	offsetOf(seq: number): number {
		const index = seq - this.firstSeq;
		let {offset} = this.#marks[Math.floor(index / markEvery)]!;
		for (let skipped = index % markEvery; skipped > 0; skipped--) {
			offset = this.#endOf(offset);
		}

		return this.start + offset;
	}

	/** The seq of the entry that begins, or will begin, at an absolute offset. */
	seqAt(wanted: number): number {
		const marks = this.#marks.findLastIndex(
			({offset}) => offset < wanted - this.start,
		);
		if (marks === -1) {
			return this.firstSeq;
		}

		let {offset} = this.#marks[marks]!;
		let index = marks * markEvery;
		while (offset < wanted - this.start) {
			offset = this.#endOf(offset);
			index++;
		}

		return this.firstSeq + index;
	}

	#count(bytes: number): void {
		if (this.#entries % markEvery === 0) {
			this.#marks.push({offset: this.#used, messages: this.#messages});
		}

		const end = this.#used + bytes;
		this.#messages += this.#isMessage(this.#used, end) ? 1 : 0;
		this.#entries++;
		this.#used = end;
	}

	#isMessage(offset: number, end: number): boolean {
		const letter = offset + typeAt;
		return letter < end && this.bytes[letter] === messageLetter;
	}

	/** The end of the entry that begins at an offset. */
	#endOf(offset: number): number {
		return this.bytes.indexOf(lineFeed, offset) + 1;
	}
}
