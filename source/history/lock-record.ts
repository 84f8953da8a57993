/**
 * What a lock file says, in one or two lines of JSON.
 *
 * The first line names the holder; one that closed the history says where FILE
 * ended. The second, written once the history is open, says which entry was the
 * last to be shown. It is overwritten in place before each group is shown, by
 * one system call of a few bytes, which takes 2 µs and which a kill can't split.
 */
import {Buffer} from 'node:buffer';
import {
	closeSync,
	fsyncSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	writeSync,
} from 'node:fs';
import {codeOf} from './files.js';
import type {KernelLockKind} from './kernel-lock.js';
import {isCount} from './lines.js';
import type {FileEnd, Left} from './rest.js';
import type {FsyncMode} from './syncing.js';

export type Holder = {
	/** 0 once the lock was released. */
	readonly pid: number;
	/** Boot id and start time, to detect a reused pid; '' if unknown. */
	readonly started: string;
	/** Without it, as with 'interval'. */
	readonly fsync?: FsyncMode | undefined;
	/** The log was in doubt when the lock was taken, and still is. */
	readonly isLogInDoubt?: boolean | undefined;
	/** The pid namespace; undefined if unknown. */
	readonly namespace?: string | undefined;
	/** Without it, only the pid can be checked. */
	readonly kernelLock?: KernelLockKind | undefined;
	/** Where FILE ended when the history was closed. */
	readonly end?: FileEnd | undefined;
};

/** The last entry shown. */
type Shown = {
	readonly log: string;
	/** The boot in which this was written; '' if unknown. */
	readonly boot: string;
	/** Its seq. */
	readonly shown: number;
};

export type LockRecord = {
	readonly holder: Holder;
	readonly shown?: Shown | undefined;
};

export const nobody: LockRecord = {holder: {pid: 0, started: ''}};

/** For a lock that can't be read: it was whole once, so something was lost. */
export const unknownRecord: LockRecord = {
	holder: {...nobody.holder, isLogInDoubt: true},
};

export const bootOf = ({started}: Holder): string =>
	started.replace(/ .*$/, '');

const parseLine = (line: string | undefined): unknown => {
	try {
		return JSON.parse(line ?? '');
	} catch {
		return undefined;
	}
};

const isHolder = (value: Partial<Holder> | null | undefined) =>
	Number.isSafeInteger(value?.pid) && typeof value?.started === 'string';

const isShown = (value: Partial<Shown> | null | undefined) =>
	typeof value?.log === 'string' &&
	typeof value.boot === 'string' &&
	isCount(value.shown);

const parseRecord = (text: string): LockRecord => {
	const [first, second] = text
		.split('\n', 2)
		.map(line => parseLine(line)) as Array<object | undefined>;
	return isHolder(first)
		? {
				holder: first as Holder,
				shown: isShown(second) ? (second as Shown) : undefined,
			}
		: unknownRecord;
};

/** @returns Undefined if it was deleted in the meantime, for a newer one. */
export const readRecord = (lock: string): LockRecord | undefined => {
	try {
		return parseRecord(readFileSync(lock, 'utf8'));
	} catch (error) {
		if (codeOf(error) === 'ENOENT') {
			return undefined;
		}

		throw error;
	}
};

/** Synced before it counts: a power cut must not bring back an older one. */
export const writeRecord = (
	path: string,
	{holder, shown}: LockRecord,
): void => {
	const fd = openSync(path, 'wx', 0o600);
	try {
		for (const line of shown ? [holder, shown] : [holder]) {
			writeSync(fd, `${JSON.stringify(line)}\n`);
		}

		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
};

/** Replaces the record of a lock that we hold. */
export const rewriteRecord = (
	lock: string,
	draft: string,
	record: LockRecord,
): void => {
	try {
		writeRecord(draft, record);
		renameSync(draft, lock);
	} catch (error) {
		rmSync(draft, {force: true});
		throw error;
	}
};

const isEnd = (end: FileEnd | undefined): end is FileEnd =>
	Number.isSafeInteger(end?.bytes) && Number.isSafeInteger(end?.crc);

/** @param boot This boot; '' if unknown. */
export const leftBy = ({holder, shown}: LockRecord, boot: string): Left => {
	if (shown) {
		return {
			kind: 'shown',
			logId: shown.log,
			seq: shown.shown,
			// Of an earlier boot, the disk may hold an older one than was written.
			isLatest: boot !== '' && shown.boot === boot,
		};
	}

	return isEnd(holder.end)
		? {kind: 'closed', end: holder.end}
		: {kind: 'unknown'};
};

const writeWhole = (fd: number, text: string, at: number): void => {
	const bytes = Buffer.from(text);
	if (writeSync(fd, bytes, 0, bytes.length, at) !== bytes.length) {
		throw new Error('the system took only a part of the lock');
	}
};

/** The second line of a lock that we hold. */
export class ShownLine {
	readonly #fd: number;
	/** Where the seq stands. */
	readonly #at: number;

	constructor(lock: string, {log, boot, shown}: Shown) {
		const line = readFileSync(lock).indexOf('\n') + 1;
		const start = `${JSON.stringify({log, boot}).slice(0, -1)},"shown":`;
		this.#fd = openSync(lock, 'r+');
		this.#at = line + Buffer.byteLength(start);
		try {
			writeWhole(this.#fd, `${start}${shown}}\n`, line);
		} catch (error) {
			this.close();
			throw error;
		}
	}

	update(seq: number): void {
		writeWhole(this.#fd, `${seq}}\n`, this.#at);
	}

	close(): void {
		closeSync(this.#fd);
	}
}
