/**
 * One server per history.
 *
 * The kernel says whether a holder is alive (see `kernel-lock.ts`). The lock
 * files say who it is, and decide who comes first among servers that lock in
 * different ways.
 *
 * A lock is a file FILE.lock.1 that names its process (see `lock-record.ts`). A
 * server that finds the holder of the newest lock dead creates the next,
 * FILE.lock.2, which only one can (link fails if the name is taken), and then
 * deletes the earlier ones. Numbers only rise, so a released lock stays, without
 * a holder: a server that looked a while ago can't take over, or delete, a lock
 * that another has taken since. A single FILE.lock, deleted or renamed by its
 * next holder, can't promise this to three servers that start at once.
 *
 * It also says whether the log may have lost its end. A process that dies loses
 * nothing: the kernel has its bytes. A machine that goes down loses entries that
 * were shown and not yet synced, so a holder of another boot that never released
 * its lock leaves the log in doubt.
 */
import {
	closeSync,
	fsyncSync,
	linkSync,
	lstatSync,
	openSync,
	rmSync,
} from 'node:fs';
import {dirname} from 'node:path';
import process from 'node:process';
import {trace} from '../trace.js';
import {
	historyHalfGuarded,
	historyPerhapsTaken,
	historyTaken,
	historyTakenUnseen,
} from './failures.js';
import {codeOf, suffixesOf} from './files.js';
import {
	allWays,
	prepareFile,
	type KernelLock,
	type Way,
} from './kernel-lock.js';
import {
	bootOf,
	leftBy,
	nobody,
	readRecord,
	rewriteRecord,
	ShownLine,
	unknownRecord,
	writeRecord,
	type Holder,
	type LockRecord,
} from './lock-record.js';
import {isRunning, ownNamespace, startOf} from './process-start.js';
import type {FileEnd, Left} from './rest.js';
import type {FsyncMode} from './syncing.js';

export type LockOptions = {
	readonly fsync?: FsyncMode | undefined;
	/** Problems that don't prevent the lock, or appear later. */
	readonly onTrouble?: ((error: Error) => void) | undefined;
	/** How to ask the kernel for a lock, the best way first. */
	readonly ways?: readonly Way[] | undefined;
};

export type Lock = {
	/** Whether entries that were shown may be missing from the log's end. */
	readonly isLogInDoubt: boolean;
	/** What the last server left in its lock. */
	readonly left: Left;
	/** Call once the history is open, in the log that continues. */
	readonly settle: (logId: string, head: number) => void;
	/** Call right before entries up to a seq are shown. */
	readonly show: (seq: number) => void;
	/**
	 * Releases the lock.
	 *
	 * @param isClean Whether everything shown is on the disk.
	 * @param end Where FILE ends now; if omitted, what the last server left stays.
	 */
	readonly release: (isClean: boolean, end?: FileEnd) => Promise<void>;
	/** Releases the lock of a start that failed, and removes what it created. */
	readonly abandon: () => Promise<void>;
};

const isProcess = ({pid, started}: Holder): boolean => isRunning(pid, started);

const lockPath = (path: string, number: number): string =>
	`${path}.lock.${number}`;

const numbersOf = (path: string): number[] =>
	suffixesOf(path)
		.flatMap(suffix => /^lock\.(\d{1,15})$/.exec(suffix)?.slice(1) ?? [])
		.map(Number)
		.toSorted((a, b) => a - b);

/** Whether a holder that is gone may have lost the log's end. */
const leftInDoubt = (holder: Holder, self: Holder): boolean => {
	if (holder.isLogInDoubt) {
		return true;
	}

	if (holder.pid <= 0 || holder.fsync === 'always') {
		return false;
	}

	// If boots can't be told apart, it may have been another one.
	return bootOf(holder) === '' || bootOf(holder) !== bootOf(self);
};

const syncNames = (path: string): void => {
	const fd = openSync(dirname(path), 'r');
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
};

