/**
 * A lock that the kernel holds, and drops with its process.
 *
 * A process id means nothing across containers that share a volume; a lock on an
 * open file does. Node can take one in two ways: `node:sqlite` opens the file as
 * a database and starts an exclusive transaction, or a child `flock` (util-linux,
 * BusyBox) holds it. On Linux they don't see each other, so a holder names its
 * way.
 *
 * FILE.lock is empty. Only a start that created it and was refused deletes it,
 * under its lock; whoever opened it before then finds another file, or none, at
 * that name (see `lock.ts`). Otherwise it stays: two servers could each hold a
 * lock on a file of that name. Nor is it opened here once it exists: POSIX drops a
 * process's locks on a file as soon as the process closes any descriptor of it.
 */
import type {Buffer} from 'node:buffer';
import {closeSync, lstatSync} from 'node:fs';
import {resolve} from 'node:path';
import process from 'node:process';
import {historyLockLost, historyUnsafe} from './failures.js';
import {codeOf, createFile} from './files.js';

export type KernelLockKind = 'sqlite' | 'flock';

/** A lock held until it is released or this process ends. */
export type KernelLock = {
	readonly kind: KernelLockKind;
	/** Resolves once another may take it. */
	readonly release: () => Promise<void>;
};

/** 'unavailable': this way of locking can't be used here. */
export type Attempt = KernelLock | 'taken' | 'unavailable';

/** @param onLost Called if the lock is lost while it should be held. */
export type Way = {
	readonly kind: KernelLockKind;
	readonly hold: (
		file: string,
		onLost: (error: Error) => void,
	) => Promise<Attempt>;
};

const busy = 5;
const readFailed = 10;

/**
 * @returns Whether it was created.
 * @throws {SockchatError} `ERR_HISTORY` if it isn't a file of our own.
 */
export const prepareFile = (path: string): boolean => {
	try {
		closeSync(createFile(path));
		return true;
	} catch (error) {
		if (codeOf(error) !== 'EEXIST') {
			throw error;
		}
	}

	const stat = lstatSync(path);
	const self = process.getuid?.();
	if (!stat.isFile() || (self !== undefined && stat.uid !== self)) {
		throw historyUnsafe(path, 'is not a file of your own', 'move it away');
	}

	return false;
};

/** Loads it without Node's warning, which doesn't help our users. */
const loadSqlite = () => {
	const {emitWarning} = process;
	process.emitWarning = () => undefined;
	try {
		return process.getBuiltinModule?.('node:sqlite');
	} finally {
		process.emitWarning = emitWarning;
	}
};

const holdBySqlite = async (file: string): Promise<Attempt> => {
	const sqlite = loadSqlite();
	if (!sqlite) {
		return 'unavailable';
	}

	const database = new sqlite.DatabaseSync(resolve(file));
	try {
		// Nothing is written, but a transaction would create FILE.lock-journal.
		database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
	} catch (error) {
		database.close();
		switch ((error as {errcode?: number}).errcode! & 0xff) {
			case busy: {
				return 'taken';
			}

			case readFailed: {
				// A file system without locks.
				return 'unavailable';
			}

			default: {
				throw new Error(`${file}: ${(error as Error).message}`, {cause: error});
			}
		}
	}

	return {
		kind: 'sqlite',
		async release() {
			database.close();
		},
	};
};

// It ends when its stdin closes, so it dies with us even by kill -9. It ignores the
// signals that a service manager sends to all processes while we drain.
const holder = 'trap "" HUP INT TERM; echo; exec cat >/dev/null';

const holdByFlock: Way['hold'] = async (file, onLost) => {
	// Loaded only without node:sqlite: it is slow to load.
	const {spawn} = await import('node:child_process');
	// In its own session: Ctrl-C goes to all processes of the terminal's group.
	const child = spawn('flock', ['-n', resolve(file), '/bin/sh', '-c', holder], {
		stdio: ['pipe', 'pipe', 'pipe'],
		detached: true,
	});
	let complaint = '';
	child.stderr.on('data', (chunk: Buffer) => {
		complaint += chunk.toString();
	});
	child.stdin.on('error', () => undefined);
	const ended = new Promise<number | undefined>(settle => {
		child.on('error', () => {
			settle(undefined);
		});
		child.on('close', code => {
			settle(code ?? undefined);
		});
	});
	const isHeld = new Promise<true>(settle => {
		child.stdout.once('data', () => {
			settle(true);
		});
	});
	const first = await Promise.race([isHeld, ended]);
	if (first !== true) {
		// On a conflict it prints nothing; if the system can't lock, it says so.
		return first === 1 && complaint === '' ? 'taken' : 'unavailable';
	}

	let isReleased = false;
	void ended.then(() => {
		if (!isReleased) {
			onLost(historyLockLost(file));
		}
	});
	child.unref();
	for (const stream of [child.stdin, child.stdout, child.stderr]) {
		(stream as unknown as {unref(): void}).unref();
	}

	return {
		kind: 'flock',
		async release() {
			isReleased = true;
			child.ref();
			child.stdin.end();
			await ended;
		},
	};
};

/** The best first; a machine may have none. */
export const allWays: readonly Way[] = [
	{kind: 'sqlite', hold: holdBySqlite},
	{kind: 'flock', hold: holdByFlock},
];
