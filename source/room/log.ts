/**
 * The room's log: entries as encoded lines, in segments of memory.
 *
 * Every member is handed subarrays of these segments, so bytes that are still
 * held never change. A segment that has fallen off is written to again, as
 * memory that is new at each turn costs more than what is written into it; so
 * a write that takes longer than its turn pins its segment. A position is an
 * absolute byte offset that counts on for the life of the log; `seq` counts
 * entries from 1 without holes. What falls off the end is gone from here:
 * whoever still needs it reads the history, or is told so, by seq.
 *
 * With a history, entries are appended first and shown once they are kept; up
 * to then they can be taken back.
 */
import {Buffer} from 'node:buffer';
import {Segment} from './segment.js';

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

/** Bytes of a log that are kept in memory where nothing else is said. */
export const defaultRetainedBytes = 16 * 1024 * 1024;

export class RoomLog {
	readonly #segmentBytes: number;
	readonly #retainedBytes: number;
	/** Whether entries wait for `show()`. */
	readonly isHeld: boolean;
	readonly #segments: Segment[] = [];
	/** Memory of a segment that has fallen off. */
	#spare: Buffer | undefined;
	#end = 0;
	#head = 0;
	#shownEnd = 0;
	#shownHead = 0;
	// All members that keep up ask for the same slice: it is cut once.
	#lastSlice: {cursor: number; end: number; slice: Buffer} | undefined;

	constructor({
		segmentBytes = 256 * 1024,
		retainedBytes = defaultRetainedBytes,
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
		if (last?.fits(joined)) {
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
			const full = start + this.#segmentBytes - 1;
			const end = entries.indexOf(lineFeed, Math.min(full, entries.length - 1));
			const bytes = entries.subarray(start, end + 1);
			const segment = new Segment(bytes, this.#end, this.#head + 1);
			segment.restore();
			this.#segments.push(segment);
			this.#end = segment.end;
			this.#head = segment.head;
			start = end + 1;
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
				head: segment.head,
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

		this.#segments.at(-1)?.cut(this.#shownEnd, this.#shownHead);
		this.#end = this.#shownEnd;
		this.#head = this.#shownHead;
	}

	/**
	 * The bytes from an offset on, as far as they are shown and lie in one piece.
	 * Whole entries, never copied: who needs them beyond this turn of the event
	 * loop copies them, or pins them.
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

	/**
	 * Keeps a slice as it is, also once it has fallen off.
	 *
	 * @param cursor Where the slice begins.
	 * @returns Lets go of it.
	 */
	pin(cursor: number): () => void {
		const segment = this.#segmentAt(cursor)!;
		segment.pins++;
		return () => {
			segment.pins--;
		};
	}

	/** The offset of an entry; that of the first held for one already gone. */
	offsetOf(seq: number): number {
		if (seq > this.#head) {
			return this.#end;
		}

		const segment = this.#lastSegment(({firstSeq}) => firstSeq <= seq);
		return segment?.offsetOf(seq) ?? this.start;
	}

	/** The seq of the entry that begins at an offset still held, or would. */
	seqAt(cursor: number): number {
		// Where nearly every cursor is.
		if (cursor === this.#shownEnd) {
			return this.#shownHead + 1;
		}

		return this.#segmentAt(cursor)?.seqAt(cursor) ?? this.#head + 1;
	}

	#write(segment: Segment, joined: string, lines: readonly string[]): void {
		this.#end += segment.write(joined, lines);
		this.#head += lines.length;
		if (!this.isHeld) {
			this.#shownEnd = this.#end;
			this.#shownHead = this.#head;
		}
	}

	#segmentAt(cursor: number): Segment | undefined {
		const segment = this.#lastSegment(({start}) => start <= cursor);
		return segment && cursor < segment.end ? segment : undefined;
	}

	// Searched from the end: nearly every cursor is near the head.
	#lastSegment(isWanted: (segment: Segment) => boolean): Segment | undefined {
		return this.#segments.findLast(segment => isWanted(segment));
	}

	#segmentFor(line: string): Segment {
		const last = this.#segments.at(-1);
		if (last?.fits(line)) {
			return last;
		}

		const bytes = this.#memoryFor(line);
		const segment = new Segment(bytes, this.#end, this.#head + 1);
		this.#segments.push(segment);
		// What was not shown yet is never dropped.
		while (
			this.#segments.length > 1 &&
			this.#segments[1]!.start <= this.#shownEnd &&
			this.#end - this.#segments[1]!.start >= this.#retainedBytes
		) {
			const {bytes: dropped, pins} = this.#segments.shift()!;
			if (pins === 0 && dropped.length === this.#segmentBytes) {
				this.#spare = dropped;
			}
		}

		return segment;
	}

	#memoryFor(line: string): Buffer {
		const needed = Buffer.byteLength(line);
		const spare = this.#spare;
		if (spare && needed <= spare.length) {
			this.#spare = undefined;
			return spare;
		}

		return Buffer.allocUnsafeSlow(Math.max(this.#segmentBytes, needed));
	}
}
