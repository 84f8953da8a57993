/** A socket taken in hand: what a person asks for, and a sentence on it. */
import {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import type {SocketAction} from '../commands/socket-action.js';
import type {TcpInfo} from '../connection/tcp-info.js';
import type {Call} from '../connection/tcp.js';
import {assertNever} from '../errors.js';
import {endpointsOf} from './address.js';
import {readTcpInfo} from './ss.js';

/** What only the socket's owner can do in good order. */
export type SocketOwner = {
	readonly duplex: Duplex;
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

/** What is known of it, in the words of tcp_info; the rest is left out. */
const describeInfo = (info: TcpInfo): string => {
	const facts: ReadonlyArray<readonly [string, number | undefined, string]> = [
		['rtt', info.rttMs, ' ms'],
		['rtt variance', info.rttVarianceMs, ' ms'],
		['cwnd', info.congestionWindowSegments, ' segments'],
		['mss', info.maximumSegmentBytes, ' bytes'],
		// ss leaves it out while there were none.
		['retransmits', info.retransmitsTotal ?? 0, ''],
		['acknowledged', info.bytesAcknowledged, ' bytes'],
		['received', info.bytesReceived, ' bytes'],
		['unacknowledged', info.unacknowledgedSegments, ' segments'],
	];
	return facts
		.filter(([, value]) => value !== undefined)
		.map(([name, value, unit]) => `${name} ${value}${unit}`)
		.join(', ');
};

const askKernel = async (socket: Socket): Promise<string> => {
	const {local, remote} = endpointsOf(socket);
	const info =
		local === undefined || remote === undefined
			? undefined
			: await readTcpInfo(local, remote);
	return info
		? `${local} to ${remote}: ${describeInfo(info)} (ss).`
		: 'The kernel tells nothing of this connection here: that needs Linux and ss, of the package iproute2.';
};

/** @param whose Whose socket it is, for the sentence: 'your', "heron's". */
export const controlSocket = async (
	owner: SocketOwner,
	action: SocketAction,
	whose: string,
): Promise<string> => {
	const {duplex} = owner;
	if (!(duplex instanceof Socket)) {
		return 'The host itself is in the room without a socket; name a peer.';
	}

	switch (action.type) {
		case 'pause': {
			owner.onCall('pause()');
			owner.setPaused(true);
			setReading(duplex, false);
			return `${whose} socket is not read any more: what comes waits in the kernel, then at the other end. /resume reads on.`;
		}

		case 'resume': {
			owner.onCall('resume()');
			setReading(duplex, true);
			owner.setPaused(false);
			return `${whose} socket is read again.`;
		}

		case 'end': {
			duplex.end();
			return `FIN is sent on ${whose} socket: nothing more goes out, what comes is still read.`;
		}

		case 'reset': {
			owner.onCall('reset()');
			owner.reset();
			return `RST is sent on ${whose} socket: what was on its way is gone.`;
		}

		case 'close': {
			owner.close();
			return `${whose} connection is closed in good order: FIN is sent.`;
		}

		case 'nodelay': {
			duplex.setNoDelay(action.isOn);
			return action.isOn
				? `TCP_NODELAY is on for ${whose} socket: small writes go out at once.`
				: `TCP_NODELAY is off for ${whose} socket: a small write may wait for the last one's ACK (Nagle).`;
		}

		case 'keepalive': {
			duplex.setKeepAlive(action.isOn);
			return `SO_KEEPALIVE is ${action.isOn ? 'on' : 'off'} for ${whose} socket.`;
		}

		case 'tcp': {
			return askKernel(duplex);
		}

		default: {
			return assertNever(action);
		}
	}
};
