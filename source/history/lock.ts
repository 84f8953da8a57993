/**
 * One server to a history.
 *
 * The kernel says whether a holder lives (see `kernel-lock.ts`), and the lock
 * files say who it is, and settle who comes first among those that lock in
 * different ways.
 *
 * A lock is a file FILE.lock.1 that says which process holds it. One that
 * finds the newest lock's holder dead makes the next, FILE.lock.2, which only
 * one can (link fails where the name is taken), and then deletes those before.
 * Numbers only ever rise, for which a lock that was given up stays behind,
 * empty of a holder: so nobody who looked a while ago can take a lock over, or
 * away, that another has taken meanwhile. A single FILE.lock, deleted or
 * renamed by who takes it over, can't promise this to three that start at once.
 *
 * It also tells whether the log may have lost its end. A process that dies
 * loses nothing: the kernel has its bytes. A machine that goes down takes with
 * it what was shown and not synced yet, so a holder of another boot, that never
 * gave its lock up, leaves the log in doubt.
 */
import {
	closeSync,
	fsyncSync,
	linkSync,
	openSync,
	readFileSync,
	readlinkSync,
	renameSync,
	rmSync,
	writeSync,
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
	type KernelLock,
	type KernelLockKind,
	type Way,
} from './kernel-lock.js';
import type {FileEnd} from './rest.js';
import type {FsyncMode} from './syncing.js';

type Holder = {
	/** 0 once it was given up. */
	readonly pid: number;
	/** Tells the process from a later one with its pid; '' where unknown. */
	readonly started: string;
	/** What it promised of what it showed; without it, the less. */
	readonly fsync?: FsyncMode | undefined;
	/** It found the log in doubt, and had not begun another one yet. */
	readonly isLogInDoubt?: boolean | undefined;
	/** Where its pid means something; undefined where that is unknown. */
	readonly namespace?: string | undefined;
	/** Without it, its pid is all that can be asked about. */
	readonly kernelLock?: KernelLockKind | undefined;
	/** Of one that was given up: where FILE ended. */
	readonly end?: FileEnd | undefined;
};

export type LockOptions = {
	readonly fsync?: FsyncMode | undefined;
	/** What did not keep it from being taken, or came later. */
	readonly onTrouble?: ((error: Error) => void) | undefined;
	/** In which ways the kernel may be asked for a lock, the best first. */
	readonly ways?: readonly Way[] | undefined;
};

export type Lock = {
	/** Whether entries that were shown may be missing at the log's end. */
	readonly isLogInDoubt: boolean;
	/** Where FILE ended as it was closed; undefined where it wasn't. */
	readonly end: FileEnd | undefined;
	/** Another log was begun: from now on there is no doubt. */
	readonly settle: () => void;
	/**
	 * Gives it up.
	 *
	 * @param isClean Whether all that was shown is on the disk.
	 * @param end Where FILE ends now; without it, where it did as it was taken.
	 */
	readonly release: (isClean: boolean, end?: FileEnd) => Promise<void>;
};

const bootIdPath = '/proc/sys/kernel/random/boot_id';

/**
 * When a process started, by /proc: the boot, and the clock ticks since it.
 *
 * @returns 'ended' for a zombie, which can be signalled still; undefined where
 * /proc says nothing: there is none, or it hides other users' processes.
 */
const startOf = (pid: number | 'self'): string | undefined => {
	try {
		const boot = readFileSync(bootIdPath, 'utf8').trim();
		const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
		// The second field is the name, in parentheses, and may hold any of them
		// itself; the state is the third, the start time the twenty-second.
		const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
		return fields[0] === 'Z' ? 'ended' : `${boot} ${fields[19]}`;
	} catch {
		return undefined;
	}
};

/** Containers have pids of their own. */
const ownNamespace = (): string | undefined => {
	try {
		return readlinkSync('/proc/self/ns/pid');
	} catch {
		return undefined;
	}
};

const isSignalled = (pid: number): boolean => {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		// Somebody else's: it is there.
		return codeOf(error) === 'EPERM';
	}
};

/** Whether a process here is the holder. */
const isProcess = ({pid, started}: Holder): boolean => {
	if (pid <= 0 || !isSignalled(pid)) {
		return false;
	}

	const start = startOf(pid);
	return (
		start === undefined ||
		start === started ||
		(started === '' && start !== 'ended')
	);
};

const lockPath = (path: string, number: number): string =>
	`${path}.lock.${number}`;

const numbersOf = (path: string): number[] =>
	suffixesOf(path)
		.flatMap(suffix => /^lock\.(\d{1,15})$/.exec(suffix)?.slice(1) ?? [])
		.map(Number)
		.toSorted((a, b) => a - b);

const nobody: Holder = {pid: 0, started: ''};

/** Nobody, who left a doubt; so did who emptied a lock, which was linked whole. */
const unknown: Holder = {pid: 0, started: '', isLogInDoubt: true};

const bootOf = ({started}: Holder): string => started.replace(/ .*$/, '');

/** Whether a holder that is gone took the log's end with it. */
const leftInDoubt = (holder: Holder, self: Holder): boolean => {
	if (holder.isLogInDoubt) {
		return true;
	}

	if (holder.pid <= 0 || holder.fsync === 'always') {
		return false;
	}

	// Where no boot can be told from another, it may have been another.
	return bootOf(holder) === '' || bootOf(holder) !== bootOf(self);
};

