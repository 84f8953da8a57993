/**
 * How many connections the process's open files allow.
 *
 * With none left, accept() fails and libuv closes the connection without a
 * word. So fewer are let in than could be, and who is too many is accepted
 * only to be told; where that leaves no place for a few members, a server does
 * not start. Known on Linux alone; elsewhere nothing is guessed.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {SockchatError} from '../errors.js';

export type PeerRoom = {
	/** Connections that may be open at once. */
	readonly peers: number;
	/** How many of these may become members. */
	readonly members: number;
};

// For the history, /proc, and the ss that the panes run.
const spareFiles = 16;

// Who is over the members stays until it has said how it speaks.
const refusedPeers = 8;

// The host and a handful of others.
const leastMembers = 6;

const advice = 'Allow more before it starts, such as: ulimit -n 1024';

const tooFewFiles = (limit: number, open: number) =>
	new SockchatError(
		'ERR_TOO_FEW_FILES',
		`This process may have ${limit} open files and has ${open} already. A server needs ${spareFiles} for its own work, ${refusedPeers} for those it turns away and ${leastMembers} for members: ${open + spareFiles + refusedPeers + leastMembers} in all. ${advice}`,
	);

const noFileLeft = (cause: unknown) =>
	new SockchatError(
		'ERR_TOO_FEW_FILES',
		`This process has as many open files as it may have, and none left for a connection. ${advice}`,
		{cause},
	);

/**
 * @param limits As in /proc/self/limits.
 * @param listed As in /proc/self/fd before anybody has come: with the
 * descriptor of the listing itself, and perhaps with inherited ones beyond the
 * limit, which take no place below it.
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
		const {code} = error as NodeJS.ErrnoException;
		if (code === 'EMFILE' || code === 'ENFILE') {
			throw noFileLeft(error);
		}

		return undefined;
	}
};

/**
 * @returns Undefined where there is no limit, or it can't be read.
 * @throws {SockchatError} `ERR_TOO_FEW_FILES` where a few members would not fit.
 */
export const roomForPeers = (): PeerRoom | undefined => {
	const own = readOwn();
	return own && peersFor(own.limits, own.listed);
};
