/**
 * One reader's place in the log.
 *
 * It gives whole entries in order: from memory, from the history once memory
 * has dropped them, and a gap for those that are stored nowhere. It knows no
 * socket: its owner decides when to read, and what becomes of the entries.
 */
import type {Buffer} from 'node:buffer';
import type {RoomLog} from '../../room/log.js';
import {trace} from '../../trace.js';

/** The entries that memory has dropped, as far as they are stored. */
export type LogHistory = {
	/** The oldest entry that is stored. */
	readonly firstSeq: number;
	/** @returns Whole entries; undefined if that seq isn't stored. */
	readonly read: (
		seq: number,
		maxBytes: number,
	) => Promise<
		{readonly entries: Buffer; readonly nextSeq: number} | undefined
	>;
};

/** Entries that this reader will never get. */
export type Gap = {readonly from: number; readonly to: number};

// One read of the history: as much as a segment of the log holds.
const historyReadBytes = 256 * 1024;

/** The offset while the next entry is older than the log in memory. */
const beforeLog = -1;

export class LogCursor {
	readonly #log: RoomLog;
	#offset: number;
	/** Of the next entry. With it, a gap can be named once the entry is gone. */
	#seq: number;

	/** Starts at the end: its first entry is the next that is appended. */
	constructor(log: RoomLog) {
		this.#log = log;
		this.#offset = log.end;
		this.#seq = log.head + 1;
	}

	/** In bytes, in the log; negative while the next entry isn't in memory. */
	get offset(): number {
		return this.#offset;
	}

	/** How many entries of the log it has not read. */
	get lagEntries(): number {
		return Math.max(0, this.#log.head + 1 - this.#seq);
	}

	/** Whether memory has dropped the next entry. */
	get isBeforeLog(): boolean {
		return this.#offset < this.#log.start;
	}

	/** @param seq The entry to read next. */
	moveTo(seq: number): void {
		this.#seq = seq;
		this.#offset =
			seq < this.#log.firstSeq ? beforeLog : this.#log.offsetOf(seq);
	}

	/** The log took back its newest entries; the next one may be among them. */
	rollBack(): void {
		if (this.#offset > this.#log.end) {
			this.moveTo(this.#log.head + 1);
		}
	}

	/**
	 * Reads whole entries from memory, without copying: as many as stand in one
	 * piece. Not if `isBeforeLog`.
	 */
	read(): Buffer {
		const slice = this.#log.slice(this.#offset);
		this.#offset += slice.length;
		this.#seq = this.#log.seqAt(this.#offset);
		return slice;
	}

	/** Moves to the oldest entry that is stored anywhere. */
	skipLost(history: LogHistory | undefined): Gap | undefined {
		const {firstSeq} = this.#log;
		return this.#skipTo(Math.min(history?.firstSeq ?? Infinity, firstSeq));
	}

	/**
	 * Reads whole entries from the history.
	 *
	 * @returns The gap instead, if the history can't give them; undefined if it
	 * dropped them meanwhile, so that `skipLost` moves on.
	 */
	async readHistory(history: LogHistory): Promise<Buffer | Gap | undefined> {
		const seq = this.#seq;
		try {
			const read = await history.read(seq, historyReadBytes);
			if (read) {
				this.moveTo(read.nextSeq);
				return read.entries;
			}

			if (seq < history.firstSeq) {
				return undefined;
			}
		} catch (error) {
			trace(`the history can't be read: ${(error as Error).message}`);
		}

		return this.#skipTo(this.#log.firstSeq);
	}

	#skipTo(seq: number): Gap | undefined {
		const from = this.#seq;
		this.moveTo(Math.max(from, seq));
		return from < seq ? {from, to: seq - 1} : undefined;
	}
}
