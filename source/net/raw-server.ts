/**
 * `serve --raw`: exact bytes, no names, no frames, no sniffing. What is typed
 * goes to every peer; what comes is told chunk by chunk, as it was read.
 */
import type {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import type {LeaveReason} from '../protocol/frame.js';
import type {RawEvent, ServerEvent} from '../store/event.js';
import type {Address} from './address.js';
import {systemClock, type Clock} from './clock.js';
import {Listener} from './listener.js';

export type RawServerOptions = {
	readonly address: Address;
	/** The queue of connections not yet accepted; the kernel caps it. */
	readonly backlog?: number | undefined;
	readonly onEvent: (event: ServerEvent | RawEvent) => void;
	readonly clock?: Clock | undefined;
};

export type RawServer = {
	/** Where it listens, with the real port where 0 was asked for. */
	readonly address: Address;
	/** Sends exactly these bytes to every peer. @returns How many there were. */
	readonly write: (bytes: Buffer) => number;
	/** FIN to all; after 3 seconds, who is left is cut off. */
	readonly drain: () => Promise<void>;
	readonly destroy: () => void;
	readonly closed: Promise<void>;
};

/**
 * Binds, listens and accepts, with nothing of sockchat's on the wire.
 *
 * @throws {SockchatError} See `listen()`.
 */
export const startRawServer = async ({
	address,
	backlog,
	onEvent,
	clock = systemClock,
}: RawServerOptions): Promise<RawServer> => {
	const sockets = new Map<Socket, string>();
	const destroy = () => {
		for (const socket of sockets.keys()) {
			socket.destroy();
		}
	};

	const accept = (socket: Socket, peer: string) => {
		let bytesIn = 0;
		let reason: LeaveReason = 'closed';
		sockets.set(socket, peer);
		socket.on('data', (bytes: Buffer) => {
			bytesIn += bytes.length;
			const at = clock.wallMs();
			onEvent({type: 'chunk', at, direction: 'in', peer, bytes});
		});
		// Its FIN is answered by ours: an empty read is the end of a peer.
		socket.on('end', () => {
			socket.end();
		});
		socket.on('error', () => {
			reason = 'reset';
		});
		socket.on('close', () => {
			sockets.delete(socket);
			const bytesOut = socket.bytesWritten - socket.writableLength;
			const at = clock.wallMs();
			onEvent({type: 'ended', at, peer, reason, bytesIn, bytesOut});
		});
	};

	const listener = new Listener({
		address,
		clock,
		onEvent,
		onSocket: accept,
		onDrain() {
			for (const socket of sockets.keys()) {
				socket.end();
			}
		},
		onCutOff: destroy,
	});
	await listener.listen(backlog);
	return {
		address: listener.address,
		write(bytes) {
			for (const [socket, peer] of sockets) {
				socket.write(bytes);
				const at = clock.wallMs();
				onEvent({type: 'chunk', at, direction: 'out', peer, bytes});
			}

			return sockets.size;
		},
		drain: async () => listener.drain(),
		destroy,
		closed: listener.closed,
	};
};
