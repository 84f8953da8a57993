/** A room on a listening socket. */
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import type {Duplex} from 'node:stream';
import type {HostAction} from '../commands/host-action.js';
import type {Answer, SocketAction} from '../tcp/socket-action.js';
import {
	defaultAgentRate,
	defaultConnectRate,
	defaultRate,
} from '../protocol/frame.js';
import {logIdOf} from '../history/log-id.js';
import type {GivenLog} from '../history/recover.js';
import {lazy} from '../protocol/lazy.js';
import type {RoomRelay} from '../room/relay.js';
import type {RestoredLog} from '../room/appender.js';
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
import {MemoryLink, type SocketLink} from '../socket/link.js';
import {callsToListen, Listener} from '../socket/listener.js';
import type {Origin} from '../socket/origin.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {
	healthTeller,
	openHistoryFor,
	type HistoryPlace,
} from './history-place.js';
import {Admission} from './admission.js';
import {shareOf} from './budget.js';
import {relaySite} from './relay-site.js';
import {controlPeer, samplePeers} from './peers.js';
import {performHostAction, type HostActionResult} from './host-actions.js';
import {Hub, type Company} from './hub.js';

export type ServerOptions = {
	/** Of this machine; anything else is refused. */
	readonly address: Address;
	/**
	 * A listening socket that was passed to this process, as by systemd; it is
	 * used instead of binding `address`, and refused unless it is on loopback or a
	 * Unix domain socket. `Server.address` then says where it listens.
	 */
	readonly descriptor?: number | undefined;
	/** Whether a connection was refused there just now, so that nobody listens. */
	readonly isFree?: boolean | undefined;
	/** What the room is called, besides its address. */
	readonly name?: string | undefined;
	/** The queue of connections that are not yet accepted; the kernel caps it. */
	readonly backlog?: number | undefined;
	/** 10,000 by default. */
	readonly maxMembers?: number | undefined;
	/**
	 * How long a member may be quiet before it is pinged, at least; 2,000 by
	 * default. After three times that without an answer it is dropped.
	 */
	readonly heartbeatMs?: number | undefined;
	/** Where the log is stored; in memory only by default. */
	readonly history?: HistoryPlace | undefined;
	readonly onEvent?: ((event: ServerEvent) => void) | undefined;
	/** Connections per user; unlimited by default. Linux only. */
	readonly maxPerUser?: number | undefined;
	/**
	 * Frames or lines per second per peer; 1,000 by default. Two limits in bytes
	 * per second follow from it: 1,024 bytes per message for one peer, at least
	 * 65,536, and four times that for all peers together. A peer over a limit is
	 * read more slowly and gets an error; nothing is dropped. `off` lifts these
	 * three limits, the share of the log that one sender may fill, and the limit
	 * on changes of nick.
	 */
	readonly rate?: number | 'off' | undefined;
	/** Connections accepted per second; 5,000 by default. */
	readonly connectRate?: number | 'off' | undefined;
	/** How many messages an agent may send in any minute; 30 by default. */
	readonly agentRate?: number | 'off' | undefined;
	/** Whether only processes of our own user may connect. Linux only. */
	readonly isSameUser?: boolean | undefined;
	/**
	 * Whether a service manager starts this server again: then members wait for
	 * it, and none opens the room in its place.
	 */
	readonly isManaged?: boolean | undefined;
	/** Set if everybody except the host must have it. */
	readonly token?: Token | undefined;
	/** Set if the room is linked with those on other machines. */
	readonly relay?: RoomRelay | undefined;
	/** Set if somebody watches the sockets. */
	readonly watch?: SocketWatch | undefined;
	readonly clock?: Clock | undefined;
};

export type Server = {
	/** Where it listens; the real port if 0 was asked for. */
	readonly address: LoopbackAddress;
	readonly room: Room;
	/**
	 * Takes one end of an in-memory duplex as a peer like any other.
	 *
	 * @param isReceiptsOnly Whether it gets only the entries that name it:
	 * receipts of what it says.
	 */
	readonly attach: (duplex: Duplex, isReceiptsOnly?: boolean) => void;
	/**
	 * Stops accepting, sends everybody the rest of the log and bye, and frees the
	 * port. Connections that are left after 3 seconds are destroyed.
	 */
	readonly drain: () => Promise<void>;
	/**
	 * Pauses, resets or closes a peer's socket, or changes its options.
	 *
	 * @param peer A nick or an address; undefined if there is only one peer.
	 */
	readonly control: (
		action: SocketAction,
		peer: string | undefined,
	) => Promise<Answer>;
	/** The members besides the host. */
	readonly company: () => Company;
	/** Kicks, bans, mutes, locks. */
	readonly rule: (action: HostAction) => Promise<HostActionResult>;
	/** Destroys every connection at once. */
	readonly destroy: () => void;
	/** Settles once every connection has ended and the port is free. */
	readonly closed: Promise<void>;
};

/** Asks whose process the peer is, before anything is read. */
const admit = async (
	admission: Admission,
	hub: Hub,
	link: SocketLink,
	origin: Origin,
): Promise<void> => {
	const socket = link.stream;
	const ignore = () => undefined;
	socket.on('error', ignore);
	const uid = await admission.uidOf(socket, origin);
	if (socket.destroyed) {
		const at = hub.clock.wallMs();
		const peer = origin.name;
		const reason = 'reset';
		hub.emit({type: 'ended', at, peer, reason, bytesIn: 0, bytesOut: 0});
		return;
	}

	hub.add(link, origin, admission.check(uid, hub.countOf(uid)));
	socket.off('error', ignore);
};

