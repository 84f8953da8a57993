/**
 * Whether a path is safe for a Unix domain socket. A user who may write to a
 * folder on the path can replace the socket with another and read the chat. A
 * missing folder is an error: a typo in the path would make another room.
 */
import {lstatSync, realpathSync, statSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import process from 'node:process';
import {SockchatError} from '../errors.js';
import {isFolder} from './socket-file.js';

const unsafe = (path: string, why: string, cause?: unknown) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`"${path}" is not a safe place for a socket: ${why}. Choose a folder of your own, such as ~/.sockchat or $XDG_RUNTIME_DIR.`,
		{cause},
	);

const nowhere = (path: string, folder: string) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`Can't make "${path}": there is no folder ${folder}. Make it with mkdir -m 700, or name another.`,
	);

const othersWrite = 0o022;
const sticky = 0o1000;

/** Why others could replace files in a folder; undefined if they can't. */
const whyUnsafe = (
	folder: string,
	ownUid: number,
	isLast: boolean,
): string | undefined => {
	const {uid, mode} = statSync(folder);
	if (uid !== ownUid && uid !== 0) {
		return `${folder} belongs to another user (uid ${uid})`;
	}

	// In /tmp others can't replace our files, but can create them before us.
	return (mode & othersWrite) !== 0 && (isLast || (mode & sticky) === 0)
		? `others may write to ${folder}`
		: undefined;
};

/**
 * Checks the folder and its parents.
 *
 * @throws {SockchatError} `ERR_SOCKET_PATH`.
 */
export const secureFolder = (path: string): void => {
	const ownUid = process.getuid?.();
	if (ownUid === undefined) {
		// Windows: pipes have no folder.
		return;
	}

	const folder = dirname(resolve(path));
	if (!isFolder(folder)) {
		throw nowhere(path, folder);
	}

	if (lstatSync(folder).isSymbolicLink() && lstatSync(folder).uid !== 0) {
		throw unsafe(path, `${folder} is a symbolic link`);
	}

	let part = realpathSync(folder);
	let why = whyUnsafe(part, ownUid, true);
	while (why === undefined && dirname(part) !== part) {
		part = dirname(part);
		why = whyUnsafe(part, ownUid, false);
	}

	if (why !== undefined) {
		throw unsafe(path, why);
	}
};
