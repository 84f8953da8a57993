/**
 * How many connections the limit on open files allows (Linux only).
 *
 * With no descriptor left, accept() fails and libuv closes the connection
 * silently. So a few descriptors are kept to accept surplus peers and tell them
 * why they are refused. If too few remain for members, the server doesn't start.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {outOfFiles, SockchatError} from '../errors.js';

export type PeerRoom = {
	/** How many connections may be open at once. */
	readonly peers: number;
	/** How many of them may become members. */
	readonly members: number;
};

// For the history, /proc, and running ss.
const spareFiles = 16;

// A refused peer stays connected until its dialect is known.
const refusedPeers = 8;

// The host and a handful of others.
const leastMembers = 6;

const advice = 'Raise the limit first, such as: ulimit -n 1024';

const tooFewFiles = (limit: number, open: number) =>
	new SockchatError(
		'ERR_TOO_FEW_FILES',
		`This process may have ${limit} open files and has ${open} already. A server needs ${spareFiles} for its own work, ${refusedPeers} for peers it refuses and ${leastMembers} for members: ${open + spareFiles + refusedPeers + leastMembers} in all. ${advice}`,
	);

/**
 * @param limits The text of /proc/self/limits.
 * @param listed The names in /proc/self/fd before the first connection. They
 * include the descriptor of the listing itself, and perhaps inherited ones
 * above the limit, which don't count.
 * @throws {SockchatError} `ERR_TOO_FEW_FILES`.
 */
export const peersFor = (
	limits: string,
	listed: readonly string[],
): PeerRoom | undefined => {
	const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
	if (soft === undefined) {
		return undefined;
	}

	const limit = Number(soft);
	const open = listed.filter(fd => Number(fd) < limit).length - 1;
	const peers = limit - open - spareFiles;
	const members = peers - refusedPeers;
	if (members < leastMembers) {
		throw tooFewFiles(limit, open);
	}

	return {peers, members};
};

const readOwn = () => {
	try {
		return {
			limits: readFileSync('/proc/self/limits', 'utf8'),
			listed: readdirSync('/proc/self/fd'),
		};
	} catch (error) {
		const noFileLeft = outOfFiles(error);
		if (noFileLeft) {
			throw noFileLeft;
		}

		return undefined;
	}
};

/**
 * @returns Undefined if there is no limit, or it can't be read.
 * @throws {SockchatError} `ERR_TOO_FEW_FILES` if too few are left for members.
 */
export const roomForPeers = (): PeerRoom | undefined => {
	const own = readOwn();
	return own && peersFor(own.limits, own.listed);
};
