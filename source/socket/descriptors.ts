/**
 * How many connections the process's open files allow.
 *
 * With none left, accept() fails and libuv closes the connection without a
 * word. So fewer are let in than could be, and who is too many is accepted
 * only to be told. Known on Linux alone; elsewhere nothing is guessed.
 */
import {readdirSync, readFileSync} from 'node:fs';

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

/**
 * @param limits As in /proc/self/limits.
 * @param open How many are open before anybody has come.
 */
export const peersFor = (
	limits: string,
	open: number,
): PeerRoom | undefined => {
	const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
	if (soft === undefined) {
		return undefined;
	}

	const peers = Math.max(2, Number(soft) - open - spareFiles);
	return {peers, members: Math.max(1, peers - refusedPeers)};
};

/** @returns Undefined where there is no limit, or it can't be read. */
export const roomForPeers = (): PeerRoom | undefined => {
	try {
		return peersFor(
			readFileSync('/proc/self/limits', 'utf8'),
			readdirSync('/proc/self/fd').length,
		);
	} catch {
		return undefined;
	}
};
