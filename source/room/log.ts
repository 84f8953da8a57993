/**
 * The room's log: entries as encoded lines, in segments of memory.
 *
 * Members get subarrays of these segments, so retained bytes never change. The
 * memory of a dropped segment is reused, because allocating costs more than
 * writing; a write that outlasts its turn of the event loop pins its segment. A
 * position is an absolute byte offset over the life of the log; `seq` counts
 * entries from 1 without holes. A member that needs dropped entries reads them
 * from the history, or gets a gap.
 *
 * With a history, entries are appended first and shown once they are stored;
 * until then they can be rolled back.
 */
import {Buffer} from 'node:buffer';
import {Segment} from './segment.js';

export type LogOptions = {
	/** The size of a segment. */
	readonly segmentBytes?: number;
	/** Bytes to retain; whole segments are dropped, so up to two segments more. */
	readonly retainedBytes?: number;
	/** Whether entries wait for `show()`. */
	readonly isDeferred?: boolean;
};

/** Entries waiting to be shown, within one segment. */
export type Unshown = {
	readonly entries: Buffer;
	/** The seq of the last of them. */
	readonly head: number;
};

const lineFeed = 0x0a;

/** Bytes of a log retained in memory by default. */
export const defaultRetainedBytes = 16 * 1024 * 1024;

export class RoomLog {
	readonly #segmentBytes: number;
	readonly #retainedBytes: number;
	/** Whether entries wait for `show()`. */
	readonly isDeferred: boolean;
	readonly #segments: Segment[] = [];
	/** The memory of a dropped segment. */
	#spare: Buffer | undefined;
	#end = 0;
	#head = 0;
	#shownEnd = 0;
	#shownHead = 0;
	/** What was skipped last: the seqs that no entry has. */
	#hole: {readonly from: number; readonly to: number} | undefined;
	// All members that keep up ask for the same slice, so it is cached.
	#lastSlice: {cursor: number; end: number; slice: Buffer} | undefined;

	constructor({
		segmentBytes = 256 * 1024,
		retainedBytes = defaultRetainedBytes,
		isDeferred = false,
	}: LogOptions = {}) {
		this.#segmentBytes = segmentBytes;
		this.#retainedBytes = retainedBytes;
		this.isDeferred = isDeferred;
	}

	/** The seq of the newest entry; 0 while there is none. */
	get head(): number {
		return this.#head;
	}

	/** The offset after the newest entry. */
	get end(): number {
		return this.#end;
	}

	/** The offset up to which members may see entries. */
	get shownEnd(): number {
		return this.#shownEnd;
	}

	/** Bytes waiting to be shown. */
	get unshownBytes(): number {
		return this.#end - this.#shownEnd;
	}

	/** The seq of the newest entry that members may see. */
	get shownHead(): number {
		return this.#shownHead;
	}

	/** The oldest seq retained; head + 1 while there is none. */
	get firstSeq(): number {
		return this.#segments[0]?.firstSeq ?? this.#head + 1;
	}

	/**
	 * The first of the seqs that were skipped right before the oldest retained one;
	 * that one if none were. A reader that begins here learns what is missing.
	 */
	get firstMissing(): number {
		const {firstSeq} = this;
		return this.#hole?.to === firstSeq - 1 ? this.#hole.from : firstSeq;
	}

	/** The offset of the oldest byte retained. */
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

	/** Appends several entries, in one write if they fit into the segment. */
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
	 * Starts the log with earlier entries, which count as shown.
	 *
	 * @param entries Whole lines; not copied.
	 * @param firstSeq The seq of the first of them; of the next entry if none.
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

	/**
	 * Goes on after a later seq: the entries up to it will never come. What memory
	 * has is dropped; cursors at the end are then before the log, and report a gap.
	 * Nothing may wait to be shown.
	 */
	skipTo(head: number): void {
		// What came before the first entry of all, nobody here has ever had.
		if (this.#head > 0) {
			const isEmpty = this.#segments.length === 0;
			const from = isEmpty ? this.firstMissing : this.#head + 1;
			this.#hole = {from, to: head};
		}

		this.#segments.length = 0;
		// No entry is there, so no cursor may be: one that is has something to skip.
		this.#end++;
		this.#head = head;
		this.#shownEnd = this.#end;
		this.#shownHead = head;
		this.#lastSlice = undefined;
	}

	/** The oldest entries waiting to be shown; undefined if there are none. */
	unshown(): Unshown | undefined {
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

	/** Lets members see these. */
	show({entries, head}: Unshown): void {
		this.#shownEnd += entries.length;
		this.#shownHead = head;
	}

	/** Removes all entries not yet shown. */
	rollBack(): void {
		while ((this.#segments.at(-1)?.start ?? -1) >= this.#shownEnd) {
			this.#segments.pop();
		}

		this.#segments.at(-1)?.cut(this.#shownEnd, this.#shownHead);
		this.#end = this.#shownEnd;
		this.#head = this.#shownHead;
	}

	/**
	 * The shown entries from an offset on, within one segment. They are not copied:
	 * to use them beyond this turn of the event loop, copy or pin them.
	 *
	 * @param cursor The offset of an entry, from `start` to `shownEnd`.
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
	 * Keeps a slice unchanged even after its segment is dropped.
	 *
	 * @param cursor Where the slice begins.
	 * @returns Unpins it.
	 */
	pin(cursor: number): () => void {
		const segment = this.#segmentAt(cursor)!;
		segment.pins++;
		return () => {
			segment.pins--;
		};
	}

	/** The offset of an entry; of the oldest retained if it was dropped. */
	offsetOf(seq: number): number {
		if (seq > this.#head) {
			return this.#end;
		}

		const segment = this.#lastSegment(({firstSeq}) => firstSeq <= seq);
		return segment?.offsetOf(seq) ?? this.start;
	}

	/**
	 * The seq of the oldest of the newest messages.
	 *
	 * @param count How many messages, at least 1. If memory has fewer, an entry
	 * that it dropped counts as one.
	 */
	seqOfMessages(count: number): number {
		let missing = count;
		for (const segment of this.#segments.toReversed()) {
			if (segment.messages >= missing) {
				return segment.seqOfMessage(missing);
			}

			missing -= segment.messages;
		}

		return Math.max(1, this.firstSeq - missing);
	}

	/** The seq of the entry that begins, or will begin, at a retained offset. */
	seqAt(cursor: number): number {
		// Nearly every cursor is here.
		if (cursor === this.#shownEnd) {
			return this.#shownHead + 1;
		}

		return this.#segmentAt(cursor)?.seqAt(cursor) ?? this.#head + 1;
	}

	#write(segment: Segment, joined: string, lines: readonly string[]): void {
		this.#end += segment.write(joined, lines);
		this.#head += lines.length;
		if (!this.isDeferred) {
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
		// Entries not yet shown are never dropped.
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
