/** `startServer()`: a room and its host, for a program. */
import {startHost} from '../chat/host.js';
import {readLoginName} from '../chat/login-name.js';
import {freshIdentity} from '../client/identity.js';
import type {ClientEvent, ServerEvent} from '../event/event.js';
import {nickFromLogin, parseNick, type Nick} from '../protocol/nick.js';
import type {Token} from '../protocol/token.js';
import type {Server as RoomServer} from '../server/server.js';
import type {Address} from '../socket/address.js';
import {onAbort} from './abort.js';
import {Conversation, type MissedEvents} from './conversation.js';
import {RoomMember, type Membership} from './membership.js';
import {readPlace, type PlaceOptions} from './place.js';
import {openRelay, type RelayOptions} from './relay.js';
import {withApiWords, type AnyEvent} from './words.js';

/** The events of `startServer()`: its sockets', and what its host hears. */
export type RoomEvent = ServerEvent | ClientEvent;

export type HistoryOptions = {
	/** The file that keeps the room; it is made if it is missing. */
	readonly path: string;
	/**
	 * Whether each group of entries is synced before it is shown, or the file once
	 * a second, which is the default.
	 */
	readonly fsync?: 'always' | 'interval' | undefined;
};

export type ServerOptions = PlaceOptions & {
	/** The host's; by default the login name. */
	readonly nick?: string | undefined;
	/** What the room is called, besides its address. */
	readonly name?: string | undefined;
	/**
	 * A listening socket that was passed to this process, as by systemd; it is
	 * used instead of binding an address, and refused unless it is on loopback or a
	 * Unix domain socket. `address` then says where it listens.
	 */
	readonly descriptor?: number | undefined;
	/** The queue of connections that are not yet accepted; the kernel caps it. */
	readonly backlog?: number | undefined;
	/** 10,000 by default, the host included. */
	readonly maxMembers?: number | undefined;
	/** Where the room is kept; in memory only by default. */
	readonly history?: HistoryOptions | undefined;
	/**
	 * Shares the room `name` with other machines: a server of its own on each,
	 * linked by a NATS server with JetStream. What is said is stored once it is in
	 * the stream there.
	 */
	readonly relay?: RelayOptions | undefined;
	/** If set, everybody except the host must have it. */
	readonly token?: Token | undefined;
	/** Connections per user; unlimited by default. Linux only. */
	readonly maxPerUser?: number | undefined;
	/** Whether only processes of our own user may connect. Linux only. */
	readonly isSameUser?: boolean | undefined;
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
	/**
	 * Messages that an agent may send in any minute, 30 by default: a client whose
	 * hello says it is one, such as `sockchat mcp`.
	 */
	readonly agentRate?: number | 'off' | undefined;
	/** Its abort closes the server; what is waited for rejects with the reason. */
	readonly signal?: AbortSignal | undefined;
	/**
	 * Called with each event as it happens. What it throws is an uncaught exception
	 * of your program.
	 */
	onEvent?(event: RoomEvent): void;
};

export type Server = Membership & {
	/** All that happens, as for `onEvent`; bounded like `messages()`. */
	readonly events: () => AsyncIterableIterator<
		RoomEvent | MissedEvents,
		undefined
	>;
	/**
	 * Stops accepting, sends everybody the rest of the log and bye, and frees the
	 * port, as disposing does. Connections that are left after 3 seconds are
	 * destroyed.
	 */
	readonly drain: () => Promise<void>;
	/** Destroys every connection at once. */
	readonly destroy: () => void;
	/** Settles once every connection has ended and the port is free. */
	readonly closed: Promise<void>;
};

class Host extends RoomMember<RoomEvent> implements Server {
	readonly address: Address;
	readonly closed: Promise<void>;
	readonly #server: RoomServer;

	constructor(
		{server, client}: Awaited<ReturnType<typeof startHost>>,
		conversation: Conversation<RoomEvent>,
	) {
		super(client, conversation);
		this.address = server.address;
		this.closed = server.closed;
		this.#server = server;
	}

	readonly drain = async (): Promise<void> => this.#server.drain();

	readonly destroy = (): void => {
		this.#server.destroy();
	};

	async [Symbol.asyncDispose](): Promise<void> {
		return this.drain();
	}
}

const historyOf = (history: HistoryOptions | undefined) =>
	history && {path: history.path, fsync: history.fsync ?? 'interval'};

/** A nick that nobody chose gives way to one that is taken. */
const readNick = (
	given: string | undefined,
): {nick: Nick; isNickFlexible: boolean} => {
	if (given === undefined) {
		const nick = nickFromLogin(readLoginName(), 'host');
		return {nick, isNickFlexible: true};
	}

	const parsed = parseNick(given, 'host');
	if (!parsed.ok) {
		throw parsed.error;
	}

	return {nick: parsed.nick, isNickFlexible: false};
};

/**
 * Opens a room, and joins it as its host.
 *
 * @throws {SockchatError} Before any socket is opened `ERR_NOT_LOOPBACK`,
 * `ERR_PORT_RANGE`, `ERR_SOCKET_PATH` or `ERR_NICK_INVALID`; then what made it
 * fail, such as `ERR_PORT_TAKEN`, `ERR_HISTORY` or `ERR_RELAY_AWAY`. After an
 * abort, the signal's reason.
 */
export const startServer = async (
	options: ServerOptions = {},
): Promise<Server> =>
	withApiWords(async () => {
		const {signal, history, onEvent} = options;
		signal?.throwIfAborted();
		const address = readPlace(options, 0);
		const nick = readNick(options.nick);
		const identity = freshIdentity();
		const conversation = new Conversation<RoomEvent>(
			identity.id,
			onEvent,
			() => host.client,
		);
		const takeEvent = (event: AnyEvent) => {
			conversation.take(event as RoomEvent);
		};

		const relay =
			options.relay &&
			(await openRelay(options.relay, {
				name: options.name,
				history: historyOf(history),
				onEvent: takeEvent,
			}));
		const host: Awaited<ReturnType<typeof startHost>> = await startHost({
			...nick,
			address,
			name: options.name,
			descriptor: options.descriptor,
			backlog: options.backlog,
			maxMembers: options.maxMembers,
			history: historyOf(history),
			token: options.token,
			maxPerUser: options.maxPerUser,
			isSameUser: options.isSameUser,
			rate: options.rate,
			connectRate: options.connectRate,
			agentRate: options.agentRate,
			isHearingCommands: true,
			takeIdentity: () => identity,
			...(relay && {relay}),
			onEvent: takeEvent,
		}).catch(async (error: unknown) => {
			await relay?.drain();
			throw error;
		});
		const {server, client} = host;
		const stop = onAbort(signal, reason => {
			conversation.abort(reason);
			void server.drain();
		});
		void server.closed.then(() => {
			stop();
			conversation.end(undefined);
		});
		const lost = client.closed.then(cause => {
			if (cause) {
				throw cause;
			}
		});
		try {
			await Promise.race([conversation.welcomed, lost]);
		} catch (error) {
			await server.drain();
			throw error;
		}

		return new Host(host, conversation);
	});