/**
 * The log that a relayed room's history must hold. While the engine is away it
 * is the one that the history has.
 */
const relayedLog = async (
	relay: RoomRelay | undefined,
	{path}: HistoryPlace,
): Promise<GivenLog | undefined> => {
	if (!relay || relay.log) {
		return relay?.log;
	}

	const id = await logIdOf(path);
	return id === undefined ? undefined : {id, head: 0};
};

/** Without a history, memory begins where the stream does. */
const beforeRelayed = (relay: RoomRelay | undefined): RestoredLog | undefined =>
	relay?.log && {
		tail: Buffer.alloc(0),
		tailFirstSeq: relay.log.head + 1,
		lastN: [],
	};

/** Clamps wall time to what clients accept. */
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
	descriptor,
	isFree = false,
	name,
	backlog,
	maxMembers,
	heartbeatMs,
	history: place,
	onEvent = () => undefined,
	watch,
	token,
	isSameUser,
	isManaged,
	maxPerUser,
	rate = defaultRate,
	connectRate = defaultConnectRate,
	agentRate = defaultAgentRate,
	clock: givenClock = systemClock,
	relay,
}: ServerOptions): Promise<Server> => {
	const address = requireLoopback(wanted);
	const admission = new Admission({isSameUser, maxPerUser});
	// First: it leaves descriptors for the history and the listening socket.
	const places = roomForPeers();
	const clock = inFrameTime(givenClock);
	const tellHealth = healthTeller(clock, onEvent);
	const isTried = descriptor === undefined && !isFree;
	const openHistory = async () =>
		place &&
		openHistoryFor({
			place,
			address,
			isTried,
			clock,
			onTrouble: tellHealth,
			log: await relayedLog(relay, place),
		});
	// If it is tried, it listens for a moment.
	const history = await (watch && isTried
		? watch.listening(openHistory, () => callsToListen(address, 1))
		: openHistory());
	const past = history?.recovered;
	let knownLogId = past?.logId ?? relay?.log?.id;
	// Lazily: Node takes 3 ms to load crypto, and listening should not wait.
	const freshLogId = lazy(() => randomUUID());
	const room = new Room({
		logId: () => knownLogId ?? freshLogId(),
		maxMembers,
		heartbeatMs,
		maxByFiles: places?.members,
		log: {isDeferred: history !== undefined},
		areRenamesLimited: rate !== 'off',
		past: past ?? beforeRelayed(relay),
		order: relay,
		share: shareOf(rate, history !== undefined),
	});
	const hub = new Hub({
		room,
		roomName: () => formatAddress(listener.address),
		title: name,
		isSameUser,
		isManaged,
		clock,
		emit: onEvent,
		tap: watch?.tap,
		history,
		tellHealth,
		token,
		relay,
		rate: rate === 'off' ? undefined : rate,
		agentRate: agentRate === 'off' ? undefined : agentRate,
		users: admission,
	});
	const listener = new Listener({
		address,
		descriptor,
		connectRate: connectRate === 'off' ? undefined : connectRate,
		clock,
		onEvent,
		onSocket(link, origin) {
			watch?.follow(link, 'server', origin.name);
		},
		onLink(link, origin) {
			if (admission.needsUid || hub.moderation.needsUid) {
				void admit(admission, hub, link, origin);
			} else {
				hub.add(link, origin);
			}
		},
		surplus: places && {
			maxPeers: places.peers,
			turnAway(socket, peer) {
				hub.turnAway(socket, peer);
			},
		},
		onDrain() {
			watch?.called('close()');
			hub.end('shutdown');
		},
		onCutOff() {
			hub.destroy();
		},
	});
	try {
		if (relay) {
			const setLog = (id: string) => {
				knownLogId = id;
			};

			await relay.start(relaySite({hub, history, setLog}), past);
		} else if (past) {
			room.endPast(past, clock.wallMs());
		}

		await hub.stored();

		const listen = async () => listener.listen(backlog);
		await (watch ? watch.listening(listen, () => listener.calls) : listen());
	} catch (error) {
		await relay?.drain();
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

	watch?.sample((table, at) => samplePeers(hub, listener, table, at));
	for (const call of listener.calls) {
		watch?.called(call);
	}

	hub.start();
	const closed = listener.closed.then(async () => {
		hub.stop();
		await watch?.closed();
		watch?.stop();
		await relay?.drain();
		await hub.stored();
		try {
			await history?.close();
		} catch (error) {
			tellHealth(error as Error);
		}
	});
	return {
		address: listener.address,
		room,
		attach(duplex, isReceiptsOnly) {
			const link = new MemoryLink(duplex);
			hub.add(link, {kind: 'memory', name: 'host'}, {isReceiptsOnly});
		},
		async drain() {
			await listener.drain();
			return closed;
		},
		company: () => hub.company,
		rule: async action => performHostAction(hub, admission, action),
		control: async (action, peer) => controlPeer(hub, watch, action, peer),
		destroy() {
			hub.destroy();
		},
		closed,
	};
};
