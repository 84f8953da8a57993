/**
 * The room's log: entries as encoded lines, in segments of memory.
 *
 * Every member is handed subarrays of these segments, so bytes once shown
 * never change and a segment is never used again. A position is an absolute
 * byte offset that counts on for the life of the log; `seq` counts entries
 * from 1 without holes. What falls off the end is gone from here: whoever
 * still needs it reads the history, or is told so, by seq.
 *
 * With a history, entries are appended first and shown once they are kept; up
 * to then they can be taken back.
 */
import {Buffer} from 'node:buffer';

export type LogOptions = {
	/** Memory taken at a time, in bytes. */
	readonly segmentBytes?: number;
	/** Bytes kept; whole segments fall off, so up to two segments more. */
	readonly retainedBytes?: number;
	/** Whether entries wait for `show()`. */
	readonly isHeld?: boolean;
};

/** Entries that wait to be shown, as far as they lie in one piece. */
export type Held = {
	readonly entries: Buffer;
	/** The seq of the last of them. */
	readonly head: number;
};

const lineFeed = 0x0a;

type Segment = {
	readonly bytes: Buffer;
	/** The absolute offset of its first byte. */
	readonly start: number;
	readonly firstSeq: number;
	used: number;
	/** Where each of its entries begins, relative to `start`. */
	readonly offsets: number[];
};

/** One UTF-16 unit is at most three bytes; count only when that is tight. */
const fits = (text: string, {bytes, used}: Segment): boolean => {
	const room = bytes.length - used;
	return text.length * 3 <= room || Buffer.byteLength(text) <= room;
};

export class RoomLog {
	readonly #segmentBytes: number;
	readonly #retainedBytes: number;
	/** Whether entries wait for `show()`. */
	readonly isHeld: boolean;
	readonly #segments: Segment[] = [];
	#end = 0;
	#head = 0;
	#shownEnd = 0;
	#shownHead = 0;
	// All members that keep up ask for the same slice: it is cut once.
	#lastSlice: {cursor: number; end: number; slice: Buffer} | undefined;

	constructor({
		segmentBytes = 256 * 1024,
		retainedBytes = 16 * 1024 * 1024,
		isHeld = false,
	}: LogOptions = {}) {
		this.#segmentBytes = segmentBytes;
		this.#retainedBytes = retainedBytes;
		this.isHeld = isHeld;
	}

	/** The seq of the newest entry; 0 while there is none. */
	get head(): number {
		return this.#head;
	}

	/** The offset behind the newest entry. */
	get end(): number {
		return this.#end;
	}

	/** Up to here members may see it. */
	get shownEnd(): number {
		return this.#shownEnd;
	}

	/** Bytes that wait to be shown. */
	get heldBytes(): number {
		return this.#end - this.#shownEnd;
	}

	/** The seq of the newest entry that members may see. */
	get shownHead(): number {
		return this.#shownHead;
	}

	/** The oldest seq still held; head + 1 while there is none. */
	get firstSeq(): number {
		return this.#segments[0]?.firstSeq ?? this.#head + 1;
	}

	/** The offset of the oldest byte still held. */
	get start(): number {
		return this.#segments[0]?.start ?? this.#end;
	}

	/**
	 * Appends the entry numbered head + 1.
	 *
	 * @param line Its encoding, LF included.
	 * @returns Its seq.
	 */
	append(line: string): number {
		this.#write(this.#segmentFor(line), line, [line]);
		return this.#head;
	}

	/** Appends several, in one write where they fit in one segment. */
	appendAll(lines: readonly string[]): void {
		const joined = lines.join('');
		const last = this.#segments.at(-1);
		if (last && fits(joined, last)) {
			this.#write(last, joined, lines);
		} else {
			for (const line of lines) {
				this.append(line);
			}
		}
	}

