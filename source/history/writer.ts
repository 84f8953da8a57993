/**
 * The end of a history, which it grows at.
 *
 * One append at a time. A group is one write, and counts once that and its sync
 * have succeeded. After one that failed the file is as before: each write goes
 * to the offset behind the last group that counts, whatever a failed one left
 * there. A file that is full is closed behind a group, never amid one; where
 * that fails the group still counts, and the next append tries again.
 */
import type {Buffer} from 'node:buffer';
import {closeSync} from 'node:fs';
import {crc32} from 'node:zlib';
import {draftFile, putInPlace, type Written} from './begin.js';
import {syncData, truncate, writeAt} from './disk.js';
import {historyMisused, historyWriteFailed} from './failures.js';
import {closedPath, removeOldest, syncFolder} from './files.js';
import {lastSeqOf, seqAt, sumLine, type Checkpoint} from './lines.js';
import type {Recovery} from './recover.js';
import {Syncing, type FsyncMode, type SetTimer} from './syncing.js';

/** The room as it is behind the entries that are handed over. */
export type RoomState = Pick<Checkpoint, 'head' | 'clients'>;

export type WriterOptions = {
	readonly path: string;
	readonly fsync: FsyncMode;
	readonly fileBytes: number;
	readonly keptFiles: number;
	readonly setTimer: SetTimer;
	readonly onTrouble: (error: Error) => void;
};

export class Writer {
	/** The first seq of each closed file, oldest first. */
	closed: readonly number[];
	written: Written;
	head: number;
	readonly #logId: string;
	readonly #options: WriterOptions;
	readonly #syncing: Syncing;
	#isAppending = false;
	#isClosed = false;

	constructor({recovered, written, closed}: Recovery, options: WriterOptions) {
		this.#logId = recovered.logId;
		this.head = recovered.head;
		this.written = written;
		this.closed = closed;
		this.#options = options;
		this.#syncing = new Syncing(options.setTimer, error => {
			options.onTrouble(historyWriteFailed(options.path, error));
		});
	}

	/** See `History.append`. */
	async append(entries: Buffer, state: () => RoomState): Promise<void> {
		const {path} = this.#options;
		const last = this.#lastSeq(entries);
		const crc = crc32(entries, this.written.crc);
		const sum = sumLine(crc);
		const length = this.written.length + entries.length + sum.length;
		// Asked for now: during the write, the room goes on to later entries.
		const checkpoint =
			length < this.#options.fileBytes
				? undefined
				: this.#checkpoint(state, last);
		this.#isAppending = true;
		try {
			await this.#write([entries, sum]);
			this.written = {...this.written, length, crc: crc32(sum, crc)};
			this.head = last;
			if (checkpoint) {
				await this.#beginNext(checkpoint);
			}
		} catch (error) {
			throw historyWriteFailed(path, error);
		} finally {
			this.#isAppending = false;
		}
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		try {
			await this.#syncing.now(this.written.fd);
		} catch (error) {
			throw historyWriteFailed(this.#options.path, error);
		} finally {
			closeSync(this.written.fd);
		}
	}

	async #write(buffers: readonly Buffer[]): Promise<void> {
		const {fd, length} = this.written;
		try {
			await writeAt(fd, buffers, length);
			if (this.#options.fsync === 'always') {
				await syncData(fd);
			} else {
				this.#syncing.wrote(fd);
			}
		} catch (error) {
			// If even this fails, the next write goes over it, or the next start
			// finds no whole group there.
			await truncate(fd, length).catch(() => undefined);
			throw error;
		}
	}

	async #beginNext(checkpoint: Checkpoint): Promise<void> {
		const {path, keptFiles, onTrouble} = this.#options;
		const {fd, firstSeq, length} = this.written;
		let next;
		try {
			// A failed write may have left something that could not be cut then.
			await truncate(fd, length);
			await this.#syncing.now(fd);
			next = await draftFile(path, checkpoint);
			putInPlace(path, closedPath(path, firstSeq));
		} catch (error) {
			if (next) {
				closeSync(next.fd);
			}

			onTrouble(historyWriteFailed(path, error));
			return;
		}

		// In the turn of the renames, so that a reader never takes a name for what
		// it stood for before.
		closeSync(fd);
		this.written = next;
		this.closed = [...this.closed, firstSeq];
		try {
			this.closed = removeOldest(path, this.closed, keptFiles);
			await syncFolder(path);
		} catch (error) {
			onTrouble(historyWriteFailed(path, error));
		}
	}

	#checkpoint(state: () => RoomState, last: number): Checkpoint {
		const {head, clients} = state();
		if (head !== last) {
			// A start would take what was never written for stored.
			throw historyMisused(`a checkpoint at ${head} behind entry ${last}`);
		}

		// A copy, by way of which the room may go on.
		return {logId: this.#logId, head, clients: [...clients]};
	}

	#lastSeq(entries: Buffer): number {
		if (this.#isClosed) {
			throw historyMisused('an append came after its close');
		}

		if (this.#isAppending) {
			throw historyMisused('an append began before the last one ended');
		}

		const last = entries.at(-1) === 10 ? lastSeqOf(entries) : undefined;
		if (last === undefined || seqAt(entries, 0) !== this.head + 1) {
			throw historyMisused(`entries must go on from ${this.head + 1}`);
		}

		return last;
	}
}
