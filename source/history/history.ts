/**
 * A room's history: its log on the disk, byte for byte as on the wire.
 *
 * An entry is appended here before it is shown to anybody, so every message that
 * members can see is stored.
 */
import type {Buffer} from 'node:buffer';
import {closeSync} from 'node:fs';
import {SockchatError} from '../errors.js';
import type {Memory} from './again.js';
import {isSameFile} from './fate.js';
import {historyFailed, historyUnreadable} from './failures.js';
import {closedPath, codeOf, openToRead, prepareFolder} from './files.js';
import {lastSeqOf, seqAt, type Checkpoint} from './lines.js';
import {takeLock, type Lock} from './lock.js';
import {
	blocksOf,
	endOfWhole,
	entriesFrom,
	offsetOf,
	startOfEntries,
	takeMemory,
	type Source,
} from './reader.js';
import {
	recover,
	type GivenLog,
	type Recovered,
	type Recovery,
} from './recover.js';
import {needleOf, searchBlocks} from './search.js';
import type {FsyncMode, SetTimer} from './syncing.js';
import {Writer, type RoomState} from './writer.js';

export type HistoryOptions = {
	readonly path: string;
	/** Whether it is the default path, whose folder is created if missing. */
	readonly isDefault?: boolean | undefined;
	/** Whether each append waits for the disk, or all are synced once a second. */
	readonly fsync: FsyncMode;
	readonly clock: {readonly setTimer: SetTimer};
	/**
	 * Called for failures that no append reports: a sync in the background, a file
	 * that can't be closed or is gone; then with undefined once that is over.
	 */
	readonly onTrouble: (error: Error | undefined) => void;
	/** A file is closed after the group that takes it to this size; 16 MiB. */
	readonly fileBytes?: number | undefined;
	/** How many files are kept, including the one being written; 16. */
	readonly keptFiles?: number | undefined;
	/** About how much is read into memory at a start; 16 MiB. */
	readonly tailBytes?: number | undefined;
	/** Set if the log's order is made elsewhere; a file of another is refused. */
	readonly log?: GivenLog | undefined;
};

export type Pages = {
	/** Whole lines of one file. */
	readonly entries: Buffer;
	readonly firstSeq: number;
	/** Where to continue: the seq after the last of them. */
	readonly nextSeq: number;
};

export type Found = {
	/** Whole lines, newest first. */
	readonly entries: readonly Buffer[];
	/** Pass it as `before` to continue; undefined at the end. */
	readonly next: number | undefined;
};

const mebibyte = 1024 * 1024;

const defaultFileBytes = 16 * mebibyte;
const defaultKeptFiles = 16;

/** About how much a history keeps by default. */
export const defaultKeptBytes = defaultFileBytes * defaultKeptFiles;

/**
 * Opens a history, or creates it.
 *
 * @throws {SockchatError} `ERR_HISTORY_TAKEN` if another server has it;
 * `ERR_HISTORY` if it can't be read, or others could change it.
 */
export const openHistory = async (
	options: HistoryOptions,
): Promise<History> => {
	const {path, isDefault = false, tailBytes = 16 * mebibyte} = options;
	let lock: Lock | undefined;
	try {
		prepareFolder(path, isDefault);
		lock = await takeLock(path, options);
		const recovery = await recover(path, {
			maxTailBytes: tailBytes,
			isLogInDoubt: lock.isLogInDoubt,
			left: lock.left,
			log: options.log,
		});
		const {logId, head} = recovery.recovered;
		lock.settle(logId, head);
		return new History(recovery, options, lock);
	} catch (error) {
		await lock?.abandon();
		throw error instanceof SockchatError ? error : historyFailed(path, error);
	}
};

export class History {
	readonly recovered: Recovered;
	readonly #path: string;
	readonly #writer: Writer;
	readonly #lock: Omit<Lock, 'abandon'>;
	/** Where the whole groups of each closed file end, once it was read. */
	readonly #ends = new Map<number, Promise<number>>();
	#appends: Promise<void> = Promise.resolve();

