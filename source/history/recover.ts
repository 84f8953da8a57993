/**
 * Reads a history at a start.
 *
 * Only the newest file is read: its checkpoint holds the state of all earlier
 * ones. An unfinished write that nobody was shown is cut off. Everything else that
 * can't be verified is damage from outside: a bad disk, an edit by hand. The
 * damaged file is set aside unchanged, its verified start stays in the history,
 * and a new file continues: in the same log if the last seq shown is certain, and
 * members get the gap; otherwise in another log, as a log must not give a seq
 * twice. The room always opens; refusing to open would lose more.
 */
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import {closeSync} from 'node:fs';
import {
	draftFile,
	dropDraft,
	finishBeginning,
	keepClosed,
	putInPlace,
	type Written,
} from './begin.js';
import {readAt, sizeOf, syncData, truncate} from './disk.js';
import {
	historyForeign,
	historyOfAnotherLog,
	historyOfRelay,
} from './failures.js';
import {isStreamLog} from './log-id.js';
import {
	closedFiles,
	closedPath,
	damagedPath,
	makePrivate,
	openExisting,
	openToRead,
	syncFolder,
} from './files.js';
import type {Checkpoint} from './lines.js';
import {judge, type Left} from './rest.js';
import {cutOf, isOurs, stateBehind, type Cut, type State} from './state.js';
import {survey, type Survey} from './survey.js';
import {lastEntries, readTail} from './tail.js';

export type Recovered = Cut & {
	/** The log's identity. */
	readonly logId: string;
	/** The seq of the newest entry; 0 while there is none. */
	readonly head: number;
	/** The newest entries: whole lines, about 16 MiB at most. */
	readonly tail: Buffer;
	/** The first seq of `tail`; head + 1 if it is empty. */
	readonly tailFirstSeq: number;
	/** The highest n stored for each client's public id, oldest use first. */
	readonly lastN: Map<string, number>;
	/** The new name of a damaged file, if this start set one aside. */
	readonly damagedPath: string | undefined;
	/** Whether another log continues; see `beginNextLog`. */
	readonly isNextLog: boolean;
};

export type Recovery = {
	readonly recovered: Recovered;
	readonly written: Written;
	/** The first seq of each closed file, oldest first. */
	readonly closed: readonly number[];
};

export type RecoverOptions = {
	readonly maxTailBytes: number;
	/** Entries that were shown may be missing. */
	readonly isLogInDoubt: boolean;
	/** What the last server left in its lock. */
	readonly left: Left;
	readonly log?: GivenLog | undefined;
};

/**
 * A log whose order is made elsewhere. It never gives a seq twice, and what the
 * file lacks can be had again, so it goes on after what the file has.
 */
export type GivenLog = {
	readonly id: string;
	/** The seq before its first entry, for a new file. */
	readonly head: number;
};

const nothingCut: Cut = {cutBytes: 0, cutLines: 0};

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

/** Starts a file after others. `state` is the room's after them. */
const beginFile = async (
	path: string,
	state: State,
	maxTailBytes: number,
	changes: {readonly damagedPath?: string; readonly isNextLog: boolean},
): Promise<Recovery> => {
	const written = await begin(path, state, changes.damagedPath);
	const closed = closedFiles(path);
	const tail = await readTail(path, Buffer.alloc(0), {
		firstSeq: written.firstSeq,
		closed,
		maxBytes: maxTailBytes,
	});
	return {
		recovered: {
			logId: state.logId,
			head: state.head,
			tail: tail.entries,
			tailFirstSeq: tail.firstSeq,
			lastN: state.clients,
			...nothingCut,
			damagedPath: undefined,
			...changes,
		},
		written,
		closed,
	};
};

/** The state after the whole groups of a closed file. */
const stateBehindClosed = async (
	path: string,
	firstSeq: number,
): Promise<Omit<State, 'logId'>> => {
	const fd = openToRead(closedPath(path, firstSeq));
	try {
		const bytes = await readAt(fd, 0, sizeOf(fd));
		const {groups} = survey(bytes);
		if (groups.length > 0) {
			const {head, clients} = stateBehind(path, bytes, groups);
			// Not before its name, which orders the files.
			return {head: Math.max(head, firstSeq), clients};
		}
	} finally {
		closeSync(fd);
	}

	return {head: firstSeq, clients: new Map()};
};

/**
 * Starts a log if FILE names none: after the closed files, if there are any.
 *
 * @param isDamaged Whether there is a FILE to set aside.
 */
const beginLog = async (
	path: string,
	{maxTailBytes, left, log}: RecoverOptions,
	isDamaged = false,
): Promise<Recovery> => {
	const newest = closedFiles(path).at(-1);
	const {head, clients} =
		newest === undefined
			? {head: log?.head ?? 0, clients: new Map<string, number>()}
			: await stateBehindClosed(path, newest);
	const isFirst = newest === undefined && !isDamaged && left.kind === 'unknown';
	const logId = log?.id ?? randomUUID();
	return beginFile(path, {logId, head, clients}, maxTailBytes, {
		...(isDamaged && {damagedPath: damagedPath(path, head + 1)}),
		isNextLog: !isFirst && !log,
	});
};

