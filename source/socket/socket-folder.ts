/**
 * Whether a Unix domain socket is safe where it is to be made: who may write
 * to a folder on its way can put another socket in its place, and be told what
 * is said. A folder that is missing is not made: a slip in the path would make
 * another room.
 */
import {existsSync, lstatSync, realpathSync, statSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import process from 'node:process';
import {SockchatError} from '../errors.js';

const unsafe = (path: string, why: string, cause?: unknown) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`"${path}" is no safe place for a socket: ${why}. Choose a folder of your own, such as ~/.sockchat or $XDG_RUNTIME_DIR.`,
		{cause},
	);

const nowhere = (path: string, folder: string) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`Can't make "${path}": there is no folder ${folder}. Make it with mkdir -m 700, or name another.`,
	);

const othersWrite = 0o022;
const sticky = 0o1000;

/** Why others could exchange what is in a folder; undefined if they can't. */
const whyUnsafe = (
	folder: string,
	ownUid: number,
	isLast: boolean,
): string | undefined => {
	const {uid, mode} = statSync(folder);
	if (uid !== ownUid && uid !== 0) {
		return `${folder} belongs to another user (uid ${uid})`;
	}

	// In /tmp others can't exchange what is ours, but can come before us.
	return (mode & othersWrite) !== 0 && (isLast || (mode & sticky) === 0)
		? `others may write to ${folder}`
		: undefined;
};

/**
 * Looks at the folder and at all on the way to it.
 *
 * @throws {SockchatError} `ERR_SOCKET_PATH`, in a sentence.
 */
export const secureFolder = (path: string): void => {
	const ownUid = process.getuid?.();
	if (ownUid === undefined) {
		// Windows: pipes have no folder.
		return;
	}

	const folder = dirname(resolve(path));
	if (!existsSync(folder)) {
		throw nowhere(path, folder);
	}

	if (lstatSync(folder).isSymbolicLink() && lstatSync(folder).uid !== 0) {
		throw unsafe(path, `${folder} is a link`);
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
