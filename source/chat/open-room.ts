/** Opens a room for a front end: as its host, as a member, or as either. */
import type {RoomHands} from '../commands/hands.js';
import type {HostAction} from '../commands/host-action.js';
import type {SocketAction} from '../tcp/socket-action.js';
import {connectTimedOut, connectTimeoutMs} from '../connection/lifecycle.js';
import {SockchatError} from '../errors.js';
import type {Nick} from '../protocol/nick.js';
import type {Token} from '../protocol/token.js';
import type {ChatEvent} from '../event/event.js';
import {formatAddress, type LoopbackAddress} from '../socket/address.js';
import {Client} from '../client/client.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {connectionFailed, dial} from '../socket/dial.js';
import type {SocketLink} from '../socket/link.js';
import type {HistoryPlace} from '../server/history-place.js';
import {SocketWatch} from '../watch/socket-watch.js';
import {startHost} from './host.js';
import {readToken} from './token-file.js';

export type RoomOptions = {
	readonly command: 'join' | 'serve' | 'connect';
	readonly address: LoopbackAddress;
	readonly nick: Nick;
	readonly isNickFlexible: boolean;
	readonly isRetrying: boolean;
	readonly backlog: number | undefined;
	readonly maxMembers: number | undefined;
	readonly history: HistoryPlace | undefined;
	readonly localPort: number | undefined;
	/** A file that only its owner may read; else SOCKCHAT_TOKEN counts. */
	readonly tokenFile?: string | undefined;
	/** Whether a server turns other users away; Linux. */
	readonly isSameUser?: boolean | undefined;
	readonly maxPerUser?: number | undefined;
	readonly rate?: number | 'off' | undefined;
	readonly connectRate?: number | 'off' | undefined;
	/** Whether somebody shows what the sockets do. */
	readonly isWatched: boolean;
	/** As a host: nobody looks at what the others say. */
	readonly isDeaf?: boolean | undefined;
	readonly clock?: Clock | undefined;
};

export type RoomChat = Pick<
	RoomHands,
	| 'say'
	| 'whisper'
	| 'rename'
	| 'search'
	| 'leave'
	| 'members'
	| 'control'
	| 'rule'
> & {
	readonly mode: 'room';
	readonly role: 'serve' | 'connect';
	/** The server's address, as people write it. */
	readonly where: string;
	/** One's own public id. */
	readonly id: string;
	readonly nick: string;
	/** How many of one's own messages are not known to be stored. */
	readonly unstored: () => number;
	/** Asks for older entries; without a seq, for the oldest of all. */
	readonly readPast: (before: number | undefined) => void;
	/** Whether the chunks on the wire are told too. */
	readonly setTap: (isOn: boolean) => void;
	/** Settles when it is over: with the cause, or none if that was wanted. */
	readonly closed: Promise<SockchatError | undefined>;
};

/** The token is read once; a client that reconnects has it. */
type TokenOptions = RoomOptions & {readonly token: Token | undefined};

type Emit = (event: ChatEvent) => void;

// Losing the race for a free port once or twice is bad luck; more is no race.
const maxRaces = 5;

// Who has the room's history is about to listen; reading it may take a second.
const openingMs = 50;
const maxOpenings = 40;
const allLeft = {races: maxRaces, openings: maxOpenings};

export const onlyOwnSocket =
	'Only a server has peers to name; leave the name out for your own socket.';

export const onlyHost = 'Only the host of a room can do that.';

const chatOf = (client: Client, watch: SocketWatch | undefined) => ({
	mode: 'room' as const,
	id: client.id,
	nick: client.nick,
	say(text: string) {
		client.say(text);
	},
	whisper(to: string, text: string) {
		client.whisper(to, text);
	},
	rename(nick: string) {
		client.rename(nick);
	},
	search: (text: string | undefined) => client.search(text),
	readPast(before: number | undefined) {
		client.readPast(before);
	},
	members: () => client.members,
	control: async (action: SocketAction, peer: string | undefined) =>
		peer === undefined ? client.control(action) : onlyOwnSocket,
	rule: async (_action: HostAction) => onlyHost,
	unstored: () => client.unstored,
	setTap(isOn: boolean) {
		if (watch) {
			watch.tap.isOn = isOn;
		}
	},
});

