/**
 * Appends to a history.
 *
 * One append at a time. A group is one write, and is stored once the write, its
 * sync and the lock's line have succeeded. After a failure the file is as before:
 * each write goes to the offset after the last stored group, over anything that a
 * failed one left. A full file is closed after a group; if that fails, the group
 * is stored all the same, and the next append tries again.
 */
import type {Buffer} from 'node:buffer';
import {closeSync} from 'node:fs';
import {crc32} from 'node:zlib';
import {SockchatError} from '../errors.js';
import {beginAgain, rescue, type Memory} from './again.js';
import {discardDraft, draftFile, putInPlace, type Written} from './begin.js';
import {syncData, truncate, writeAt} from './disk.js';
import {
	historyFailed,
	historyLost,
	historyMisused,
	historyNotBegunAgain,
	historyWriteFailed,
} from './failures.js';
import {fateOf, type Fate, type Lost} from './fate.js';
import {closedPath, newPath, removeOldest, syncFolder} from './files.js';
import {lastSeqOf, seqAt, sumBytes, sumLine, type Checkpoint} from './lines.js';
import type {Recovery} from './recover.js';
import {Syncing, type FsyncMode, type SetTimer} from './syncing.js';

/** The room after the entries being appended. */
export type RoomState = Pick<Checkpoint, 'head' | 'clients'>;

export type WriterOptions = {
	readonly path: string;
	readonly fsync: FsyncMode;
	readonly fileBytes: number;
	readonly keptFiles: number;
	readonly setTimer: SetTimer;
	/** Called before entries up to a seq are shown; see `Lock.show`. */
	readonly show: (seq: number) => void;
	readonly onTrouble: (error: Error | undefined) => void;
};

// The next FILE may be removed as well.
const maxTries = 3;

export class Writer {
	/** The first seq of each closed file, oldest first. */
	closed: readonly number[];
	written: Written;
	head: number;
	#logId: string;
	readonly #options: WriterOptions;
	readonly #syncing: Syncing;
	/** The room's memory, once there is one. */
	memory: Memory | undefined;
	/** How far a failed write may have extended the file, if it wasn't cut. */
	#reach = 0;
	#mending: Promise<void> | undefined;
	/** FILE is gone and can't be written again; the host knows. */
	#isLost = false;
	#isAppending = false;
	#isClosed = false;

