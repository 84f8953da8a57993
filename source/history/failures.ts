/** The errors of a history. */
import {SockchatError} from '../errors.js';
import type {Lost} from './fate.js';

/**
 * A failure with a way out that works for each: another file, or none.
 *
 * @param what Up to that advice.
 */
const withWayOut = (
	code: 'ERR_HISTORY' | 'ERR_HISTORY_TAKEN',
	what: string,
	cause?: unknown,
) =>
	new SockchatError(
		code,
		`${what}, or keep it in another file with --history FILE, or nowhere with --no-history.`,
		{
			...(cause === undefined ? {} : {cause}),
			api: `${what}, or keep it in another file: history.path.`,
		},
	);

/** The system's message, without the call: "ENOSPC: no space left on device". */
const causeOf = (cause: unknown): string =>
	cause instanceof Error
		? cause.message.replace(/, [a-z]+(?: '[^']*')?(?: -> '[^']*')?$/, '')
		: String(cause);

export const historyFailed = (path: string, cause: unknown) =>
	withWayOut(
		'ERR_HISTORY',
		`The history ${path} can't be opened or read: ${causeOf(cause)}; fix that`,
		cause,
	);

/** The user named the folder, so it isn't created. */
export const historyNowhere = (path: string, folder: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history ${path} can't be opened or read: there is no folder ${folder}; create it with mkdir, or choose another file.`,
	);

/** @param why Completes 'The history FILE …'. */
export const historyUnsafe = (path: string, why: string, remedy: string) =>
	withWayOut(
		'ERR_HISTORY',
		`The history ${path} ${why}, so others could read or change messages; ${remedy}`,
	);

/** @param seen How it starts, or where it is inconsistent. */
export const historyUnreadable = (path: string, seen: string) =>
	withWayOut(
		'ERR_HISTORY',
		`The history ${path} can't be read by this sockchat: ${seen}. It was not changed; move it away`,
	);

/** @param bytes Of a file that never was a history. */
export const historyForeign = (path: string, bytes: Buffer) =>
	historyUnreadable(
		path,
		`it begins with ${JSON.stringify(bytes.toString('utf8', 0, 40))}`,
	);

/** The relay's stream is another one, or was made anew. */
export const historyOfAnotherLog = (path: string) =>
	withWayOut(
		'ERR_HISTORY',
		`The history ${path} holds another log than the relay's stream: another room's, that of a room without a relay, or the stream was made anew. It was not changed; move it away`,
	);

/** A room that gives seqs itself would give those of the stream again. */
export const historyOfRelay = (path: string) => {
	const what = `The history ${path} is that of a room shared through a relay, which alone gives its entries their places`;
	return new SockchatError(
		'ERR_HISTORY',
		`${what}; open it with --relay and --room, or keep this room in another file with --history FILE, or nowhere with --no-history.`,
		{
			api: `${what}; open it with relay and name, or keep this room in another file: history.path.`,
		},
	);
};

export const historyTaken = (path: string, pid: number) =>
	withWayOut(
		'ERR_HISTORY_TAKEN',
		`The history ${path} belongs to a running server, process ${pid}; stop it`,
	);

/** Its holder's pid means nothing here. */
export const historyTakenUnseen = (path: string) =>
	withWayOut(
		'ERR_HISTORY_TAKEN',
		`The history ${path} belongs to a running server, in another container or just starting; stop it`,
	);

/** @param lock The file that names the server. */
export const historyPerhapsTaken = (path: string, lock: string) =>
	withWayOut(
		'ERR_HISTORY_TAKEN',
		`The history ${path} may belong to a server in another container, whose lock this version of Node can't see; if none runs there, delete ${lock}`,
	);

export const historyHalfGuarded = (path: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history ${path} is protected by a process id alone, because this version of Node has no node:sqlite and there is no flock program: a server in another container would not be noticed. Use Node 24, or give each container its own history.`,
	);

/** @param lock The file that flock held. */
export const historyLockLost = (lock: string) =>
	new SockchatError(
		'ERR_HISTORY',
		`The flock process that held ${lock} was killed by another program: a server in another container would not be noticed now. Restart this server.`,
	);

export const historyWriteFailed = (path: string, cause: unknown) => {
	const what = `The history ${path} could not be written: ${causeOf(cause)}. It is whole, and continues once that is fixed`;
	return new SockchatError(
		'ERR_HISTORY_WRITE',
		`${what}; or serve with another --history FILE, or --no-history.`,
		{cause, api: `${what}.`},
	);
};

const fateWords: Readonly<Record<Lost, string>> = {
	removed: 'was removed',
	renamed: 'was renamed or moved',
	replaced: 'was replaced by another file',
	cut: 'was cut short or overwritten',
	grown: 'was written to by another program',
};

type Mended = {
	/** The new name of the file found at the path. */
	readonly aside: string | undefined;
	/** The first and the last lost entry. */
	readonly lost: readonly [from: number, to: number] | undefined;
};

/** FILE was written again. */
export const historyLost = (
	path: string,
	fate: Lost,
	{aside, lost}: Mended,
) => {
	const kept = lost
		? `entries ${lost[0]} to ${lost[1]} are lost, and a new file of that name continues after them`
		: 'a new file of that name has all of it and continues';
	const other =
		aside === undefined ? '' : `; the file found there is now ${aside}`;
	return new SockchatError(
		'ERR_HISTORY',
		`The history ${path} ${fateWords[fate]} while the server ran: ${kept}${other}. To move it away, stop the server first.`,
	);
};

/** FILE is no longer ours, and can't be written again. */
export const historyNotBegunAgain = (
	path: string,
	fate: Lost,
	{isClosing, cause}: {isClosing: boolean; cause: unknown},
) => {
	const then = isClosing
		? 'The server is stopping, and the entries are lost unless the old file has another name.'
		: 'Messages are refused until that is fixed; the server retries each second.';
	return new SockchatError(
		'ERR_HISTORY_WRITE',
		`The history ${path} ${fateWords[fate]} while the server ran, and can't be written again: ${causeOf(cause)}. ${then}`,
		{cause},
	);
};

/** A bug of the caller, not a failure of the disk. */
export const historyMisused = (what: string) =>
	new SockchatError('ERR_INTERNAL', `The history was misused: ${what}.`);
