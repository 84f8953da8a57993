/**
 * `serve --raw`: exact bytes, no names, no frames, no sniffing. What is typed
 * goes to every peer; what comes is told chunk by chunk, as it was read.
 */
import type {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import type {SocketAction} from '../tcp/socket-action.js';
import type {LeaveReason} from '../protocol/frame.js';
import type {RawEvent, ServerEvent} from '../event/event.js';
import type {PeerRow} from '../event/peer-row.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import {Listener} from '../socket/listener.js';
import {controlSocket, type SocketOwner} from '../socket/control.js';
import type {Origin} from '../socket/origin.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import type {TcpTable} from '../socket/tcp-table.js';

export type RawServerOptions = {
	readonly address: LoopbackAddress;
	/** The queue of connections not yet accepted; the kernel caps it. */
	readonly backlog?: number | undefined;
	readonly onEvent: (event: ServerEvent | RawEvent) => void;
	/** Set where somebody watches the sockets. */
	readonly watch?: SocketWatch | undefined;
	readonly clock?: Clock | undefined;
};

export type RawServer = {
	/** Where it listens, with the real port where 0 was asked for. */
	readonly address: LoopbackAddress;
	/** Sends exactly these bytes to every peer. @returns How many there were. */
	readonly write: (bytes: Buffer) => number;
	/** Settles once no peer's queue is full: the slowest sets the pace. */
	readonly drained: () => Promise<void>;
	/** Reads no more from any peer until it is called with false. */
	readonly hold: (isHeld: boolean) => void;
	/**
	 * Does to a peer's socket what a person asks for.
	 *
	 * @param peer Its address; undefined where there is only one.
	 * @returns A sentence on what was done, or why not.
	 */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<string>;
	/** FIN to all; after 3 seconds, who is left is cut off. */
	readonly drain: () => Promise<void>;
	readonly destroy: () => void;
	readonly closed: Promise<void>;
};

/**
 * Binds, listens and accepts, with nothing of sockchat's on the wire.
 *
 * @throws {SockchatError} See `listen()` and `roomForPeers()`.
 */
export const startRawServer = async ({
	address,
	backlog,
	onEvent,
	watch,
	clock = systemClock,
}: RawServerOptions): Promise<RawServer> => {
	// Raw bytes have no way to turn anybody away: it only has to be able to start.
	roomForPeers();
	const peers = new Map<Socket, RawPeer>();
	const destroy = () => {
		for (const socket of peers.keys()) {
			socket.destroy();
		}
	};

	let isHeld = false;
	const accept = (socket: Socket, origin: Origin) => {
		const {name} = origin;
		if (isHeld) {
			socket.pause();
		}

		watch?.follow(socket, 'server', name);
		const peer: RawPeer = {
			name,
			origin,
			since: clock.monotonicMs(),
			bytesIn: 0,
			isHalfClosed: false,
			reason: 'closed',
		};
		peers.set(socket, peer);
		socket.on('data', (bytes: Buffer) => {
			peer.bytesIn += bytes.length;
			watch?.tap.note('in', name, bytes);
			const at = clock.wallMs();
			onEvent({type: 'chunk', at, direction: 'in', peer: name, bytes});
		});
		// Its FIN is answered by ours: an empty read is the end of a peer.
		socket.on('end', () => {
			peer.isHalfClosed = true;
			socket.end();
		});
		socket.on('error', () => {
			peer.reason = 'reset';
		});
		socket.on('close', () => {
			peers.delete(socket);
			const {bytesIn, reason} = peer;
			const bytesOut = socket.bytesWritten - socket.writableLength;
			const at = clock.wallMs();
			onEvent({type: 'ended', at, peer: name, reason, bytesIn, bytesOut});
		});
	};

	const listener = new Listener({
		address,
		clock,
		onEvent,
		onSocket: accept,
		onDrain() {
			for (const socket of peers.keys()) {
				socket.end();
			}
		},
		onCutOff: destroy,
	});
	await listener.listen(backlog);
	watch?.sample((table, at) => ({
		type: 'peers',
		at,
		rows: [...peers].map(([socket, peer]) => rowOf(socket, peer, table)),
		listening: table?.listening(formatAddress(listener.address)),
		backlog: listener.backlog,
		refused: 0,
	}));
	watch?.called('bind()');
	watch?.called('listen()');
	const closed = listener.closed.then(() => {
		watch?.stop();
	});
	return {
		address: listener.address,
		write(bytes) {
			let count = 0;
			for (const [socket, {name}] of peers) {
				// Behind its FIN and ours: a write would cut off what still waits.
				if (!socket.writable) {
					continue;
				}

				count++;
				watch?.tap.note('out', name, bytes);
				socket.write(bytes);
				const at = clock.wallMs();
				onEvent({type: 'chunk', at, direction: 'out', peer: name, bytes});
			}

			return count;
		},
		async drained() {
			await Promise.all([...peers.keys()].map(untilDrained));
		},
		hold(wanted) {
			isHeld = wanted;
			for (const socket of peers.keys()) {
				if (wanted) {
					socket.pause();
				} else {
					socket.resume();
				}
			}
		},
		async control(action, wanted) {
			const [found, another] = [...peers].filter(
				([, {name}]) => wanted === undefined || name === wanted,
			);
			if (!found || another) {
				return wanted === undefined
					? `Whose socket? There are ${peers.size} peers; name one by its address: /peers lists them.`
					: `No peer is called "${wanted}"; /peers lists them.`;
			}

			const [socket, peer] = found;
			return controlSocket(
				ownerOf(socket, peer, watch),
				action,
				`${peer.name}'s`,
			);
		},
		async drain() {
			await listener.drain();
			return closed;
		},
		destroy,
		closed,
	};
};

const untilDrained = async (socket: Socket): Promise<void> =>
	new Promise(resolve => {
		if (!socket.writableNeedDrain || socket.destroyed) {
			resolve();
			return;
		}

		const settle = () => {
			socket.off('drain', settle).off('close', settle);
			resolve();
		};

		socket.on('drain', settle).on('close', settle);
	});

type RawPeer = {
	readonly name: string;
	readonly origin: Origin;
	/** Monotonic milliseconds of its accept. */
	readonly since: number;
	bytesIn: number;
	isHalfClosed: boolean;
	/** What its end is told as. */
	reason: LeaveReason;
};

const rowOf = (
	socket: Socket,
	{name, origin, since, bytesIn, isHalfClosed}: RawPeer,
	table: TcpTable | undefined,
): PeerRow => ({
	peer: name,
	nick: undefined,
	dialect: 'raw',
	phase: isHalfClosed ? 'half-closed' : 'open',
	since,
	rttMs: undefined,
	bytesIn,
	bytesOut: socket.bytesWritten - socket.writableLength,
	queuedBytes: socket.writableLength,
	lagEntries: 0,
	isPaused: socket.isPaused(),
	kernel:
		origin.kind === 'tcp' ? table?.pair(origin.local, origin.name) : undefined,
});

/** A raw socket has no protocol to tell: its own calls are all there is. */
const ownerOf = (
	socket: Socket,
	peer: RawPeer,
	watch: SocketWatch | undefined,
): SocketOwner => ({
	duplex: socket,
	setPaused(isPaused) {
		if (isPaused) {
			socket.pause();
		} else {
			socket.resume();
		}
	},
	onCall(call) {
		watch?.called(call, socket);
	},
	reset() {
		peer.reason = 'reset';
		socket.resetAndDestroy();
	},
	close() {
		socket.end();
	},
});