	constructor({recovered, written, closed}: Recovery, options: WriterOptions) {
		this.#logId = recovered.logId;
		this.head = recovered.head;
		this.written = written;
		this.closed = closed;
		this.#options = options;
		this.#syncing = new Syncing(options.setTimer, error => {
			options.onTrouble(
				error === undefined
					? undefined
					: historyWriteFailed(options.path, error),
			);
		});
	}

	/** See `History.append`. */
	async append(entries: Buffer, state: () => RoomState): Promise<void> {
		const last = this.#lastSeq(entries);
		// Called now: during the write, the room appends later entries.
		const checkpoint = this.#isFullWith(entries)
			? this.#checkpoint(state, last)
			: undefined;
		this.#isAppending = true;
		try {
			await this.#mending;
			await this.#appendGroup(entries, last);
			this.head = last;
			if (checkpoint) {
				await this.#beginNext(checkpoint);
			}
		} catch (error) {
			throw error instanceof SockchatError
				? error
				: historyWriteFailed(this.#options.path, error);
		} finally {
			this.#isAppending = false;
		}
	}

	/** See `History.moveTo`. */
	async moveTo(checkpoint: Checkpoint): Promise<void> {
		const {path, keptFiles} = this.#options;
		this.#isAppending = true;
		try {
			await this.#mending;
			await this.#keepPlace();
			const {fd, firstSeq, length} = this.written;
			await truncate(fd, length);
			await this.#syncing.now(fd);
			const next = await draftFile(path, checkpoint);
			// A file without entries isn't kept.
			const hasEntries = firstSeq <= this.head;
			putInPlace(path, hasEntries ? closedPath(path, firstSeq) : undefined);
			closeSync(fd);
			this.written = next;
			this.head = checkpoint.head;
			this.#logId = checkpoint.logId;
			this.#reach = 0;
			if (hasEntries) {
				this.closed = removeOldest(path, [...this.closed, firstSeq], keptFiles);
			}

			await syncFolder(path);
		} catch (error) {
			throw error instanceof SockchatError
				? error
				: historyWriteFailed(path, error);
		} finally {
			this.#isAppending = false;
		}
	}

	/** See `History.look`. */
	async look(): Promise<void> {
		if (this.#isAppending || this.#isClosed || this.#mending) {
			return;
		}

		const mending = this.#mendAlone();
		this.#mending = mending;
		await mending;
		this.#mending = undefined;
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		await this.#mending;
		try {
			await this.#keepPlace();
			await this.#syncing.now(this.written.fd);
		} catch (error) {
			throw error instanceof SockchatError
				? error
				: historyWriteFailed(this.#options.path, error);
		} finally {
			closeSync(this.written.fd);
		}
	}

	/** A group is stored once it is in the file at the path. */
	async #appendGroup(entries: Buffer, last: number): Promise<void> {
		const {path, show} = this.#options;
		for (let tries = 0; tries < maxTries; tries++) {
			// eslint-disable-next-line no-await-in-loop -- each depends on what the last found
			await this.#keepPlace();
			const {fd, length, crc} = this.written;
			const summed = crc32(entries, crc);
			const sum = sumLine(summed);
			const behind = length + entries.length + sum.length;
			// eslint-disable-next-line no-await-in-loop -- each depends on what the last found
			await this.#write([entries, sum]);
			const reach = Math.max(behind, this.#reach);
			const fate = fateOf(path, {fd, length, reach});
			if (fate === 'ours') {
				try {
					show(last);
				} catch (error) {
					// eslint-disable-next-line no-await-in-loop -- it ends here
					await this.#takeBack(behind);
					throw error;
				}

				this.written = {
					...this.written,
					length: behind,
					crc: crc32(sum, summed),
				};
				return;
			}

			if (fate !== 'cut' && fate !== 'grown') {
				// The group is written again elsewhere. The old file must not keep
				// entries that were never shown.
				// eslint-disable-next-line no-await-in-loop -- before the descriptor goes
				await truncate(fd, length).catch(() => undefined);
			}
		}

		throw new Error('something else takes its place again and again');
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
			const bytes = buffers.reduce((sum, each) => sum + each.length, 0);
			await this.#takeBack(length + bytes);
			throw error;
		}
	}

	/** @param reach How far the write may have extended the file. */
	async #takeBack(reach: number): Promise<void> {
		const {fd, length} = this.written;
		await truncate(fd, length).catch(() => {
			// The next write goes over it, or the next start cuts it off.
			this.#reach = Math.max(this.#reach, reach);
		});
	}

	#fate(): Fate {
		const {fd, length} = this.written;
		const reach = Math.max(length, this.#reach);
		return fateOf(this.#options.path, {fd, length, reach});
	}

	/** Writes FILE again if it is no longer ours. */
	async #keepPlace(): Promise<void> {
		const fate = this.#fate();
		if (fate !== 'ours') {
			await this.#beginAgain(fate);
		}
	}

	async #mendAlone(): Promise<void> {
		const {path, onTrouble} = this.#options;
		const wasLost = this.#isLost;
		try {
			await this.#keepPlace();
			if (this.#isLost) {
				// Somebody put it back.
				this.#isLost = false;
				onTrouble(undefined);
			}

			// Not awaited: a group must not wait for a slow disk.
			void this.#syncing.retry(this.written.fd);
		} catch (error) {
			this.#isLost = true;
			// Checked each second, reported once.
			if (!wasLost) {
				onTrouble(
					error instanceof SockchatError ? error : historyFailed(path, error),
				);
			}
		}
	}

	async #beginAgain(fate: Lost): Promise<void> {
		const {path, onTrouble} = this.#options;
		const {fd, firstSeq} = this.written;
		let lost: readonly [number, number] | undefined;
		let begun;
		try {
			const rescued = await rescue(this.written, {
				logId: this.#logId,
				head: this.head,
				memory: this.memory,
			});
			lost =
				rescued.firstSeq > firstSeq
					? [firstSeq, rescued.firstSeq - 1]
					: undefined;
			begun = await beginAgain(path, rescued, lost?.[0]);
		} catch (error) {
			this.#isLost = true;
			const isClosing = this.#isClosed;
			throw historyNotBegunAgain(path, fate, {isClosing, cause: error});
		}

		this.written = begun.written;
		this.#reach = 0;
		if (lost) {
			// Their entries end before the gap.
			this.closed = [];
		}

		await this.#syncing.forget();
		closeSync(fd);
		this.#isLost = false;
		onTrouble(historyLost(path, fate, {aside: begun.aside, lost}));
		onTrouble(undefined);
		await syncFolder(path);
	}

	async #beginNext(checkpoint: Checkpoint): Promise<void> {
		const {path, keptFiles, onTrouble} = this.#options;
		const {fd, firstSeq, length} = this.written;
		if (this.#fate() !== 'ours') {
			// This is not the file to close. The next group writes FILE again.
			return;
		}

		let next;
		try {
			// A failed write may have left bytes that couldn't be cut off then.
			await truncate(fd, length);
			await this.#syncing.now(fd);
			next = await draftFile(path, checkpoint);
			if (this.#fate() !== 'ours') {
				// FILE went away in the meantime.
				discardDraft(newPath(path), next.fd);
				return;
			}

			putInPlace(path, closedPath(path, firstSeq));
		} catch (error) {
			if (next) {
				discardDraft(newPath(path), next.fd);
			}

			onTrouble(historyWriteFailed(path, error));
			return;
		}

		// In the same turn as the renames, so a reader never uses a name for the
		// file that had it before.
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

	#isFullWith(entries: Buffer): boolean {
		const length = this.written.length + entries.length + sumBytes;
		return length >= this.#options.fileBytes;
	}

	#checkpoint(state: () => RoomState, last: number): Checkpoint {
		const {head, clients} = state();
		if (head !== last) {
			// A start would take entries that were never written for stored.
			throw historyMisused(`a checkpoint at ${head}, not after entry ${last}`);
		}

		// A copy, as the room changes its own.
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
