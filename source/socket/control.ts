/** Does to a socket what a person asks for, and says what was done. */
import type {Socket} from 'node:net';
import {
	done,
	refused,
	type Answer,
	type SocketAction,
} from '../tcp/socket-action.js';
import {formatTcpInfo} from '../tcp/tcp-info.js';
import {lingerZero, type Call} from '../tcp/tcp.js';
import {assertNever, bytesOf, bytesWere, SockchatError} from '../errors.js';
import type {Link, OuterLink} from './link.js';
import {readTcpInfo} from './ss.js';
import {isReading, setReading} from './stream/reading.js';
import {hasShutDown} from './stream/shutdown.js';
import {readTcpTable} from './tcp-table.js';

/** What only the socket's owner can do cleanly. */
export type SocketOwner = {
	readonly link: Link;
	/** Pauses or resumes reading; heartbeats must not take a pause for a loss. */
	readonly setPaused: (isPaused: boolean) => void;
	/** Sends RST and drops the connection. */
	readonly reset: () => void;
	/**
	 * Sends bye if the protocol has one, then calls close(2).
	 *
	 * @param unreadBytes What is certainly unread then; undefined if unknown.
	 */
	readonly close: (unreadBytes: number | undefined) => void;
	/** Called before a call that the socket has no event for. */
	readonly onCall: (call: Call) => void;
};

/** How a connection ended that its owner reset. */
export const resetByHand = () =>
	new SockchatError('ERR_RESET', 'You reset the connection (RST).');

const askKernel = async ({endpoints}: OuterLink): Promise<Answer> => {
	const {local, remote} = endpoints;
	const info =
		local === undefined || remote === undefined
			? undefined
			: await readTcpInfo(local, remote);
	// ss omits it if there were none.
	const retransmitsTotal = info?.retransmitsTotal ?? 0;
	return info
		? done(
				`${local} to ${remote}: ${formatTcpInfo({...info, retransmitsTotal})} (ss).`,
			)
		: refused(
				`The kernel's figures for this connection are not available here: they need Linux and ss, from the package iproute2.`,
			);
};

/** What the kernel holds for the process, unread; undefined if unknown. */
const unreadBytesOf = async ({
	transport,
	endpoints: {local, remote},
}: OuterLink): Promise<number | undefined> => {
	if (transport !== 'tcp' || local === undefined || remote === undefined) {
		return undefined;
	}

	const port = Number(/\d+$/.exec(local)?.[0]);
	const table = await readTcpTable(new Set([port]));
	return table?.pair(local, remote).local?.receiveQueueBytes;
};

/** What the kernel makes of a close(2). */
const closingWords = (
	{transport}: OuterLink,
	unreadBytes: number | undefined,
	hasSentFin: boolean,
): string => {
	if (transport !== 'tcp') {
		// What is unread here, no table shows (unix(7)).
		return 'the other side reads what was written, then its end, or ECONNRESET if anything was unread here; what it writes fails with EPIPE';
	}

	if (unreadBytes) {
		return `${bytesWere(unreadBytes)} unread, so the kernel sends RST, and ${unreadBytes === 1 ? 'it is' : 'they are'} lost`;
	}

	const rest = 'and answers what still comes with RST';
	return hasSentFin
		? `the kernel has sent FIN before, ${rest}`
		: `the kernel sends FIN after everything written so far, ${rest}`;
};

const closeSocket = async (
	owner: SocketOwner,
	link: OuterLink,
	socket: Socket,
	whose: string,
): Promise<Answer> => {
	const {stream} = link;
	const unreadBytes = await unreadBytesOf(link);
	if (stream.destroyed) {
		return refused(alreadyClosed);
	}

	const queued = stream.writableLength;
	const words = closingWords(link, unreadBytes, hasShutDown(socket));
	// What is read in between, the table doesn't know.
	owner.close(isReading(socket) ? undefined : unreadBytes);
	const lost =
		queued > 0
			? ` ${bytesOf(queued)} that Node still held ${queued === 1 ? 'is' : 'are'} discarded.`
			: '';
	return done(`${whose} socket is closed: ${words}.${lost}`);
};

