/**
 * One server to a history.
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
	renameSync,
	rmSync,
	writeSync,
} from 'node:fs';
import {dirname} from 'node:path';
import process from 'node:process';
import {trace} from '../trace.js';
import {historyTaken} from './failures.js';
import {codeOf, suffixesOf} from './files.js';
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
};

export type Lock = {
	/** Whether entries that were shown may be missing at the log's end. */
	readonly isLogInDoubt: boolean;
	/** Another log was begun: from now on there is no doubt. */
	readonly settle: () => void;
	/**
	 * Gives it up.
	 *
	 * @param isClean Whether all that was shown is on the disk.
	 */
	readonly release: (isClean: boolean) => void;
};

const bootIdPath = '/proc/sys/kernel/random/boot_id';

/**
 * When a process started, by /proc: the boot, and the clock ticks since it.
 *
 * @returns 'ended' for a zombie, which can be signalled still; undefined where
 * /proc says nothing: there is none, or it hides other users' processes.
 */
const startOf = (pid: number): string | undefined => {
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

const isSignalled = (pid: number): boolean => {
	try {
		return process.kill(pid, 0);
	} catch (error) {
		// Somebody else's: it is there.
		return codeOf(error) === 'EPERM';
	}
};

const isAlive = ({pid, started}: Holder): boolean => {
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
		const {pid, started, fsync, isLogInDoubt} = JSON.parse(
			text,
		) as Partial<Holder>;
		return Number.isSafeInteger(pid) && typeof started === 'string'
			? {pid: pid!, started, fsync, isLogInDoubt}
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

/**
 * Takes the lock of a history for this process.
 *
 * @throws {SockchatError} `ERR_HISTORY_TAKEN` naming the process that has it.
 */
export const takeLock = (path: string, fsync: FsyncMode = 'interval'): Lock => {
	const {pid} = process;
	const self: Holder = {pid, started: startOf(pid) ?? '', fsync};
	for (;;) {
		const newest = numbersOf(path).at(-1) ?? 0;
		const holder = newest === 0 ? nobody : holderOf(path, newest);
		if (holder && isAlive(holder)) {
			throw historyTaken(path, holder.pid);
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
				return {
					isLogInDoubt,
					settle() {
						rewrite(lock, draft, self);
						isInDoubt = false;
					},
					release(isClean) {
						try {
							rewrite(lock, draft, isClean && !isInDoubt ? nobody : unknown);
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
