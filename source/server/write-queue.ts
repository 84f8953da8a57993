/**
 * What one peer is sent: its part of the log, and lines for it alone.
 *
 * The log's own bytes go out in one write per turn of the event loop, and never
 * while an earlier write is waiting: a slow peer lags, and costs no memory
 * beyond the slice it is on.
 */
import {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import process from 'node:process';
import type {Duplex} from 'node:stream';
import type {RoomLog} from '../room/log.js';
import {LogCursor, type Gap, type LogHistory} from './log/cursor.js';

/** How a peer is sent the log. */
export type EntryEncoder = {
	/** Turns whole entries of the log into this peer's bytes. */
	readonly encode: (entries: Buffer) => Buffer;
	/** Reports that the entries from one seq to another are gone. */
	readonly sendGap: (from: number, to: number) => void;
};

/**
 * The queue's owner: one existing object, instead of five callbacks per peer.
 */
export type QueueOwner = {
	readonly duplex: Duplex;
	/** The duplex, if it is a socket. */
	readonly socket: Socket | undefined;
	readonly log: RoomLog;
	readonly history: LogHistory | undefined;
	/** Whether somebody wants to know what the kernel took. */
	readonly isTapped: boolean;
	readonly noteOut: (bytes: Buffer | string) => void;
	/** A waiting write is done: there may be more to send. */
	readonly pump: () => void;
	/** The peer has stopped reading its answers, or reads again. */
	readonly onUnread: (isTooMuch: boolean) => void;
};

// Unread answers may come to this much; beyond it the peer isn't read either.
const maxUnreadBytes = 1024 * 1024;

export class WriteQueue {
	/** A peer that only listens starts with what comes next. */
	readonly cursor: LogCursor;
	readonly #owner: QueueOwner;
	#isBlocked = false;
	#isUnread = false;
	/** The kernel has taken it in a call that is not noted yet. */
	readonly #taken: Buffer[] = [];

	constructor(owner: QueueOwner) {
		this.#owner = owner;
		this.cursor = new LogCursor(owner.log);
	}

	/** Writes to this peer only, after the entries it was already sent. */
	write(line: string): void {
		const owner = this.#owner;
		const {duplex} = owner;
		// A write after our FIN would destroy the socket.
		if (duplex.writableEnded) {
			return;
		}

		this.#send(line);
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
	 * Sends the log up to an offset, as far as the peer takes it now.
	 *
	 * @returns Whether all of it was sent.
	 */
	sendLog(end: number, encoder: EntryEncoder): boolean {
		const {cursor} = this;
		while (!this.#isBlocked && cursor.offset < end) {
			if (cursor.isBeforeLog) {
				this.#catchUp(encoder);
				continue;
			}

			const from = cursor.offset;
			this.#write(encoder.encode(cursor.read()), from);
		}

		return !this.#isBlocked;
	}

	/** Memory has dropped the next entry: the history has it, or it is gone. */
	#catchUp(encoder: EntryEncoder): void {
		const {cursor} = this;
		const {history} = this.#owner;
		const gap = cursor.skipLost(history);
		if (gap) {
			encoder.sendGap(gap.from, gap.to);
		}

		if (history && cursor.isBeforeLog) {
			this.#isBlocked = true;
			void this.#sendHistory(history, encoder);
		}
	}

	async #sendHistory(
		history: LogHistory,
		encoder: EntryEncoder,
	): Promise<void> {
		const read: Buffer | Gap | undefined =
			await this.cursor.readHistory(history);
		this.#isBlocked = false;
		if (Buffer.isBuffer(read)) {
			this.#write(encoder.encode(read));
		} else if (read) {
			encoder.sendGap(read.from, read.to);
		}

		if (!this.#isBlocked) {
			this.#owner.pump();
		}
	}

	/** @param from Their offset, if they are in the log in memory. */
	#write(bytes: Buffer, from?: number): void {
		if (bytes.length === 0) {
			return;
		}

		const owner = this.#owner;
		const {duplex, log} = owner;
		if (duplex.writableEnded) {
			return;
		}

		// A socket's bytes are copied by the kernel; a duplex in this process would
		// give its reader the log's own memory. What is noted later is copied, too.
		const isCopied = owner.isTapped || !owner.socket;
		this.#send(isCopied ? Buffer.from(bytes) : bytes);
		// write() may return false although everything was written at once;
		// writableLength says what is still waiting.
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

	/** What is noted is what the kernel was asked to take, and took. */
	#send(bytes: Buffer | string): void {
		const {duplex, isTapped} = this.#owner;
		if (!isTapped) {
			duplex.write(bytes);
			return;
		}

		// What waits in the stream is written by one call.
		const isQueued = duplex.writableCorked > 0 || duplex.writableLength > 0;
		duplex.write(bytes, error => {
			if (error) {
				return;
			}

			if (!isQueued) {
				this.#owner.noteOut(bytes);
				return;
			}

			this.#taken.push(Buffer.from(bytes));
			if (this.#taken.length === 1) {
				process.nextTick(() => {
					this.#owner.noteOut(Buffer.concat(this.#taken.splice(0)));
				});
			}
		});
	}

	/** An empty write is called back once everything before it is written. */
	#whenWritten(callback: () => void): void {
		this.#owner.duplex.write('', error => {
			if (!error) {
				callback();
			}
		});
	}
}