type Newest = {
	readonly fd: number;
	readonly bytes: Buffer;
	readonly found: Survey;
};

/** @param known The state after everything shown, if that is certain. */
const setAside = async (
	path: string,
	{bytes, found}: Newest,
	{before, known}: {readonly before: State; readonly known: State | undefined},
	{maxTailBytes, log}: RecoverOptions,
): Promise<Recovery> => {
	const {head: behind} = stateBehind(path, bytes, found.groups.slice(0, 1));
	if (before.head > behind) {
		await keepClosed(path, behind + 1, bytes.subarray(0, found.end));
	}

	const state = log ? before : (known ?? {...before, logId: randomUUID()});
	return beginFile(path, state, maxTailBytes, {
		damagedPath: damagedPath(path, before.head + 1),
		isNextLog: !known && !log,
	});
};

/**
 * Continues in another log after the entries found.
 *
 * Entries that were shown may be gone, and their seqs are given again. In the old
 * log, a returning member would take the new entries for those it has, and miss
 * them without a gap.
 */
const beginNextLog = async (
	path: string,
	{recovered, written, closed}: Recovery,
): Promise<Recovery> => {
	const logId = randomUUID();
	const {head, lastN} = recovered;
	// A file without entries isn't kept.
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

const goOn = async (
	path: string,
	newest: Newest,
	options: RecoverOptions,
): Promise<Recovery> => {
	const {maxTailBytes, isLogInDoubt, left, log} = options;
	const {fd, bytes, found} = newest;
	const {groups, crc} = found;
	const state = stateBehind(path, bytes, groups);
	if (!log && isStreamLog(state.logId)) {
		throw historyOfRelay(path);
	}

	if (log && state.logId !== log.id) {
		const isEmpty =
			state.head === 0 &&
			groups.length === 1 &&
			found.end === bytes.length &&
			closedFiles(path).length === 0;
		if (!isEmpty) {
			throw historyOfAnotherLog(path);
		}

		// It was begun before the given log was known.
		const taken = {logId: log.id, head: log.head, clients: new Map()};
		const next = await beginFile(path, taken, maxTailBytes, {
			isNextLog: false,
		});
		closeSync(fd);
		return next;
	}

	makePrivate(fd);
	const verdict = judge(
		bytes,
		found,
		state,
		isLogInDoubt ? {kind: 'unknown'} : left,
	);
	if (typeof verdict === 'object') {
		const known = isLogInDoubt ? undefined : verdict.state;
		const states = {before: state, known};
		const recovery = await setAside(path, newest, states, options);
		closeSync(fd);
		return recovery;
	}

	if (verdict === 'cut short') {
		await truncate(fd, found.end);
	}

	const {head: before} = stateBehind(path, bytes, groups.slice(0, 1));
	const firstSeq = before + 1;
	const closed = closedFiles(path);
	const entries = lastEntries(bytes, groups.slice(1), maxTailBytes);
	const tail = await readTail(path, entries, {
		firstSeq,
		closed,
		maxBytes: maxTailBytes,
	});
	const recovery: Recovery = {
		recovered: {
			logId: state.logId,
			head: state.head,
			tail: tail.entries,
			tailFirstSeq: tail.firstSeq,
			lastN: state.clients,
			...cutOf(bytes.subarray(found.end)),
			damagedPath: undefined,
			isNextLog: false,
		},
		written: {fd, length: found.end, crc, firstSeq},
		closed,
	};
	return !log && (isLogInDoubt || verdict === 'exchanged')
		? beginNextLog(path, recovery)
		: recovery;
};

/** @throws {SockchatError} `ERR_HISTORY` if it can't be read. */
export const recover = async (
	path: string,
	options: RecoverOptions,
): Promise<Recovery> => {
	await finishBeginning(path);
	const fd = openExisting(path);
	if (fd === undefined) {
		dropDraft(path);
		return beginLog(path, options);
	}

	try {
		const bytes = await readAt(fd, 0, sizeOf(fd));
		const found = survey(bytes);
		if (found.groups.length > 0) {
			dropDraft(path);
			return await goOn(path, {fd, bytes, found}, options);
		}

		if (bytes.length > 0 && !isOurs(bytes, found)) {
			throw historyForeign(path, bytes);
		}

		dropDraft(path);
		makePrivate(fd);
		const recovery = await beginLog(path, options, bytes.length > 0);
		closeSync(fd);
		return recovery;
	} catch (error) {
		closeSync(fd);
		throw error;
	}
};
