/**
 * A room's history: its log on the disk, in the bytes of the wire.
 *
 * An entry is shown to nobody before it is appended here, so that a message
 * one can see is a message that is kept.
 */
import type {Buffer} from 'node:buffer';
import {closeSync} from 'node:fs';
import {SockchatError} from '../errors.js';
import type {Memory} from './again.js';
import {isSameFile} from './fate.js';
import {historyFailed, historyUnreadable} from './failures.js';
import {closedPath, codeOf, openToRead, prepareFolder} from './files.js';
import {lastSeqOf, seqAt} from './lines.js';
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
import {recover, type Recovered, type Recovery} from './recover.js';
import {needleOf, searchBlocks} from './search.js';
import type {FsyncMode, SetTimer} from './syncing.js';
import {Writer, type RoomState} from './writer.js';

export type HistoryOptions = {
	readonly path: string;
	/** Nobody named it, so that its folder is made if it is missing. */
	readonly isDefault?: boolean | undefined;
	/** Whether each append waits for the disk, or a second's are synced at once. */
	readonly fsync: FsyncMode;
	readonly clock: {readonly setTimer: SetTimer};
	/** What failed no append: a sync by the timer, a file not closed or gone; then undefined, once that is mended. */
	readonly onTrouble: (error: Error | undefined) => void;
	/** A file is closed at the first group that takes it to this; 16 MiB. */
	readonly fileBytes?: number | undefined;
	/** Files kept, the one that is written to among them; 16. */
	readonly keptFiles?: number | undefined;
	/** About how much is recovered into memory; 16 MiB. */
	readonly tailBytes?: number | undefined;
};

export type Pages = {
	/** Whole lines of one file. */
	readonly entries: Buffer;
	readonly firstSeq: number;
	/** Where to go on: the seq behind the last of them. */
	readonly nextSeq: number;
};

export type Found = {
	/** Each a whole line, newest first. */
	readonly entries: readonly Buffer[];
	/** Give it as `before` to go on; undefined once all was looked through. */
	readonly next: number | undefined;
};

const mebibyte = 1024 * 1024;

const defaultFileBytes = 16 * mebibyte;
const defaultKeptFiles = 16;

/** About how much a history keeps where nothing else is said. */
export const defaultKeptBytes = defaultFileBytes * defaultKeptFiles;

/**
 * Opens a history, or begins it.
 *
 * @throws {SockchatError} `ERR_HISTORY_TAKEN` where another server has it;
 * `ERR_HISTORY` where it can't be read, or others could have a hand in it.
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
		});
		const {logId, head} = recovery.recovered;
		lock.settle(logId, head);
		return new History(recovery, options, lock);
	} catch (error) {
		await lock?.release(true);
		throw error instanceof SockchatError ? error : historyFailed(path, error);
	}
};

export class History {
	readonly recovered: Recovered;
	readonly #path: string;
	readonly #writer: Writer;
	readonly #lock: Lock;
	/** Where what is whole of each closed file ends, once it was read from. */
	readonly #ends = new Map<number, Promise<number>>();
	#appends: Promise<void> = Promise.resolve();

	constructor(recovery: Recovery, options: HistoryOptions, lock: Lock) {
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

	/** The oldest entry that is kept; the next one's seq while there is none. */
	get firstSeq(): number {
		const {closed, written} = this.#writer;
		return closed[0] ?? written.firstSeq;
	}

	/** What is asked where FILE's own bytes are gone. */
	remember(memory: Memory): void {
		this.#writer.memory = memory;
	}

	/**
	 * Looks whether FILE is still there as it was written, and begins it anew
	 * where it isn't. Each append does so too: this is for when there is none.
	 */
	async look(): Promise<void> {
		return this.#writer.look();
	}

	/**
	 * Appends a group of entries; they are kept once this resolves.
	 *
	 * @param entries Whole lines that go on from the last append. They must not
	 * change until this settles.
	 * @param state The room right behind the last of these entries; asked for
	 * before this returns, and only where the file is full.
	 * @throws {SockchatError} `ERR_HISTORY_WRITE` where the disk took none of
	 * them, or not all: the history is as before, and the same entries may be
	 * appended again. `ERR_INTERNAL` where another append is under way.
	 */
	async append(entries: Buffer, state: () => RoomState): Promise<void> {
		const appended = this.#writer.append(entries, state);
		this.#appends = this.#behind(appended);
		return appended;
	}

	/**
	 * Entries from a seq on, of one file: about `maxBytes`, at least one.
	 *
	 * @returns Undefined where that entry is not kept, or not there yet.
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
	 * Messages whose text, or sender's nick, has these words in any case.
	 *
	 * @param before Only older ones; without it, all.
	 * @param limit At most so many.
	 * @throws {SockchatError} `ERR_HISTORY` where the disk gives nothing back.
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
				// Only the newest of them can hold what is not to be looked at.
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
	 * Gives the history up, with all of it on the disk. An append that is under
	 * way is waited for.
	 *
	 * @throws {SockchatError} `ERR_HISTORY_WRITE` where the disk did not take it.
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

	/** Behind the last whole group of a closed file, which nobody writes to. */
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

	/** @returns Undefined where the file has been deleted. */
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
