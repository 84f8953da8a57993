/**
 * Reads the token from a file or SOCKCHAT_TOKEN; never from an argument, which
 * every user of the machine can see in the process list.
 */
import {constants} from 'node:fs';
import {open} from 'node:fs/promises';
import process from 'node:process';
import {SockchatError} from '../errors.js';
import {Token} from '../protocol/token.js';

const maxFileBytes = 4096;

const unfit = (path: string, why: string, cause?: unknown, what = 'a token') =>
	new SockchatError('ERR_TOKEN_FILE', `"${path}" can't hold ${what}: ${why}.`, {
		cause,
	});

const reasons: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file',
	ENOTDIR: 'a part of its path is not a folder',
	EACCES: 'you may not read it',
};

const unreadable = (path: string, cause: unknown, what?: string) => {
	const {code = ''} = cause as NodeJS.ErrnoException;
	return unfit(
		path,
		reasons[code] ?? `it can't be read (${code})`,
		cause,
		what,
	);
};

const readChecked = async (path: string, what: string): Promise<string> => {
	// The checks use the open file, which can't be swapped in between. O_NONBLOCK:
	// opening a pipe would wait for a writer.
	const {O_RDONLY, O_NONBLOCK} = constants;
	const file = await open(path, O_RDONLY | O_NONBLOCK);
	try {
		const stat = await file.stat();
		if (!stat.isFile()) {
			throw unfit(path, 'it is not a regular file', undefined, what);
		}

		// Windows has neither owners nor modes.
		const ownUid = process.getuid?.();
		if (ownUid !== undefined && stat.uid !== ownUid) {
			throw unfit(
				path,
				`it belongs to another user (uid ${stat.uid})`,
				undefined,
				what,
			);
		}

		if (ownUid !== undefined && (stat.mode & 0o077) !== 0) {
			const mode = (stat.mode & 0o777).toString(8);
			throw unfit(
				path,
				`others may access it (mode ${mode}); run chmod 600 on it`,
				undefined,
				what,
			);
		}

		if (stat.size > maxFileBytes) {
			throw unfit(
				path,
				`it has ${stat.size} bytes; the limit is ${maxFileBytes}`,
				undefined,
				what,
			);
		}

		return (await file.readFile('utf8')).trim();
	} finally {
		await file.close();
	}
};

/**
 * Reads a file that only its owner may read.
 *
 * @param what Completes 'FILE can't hold …'.
 * @throws {SockchatError} `ERR_TOKEN_FILE`.
 */
export const readSecretFile = async (
	path: string,
	what: string,
): Promise<string> => {
	try {
		return await readChecked(path, what);
	} catch (error) {
		throw error instanceof SockchatError
			? error
			: unreadable(path, error, what);
	}
};

/**
 * Reads the token. The variable is removed from the environment, so no child
 * process inherits it.
 *
 * @param path From `--token-file`; it overrides the variable.
 * @returns Undefined if there is none.
 * @throws {SockchatError} `ERR_TOKEN_FILE`.
 */
export const readToken = async (
	path: string | undefined,
	environment: NodeJS.ProcessEnv = process.env,
): Promise<Token | undefined> => {
	const variable = environment['SOCKCHAT_TOKEN'];
	delete environment['SOCKCHAT_TOKEN'];
	if (path === undefined) {
		return variable === undefined ? undefined : new Token(variable.trim());
	}

	return new Token(await readSecretFile(path, 'a token'));
};
