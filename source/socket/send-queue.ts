/** What a RST throws away: bytes that were written, and not acknowledged. */
import {readFileSync} from 'node:fs';
import {trace} from '../trace.js';
import type {Link, OuterLink} from './link.js';
import {parseTcpTable} from './tcp-table.js';

type Handle = {
	/** What the kernel has not taken yet. */
	readonly writeQueueSize: number;
};

/**
 * Bytes that were written to a TCP connection, and that the other kernel doesn't
 * have, read at once, for an end that follows in the same turn. What carries
 * TLS or a WebSocket is a little more than what was sent by it.
 *
 * @returns Undefined if it isn't known.
 */
const queuedBytes = ({
	transport,
	socket,
	endpoints,
}: OuterLink): number | undefined => {
	const {local, remote} = endpoints;
	const handle =
		socket && (Reflect.get(socket, '_handle') as Handle | null | undefined);
	if (
		transport !== 'tcp' ||
		!handle ||
		local === undefined ||
		remote === undefined
	) {
		return undefined;
	}

	const file = local.startsWith('[') ? 'tcp6' : 'tcp';
	const port = Number(local.slice(local.lastIndexOf(':') + 1));
	try {
		const rows = parseTcpTable(
			readFileSync(`/proc/net/${file}`, 'latin1'),
			new Set([port]),
		);
		const row = rows.find(row => row.local === local && row.remote === remote);
		return row && row.sendQueueBytes + handle.writeQueueSize;
	} catch (error) {
		trace('can’t read /proc/net/%s: %o', file, error);
		return undefined;
	}
};

/** As `queuedBytes`, where these are the very bytes that were sent. */
export const unreachedBytes = (link: OuterLink): number | undefined =>
	link.kind === 'tcp' ? queuedBytes(link) : undefined;

/** How much of what was sent would be left in our kernel if it closed now, after our end. */
export const leftBehind = (link: Link): number => {
	const {writableEnded, writableFinished, destroyed} = link.stream;
	const isUnderWay = writableEnded && !writableFinished && !destroyed;
	return isUnderWay && link.kind !== 'memory' ? (queuedBytes(link) ?? 0) : 0;
};
