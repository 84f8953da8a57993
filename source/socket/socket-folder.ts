/**
 * Whether a Unix domain socket is safe where it is to be made: who may write
 * to a folder on its way can put another socket in its place, and be told what
 * is said. A folder that is missing is made, for its owner alone.
 */
import {lstatSync, mkdirSync, realpathSync, statSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import process from 'node:process';
import {SockchatError} from '../errors.js';

const unsafe = (path: string, why: string, cause?: unknown) =>
	new SockchatError(
		'ERR_SOCKET_PATH',
		`"${path}" is no safe place for a socket: ${why}. Choose a folder of your own, such as ~/.sockchat or $XDG_RUNTIME_DIR.`,
		{cause},
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
 * Makes the folder if it is missing, 0700, and looks at all on the way to it.
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
	if (lstatSync(folder, {throwIfNoEntry: false}) === undefined) {
		try {
			// Not its parents too: a slip in the path would make a tree.
			mkdirSync(folder, {mode: 0o700});
		} catch {
			// listen() says what is wrong with it.
			return;
		}
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