/** @returns Whether it is now ours. */
const tryTake = (path: string, number: number, draft: string): boolean => {
	try {
		linkSync(draft, lockPath(path, number));
	} catch (error) {
		if (codeOf(error) === 'EEXIST') {
			return false;
		}

		throw error;
	}

	// A name that was free because its owner had moved on is not a lock.
	const numbers = numbersOf(path);
	const isNewest = numbers.at(-1) === number;
	const gone = isNewest ? numbers.slice(0, -1) : [number];
	for (const each of gone) {
		rmSync(lockPath(path, each), {force: true});
	}

	return isNewest;
};

const isElsewhere = (holder: Holder, self: Holder): boolean =>
	holder.namespace !== undefined &&
	self.namespace !== undefined &&
	holder.namespace !== self.namespace;

/**
 * Whether a holder is alive, as seen by a process that has the kernel's lock.
 *
 * @returns 'unknown' if its lock is of a kind that can't be asked for here.
 */
const isAlive = async (
	file: string,
	holder: Holder,
	self: Holder,
	ways: readonly Way[],
): Promise<boolean | 'unknown'> => {
	if (!isElsewhere(holder, self)) {
		return isProcess(holder);
	}

	const {pid, kernelLock} = holder;
	if (
		pid <= 0 ||
		kernelLock === undefined ||
		kernelLock === self.kernelLock ||
		bootOf(holder) !== bootOf(self)
	) {
		return false;
	}

	const way = ways.find(({kind}) => kind === kernelLock);
	const attempt = way ? await way.hold(file, () => undefined) : 'unavailable';
	if (attempt === 'unavailable') {
		return 'unknown';
	}

	if (attempt === 'taken') {
		return true;
	}

	await attempt.release();
	return false;
};

/** The kernel's lock, and whether its file was created for it. */
type Held = {readonly lock: KernelLock; readonly isNew: boolean};

const inodeOf = (file: string): bigint | undefined =>
	lstatSync(file, {bigint: true, throwIfNoEntry: false})?.ino;

const releaseHeld = async (
	file: string,
	{lock, isNew}: Held,
	isAbandoned: boolean,
): Promise<void> => {
	try {
		if (isNew && isAbandoned) {
			rmSync(file, {force: true});
		}
	} catch (error) {
		// Windows deletes no open file.
		trace('lock %s: %o', file, error);
	} finally {
		await lock.release();
	}
};

/** @throws {SockchatError} `ERR_HISTORY_TAKEN`. */
const holdByKernel = async (
	path: string,
	file: string,
	options: LockOptions,
): Promise<Held | undefined> => {
	const {ways = allWays, onTrouble = () => undefined} = options;
	const isNew = ways.length > 0 && prepareFile(file);
	const inode = inodeOf(file);
	for (const {hold} of ways) {
		// eslint-disable-next-line no-await-in-loop -- the next only if this one is unavailable
		const attempt = await hold(file, onTrouble);
		if (attempt === 'taken') {
			const newest = numbersOf(path).at(-1);
			const holder = newest && readRecord(lockPath(path, newest))?.holder;
			throw holder && isProcess(holder)
				? historyTaken(path, holder.pid)
				: historyTakenUnseen(path);
		}

		if (attempt !== 'unavailable' && inodeOf(file) !== inode) {
			// A start that was refused has just removed the file.
			// eslint-disable-next-line no-await-in-loop -- before the next attempt
			await attempt.release();
			return holdByKernel(path, file, options);
		}

		if (attempt !== 'unavailable') {
			return {lock: attempt, isNew};
		}
	}

	onTrouble(historyHalfGuarded(path));
	return undefined;
};

type Taken = Omit<Lock, 'release' | 'abandon'> & {
	readonly release: (isClean: boolean, end?: FileEnd) => void;
	readonly abandon: () => void;
};