const openMember = (
	options: TokenOptions,
	emit: Emit,
	watch: SocketWatch | undefined,
	connected?: SocketLink,
): RoomChat => {
	const {address, localPort, nick, isNickFlexible, isRetrying, token} = options;
	let first = connected;
	const client = new Client({
		dial() {
			const link = first ?? dial(address, localPort);
			first = undefined;
			return link;
		},
		describe: cause => connectionFailed(address, localPort, cause),
		nick,
		isNickFlexible,
		isRetrying,
		token,
		onEvent: emit,
		watch,
	});
	watch?.sampleClient(() => client.endpoints);
	return {
		...chatOf(client, watch),
		role: 'connect',
		where: formatAddress(address),
		leave() {
			client.leave();
		},
		closed: (async () => {
			const cause = await client.closed;
			await watch?.closed();
			watch?.stop();
			return cause;
		})(),
	};
};

const openHost = async (
	options: TokenOptions,
	emit: Emit,
	watch: SocketWatch | undefined,
): Promise<RoomChat> => {
	const {server, client} = await startHost({
		...options,
		onEvent: emit,
		watch,
	});
	return {
		...chatOf(client, watch),
		role: 'serve',
		control: server.control,
		async rule(action) {
			const {sentence, told} = await server.rule(action);
			if (told !== undefined) {
				// In the host's own words, so that any client shows and keeps them.
				client.say(`/me ${told}`);
			}

			return sentence;
		},
		where: formatAddress(server.address),
		leave: drainOnce(server),
		closed: server.closed.then(() => undefined),
	};
};

const tryConnect = async (
	{address, clock = systemClock}: RoomOptions,
	watch: SocketWatch | undefined,
): Promise<SocketLink | SockchatError> =>
	new Promise(resolve => {
		const link = dial(address);
		const {stream} = link;
		watch?.follow(link, 'client', undefined);
		const cancelDeadline = clock.setTimer(() => {
			stream.destroy();
			resolve(connectTimedOut());
		}, connectTimeoutMs);
		stream.once('connect', () => {
			cancelDeadline();
			stream.removeAllListeners('error');
			resolve(link);
		});
		stream.once('error', cause => {
			cancelDeadline();
			resolve(connectionFailed(address, undefined, cause));
		});
	});

const isTaken = (error: unknown): boolean =>
	error instanceof SockchatError &&
	(error.code === 'ERR_PORT_TAKEN' || error.code === 'ERR_SOCKET_PATH');

const isOpening = (error: unknown): boolean =>
	error instanceof SockchatError && error.code === 'ERR_HISTORY_TAKEN';

/** Joins the room that is there, or opens it; whoever comes second joins. */
const openEither = async (
	options: TokenOptions,
	emit: Emit,
	watch: SocketWatch | undefined,
	left = allLeft,
): Promise<RoomChat> => {
	const connected = await tryConnect(options, watch);
	if (!(connected instanceof SockchatError)) {
		return openMember(options, emit, watch, connected);
	}

	if (connected.code !== 'ERR_REFUSED') {
		throw connected;
	}

	try {
		return await openHost(options, emit, watch);
	} catch (error) {
		const {races, openings} = left;
		if (races > 0 && isTaken(error)) {
			return openEither(options, emit, watch, {...left, races: races - 1});
		}

		if (openings > 0 && isOpening(error)) {
			const {clock = systemClock} = options;
			await new Promise<void>(resolve => {
				clock.setTimer(resolve, openingMs);
			});
			const next = {...left, openings: openings - 1};
			return openEither(options, emit, watch, next);
		}

		throw error;
	}
};

/** The first call drains, the next cuts off. */
export const drainOnce = (server: {
	readonly drain: () => Promise<void>;
	readonly destroy: () => void;
}): (() => void) => {
	let isDraining = false;
	return () => {
		if (isDraining) {
			server.destroy();
		} else {
			isDraining = true;
			void server.drain();
		}
	};
};

/**
 * Opens the room; what happens in it from now on comes as events.
 *
 * @throws {SockchatError} Where the token is not fit, where listening fails, or,
 * for `join`, where neither connecting nor listening works. A failed `connect`
 * is told by `closed`.
 */
export const openRoom = async (
	given: RoomOptions,
	emit: Emit,
): Promise<RoomChat> => {
	const options = {...given, token: await readToken(given.tokenFile)};
	const watch = options.isWatched
		? new SocketWatch(systemClock, emit, options.address)
		: undefined;
	try {
		switch (options.command) {
			case 'join': {
				return await openEither(options, emit, watch);
			}

			case 'serve': {
				return await openHost(options, emit, watch);
			}

			case 'connect': {
				return openMember(options, emit, watch);
			}
		}
	} catch (error) {
		watch?.stop();
		throw error;
	}
};
