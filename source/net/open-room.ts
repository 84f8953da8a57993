/** Opens a room for a front end: as its host, as a member, or as either. */
import type {Socket} from 'node:net';
import type {Chat} from '../commands/perform.js';
import {SockchatError} from '../errors.js';
import type {Nick} from '../protocol/nick.js';
import type {ChatEvent} from '../store/event.js';
import {formatAddress, type Address} from './address.js';
import {Client} from './client.js';
import {connectionFailed, dial} from './dial.js';
import {startHost} from './host.js';

export type RoomOptions = {
	readonly command: 'join' | 'serve' | 'connect';
	readonly address: Address;
	readonly nick: Nick;
	readonly isNickFlexible: boolean;
	readonly isRetrying: boolean;
	readonly backlog: number | undefined;
	readonly maxMembers: number | undefined;
	readonly localPort: number | undefined;
};

export type RoomChat = Chat & {
	readonly mode: 'room';
	readonly role: 'serve' | 'connect';
	/** The server's address, as people write it. */
	readonly where: string;
	/** One's own public id. */
	readonly id: string;
	readonly nick: string;
	/** How many of one's own messages are not known to be stored. */
	readonly unstored: () => number;
	/** Settles when it is over: with the cause, or none if that was wanted. */
	readonly closed: Promise<SockchatError | undefined>;
};

type Emit = (event: ChatEvent) => void;

// Losing the race for a free port once or twice is bad luck; more is no race.
const maxRaces = 5;

const chatOf = (client: Client) => ({
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
	members: () => client.members,
	unstored: () => client.unstored,
});

const openMember = (
	options: RoomOptions,
	emit: Emit,
	connected?: Socket,
): RoomChat => {
	const {address, localPort, nick, isNickFlexible, isRetrying} = options;
	let first = connected;
	const client = new Client({
		dial() {
			const socket = first ?? dial(address, localPort);
			first = undefined;
			return socket;
		},
		describe: cause => connectionFailed(address, localPort, cause),
		nick,
		isNickFlexible,
		isRetrying,
		onEvent: emit,
	});
	return {
		...chatOf(client),
		role: 'connect',
		where: formatAddress(address),
		leave() {
			client.leave();
		},
		closed: client.closed,
	};
};

const openHost = async (
	options: RoomOptions,
	emit: Emit,
): Promise<RoomChat> => {
	const {server, client} = await startHost({...options, onEvent: emit});
	return {
		...chatOf(client),
		role: 'serve',
		where: formatAddress(server.address),
		leave: drainOnce(server),
		closed: server.closed.then(() => undefined),
	};
};

const tryConnect = async (address: Address): Promise<Socket | SockchatError> =>
	new Promise(resolve => {
		const socket = dial(address);
		socket.once('connect', () => {
			socket.removeAllListeners('error');
			resolve(socket);
		});
		socket.once('error', cause => {
			resolve(connectionFailed(address, undefined, cause));
		});
	});

const isTaken = (error: unknown): boolean =>
	error instanceof SockchatError &&
	(error.code === 'ERR_PORT_TAKEN' || error.code === 'ERR_SOCKET_PATH');

/** Joins the room that is there, or opens it; whoever comes second joins. */
const openEither = async (
	options: RoomOptions,
	emit: Emit,
	races = maxRaces,
): Promise<RoomChat> => {
	const connected = await tryConnect(options.address);
	if (!(connected instanceof SockchatError)) {
		return openMember(options, emit, connected);
	}

	if (connected.code !== 'ERR_REFUSED') {
		throw connected;
	}

	try {
		return await openHost(options, emit);
	} catch (error) {
		if (races > 0 && isTaken(error)) {
			return openEither(options, emit, races - 1);
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
 * @throws {SockchatError} Where listening fails, or, for `join`, where neither
 * connecting nor listening works. A failed `connect` is told by `closed`.
 */
export const openRoom = async (
	options: RoomOptions,
	emit: Emit,
): Promise<RoomChat> => {
	switch (options.command) {
		case 'join': {
			return openEither(options, emit);
		}

		case 'serve': {
			return openHost(options, emit);
		}

		case 'connect': {
			return openMember(options, emit);
		}
	}
};
