/** What can go wrong with a history, in words. */
import {SockchatError} from '../errors.js';
import type {Lost} from './fate.js';

// The same two ways out, whatever is wrong with this file.
const waysOut =
	'keep it in another file with --history FILE, or nowhere with --no-history';

/** The system's own words for a failed call: "ENOSPC: no space left on device". */
const causeOf = (cause: unknown): string =>
	cause instanceof Error
		? cause.message.replace(/, [a-z]+(?: '[^']*')?(?: -> '[^']*')?$/, '')
		: String(cause);

export const historyFailed = (path: string, cause: unknown) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history ${path} can't be opened or read: ${causeOf(cause)}; mend that, or ${waysOut}.`,
		{cause},
	);

/** The folder was named, so it is not made. */
export const historyNowhere = (path: string, folder: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history ${path} can't be opened or read: there is no folder ${folder}; make it with mkdir, or name a file elsewhere.`,
	);

/** @param why Completes 'The history FILE …'. */
export const historyUnsafe = (path: string, why: string, remedy: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history ${path} ${why}, so that others could read or change what is said; ${remedy}, or ${waysOut}.`,
	);

/** @param seen How it begins, or where it stops making sense. */
export const historyUnreadable = (path: string, seen: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history ${path} is not one that this sockchat can read: ${seen}. It was left as it is; move it away, or ${waysOut}.`,
	);

export const historyTaken = (path: string, pid: number) =>
	new SockchatError(
		'ERR_HISTORY_TAKEN',
		`The history ${path} belongs to a server that runs, process ${pid}; end that one, or ${waysOut}.`,
	);

/** Its holder has no pid that means anything here. */
export const historyTakenUnseen = (path: string) =>
	new SockchatError(
		'ERR_HISTORY_TAKEN',
		`The history ${path} belongs to a server that runs, in another container or just starting; end that one, or ${waysOut}.`,
	);

/** @param lock The file that says so. */
export const historyPerhapsTaken = (path: string, lock: string) =>
	new SockchatError(
		'ERR_HISTORY_TAKEN',
		`The history ${path} may belong to a server in another container, whose lock this version of Node can't see; if none runs there, delete ${lock}, or ${waysOut}.`,
	);

export const historyHalfGuarded = (path: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history ${path} is guarded by a process id alone, as this version of Node has no node:sqlite and there is no flock program: a server in another container would not be noticed. Use Node 24, or give each container a history of its own.`,
	);

/** @param lock The file that the flock process held. */
export const historyLockLost = (lock: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The flock process that held ${lock} was ended from outside: a server in another container would not be noticed now. Start this server again.`,
	);

export const historyWriteFailed = (path: string, cause: unknown) =>
	new SockchatError(
		'ERR_HISTORY_WRITE',
		`The history ${path} could not be written: ${causeOf(cause)}. What it holds is whole, and it goes on once that is mended; or serve with another --history FILE, or --no-history.`,
		{cause},
	);

const fateWords: Readonly<Record<Lost, string>> = {
	removed: 'was removed',
	renamed: 'was renamed or moved',
	replaced: 'was replaced by another file',
	cut: 'was cut short or overwritten',
	grown: 'was written to by another program',
};

type Mended = {
	/** Where what stood at the path was put. */
	readonly aside: string | undefined;
	/** The first entry and the last that are lost. */
	readonly lost: readonly [from: number, to: number] | undefined;
};

/** FILE was begun anew, after what has become of it. */
export const historyLost = (
	path: string,
	fate: Lost,
	{aside, lost}: Mended,
) => {
	const kept = lost
		? `entries ${lost[0]} to ${lost[1]} are lost, and a new file of that name goes on after them`
		: 'a new file of that name holds all of it and goes on';
	const other = aside === undefined ? '' : `; what stood there is ${aside} now`;
	return new SockchatError(
		'ERR_HISTORY',
		`The history ${path} ${fateWords[fate]} while the server ran: ${kept}${other}. To move it away, stop the server first.`,
	);
};

/** FILE is not ours any more, and can't be begun anew. */
export const historyNotBegunAgain = (
	path: string,
	fate: Lost,
	{isClosing, cause}: {isClosing: boolean; cause: unknown},
) => {
	const then = isClosing
		? 'The server ends, and what it held is lost unless the old file stands elsewhere.'
		: 'Messages are refused until that is mended; it is tried again each second.';
	return new SockchatError(
		'ERR_HISTORY_WRITE',
		`The history ${path} ${fateWords[fate]} while the server ran, and no new one can be begun: ${causeOf(cause)}. ${then}`,
		{cause},
	);
};

/** A fault of the caller, not of the disk. */
export const historyMisused = (what: string) =>
	new SockchatError('ERR_INTERNAL', `The history was misused: ${what}.`);
