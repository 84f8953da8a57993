/** What stands at the path of a Unix domain socket, or above it. */
import {lstatSync, statSync, type Stats} from 'node:fs';
import {SockchatError} from '../errors.js';
import {isAbstract} from './address.js';

/** Undefined if nothing is there, or it can't be seen. */
const statOf = (path: string, stat: typeof lstatSync): Stats | undefined => {
	try {
		return stat(path);
	} catch {
		return undefined;
	}
};

/** Whether two paths lead to the same file. */
export const isSameFile = (one: string, another: string): boolean => {
	const [first, second] = [statOf(one, statSync), statOf(another, statSync)];
	return (
		first !== undefined && first.ino === second?.ino && first.dev === second.dev
	);
};

export const isFolder = (path: string): boolean =>
	statOf(path, statSync)?.isDirectory() === true;

const kindOf = (stat: Stats | undefined): string => {
	if (stat === undefined) {
		return 'a symbolic link to nothing';
	}

	return stat.isDirectory() ? 'a folder' : 'a file';
};

/** @returns An error if what is at the path is something else than a socket. */
export const notASocket = (path: string): SockchatError | undefined => {
	if (isAbstract(path)) {
		return undefined;
	}

	const stat = statOf(path, statSync);
	return stat?.isSocket() === true || statOf(path, lstatSync) === undefined
		? undefined
		: new SockchatError(
				'ERR_SOCKET_PATH',
				`"${path}" is ${kindOf(stat)}, not a socket; name another path.`,
			);
};
