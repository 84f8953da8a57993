/**
 * Which process holds a TCP port, read from /proc (Linux). If /proc can't be
 * read, the answer is undefined.
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

/** The backlog that listen() really gets: Linux caps it at somaxconn. */
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

/** The inode of the socket that listens there, or on a wildcard address. */
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
		// The process has ended, or belongs to another user.
		return false;
	}
};

/**
 * Which process listens on a TCP port of this machine, if that can be read.
 *
 * @param host A literal loopback address; each has its own ports.
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
			// eslint-disable-next-line no-await-in-loop -- the first match ends the search
			if (await holdsSocket(pid, `socket:[${inode}]`)) {
				// eslint-disable-next-line no-await-in-loop -- runs once
				const name = await readText(`/proc/${pid}/comm`);
				return {pid: Number(pid), name: name?.trim() ?? 'unknown'};
			}
		}
	} catch {
		// There is no /proc.
	}

	return undefined;
};