const endOf = ({end}: Holder): FileEnd | undefined =>
	Number.isSafeInteger(end?.bytes) && Number.isSafeInteger(end?.crc)
		? end
		: undefined;

/** @returns Undefined where it was deleted meanwhile, for a newer one. */
const holderOf = (path: string, number: number): Holder | undefined => {
	let text;
	try {
		text = readFileSync(lockPath(path, number), 'utf8');
	} catch (error) {
		if (codeOf(error) === 'ENOENT') {
			return undefined;
		}

		throw error;
	}

	try {
		const holder = JSON.parse(text) as Partial<Holder>;
		return Number.isSafeInteger(holder.pid) &&
			typeof holder.started === 'string'
			? (holder as Holder)
			: unknown;
	} catch {
		return unknown;
	}
};

/** On the disk before it counts: a power cut must not bring an older one back. */
const write = (path: string, holder: Holder): void => {
	const fd = openSync(path, 'wx', 0o600);
	try {
		writeSync(fd, `${JSON.stringify(holder)}\n`);
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
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

/** Says something else in a lock that we hold. */
const rewrite = (lock: string, draft: string, holder: Holder): void => {
	try {
		write(draft, holder);
		renameSync(draft, lock);
	} catch (error) {
		rmSync(draft, {force: true});
		throw error;
	}
};

const isElsewhere = (holder: Holder, self: Holder): boolean =>
	holder.namespace !== undefined &&
	self.namespace !== undefined &&
	holder.namespace !== self.namespace;

/**
 * Whether a holder lives, as seen by one that has the kernel's lock.
 *
 * @returns 'unknown' where it holds a lock that can't be asked for here.
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

/** @throws {SockchatError} `ERR_HISTORY_TAKEN`. */
const holdByKernel = async (
	path: string,
	file: string,
	{ways = allWays, onTrouble = () => undefined}: LockOptions,
): Promise<KernelLock | undefined> => {
	for (const {hold} of ways) {
		// eslint-disable-next-line no-await-in-loop -- the next only where this can't be had
		const attempt = await hold(file, onTrouble);
		if (attempt === 'taken') {
			const newest = numbersOf(path).at(-1);
			const holder = newest && holderOf(path, newest);
			throw holder && isProcess(holder)
				? historyTaken(path, holder.pid)
				: historyTakenUnseen(path);
		}

		if (attempt !== 'unavailable') {
			return attempt;
		}
	}

	onTrouble(historyHalfGuarded(path));
	return undefined;
};

type Taken = Omit<Lock, 'release'> & {
	readonly release: (isClean: boolean, end?: FileEnd) => void;
};

const take = async (
	path: string,
	file: string,
	self: Holder,
	ways: readonly Way[],
): Promise<Taken> => {
	for (;;) {
		const newest = numbersOf(path).at(-1) ?? 0;
		const holder = newest === 0 ? nobody : holderOf(path, newest);
		// eslint-disable-next-line no-await-in-loop -- again only where another came first
		const alive = holder && (await isAlive(file, holder, self, ways));
		if (alive === 'unknown') {
			throw historyPerhapsTaken(path, lockPath(path, newest));
		}

		if (alive) {
			throw isElsewhere(holder, self)
				? historyTakenUnseen(path)
				: historyTaken(path, holder.pid);
		}

		const lock = lockPath(path, newest + 1);
		// Random, as others may write theirs at this moment; it need not be secret,
		// and Node takes 3 ms to load crypto.
		const draft = `${path}.lock-${Math.random().toString(36).slice(2)}`;
		const isLogInDoubt = holder !== undefined && leftInDoubt(holder, self);
		try {
			write(draft, {...self, ...(isLogInDoubt && {isLogInDoubt})});
			if (holder && tryTake(path, newest + 1, draft)) {
				syncNames(path);
				let isInDoubt = isLogInDoubt;
				const found = holder.pid === 0 ? endOf(holder) : undefined;
				return {
					isLogInDoubt,
					end: found,
					settle() {
						rewrite(lock, draft, self);
						isInDoubt = false;
					},
					release(isClean, end = found) {
						try {
							const left = isClean && !isInDoubt ? {...nobody, end} : unknown;
							rewrite(lock, draft, left);
						} catch (error) {
							// On a full disk, say; the end of the process does as well.
							trace('lock %s: %o', lock, error);
						}
					},
				};
			}
		} finally {
			rmSync(draft, {force: true});
		}
	}
};

/**
 * Takes the lock of a history for this process.
 *
 * @throws {SockchatError} `ERR_HISTORY_TAKEN` naming the process that has it,
 * as far as that can be seen.
 */
export const takeLock = async (
	path: string,
	options: LockOptions = {},
): Promise<Lock> => {
	const {fsync = 'interval', ways = allWays} = options;
	const file = `${path}.lock`;
	const kernelLock = await holdByKernel(path, file, options);
	const self: Holder = {
		pid: process.pid,
		started: startOf('self') ?? '',
		fsync,
		namespace: ownNamespace(),
		kernelLock: kernelLock?.kind,
	};
	try {
		const lock = await take(path, file, self, ways);
		return {
			...lock,
			async release(isClean, end) {
				lock.release(isClean, end);
				await kernelLock?.release();
			},
		};
	} catch (error) {
		await kernelLock?.release();
		throw error;
	}
};