	/**
	 * Begins with entries of before, which have been shown then.
	 *
	 * @param entries Whole lines; they are kept as they are.
	 * @param firstSeq Of the first of them; where there are none, of the next.
	 */
	restore(entries: Buffer, firstSeq: number): void {
		this.#head = firstSeq - 1;
		for (let start = 0; start < entries.length;) {
			const offsets: number[] = [];
			let end = start;
			while (end < entries.length && end - start < this.#segmentBytes) {
				offsets.push(end - start);
				end = entries.indexOf(lineFeed, end) + 1;
			}

			const bytes = entries.subarray(start, end);
			this.#segments.push({
				bytes,
				start: this.#end,
				firstSeq: this.#head + 1,
				used: bytes.length,
				offsets,
			});
			this.#end += bytes.length;
			this.#head += offsets.length;
			start = end;
		}

		this.#shownEnd = this.#end;
		this.#shownHead = this.#head;
	}

	/** What waits to be shown, the oldest first; undefined if nothing does. */
	held(): Held | undefined {
		const segment = this.#segmentAt(this.#shownEnd);
		return (
			segment && {
				entries: segment.bytes.subarray(
					this.#shownEnd - segment.start,
					segment.used,
				),
				head: segment.firstSeq + segment.offsets.length - 1,
			}
		);
	}

	/** Members may see these now. */
	show({entries, head}: Held): void {
		this.#shownEnd += entries.length;
		this.#shownHead = head;
	}

	/** Takes back what was not shown: it has never been. */
	rollBack(): void {
		while ((this.#segments.at(-1)?.start ?? -1) >= this.#shownEnd) {
			this.#segments.pop();
		}

		const last = this.#segments.at(-1);
		if (last) {
			last.used = this.#shownEnd - last.start;
			last.offsets.length = this.#shownHead - last.firstSeq + 1;
		}

		this.#end = this.#shownEnd;
		this.#head = this.#shownHead;
	}

	/**
	 * The bytes from an offset on, as far as they are shown and lie in one piece.
	 * Whole entries, never copied.
	 *
	 * @param cursor An offset from `start` up to `shownEnd` that an entry begins
	 * at.
	 */
	slice(cursor: number): Buffer {
		const last = this.#lastSlice;
		const end = this.#shownEnd;
		if (last?.cursor === cursor && last.end === end) {
			return last.slice;
		}

		const segment = this.#segmentAt(cursor);
		const slice = segment
			? segment.bytes.subarray(
					cursor - segment.start,
					Math.min(segment.used, end - segment.start),
				)
			: Buffer.alloc(0);
		this.#lastSlice = {cursor, end, slice};
		return slice;
	}

	/** The offset of an entry; that of the first held for one already gone. */
	offsetOf(seq: number): number {
		if (seq > this.#head) {
			return this.#end;
		}

		const segment = this.#lastSegment(({firstSeq}) => firstSeq <= seq);
		return segment
			? segment.start + segment.offsets[seq - segment.firstSeq]!
			: this.start;
	}

	/** The seq of the entry that begins at an offset still held, or would. */
	seqAt(cursor: number): number {
		const segment = this.#segmentAt(cursor);
		if (!segment) {
			return this.#head + 1;
		}

		const {offsets} = segment;
		const wanted = cursor - segment.start;
		let low = 0;
		let high = offsets.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if (offsets[middle]! < wanted) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}

		return segment.firstSeq + low;
	}

	#write(segment: Segment, joined: string, lines: readonly string[]): void {
		const written = segment.bytes.write(joined, segment.used);
		const isAscii = written === joined.length;
		let offset = segment.used;
		for (const line of lines) {
			segment.offsets.push(offset);
			offset += isAscii ? line.length : Buffer.byteLength(line);
		}

		segment.used += written;
		this.#end += written;
		this.#head += lines.length;
		if (!this.isHeld) {
			this.#shownEnd = this.#end;
			this.#shownHead = this.#head;
		}
	}

	#segmentAt(cursor: number): Segment | undefined {
		const segment = this.#lastSegment(({start}) => start <= cursor);
		return segment && cursor < segment.start + segment.used
			? segment
			: undefined;
	}

	// Searched from the end: nearly every cursor is near the head.
	#lastSegment(isWanted: (segment: Segment) => boolean): Segment | undefined {
		return this.#segments.findLast(segment => isWanted(segment));
	}

	#segmentFor(line: string): Segment {
		const last = this.#segments.at(-1);
		if (last && fits(line, last)) {
			return last;
		}

		const segment: Segment = {
			bytes: Buffer.allocUnsafeSlow(
				Math.max(this.#segmentBytes, Buffer.byteLength(line)),
			),
			start: this.#end,
			firstSeq: this.#head + 1,
			used: 0,
			offsets: [],
		};
		this.#segments.push(segment);
		// What was not shown yet is never dropped.
		while (
			this.#segments.length > 1 &&
			this.#segments[1]!.start <= this.#shownEnd &&
			this.#end - this.#segments[1]!.start >= this.#retainedBytes
		) {
			this.#segments.shift();
		}

		return segment;
	}
}
