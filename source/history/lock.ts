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
 */
import {
	linkSync,
	readFileSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {randomUUID} from 'node:crypto';
import process from 'node:process';
import {trace} from '../trace.js';
import {historyTaken} from './failures.js';
import {codeOf, suffixesOf} from './files.js';

type Holder = {
	/** 0 once it was given up. */
	readonly pid: number;
	/** Tells the process from a later one with its pid; '' where unknown. */
	readonly started: string;
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
		const {pid, started} = JSON.parse(text) as Partial<Holder>;
		return Number.isSafeInteger(pid) && typeof started === 'string'
			? {pid: pid!, started}
			: nobody;
	} catch {
		// Whole when it was linked: a power cut has emptied it, its holder too.
		return nobody;
	}
};

const write = (path: string, holder: Holder): void => {
	writeFileSync(path, `${JSON.stringify(holder)}\n`, {mode: 0o600, flag: 'wx'});
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

// Where this fails, on a full disk say, the end of the process does as well.
const giveUp = (lock: string, draft: string): void => {
	try {
		write(draft, nobody);
		renameSync(draft, lock);
	} catch (error) {
		rmSync(draft, {force: true});
		trace('lock %s: %o', lock, error);
	}
};

/**
 * Takes the lock of a history for this process.
 *
 * @returns Gives it up.
 * @throws {SockchatError} `ERR_HISTORY_TAKEN` naming the process that has it.
 */
export const takeLock = (path: string): (() => void) => {
	const draft = `${path}.lock-${randomUUID()}`;
	const {pid} = process;
	try {
		write(draft, {pid, started: startOf(pid) ?? ''});
		for (;;) {
			const newest = numbersOf(path).at(-1) ?? 0;
			const holder = newest === 0 ? nobody : holderOf(path, newest);
			if (holder && isAlive(holder)) {
				throw historyTaken(path, holder.pid);
			}

			if (holder && tryTake(path, newest + 1, draft)) {
				return () => {
					giveUp(lockPath(path, newest + 1), draft);
				};
			}
		}
	} finally {
		rmSync(draft, {force: true});
	}
};