	constructor(
		recovery: Recovery,
		options: HistoryOptions,
		lock: Omit<Lock, 'abandon'>,
	) {
		const {path, fsync, clock, onTrouble} = options;
		const {fileBytes = defaultFileBytes, keptFiles = defaultKeptFiles} =
			options;
		this.recovered = recovery.recovered;
		this.#path = path;
		this.#writer = new Writer(recovery, {
			path,
			fsync,
			fileBytes,
			keptFiles,
			setTimer: clock.setTimer,
			show: lock.show,
			onTrouble,
		});
		this.#lock = lock;
	}

	/** The oldest entry kept; the next entry's seq if there is none. */
	get firstSeq(): number {
		const {closed, written} = this.#writer;
		return closed[0] ?? written.firstSeq;
	}

	/** The memory to use if FILE's own bytes are gone. */
	remember(memory: Memory): void {
		this.#writer.memory = memory;
	}

	/**
	 * Checks that FILE is still as it was written, and writes it again if not; tries
	 * a failed sync again. Appends check too: call this once a second in a quiet room.
	 */
	async look(): Promise<void> {
		return this.#writer.look();
	}

	/**
	 * Appends a group of entries; they are stored once this resolves.
	 *
	 * @param entries Whole lines that continue the last append. They must not change
	 * until this settles.
	 * @param state The room after the last of these entries; called before this
	 * returns, and only if the file is full.
	 * @throws {SockchatError} `ERR_HISTORY_WRITE` if the disk didn't take all of
	 * them: the history is as before, and the same entries may be appended again.
	 * `ERR_INTERNAL` if another append is in progress.
	 */
	async append(entries: Buffer, state: () => RoomState): Promise<void> {
		const appended = this.#writer.append(entries, state);
		this.#appends = this.#behind(appended);
		return appended;
	}

	/**
	 * Goes on after a later seq, perhaps in another log: the entries up to it are
	 * never stored. Not while an append is in progress.
	 *
	 * @throws {SockchatError} `ERR_HISTORY_WRITE`; then nothing has changed.
	 */
	async moveTo(checkpoint: Checkpoint): Promise<void> {
		const moved = this.#moveTo(checkpoint);
		this.#appends = this.#behind(moved);
		return moved;
	}

	/**
	 * Reads entries from a seq on, of one file: about `maxBytes`, at least one.
	 *
	 * @returns Undefined if that entry is not kept, or doesn't exist yet.
	 */
	async read(seq: number, maxBytes: number): Promise<Pages | undefined> {
		const first = this.#filesBefore(seq + 1)[0];
		if (first === undefined || seq > this.#writer.head) {
			return undefined;
		}

		return this.#reading(first, async source => {
			const offset = await offsetOf(source, seq);
			const entries = await entriesFrom(source, offset, maxBytes);
			if (seqAt(entries, 0) !== seq) {
				return undefined;
			}

			return {entries, firstSeq: seq, nextSeq: lastSeqOf(entries)! + 1};
		});
	}

	/**
	 * Finds messages that have these words; see protocol/words.ts.
	 *
	 * @param before Only messages before this seq; by default all.
	 * @param limit How many to return at most.
	 * @throws {SockchatError} `ERR_HISTORY` if the disk can't be read.
	 */
	async search(
		text: string,
		{before, limit}: {before?: number | undefined; limit: number},
	): Promise<Found> {
		const needle = needleOf(text);
		const memory = takeMemory();
		const entries: Buffer[] = [];
		const behind = before ?? this.#writer.head + 1;
		const files = this.#filesBefore(behind);
		for (const first of files) {
			// eslint-disable-next-line no-await-in-loop -- older files only while too little is found
			const hits = await this.#reading(first, async source => {
				// Only the newest of them can hold entries from `before` on.
				const end =
					before !== undefined && first === files[0]
						? await offsetOf(source, before)
						: source.end;
				const from = await startOfEntries(source);
				const blocks = blocksOf({fd: source.fd, from, end}, memory);
				return searchBlocks(blocks, needle, limit - entries.length);
			});
			if (!hits) {
				break;
			}

			entries.push(...hits);
			if (entries.length >= limit) {
				break;
			}
		}

		const isFull = entries.length >= limit;
		const last = entries.at(-1);
		return {entries, next: isFull ? last && seqAt(last, 0) : undefined};
	}

	/**
	 * Waits for an append in progress, syncs everything and releases the history.
	 *
	 * @throws {SockchatError} `ERR_HISTORY_WRITE` if the disk didn't take it.
	 */
	async close(): Promise<void> {
		await this.#appends;
		let isClean = false;
		try {
			await this.#writer.close();
			isClean = true;
		} finally {
			const {length: bytes, crc} = this.#writer.written;
			await this.#lock.release(isClean, {bytes, crc});
		}
	}

	async #moveTo(checkpoint: Checkpoint): Promise<void> {
		await this.#writer.moveTo(checkpoint);
		this.#lock.settle(checkpoint.logId, checkpoint.head);
	}

	async #behind(appended: Promise<void>): Promise<void> {
		await Promise.allSettled([this.#appends, appended]);
	}

	/** The first seqs of the files with entries before a seq, newest first. */
	#filesBefore(seq: number): number[] {
		const {closed, written} = this.#writer;
		return [...closed, written.firstSeq]
			.filter(first => first < seq)
			.toReversed();
	}

	/** Where the whole groups of a closed file end; nobody writes to it. */
	async #endOf(firstSeq: number, fd: number): Promise<number> {
		let end = this.#ends.get(firstSeq);
		if (end === undefined) {
			end = endOfWhole(fd);
			this.#ends.set(firstSeq, end);
		}

		try {
			return await end;
		} catch (error) {
			this.#ends.delete(firstSeq);
			throw error;
		}
	}

	/** @returns Undefined if the file has been deleted. */
	async #reading<Result>(
		firstSeq: number,
		look: (source: Source) => Promise<Result>,
	): Promise<Result | undefined> {
		const {written} = this.#writer;
		const isOpen = firstSeq === written.firstSeq;
		const path = isOpen ? this.#path : closedPath(this.#path, firstSeq);
		let fd;
		try {
			fd = openToRead(path);
			if (isOpen && !isSameFile(fd, written.fd)) {
				return undefined;
			}

			const end = isOpen ? written.length : await this.#endOf(firstSeq, fd);
			return await look({fd, end});
		} catch (error) {
			if (codeOf(error) === 'ENOENT') {
				return undefined;
			}

			throw error instanceof SyntaxError
				? historyUnreadable(path, error.message)
				: historyFailed(path, error);
		} finally {
			if (fd !== undefined) {
				closeSync(fd);
			}
		}
	}
}