/** @param last What the last server left, which a start that fails leaves again. */
const createTaken = (
	lock: string,
	draft: string,
	{self, last}: {readonly self: Holder; readonly last: LockRecord},
): Taken => {
	const isLogInDoubt = leftInDoubt(last.holder, self);
	let isInDoubt = isLogInDoubt;
	let line: ShownLine | undefined;
	const taken: Taken = {
		isLogInDoubt,
		left: leftBy(last, bootOf(self)),
		settle(logId, head) {
			if (isInDoubt) {
				rewriteRecord(lock, draft, {holder: self});
				isInDoubt = false;
			}

			line?.close();
			const boot = bootOf(self);
			line = new ShownLine(lock, {log: logId, boot, shown: head});
		},
		show(seq) {
			line?.update(seq);
		},
		release(isClean, end) {
			line?.close();
			const {shown, holder} = last;
			const left = end
				? {holder: {...nobody.holder, end}}
				: {holder: {...nobody.holder, end: holder.end}, shown};
			try {
				const isSure = isClean && !isInDoubt;
				rewriteRecord(lock, draft, isSure ? left : unknownRecord);
			} catch (error) {
				// A full disk, for example. The end of the process releases it as well.
				trace('lock %s: %o', lock, error);
			}
		},
		abandon() {
			if (last === nobody) {
				line?.close();
				rmSync(lock, {force: true});
			} else {
				taken.release(true);
			}
		},
	};
	return taken;
};

const take = async (
	path: string,
	file: string,
	self: Holder,
	ways: readonly Way[],
): Promise<Taken> => {
	for (;;) {
		const newest = numbersOf(path).at(-1) ?? 0;
		const last = newest === 0 ? nobody : readRecord(lockPath(path, newest));
		// eslint-disable-next-line no-await-in-loop -- again only if another came first
		const alive = last && (await isAlive(file, last.holder, self, ways));
		if (alive === 'unknown') {
			throw historyPerhapsTaken(path, lockPath(path, newest));
		}

		if (alive) {
			throw isElsewhere(last.holder, self)
				? historyTakenUnseen(path)
				: historyTaken(path, last.holder.pid);
		}

		if (!last) {
			continue;
		}

		// Random, as others may write theirs at the same time. It need not be
		// secret, and Node takes 3 ms to load crypto.
		const draft = `${path}.lock-${Math.random().toString(36).slice(2)}`;
		const {end} = last.holder;
		const isLogInDoubt = leftInDoubt(last.holder, self);
		try {
			// If this start is killed, the next needs to know what the last one left.
			writeRecord(draft, {
				holder: {...self, end, ...(isLogInDoubt && {isLogInDoubt})},
				shown: last.shown,
			});
			if (tryTake(path, newest + 1, draft)) {
				syncNames(path);
				return createTaken(lockPath(path, newest + 1), draft, {self, last});
			}
		} finally {
			rmSync(draft, {force: true});
		}
	}
};

/**
 * Takes the lock of a history for this process.
 *
 * @throws {SockchatError} `ERR_HISTORY_TAKEN`, which names the process that has
 * it if that can be seen.
 */
export const takeLock = async (
	path: string,
	options: LockOptions = {},
): Promise<Lock> => {
	const {fsync = 'interval', ways = allWays} = options;
	const file = `${path}.lock`;
	const held = await holdByKernel(path, file, options);
	const self: Holder = {
		pid: process.pid,
		started: startOf('self') ?? '',
		fsync,
		namespace: ownNamespace(),
		kernelLock: held?.lock.kind,
	};
	try {
		const lock = await take(path, file, self, ways);
		return {
			...lock,
			async release(isClean, end) {
				lock.release(isClean, end);
				if (held) {
					await releaseHeld(file, held, false);
				}
			},
			async abandon() {
				lock.abandon();
				if (held) {
					await releaseHeld(file, held, true);
				}
			},
		};
	} catch (error) {
		if (held) {
			await releaseHeld(file, held, true);
		}

		throw error;
	}
};
