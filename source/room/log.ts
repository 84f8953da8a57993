/**
 * The room's log: entries as encoded lines, in segments of memory.
 *
 * Every member is handed subarrays of these segments, so bytes once appended
 * never change and a segment is never used again. A position is an absolute
 * byte offset that counts on for the life of the log; `seq` counts entries
 * from 1 without holes. What falls off the end is gone: whoever still needed
 * it is told so, by seq.
 */
import {Buffer} from 'node:buffer';

export type LogOptions = {
	/** Memory taken at a time, in bytes. */
	readonly segmentBytes?: number;
	/** Bytes kept; whole segments fall off, so up to two segments more. */
	readonly retainedBytes?: number;
};

type Segment = {
	readonly bytes: Buffer;
	/** The absolute offset of its first byte. */
	readonly start: number;
	readonly firstSeq: number;
	used: number;
	/** Where each of its entries begins, relative to `start`. */
	readonly offsets: number[];
};

export class RoomLog {
	readonly #segmentBytes: number;
	readonly #retainedBytes: number;
	readonly #segments: Segment[] = [];
	#end = 0;
	#head = 0;
	// All members that keep up ask for the same slice: it is cut once.
	#lastSlice: {cursor: number; end: number; slice: Buffer} | undefined;

	constructor({
		segmentBytes = 256 * 1024,
		retainedBytes = 16 * 1024 * 1024,
	}: LogOptions = {}) {
		this.#segmentBytes = segmentBytes;
		this.#retainedBytes = retainedBytes;
	}

	/** The seq of the newest entry; 0 while there is none. */
	get head(): number {
		return this.#head;
	}

	/** The offset behind the newest entry. */
	get end(): number {
		return this.#end;
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
		const segment = this.#segmentFor(line);
		const written = segment.bytes.write(line, segment.used);
		segment.offsets.push(segment.used);
		segment.used += written;
		this.#end += written;
		this.#head++;
		return this.#head;
	}

	/**
	 * The bytes from an offset on, as far as they lie in one piece: up to the
	 * head, or to the end of a segment. Whole entries, never copied.
	 *
	 * @param cursor An offset between `start` and `end` that an entry begins at.
	 */
	slice(cursor: number): Buffer {
		const last = this.#lastSlice;
		if (last?.cursor === cursor && last.end === this.#end) {
			return last.slice;
		}

		const segment = this.#segmentAt(cursor);
		const slice = segment
			? segment.bytes.subarray(cursor - segment.start, segment.used)
			: Buffer.alloc(0);
		this.#lastSlice = {cursor, end: this.#end, slice};
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
		// One UTF-16 unit is at most three bytes; count only when that is tight.
		if (last) {
			const room = last.bytes.length - last.used;
			if (line.length * 3 <= room || Buffer.byteLength(line) <= room) {
				return last;
			}
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
		while (
			this.#segments.length > 1 &&
			this.#end - this.#segments[1]!.start >= this.#retainedBytes
		) {
			this.#segments.shift();
		}

		return segment;
	}
}
