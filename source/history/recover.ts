/**
 * What a history holds, at a start.
 *
 * Only the newest file is read: the state of all before it stands in its
 * checkpoint. What lies behind the last whole group was shown to nobody, and
 * is cut. Damage in the middle is another thing, and comes from outside (a disk
 * gone bad, an edit by hand): good entries lie behind it. Then the file is set
 * aside untouched and a new one begins behind the highest seq in it, in the
 * same log. The room opens, no seq is given twice, no message is stored twice,
 * and members are told of the gap; a room that does not open would lose more.
 */
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import {closeSync, renameSync, rmSync} from 'node:fs';
import {draftFile, finishBeginning, putInPlace, type Written} from './begin.js';
import {readAt, sizeOf, syncData, truncate} from './disk.js';
import {
	closedPath,
	damagedPath,
	listFiles,
	openExisting,
	syncFolder,
} from './files.js';
import type {Checkpoint} from './lines.js';
import {
	addCuts,
	cutOf,
	isEmpty,
	stateBehind,
	type Cut,
	type State,
} from './state.js';
import {survey, type Survey} from './survey.js';
import {lastEntries, readTail} from './tail.js';

export type Recovered = Cut & {
	/** The log's identity: new where the history is. */
	readonly logId: string;
	/** The seq of the newest entry; 0 while there is none. */
	readonly head: number;
	/** The oldest seq from which on all are kept; head + 1 if none is. */
	readonly firstSeq: number;
	/** The newest entries: whole lines, about 16 MiB at most. */
	readonly tail: Buffer;
	/** The seq that `tail` begins with; head + 1 if it is empty. */
	readonly tailFirstSeq: number;
	/** The highest n stored for each client's public id, oldest use first. */
	readonly lastN: Map<string, number>;
	/** Where a damaged file was set aside at this start. */
	readonly damagedPath: string | undefined;
	/** The log is another one from here on: see `beginNextLog`. */
	readonly isNextLog: boolean;
};

export type Recovery = {
	readonly recovered: Recovered;
	readonly written: Written;
	/** The first seq of each closed file, oldest first. */
	readonly closed: readonly number[];
};

const begin = async (
	path: string,
	checkpoint: Checkpoint,
	aside?: string,
): Promise<Written> => {
	const written = await draftFile(path, checkpoint);
	try {
		putInPlace(path, aside);
		await syncFolder(path);
		return written;
	} catch (error) {
		closeSync(written.fd);
		throw error;
	}
};

const beginLog = async (path: string, cut: Cut): Promise<Recovery> => {
	const logId = randomUUID();
	return {
		recovered: {
			logId,
			head: 0,
			firstSeq: 1,
			tail: Buffer.alloc(0),
			tailFirstSeq: 1,
			lastN: new Map(),
			...cut,
			damagedPath: undefined,
			isNextLog: false,
		},
		written: await begin(path, {logId, head: 0, clients: []}),
		closed: [],
	};
};

const setAside = async (
	path: string,
	state: State,
	firstSeq: number,
): Promise<Recovery> => {
	const aside = damagedPath(path, firstSeq);
	const written = await begin(path, state, aside);
	return {
		recovered: {
			logId: state.logId,
			head: state.head,
			firstSeq: state.head + 1,
			tail: Buffer.alloc(0),
			tailFirstSeq: state.head + 1,
			lastN: state.clients,
			cutBytes: 0,
			cutLines: 0,
			damagedPath: aside,
			isNextLog: false,
		},
		written,
		closed: listFiles(path).closed,
	};
};

type Newest = {
	readonly fd: number;
	readonly bytes: Buffer;
	readonly found: Survey;
};

const goOn = async (
	path: string,
	{fd, bytes, found}: Newest,
	cut: Cut,
	maxTailBytes: number,
): Promise<Recovery> => {
	const {groups, end, crc, stranded} = found;
	const {head: before} = stateBehind(path, bytes, groups.slice(0, 1), []);
	const firstSeq = before + 1;
	const state = stateBehind(path, bytes, groups, stranded);
	if (stranded.length > 0) {
		const recovery = await setAside(path, state, firstSeq);
		closeSync(fd);
		return recovery;
	}

	if (end < bytes.length) {
		await truncate(fd, end);
	}

	const {closed, damaged} = listFiles(path);
	const leading = closed.filter(seq => seq > damaged);
	const newest = lastEntries(bytes, groups.slice(1), maxTailBytes);
	const tail = await readTail(path, newest, {
		firstSeq,
		closed: leading,
		maxBytes: maxTailBytes,
	});
	return {
		recovered: {
			logId: state.logId,
			head: state.head,
			firstSeq: leading[0] ?? firstSeq,
			tail: tail.entries,
			tailFirstSeq: tail.firstSeq,
			lastN: state.clients,
			...addCuts(cut, cutOf(bytes.subarray(end))),
			damagedPath: undefined,
			isNextLog: false,
		},
		written: {fd, length: end, crc, firstSeq},
		closed,
	};
};

const nothingCut: Cut = {cutBytes: 0, cutLines: 0};

/** @param cut What was cut on the way here. */
const openNewest = async (
	path: string,
	maxTailBytes: number,
	cut: Cut = nothingCut,
): Promise<Recovery> => {
	const fd = openExisting(path);
	if (fd === undefined) {
		const newest = listFiles(path).closed.at(-1);
		if (newest === undefined) {
			return beginLog(path, cut);
		}

		// It goes on as the one that is written to, and is closed again in time.
		renameSync(closedPath(path, newest), path);
		return openNewest(path, maxTailBytes, cut);
	}

	let bytes;
	try {
		bytes = await readAt(fd, 0, sizeOf(fd));
		const found = survey(bytes);
		if (!isEmpty(path, bytes, found)) {
			return await goOn(path, {fd, bytes, found}, cut, maxTailBytes);
		}
	} catch (error) {
		closeSync(fd);
		throw error;
	}

	closeSync(fd);
	rmSync(path);
	return openNewest(path, maxTailBytes, addCuts(cut, cutOf(bytes)));
};

/**
 * Goes on in a log of another name behind what was found.
 *
 * Entries may have been shown that are gone, and their seqs will be given
 * again. Under the name of the old log, a member that comes back would take
 * the new ones for those that it has seen: a hole that nobody is told of.
 */
const beginNextLog = async (
	path: string,
	{recovered, written, closed}: Recovery,
): Promise<Recovery> => {
	const logId = randomUUID();
	const {head, lastN} = recovered;
	// One that has no entry needs no name of its own beside the next.
	const hasEntries = written.firstSeq <= head;
	const aside = hasEntries ? closedPath(path, written.firstSeq) : undefined;
	await syncData(written.fd);
	const next = await begin(path, {logId, head, clients: lastN}, aside);
	closeSync(written.fd);
	return {
		recovered: {...recovered, logId, isNextLog: true},
		written: next,
		closed: hasEntries ? [...closed, written.firstSeq] : closed,
	};
};

/**
 * @param isLogInDoubt Whether entries that were shown may be missing.
 * @throws {SockchatError} `ERR_HISTORY` where it isn't one that we can read.
 */
export const recover = async (
	path: string,
	maxTailBytes: number,
	isLogInDoubt = false,
): Promise<Recovery> => {
	await finishBeginning(path);
	const recovery = await openNewest(path, maxTailBytes);
	return isLogInDoubt ? beginNextLog(path, recovery) : recovery;
};
