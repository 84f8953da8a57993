/**
 * What goes out to one peer: its part of the log, and what is told it alone.
 *
 * The log's own bytes, one write a turn of the event loop, and never while an
 * earlier write still waits: a slow peer lags, and costs no memory but the
 * slice it is on.
 */
import {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import type {RoomLog} from '../room/log.js';
import {trace} from '../trace.js';

/** Entries that the log has no more, from its history. */
export type Past = {
	/** The oldest that is kept. */
	readonly firstSeq: number;
	/** @returns Whole entries; undefined where that one is not kept. */
	readonly read: (
		seq: number,
		maxBytes: number,
	) => Promise<
		{readonly entries: Buffer; readonly nextSeq: number} | undefined
	>;
};

/** How the log is told to a peer. */
export type Teller = {
	/** Turns whole entries of the log into what this peer gets of them. */
	readonly encode: (entries: Buffer) => Buffer;
	/** Says that the entries from one seq to another are gone. */
	readonly tellGap: (from: number, to: number) => void;
};

/** Whose outlet it is: an object that is there anyway, not five for each peer. */
export type OutletOwner = {
	readonly duplex: Duplex;
	/** The same, where it is one. */
	readonly socket: Socket | undefined;
	readonly log: RoomLog;
	readonly past: Past | undefined;
	readonly noteOut: (bytes: Buffer | string) => void;
	/** What waited is written: there may be more to hand on. */
	readonly pump: () => void;
	/** It doesn't read its answers, so it is not to be read; or reads again. */
	readonly onUnread: (isTooMuch: boolean) => void;
};

// Read from the history at a time: as much as a segment of the log holds.
const pastBytes = 256 * 1024;

/** Where the cursor stands while entries older than the log are due. */
const beforeLog = -1;

// Answers that a peer doesn't read may pile up to this; then it isn't read.
const maxUnreadBytes = 1024 * 1024;

export class Outlet {
	readonly #owner: OutletOwner;
	#cursor: number;
	/** The seq that is due at the cursor, to say from where on all is gone. */
	#dueSeq: number;
	#isBlocked = false;
	#isUnread = false;

	/** It begins at the head: a peer that only listens gets what comes now. */
	constructor(owner: OutletOwner) {
		this.#owner = owner;
		const {log} = owner;
		this.#cursor = log.end;
		this.#dueSeq = log.head + 1;
	}

	get cursor(): number {
		return this.#cursor;
	}

	/** Entries of the log that were not handed on yet. */
	get lagEntries(): number {
		return Math.max(0, this.#owner.log.head + 1 - this.#dueSeq);
	}

	/** @param seq Of the entry to hand on next. */
	moveTo(seq: number): void {
		const {log} = this.#owner;
		this.#dueSeq = seq;
		this.#cursor = seq < log.firstSeq ? beforeLog : log.offsetOf(seq);
	}

	/** What was not shown yet was taken back, and may have been due. */
	rollBack(): void {
		const {log} = this.#owner;
		if (this.#cursor > log.end) {
			this.moveTo(log.head + 1);
		}
	}

	/** Tells this peer alone, behind what it was handed of the log so far. */
	write(line: string): void {
		const owner = this.#owner;
		const {duplex} = owner;
		// Behind our FIN nothing goes out, and trying would destroy the socket.
		if (duplex.writableEnded) {
			return;
		}

		owner.noteOut(line);
		duplex.write(line);
		if (duplex.writableLength > maxUnreadBytes && !this.#isUnread) {
			this.#isUnread = true;
			owner.onUnread(true);
			this.#whenWritten(() => {
				this.#isUnread = false;
				owner.onUnread(false);
			});
		}
	}

	/**
	 * Hands on the log up to an offset, as far as the peer can take it now.
	 *
	 * @returns Whether all of it is handed on.
	 */
	handOn(end: number, teller: Teller): boolean {
		const {log} = this.#owner;
		while (!this.#isBlocked && this.#cursor < end) {
			if (this.#cursor < log.start) {
				this.#catchUp(teller);
				continue;
			}

			const from = this.#cursor;
			const slice = log.slice(from);
			this.#cursor += slice.length;
			this.#dueSeq = log.seqAt(this.#cursor);
			this.#write(teller.encode(slice), from);
		}

		return !this.#isBlocked;
	}

	/** What is due has fallen off the log: the history has it, or it is gone. */
	#catchUp(teller: Teller): void {
		const {log, past} = this.#owner;
		const oldest = Math.min(past?.firstSeq ?? Infinity, log.firstSeq);
		if (this.#dueSeq < oldest) {
			teller.tellGap(this.#dueSeq, oldest - 1);
		}

		this.moveTo(Math.max(this.#dueSeq, oldest));
		if (past && this.#cursor === beforeLog) {
			this.#isBlocked = true;
			void this.#readPast(past, teller);
		}
	}

	async #readPast(past: Past, teller: Teller): Promise<void> {
		const {log} = this.#owner;
		const seq = this.#dueSeq;
		try {
			const read = await past.read(seq, pastBytes);
			this.#isBlocked = false;
			if (read) {
				this.moveTo(read.nextSeq);
				this.#write(teller.encode(read.entries));
			} else if (seq >= past.firstSeq) {
				this.#skip(log.firstSeq, teller);
			}
		} catch (error) {
			trace(`the history can't be read: ${(error as Error).message}`);
			this.#isBlocked = false;
			this.#skip(log.firstSeq, teller);
		}

		if (!this.#isBlocked) {
			this.#owner.pump();
		}
	}

	#skip(seq: number, teller: Teller): void {
		teller.tellGap(this.#dueSeq, seq - 1);
		this.moveTo(seq);
	}

	/** @param from Where in the log they are, if they are of it. */
	#write(bytes: Buffer, from?: number): void {
		if (bytes.length === 0) {
			return;
		}

		const owner = this.#owner;
		const {duplex, log} = owner;
		if (duplex.writableEnded) {
			return;
		}

		owner.noteOut(bytes);
		// A kernel has a copy; who is in this process reads these bytes themselves.
		duplex.write(owner.socket ? bytes : Buffer.from(bytes));
		// write() may return false although all went out at once: what still
		// waits is in writableLength.
		if (duplex.writableLength > 0) {
			this.#isBlocked = true;
			const unpin = from === undefined ? undefined : log.pin(from);
			this.#whenWritten(() => {
				unpin?.();
				this.#isBlocked = false;
				owner.pump();
			});
		}
	}

	/** The callback of an empty write comes when all before it is written. */
	#whenWritten(callback: () => void): void {
		this.#owner.duplex.write('', error => {
			if (!error) {
				callback();
			}
		});
	}
}
