/**
 * Which process holds a listening socket, read from /proc (Linux). If /proc
 * can't be read, the answer is undefined.
 */
import {readFileSync} from 'node:fs';
import {readdir, readFile, readlink} from 'node:fs/promises';
import {formatAddress, type Address} from './address.js';
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

/** The inode of the socket that listens at a path: /proc/net/unix (unix(7)). */
const listeningUnixInode = async (
	path: string,
): Promise<string | undefined> => {
	const table = await readText('/proc/net/unix');
	// __SO_ACCEPTCON, set by listen().
	const listening = '00010000';
	for (const row of table?.split('\n') ?? []) {
		const [, , , flags, , , inode, ...rest] = row.trim().split(/ +/);
		if (flags === listening && rest.join(' ') === path) {
			return inode;
		}
	}

	return undefined;
};

/** When a process started, in clock ticks since boot: proc_pid_stat(5). */
const startedAt = async (pid: string): Promise<number> => {
	const stat = await readText(`/proc/${pid}/stat`);
	// The name before it may contain spaces and parentheses.
	return Number(stat?.slice(stat.lastIndexOf(')') + 2).split(' ', 20)[19] ?? 0);
};

/**
 * The youngest comes first: the process that opened a socket is older than
 * those that inherited it.
 */
const holdersOfInode = async (inode: string): Promise<readonly Holder[]> => {
	const found: Array<Holder & {startedAt: number}> = [];
	try {
		const entries = await readdir('/proc');
		for (const pid of entries.filter(entry => /^\d+$/.test(entry))) {
			/* eslint-disable no-await-in-loop -- all at once would open too many files */
			if (!(await holdsSocket(pid, `socket:[${inode}]`))) {
				continue;
			}

			const name = await readText(`/proc/${pid}/comm`);
			found.push({
				pid: Number(pid),
				name: name?.trim() ?? 'unknown',
				startedAt: await startedAt(pid),
			});
			/* eslint-enable no-await-in-loop */
		}
	} catch {
		// There is no /proc.
	}

	return found
		.toSorted(
			(one, other) => other.startedAt - one.startedAt || other.pid - one.pid,
		)
		.map(({pid, name}) => ({pid, name}));
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
	const [holder] = await holdersOf({kind: 'tcp', host, port});
	return holder;
};

/**
 * Which processes hold the socket that listens at an address, as far as that can
 * be read. One that was passed is held by whoever passed it, too: the first is
 * then the one that got it.
 */
export const holdersOf = async (
	address: Address,
): Promise<readonly Holder[]> => {
	let inode: string | undefined;
	if (address.kind === 'tcp') {
		inode = await listeningInode(address.host, address.port);
	} else if (address.kind === 'unix') {
		inode = await listeningUnixInode(address.path);
	}

	return inode === undefined ? [] : holdersOfInode(inode);
};
