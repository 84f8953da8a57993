/** A room on a listening socket. */
import {randomUUID} from 'node:crypto';
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import type {HostAction} from '../commands/host-action.js';
import type {SocketAction} from '../tcp/socket-action.js';
import {defaultConnectRate, defaultRate} from '../protocol/frame.js';
import {lazily} from '../protocol/lazily.js';
import {Room} from '../room/room.js';
import type {Token} from '../protocol/token.js';
import type {ServerEvent} from '../event/event.js';
import {
	formatAddress,
	requireLoopback,
	type Address,
	type LoopbackAddress,
} from '../socket/address.js';
import {toFrameTime} from '../protocol/time.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import {Listener} from '../socket/listener.js';
import type {Origin} from '../socket/origin.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {
	healthTeller,
	openHistoryFor,
	type HistoryPlace,
} from './history-place.js';
import {Door} from './admission.js';
import {shareOf} from './budget.js';
import {controlPeer, samplePeers} from './peers.js';
import {rule, type Ruled} from './moderation.js';
import {Sessions} from './sessions.js';

export type ServerOptions = {
	/** Of this machine; anything else is refused. */
	readonly address: Address;
	/** The queue of connections not yet accepted; the kernel caps it. */
	readonly backlog?: number | undefined;
	/** 10,000 by default. */
	readonly maxMembers?: number | undefined;
	/** Where the log is kept; undefined keeps it in memory alone. */
	readonly history?: HistoryPlace | undefined;
	readonly onEvent?: ((event: ServerEvent) => void) | undefined;
	/** Connections of one user; by default any number. Linux. */
	readonly maxPerUser?: number | undefined;
	/**
	 * Frames or lines of one peer, a second: 1,000 by default. From it follow the
	 * bytes a second of one peer (1,024 for each, at least 65,536) and of all
	 * together (four times as many). Over one of these, a peer is read more
	 * slowly and told so; nothing is dropped. `off` lifts all three, the share
	 * of the log that one sender may fill, and the bound on changes of nick.
	 */
	readonly rate?: number | 'off' | undefined;
	/** Connections let in a second; 5,000 by default. */
	readonly connectRate?: number | 'off' | undefined;
	/** Whether only processes of our own user may come in; Linux. */
	readonly isSameUser?: boolean | undefined;
	/** Set where all but the host have to know it. */
	readonly token?: Token | undefined;
	/** Set where somebody watches the sockets. */
	readonly watch?: SocketWatch | undefined;
	readonly clock?: Clock | undefined;
};

export type Server = {
	/** Where it listens, with the real port where 0 was asked for. */
	readonly address: LoopbackAddress;
	readonly room: Room;
	/**
	 * Takes one end of an in-memory duplex as a peer like any other.
	 *
	 * @param isDeaf Of the log it gets only the entries that name it, as the
	 * receipts of what it says.
	 */
	readonly attach: (duplex: Duplex, isDeaf?: boolean) => void;
	/**
	 * Accepts nobody else, hands on what the log has, says bye to all and frees
	 * the port; after 3 seconds, who is left is cut off.
	 */
	readonly drain: () => Promise<void>;
	/**
	 * Does to a peer's socket what a person asks for.
	 *
	 * @param peer A nick or an address; undefined where there is only one.
	 * @returns A sentence on what was done, or why not.
	 */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<string>;
	/** Does what the host says about who is in the room. */
	readonly rule: (action: HostAction) => Promise<Ruled>;
	/** Cuts everybody off at once. */
	readonly destroy: () => void;
	/** Settles once every connection has ended and the port is free. */
	readonly closed: Promise<void>;
};

/** Nothing is heard of it until it is known who it is. */
const meet = async (
	door: Door,
	sessions: Sessions,
	socket: Socket,
	origin: Origin,
): Promise<void> => {
	const ignore = () => undefined;
	socket.on('error', ignore);
	const uid = await door.uidOf(socket, origin);
	if (socket.destroyed) {
		const at = sessions.clock.wallMs();
		const peer = origin.name;
		const reason = 'reset';
		sessions.emit({type: 'ended', at, peer, reason, bytesIn: 0, bytesOut: 0});
		return;
	}

	sessions.add(socket, origin, door.judge(uid, sessions.countOf(uid)));
	socket.off('error', ignore);
};

