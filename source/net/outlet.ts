/**
 * What goes out to one peer: its part of the log, and what is told it alone.
 *
 * The log's own bytes, one write a turn of the event loop, and never while an
 * earlier write still waits: a slow peer lags, and costs no memory but the
 * slice it is on.
 */
import type {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import type {RoomLog} from '../room/log.js';

/** How the log is told to a peer. */
export type Teller = {
	/** Turns whole entries of the log into what this peer gets of them. */
	readonly encode: (entries: Buffer) => Buffer;
	/** Says that the entries from one seq to another are gone. */
	readonly tellGap: (from: number, to: number) => void;
};

export type OutletOptions = {
	readonly duplex: Duplex;
	readonly log: RoomLog;
	readonly onChunk: (bytes: Buffer | string) => void;
	/** What waited is written: there may be more to hand on. */
	readonly onWritten: () => void;
	/** Whether the peer is not read anyway, because somebody asked for it. */
	readonly isPaused: () => boolean;
};

// Answers that a peer doesn't read may pile up to this; then it isn't read.
const maxUnreadBytes = 1024 * 1024;

export class Outlet {
	readonly #options: OutletOptions;
	#cursor: number;
	/** The seq that is due at the cursor, to say from where on all is gone. */
	#dueSeq: number;
	#isBlocked = false;

	/** It begins at the head: a peer that only listens gets what comes now. */
	constructor(options: OutletOptions) {
		this.#options = options;
		const {log} = options;
		this.#cursor = log.end;
		this.#dueSeq = log.head + 1;
	}

	get cursor(): number {
		return this.#cursor;
	}

	/** Entries of the log that were not handed on yet. */
	get lagEntries(): number {
		return Math.max(0, this.#options.log.head + 1 - this.#dueSeq);
	}

	moveTo(cursor: number): void {
		this.#cursor = cursor;
		this.#dueSeq = this.#options.log.seqAt(cursor);
	}

	/** Tells this peer alone, behind what it was handed of the log so far. */
	write(line: string): void {
		const {duplex, onChunk, isPaused} = this.#options;
		// Behind our FIN nothing goes out, and trying would destroy the socket.
		if (duplex.writableEnded) {
			return;
		}

		onChunk(line);
		duplex.write(line);
		if (duplex.writableLength > maxUnreadBytes && !duplex.isPaused()) {
			duplex.pause();
			this.#whenWritten(() => {
				if (!isPaused()) {
					duplex.resume();
				}
			});
		}
	}

	/**
	 * Hands on the log up to an offset, as far as the peer can take it now.
	 *
	 * @returns Whether all of it is handed on.
	 */
	handOn(end: number, teller: Teller): boolean {
		const {log} = this.#options;
		while (!this.#isBlocked && this.#cursor < end) {
			if (this.#cursor < log.start) {
				teller.tellGap(this.#dueSeq, log.firstSeq - 1);
				this.moveTo(log.start);
			}

			const slice = log.slice(this.#cursor);
			this.moveTo(this.#cursor + slice.length);
			this.#write(teller.encode(slice));
		}

		return !this.#isBlocked;
	}

	#write(bytes: Buffer): void {
		if (bytes.length === 0) {
			return;
		}

		const {duplex, onChunk, onWritten} = this.#options;
		onChunk(bytes);
		duplex.write(bytes);
		// write() may return false although all went out at once: what still
		// waits is in writableLength.
		if (duplex.writableLength > 0) {
			this.#isBlocked = true;
			this.#whenWritten(() => {
				this.#isBlocked = false;
				onWritten();
			});
		}
	}

	/** The callback of an empty write comes when all before it is written. */
	#whenWritten(callback: () => void): void {
		this.#options.duplex.write('', error => {
			if (!error) {
				callback();
			}
		});
	}
}