const alreadyClosed = 'The connection is closed.';

const tcpActions: ReadonlySet<SocketAction['type']> = new Set([
	'reset',
	'nodelay',
	'keepalive',
	'tcp',
]);

/** Why the action can't be done now, or not on this kind of socket. */
const refusal = (
	{kind, transport, isConnecting, stream}: OuterLink,
	{type}: SocketAction,
	whose: string,
): string | undefined => {
	if (isConnecting) {
		return 'There is no connection yet: connect() is in progress.';
	}

	if (stream.destroyed) {
		return alreadyClosed;
	}

	if (type === 'end' && stream.writableEnded) {
		if (kind === 'ws') {
			return `${whose} side closes the WebSocket already: it sends nothing more.`;
		}

		return transport === 'tcp'
			? `${whose} socket has already sent FIN: it sends nothing more.`
			: `${whose} socket has already ended its side: it sends nothing more.`;
	}

	return tcpActions.has(type) && transport !== 'tcp'
		? `${whose} connection uses a Unix domain socket; /${type} works on TCP only.`
		: undefined;
};

/**
 * @param whose Whose socket it is, at the start of a sentence: 'Your', "heron's".
 */
export const controlSocket = async (
	owner: SocketOwner,
	action: SocketAction,
	whose: string,
): Promise<Answer> => {
	const {link} = owner;
	if (link.kind === 'memory') {
		return refused('The host has no socket of its own; name a peer.');
	}

	const {stream, socket} = link;
	if (!socket) {
		return refused(
			`${whose} socket is one of UDP, which has no connection; /${action.type} works on TCP.`,
		);
	}

	const reason = refusal(link, action, whose);
	if (reason !== undefined) {
		return refused(reason);
	}

	switch (action.type) {
		case 'pause': {
			owner.onCall('pause()');
			owner.setPaused(true);
			setReading(socket, false);
			return done(
				`${whose} socket is no longer read: new data waits in the kernel, then at the other end. /resume reads on.`,
			);
		}

		case 'resume': {
			owner.onCall('resume()');
			setReading(socket, true);
			owner.setPaused(false);
			return done(`${whose} socket is read again.`);
		}

		case 'end': {
			stream.end();
			if (link.kind === 'ws') {
				return done(
					`${whose} side closes the WebSocket after everything written so far: a Close frame ends both directions.`,
				);
			}

			return done(
				link.transport === 'tcp'
					? `${whose} socket sends FIN after everything written so far. It sends nothing more, but still reads.`
					: `${whose} socket sends nothing more: the other side reads to the end of what was written. It still reads.`,
			);
		}

		case 'reset': {
			owner.onCall(lingerZero);
			owner.reset();
			return done(`${whose} socket has sent RST: data in transit is lost.`);
		}

		case 'close': {
			return closeSocket(owner, link, socket, whose);
		}

		case 'nodelay': {
			owner.onCall(`setsockopt(TCP_NODELAY, ${action.isOn ? 1 : 0})`);
			socket.setNoDelay(action.isOn);
			return done(
				action.isOn
					? `${whose} socket has TCP_NODELAY on: small writes are sent at once.`
					: `${whose} socket has TCP_NODELAY off: a small write may wait for the last one's ACK (Nagle).`,
			);
		}

		case 'keepalive': {
			owner.onCall(`setsockopt(SO_KEEPALIVE, ${action.isOn ? 1 : 0})`);
			socket.setKeepAlive(action.isOn);
			return done(
				action.isOn
					? `${whose} socket has SO_KEEPALIVE on: after a long silence (2 hours by default on Linux) the kernel checks whether the other end is there.`
					: `${whose} socket has SO_KEEPALIVE off: the kernel never checks whether a silent peer is there.`,
			);
		}

		case 'tcp': {
			return askKernel(link);
		}

		default: {
			return assertNever(action);
		}
	}
};