/** All times that a server tells or keeps are such that a client takes them. */
const inFrameTime = (clock: Clock): Clock => ({
	monotonicMs: () => clock.monotonicMs(),
	wallMs: () => toFrameTime(clock.wallMs()),
	setTimer: (callback, delayMs) => clock.setTimer(callback, delayMs),
});

/**
 * Binds, listens and serves a room.
 *
 * @throws {SockchatError} See `listen` and `openHistory`; before anything is
 * opened `ERR_TOO_FEW_FILES`, `ERR_NOT_LOOPBACK`, `ERR_PORT_RANGE` or `ERR_SOCKET_PATH`.
 */
export const startServer = async ({
	address: wanted,
	backlog,
	maxMembers,
	history: place,
	onEvent = () => undefined,
	watch,
	token,
	isSameUser,
	maxPerUser,
	rate = defaultRate,
	connectRate = defaultConnectRate,
	clock: givenClock = systemClock,
}: ServerOptions): Promise<Server> => {
	const address = requireLoopback(wanted);
	const door = new Door({isSameUser, maxPerUser});
	// First: the history and the listening socket are among what it leaves.
	const places = roomForPeers();
	const clock = inFrameTime(givenClock);
	const tellHealth = healthTeller(clock, onEvent);
	const history =
		place && (await openHistoryFor(place, address, clock, tellHealth));
	const past = history?.recovered;
	const knownLogId = past?.logId;
	const room = new Room({
		// Node takes 3 ms to load crypto: not before it listens.
		logId: lazily(() => knownLogId ?? randomUUID()),
		maxMembers,
		maxByFiles: places?.members,
		log: {isHeld: history !== undefined},
		areRenamesLimited: rate !== 'off',
		past,
		share: shareOf(rate, history !== undefined),
	});
	const sessions = new Sessions({
		room,
		roomName: () => formatAddress(listener.address),
		clock,
		emit: onEvent,
		tap: watch?.tap,
		history,
		tellHealth,
		token,
		rate: rate === 'off' ? undefined : rate,
	});
	const listener = new Listener({
		address,
		connectRate: connectRate === 'off' ? undefined : connectRate,
		clock,
		onEvent,
		onSocket(socket, origin) {
			watch?.follow(socket, 'server', origin.name);
			if (door.isAsking || sessions.rules.isByUid) {
				void meet(door, sessions, socket, origin);
			} else {
				sessions.add(socket, origin);
			}
		},
		surplus: places && {
			maxPeers: places.peers,
			turnAway(socket, peer) {
				sessions.turnAway(socket, peer);
			},
		},
		onDrain() {
			sessions.end('shutdown');
		},
		onCutOff() {
			sessions.destroy();
		},
	});
	try {
		await listener.listen(backlog);
	} catch (error) {
		await history?.close();
		throw error;
	}

	if (place && past) {
		const {head, cutBytes, damagedPath, isNextLog} = past;
		const {path} = place;
		const at = clock.wallMs();
		onEvent({
			type: 'history',
			at,
			state: 'open',
			path,
			head,
			cutBytes,
			damagedPath,
			isNextLog,
		});
	}

	watch?.sample((table, at) => samplePeers(sessions, listener, table, at));
	watch?.called('bind()');
	watch?.called('listen()');
	sessions.start();
	const closed = listener.closed.then(async () => {
		sessions.stop();
		watch?.stop();
		await sessions.kept();
		try {
			await history?.close();
		} catch (error) {
			tellHealth(error as Error);
		}
	});
	return {
		address: listener.address,
		room,
		attach(duplex, isDeaf) {
			sessions.add(duplex, {kind: 'memory', name: 'host'}, {isDeaf});
		},
		async drain() {
			await listener.drain();
			return closed;
		},
		rule: async action => rule(sessions, door, action),
		control: async (action, peer) => controlPeer(sessions, watch, action, peer),
		destroy() {
			sessions.destroy();
		},
		closed,
	};
};
