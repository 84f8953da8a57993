/**
 * Files that one process uses at a time.
 *
 * A file is named after the process that uses it, KEY.PROCESS, and is called
 * KEY while nobody does. It is taken by renaming it: of several processes that
 * try, one finds it under its old name. No two processes ever have the same
 * name, so a process can't take what another has only just taken. The name of a
 * file shows if its process is gone, so a kill frees it, and leaves nothing to
 * clean up.
 */
import {
	closeSync,
	constants,
	fstatSync,
	lstatSync,
	openSync,
	readdirSync,
	renameSync,
	rmSync,
} from 'node:fs';
import {join} from 'node:path';
import process from 'node:process';
import {codeOf, makeFolders} from '../history/files.js';
import {isRunning, ownNamespace, startOf} from '../history/process-start.js';

export type Claim = {
	/** Open for reading and writing; empty if it is new. */
	readonly file: number;
	/** Closes it and lets others have it. @throws {Error} If it is gone. */
	readonly release: () => void;
};

// Someone renames the file while we look for it; no process does so for long.
const maxTries = 10;

// Jobs with a nick of their own each would leave a file each for ever.
const mostFiles = 1000;

/** Names a process as no other one is ever named: namespace, pid, boot, start. */
const ownSuffix = (): string => {
	const namespace = ownNamespace()?.replaceAll(/\D/g, '') ?? '';
	const [boot = '', ticks = ''] = startOf('self')?.split(' ', 2) ?? [];
	return [namespace, process.pid, boot, ticks].join('_');
};

/** Whether the process that a file is named after is there. */
const isInUse = (suffix: string, own: string): boolean => {
	const [namespace, pid, boot, ticks] = suffix.split('_', 4);
	const [ourNamespace, , ourBoot] = own.split('_', 3);
	if (boot !== ourBoot) {
		return false;
	}

	// A pid of another container means nothing here.
	if (namespace !== ourNamespace) {
		return true;
	}

	const started = ticks === '' ? '' : `${boot} ${ticks}`;
	return isRunning(Number(pid), started);
};

/**
 * @throws {Error} If others can read or write it, or it isn't a regular file.
 */
const openOwn = (path: string, flags: number): number => {
	const file = openSync(path, flags | constants.O_NOFOLLOW, 0o600);
	const stat = fstatSync(file);
	const uid = process.getuid?.();
	if (
		stat.isFile() &&
		(uid === undefined || (stat.uid === uid && (stat.mode & 0o077) === 0))
	) {
		return file;
	}

	closeSync(file);
	throw new Error(`${path} is not a private file of this user`);
};

/** The files of a key, as the endings of their names; '' is the free one. */
const endingsOf = (folder: string, key: string): string[] =>
	readdirSync(folder)
		.filter(name => name === key || name.startsWith(`${key}.`))
		.map(name => name.slice(key.length + 1));

/** @returns Whether a file had the first name, and has the second now. */
const hasRenamed = (from: string, to: string): boolean => {
	try {
		renameSync(from, to);
		return true;
	} catch (error) {
		if (codeOf(error) === 'ENOENT') {
			return false;
		}

		throw error;
	}
};

/** Removes the half of the files that were used the longest ago, if too many. */
const prune = (folder: string, own: string): void => {
	const names = readdirSync(folder);
	if (names.length <= mostFiles) {
		return;
	}

	const byAge = names
		.map(name => {
			// A rename counts as a use, so not its content's time.
			const stat = lstatSync(join(folder, name), {throwIfNoEntry: false});
			return {name, usedAt: stat?.ctimeMs ?? 0};
		})
		.toSorted((a, b) => a.usedAt - b.usedAt);
	for (const {name} of byAge.slice(0, mostFiles / 2)) {
		if (!isInUse(name.slice(name.lastIndexOf('.') + 1), own)) {
			rmSync(join(folder, name), {force: true});
		}
	}
};

/** @returns Undefined if another process came first. */
const create = (folder: string, key: string, own: string) => {
	const {O_RDWR, O_CREAT, O_EXCL} = constants;
	const path = join(folder, `${key}.${own}`);
	const file = openOwn(path, O_RDWR | O_CREAT | O_EXCL);
	// Of two that create one at once, at least one sees the other's.
	if (endingsOf(folder, key).length > 1) {
		closeSync(file);
		rmSync(path);
		return undefined;
	}

	prune(folder, own);
	return file;
};

const take = (folder: string, key: string, own: string): number | undefined => {
	const free = join(folder, key);
	const ours = join(folder, `${key}.${own}`);
	for (let tries = 0; tries < maxTries; tries++) {
		if (hasRenamed(free, ours)) {
			return openOwn(ours, constants.O_RDWR);
		}

		const endings = endingsOf(folder, key);
		if (endings.length === 0) {
			return create(folder, key, own);
		}

		const used = endings.filter(ending => ending !== '');
		if (used.some(ending => isInUse(ending, own))) {
			return undefined;
		}

		if (
			used.length > 0 &&
			hasRenamed(join(folder, `${key}.${used[0]}`), ours)
		) {
			return openOwn(ours, constants.O_RDWR);
		}
	}

	return undefined;
};

/**
 * Takes the file of a key; it is created if missing.
 *
 * @param folder Made too if it is missing.
 * @returns Undefined if another process uses it, or this one does already.
 * @throws {Error} If the folder can't be used, or others can access the file.
 */
export const claim = (folder: string, key: string): Claim | undefined => {
	const own = ownSuffix();
	let file;
	try {
		file = take(folder, key, own);
	} catch (error) {
		if (codeOf(error) !== 'ENOENT') {
			throw error;
		}

		makeFolders(folder);
		file = take(folder, key, own);
	}

	return file === undefined
		? undefined
		: {
				file,
				release() {
					closeSync(file);
					renameSync(join(folder, `${key}.${own}`), join(folder, key));
				},
			};
};
