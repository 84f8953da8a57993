/**
 * Who holds a TCP port, read from /proc (Linux). Elsewhere, and where /proc
 * can't be read, the answer is undefined: nothing is guessed.
 */
import {readFileSync} from 'node:fs';
import {readdir, readFile, readlink} from 'node:fs/promises';
import {formatAddress} from './address.js';
import {readTcpRows} from './tcp-table.js';

/** A process that holds a socket. */
export type Holder = {readonly pid: number; readonly name: string};

const readText = async (path: string): Promise<string | undefined> => {
	try {
		return await readFile(path, 'utf8');
	} catch {
		return undefined;
	}
};

/** The queue that listen() gets: what was asked for, capped where that can be read. */
export const cappedBacklog = (
	asked: number,
	path = '/proc/sys/net/core/somaxconn',
): number => {
	try {
		return Math.min(asked, Number(readFileSync(path, 'utf8')));
	} catch {
		return asked;
	}
};

/** The inode of the socket that listens there, on a wildcard if need be. */
const listeningInode = async (
	host: string,
	port: number,
): Promise<string | undefined> => {
	const rows = await readTcpRows(new Set([port]));
	const places = new Set(
		[host, '0.0.0.0', '::'].map(place =>
			formatAddress({kind: 'tcp', host: place, port}),
		),
	);
	const listener = rows?.find(
		({socket}) => socket.state === 'LISTEN' && places.has(socket.local),
	);
	return listener?.inode;
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

/**
 * Who listens on a TCP port of this machine, where that can be read.
 *
 * @param host A literal loopback address: each has its own ports.
 */
export const holderOfPort = async (
	host: string,
	port: number,
): Promise<Holder | undefined> => {
	const inode = await listeningInode(host, port);
	if (inode === undefined) {
		return undefined;
	}

	try {
		const entries = await readdir('/proc');
		for (const pid of entries.filter(entry => /^\d+$/.test(entry))) {
			// eslint-disable-next-line no-await-in-loop -- the first that has it ends the search
			if (await holdsSocket(pid, `socket:[${inode}]`)) {
				// eslint-disable-next-line no-await-in-loop -- there is one
				const name = await readText(`/proc/${pid}/comm`);
				return {pid: Number(pid), name: name?.trim() ?? 'unknown'};
			}
		}
	} catch {
		// No /proc here.
	}

	return undefined;
};
