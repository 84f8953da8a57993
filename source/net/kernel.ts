/**
 * What the kernel says about TCP, read from /proc (Linux). Elsewhere, and
 * where /proc can't be read, the answer is undefined: nothing is guessed.
 */
import {readdir, readFile, readlink} from 'node:fs/promises';

/** A process that holds a socket. */
export type Holder = {readonly pid: number; readonly name: string};

const listenState = '0A';

const readText = async (path: string): Promise<string | undefined> => {
	try {
		return await readFile(path, 'utf8');
	} catch {
		return undefined;
	}
};

/** The inode of the socket that listens on a port, from proc_pid_net(5). */
const listeningInode = async (port: number): Promise<string | undefined> => {
	const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
	for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
		// eslint-disable-next-line no-await-in-loop
		const text = await readText(table);
		for (const row of text?.split('\n').slice(1) ?? []) {
			const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
			if (local?.endsWith(wanted) && state === listenState) {
				return inode;
			}
		}
	}

	return undefined;
};

const linksTo = async (path: string, target: string): Promise<boolean> => {
	try {
		return (await readlink(path)) === target;
	} catch {
		return false;
	}
};

const holdsSocket = async (pid: string, target: string): Promise<boolean> => {
	try {
		const folder = `/proc/${pid}/fd`;
		const descriptors = await readdir(folder);
		const links = await Promise.all(
			descriptors.map(async fd => linksTo(`${folder}/${fd}`, target)),
		);
		return links.includes(true);
	} catch {
		// It ended meanwhile, or belongs to somebody else.
		return false;
	}
};

/** Who listens on a TCP port of this machine, where that can be read. */
export const holderOfPort = async (
	port: number,
): Promise<Holder | undefined> => {
	const inode = await listeningInode(port);
	if (inode === undefined) {
		return undefined;
	}

	try {
		const entries = await readdir('/proc');
		for (const pid of entries.filter(entry => /^\d+$/.test(entry))) {
			// eslint-disable-next-line no-await-in-loop
			if (await holdsSocket(pid, `socket:[${inode}]`)) {
				// eslint-disable-next-line no-await-in-loop
				const name = await readText(`/proc/${pid}/comm`);
				return {pid: Number(pid), name: name?.trim() ?? 'unknown'};
			}
		}
	} catch {
		// No /proc here.
	}

	return undefined;
};
