/** A socket taken in hand: what a person asks for, and a sentence on it. */
import type {Socket} from 'node:net';
import type {SocketAction} from '../tcp/socket-action.js';
import {formatTcpInfo} from '../tcp/tcp-info.js';
import type {Call} from '../tcp/tcp.js';
import {assertNever} from '../errors.js';
import type {Link, SocketLink} from './link.js';
import {readTcpInfo} from './ss.js';

/** What only the socket's owner can do in good order. */
export type SocketOwner = {
	readonly link: Link;
	/** Stops reading, or reads again; heartbeats must not take it for death. */
	readonly setPaused: (isPaused: boolean) => void;
	/** RST, and what follows from it. */
	readonly reset: () => void;
	/** A bye where there is one, then FIN. */
	readonly close: () => void;
	/** Told before a call that no event of the socket tells. */
	readonly onCall: (call: Call) => void;
};

/** Node's own handle of a socket: what asks the kernel for bytes. */
type Handle = {
	reading: boolean;
	readonly readStart: () => void;
	readonly readStop: () => void;
};

/**
 * Stops or starts reading at once. A stream that is paused has asked for one
 * read already, and node:net has no public way to take that back.
 */
const setReading = (socket: Socket, isReading: boolean): void => {
	const handle = Reflect.get(socket, '_handle') as Handle | undefined;
	if (handle?.readStop && handle.reading !== isReading) {
		handle.reading = isReading;
		if (isReading) {
			handle.readStart();
		} else {
			handle.readStop();
		}
	}
};

const askKernel = async ({endpoints}: SocketLink): Promise<string> => {
	const {local, remote} = endpoints;
	const info =
		local === undefined || remote === undefined
			? undefined
			: await readTcpInfo(local, remote);
	// ss leaves it out while there were none.
	const retransmitsTotal = info?.retransmitsTotal ?? 0;
	return info
		? `${local} to ${remote}: ${formatTcpInfo({...info, retransmitsTotal})} (ss).`
		: `What the kernel knows of this connection is not available here: that needs Linux and ss, of the package iproute2.`;
};

const tcpActions: ReadonlySet<SocketAction['type']> = new Set([
	'reset',
	'nodelay',
	'keepalive',
	'tcp',
]);

/** Why the action can't be done now, or to this socket at all. */
const refusal = (
	{kind, isConnecting, stream}: SocketLink,
	{type}: SocketAction,
	whose: string,
): string | undefined => {
	if (isConnecting) {
		return 'There is no connection yet: connect() is under way.';
	}

	if (stream.destroyed) {
		return 'The connection is over.';
	}

	if (type === 'end' && stream.writableEnded) {
		return `${whose} socket has sent FIN before: nothing more goes out.`;
	}

	return tcpActions.has(type) && kind !== 'tcp'
		? `${whose} connection goes over a Unix domain socket, and /${type} is about TCP.`
		: undefined;
};

/**
 * @param whose Whose socket it is, to begin a sentence with: 'Your', "heron's".
 * @returns What was done, or why not.
 */
export const controlSocket = async (
	owner: SocketOwner,
	action: SocketAction,
	whose: string,
): Promise<string> => {
	const {link} = owner;
	if (link.kind === 'memory') {
		return 'The host itself is in the room without a socket; name a peer.';
	}

	const {stream} = link;
	const refused = refusal(link, action, whose);
	if (refused !== undefined) {
		return refused;
	}

	switch (action.type) {
		case 'pause': {
			owner.onCall('pause()');
			owner.setPaused(true);
			setReading(stream, false);
			return `${whose} socket is not read any more: what comes waits in the kernel, then at the other end. /resume reads on.`;
		}

		case 'resume': {
			owner.onCall('resume()');
			setReading(stream, true);
			owner.setPaused(false);
			return `${whose} socket is read again.`;
		}

		case 'end': {
			stream.end();
			return `${whose} socket sends FIN behind what was written: nothing more goes out, what comes is still read.`;
		}

		case 'reset': {
			owner.onCall('reset()');
			owner.reset();
			return `${whose} socket has sent RST: what was on its way is gone.`;
		}

		case 'close': {
			// Who doesn't read would never see the other side's FIN.
			setReading(stream, true);
			owner.setPaused(false);
			owner.close();
			return `${whose} connection is closed in good order: FIN goes behind what was written.`;
		}

		case 'nodelay': {
			stream.setNoDelay(action.isOn);
			return action.isOn
				? `${whose} socket has TCP_NODELAY on: small writes go out at once.`
				: `${whose} socket has TCP_NODELAY off: a small write may wait for the last one's ACK (Nagle).`;
		}

		case 'keepalive': {
			stream.setKeepAlive(action.isOn);
			return action.isOn
				? `${whose} socket has SO_KEEPALIVE on: after long silence (on Linux 2 hours, if nobody changed it) the kernel asks whether the other end is there.`
				: `${whose} socket has SO_KEEPALIVE off: in silence the kernel never asks whether the other end is there.`;
		}

		case 'tcp': {
			return askKernel(link);
		}

		default: {
			return assertNever(action);
		}
	}
};
