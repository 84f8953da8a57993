/**
 * `serve`: a server plus an ordinary member, which is linked to it in memory
 * instead of by a socket.
 */
import {duplexPair, type Duplex} from 'node:stream';
import {SockchatError} from '../errors.js';
import type {Nick} from '../protocol/nick.js';
import type {ChatEvent} from '../event/event.js';
import type {RoomRelay} from '../room/relay.js';
import {Client} from '../client/client.js';
import type {Identity} from '../client/identity.js';
import {formatAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import {MemoryLink} from '../socket/link.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {
	startServer,
	type Server,
	type ServerOptions,
} from '../server/server.js';
import {drainOnce} from './drain-once.js';
import {invitationOf} from './invitation.js';
import {takeIdentity} from './kept-identity.js';
import {chatOf} from './member.js';
import type {
	Emit,
	HostOnlyOptions,
	OpenOptions,
	RoomChat,
} from './room-chat.js';

export type HostOptions = Omit<ServerOptions, 'onEvent'> & {
	readonly nick: Nick;
	readonly isNickFlexible: boolean;
	readonly since?: number | undefined;
	readonly log?: string | undefined;
	readonly last?: number | undefined;
	readonly isAgent?: boolean | undefined;
	/** Whether somebody may ask for the commands of bots. */
	readonly isHearingCommands?: boolean | undefined;
	/** Whether nobody looks at what others say; then it is not read. */
	readonly isReceiptsOnly?: boolean | undefined;
	/** Takes the host's identity; without it, a fresh one is used. */
	readonly takeIdentity?: (() => Identity) | undefined;
	readonly onEvent: (event: ChatEvent) => void;
};

export type Host = {readonly server: Server; readonly client: Client};

/** Settles once the other end has read everything so far, or has closed. */
const flushed = async (duplex: Duplex): Promise<void> =>
	new Promise(resolve => {
		// If the other end has closed, the write's callback never comes.
		duplex.once('close', resolve);
		duplex.write('', () => {
			resolve();
		});
	});

/** The way of a host's own member to its server. */
export const createDoor = (server: Server, isReceiptsOnly: boolean) => {
	let near: Duplex | undefined;
	return {
		dial(): MemoryLink {
			const [ours, far] = duplexPair();
			near = ours;
			server.attach(far, isReceiptsOnly);
			// Before Node 24 one end of a pair didn't notice that the other was
			// destroyed. After a clean end it has read everything by then.
			far.once('close', () => {
				ours.destroy();
			});
			return new MemoryLink(ours);
		},
		/** Drains the server once it has all that the member said. */
		async drain(): Promise<void> {
			if (near?.writable) {
				await flushed(near);
			}

			await server.drain();
		},
	};
};

/**
 * Whether an event of the host's own member is reported. In memory there is no
 * connection to report; the server's events do that. A deaf host receives only
 * its own entries, so a gap means nothing.
 */
export const isOfHost = (event: ChatEvent, isReceiptsOnly: boolean): boolean =>
	!(isReceiptsOnly && event.type === 'frame' && event.frame.type === 'gap') &&
	event.type !== 'connection' &&
	event.type !== 'traffic' &&
	event.type !== 'rtt';

/**
 * Starts a server and joins its room.
 *
 * @throws {SockchatError} What `startServer` throws.
 */
export const startHost = async (options: HostOptions): Promise<Host> => {
	const server = await startServer(options);
	const {
		nick,
		isNickFlexible,
		isReceiptsOnly = false,
		onEvent,
		clock,
	} = options;
	const door = createDoor(server, isReceiptsOnly);
	const client = new Client({
		dial: door.dial,
		describe: cause =>
			new SockchatError('ERR_INTERNAL', cause.message, {cause}),
		nick,
		isNickFlexible,
		isRetrying: false,
		since: options.since,
		log: options.log,
		last: options.last,
		isAgent: options.isAgent,
		isHearingCommands: options.isHearingCommands,
		// Not before: a server that can't start leaves nothing behind.
		identity: options.takeIdentity?.(),
		clock,
		onEvent(event) {
			if (isOfHost(event, isReceiptsOnly)) {
				onEvent(event);
			}
		},
	});
	// After the server has closed, the host has yet to read its last frames.
	const closed = Promise.all([server.closed, client.closed]).then(
		() => undefined,
	);
	return {
		client,
		server: {
			...server,
			closed,
			async drain() {
				await door.drain();
				return closed;
			},
		},
	};
};

/**
 * The host's identity, kept so that its lines in the history stay its own. A
 * port that the kernel chose identifies no room; the history's file then does.
 */
const keptIdentityOf = ({
	address,
	clientsFolder: folder,
	history,
	identity,
	nick,
	token,
}: OpenOptions & HostOnlyOptions): (() => Identity) | undefined => {
	if (identity) {
		return () => identity;
	}

	const place =
		address.kind === 'tcp' && address.port === 0
			? history && ({kind: 'unix', path: history.path} as const)
			: address;
	return folder !== undefined && place
		? () =>
				takeIdentity({
					folder,
					address: place,
					nick,
					hasToken: token !== undefined,
					isHost: true,
				})
		: undefined;
};

/** What a host may do besides what any member may. */
export const rightsOf = (
	server: Server,
	client: Client,
): Pick<RoomChat, 'control' | 'rule' | 'company'> => ({
	control: server.control,
	company: server.company,
	async rule(action) {
		const {told, ...answer} = await server.rule(action);
		if (told !== undefined) {
			// Said as the host, so any client shows it and keeps it.
			client.say(`/me ${told}`);
		}

		return answer;
	},
});

/** Undefined if the room is not to be linked with others. */
const openRelay = async (
	{
		relayWish,
		name,
		history,
		clock = systemClock,
	}: HostOnlyOptions & Pick<OpenOptions, 'clock'>,
	onEvent: Emit,
): Promise<RoomRelay | undefined> => {
	if (relayWish === undefined || name === undefined) {
		return undefined;
	}

	const {openRelayFor} = await import('./relay.js');
	return openRelayFor(relayWish, {room: name, history, clock, onEvent});
};

/** A host's room, for a front end. */
export const openHost = async (
	options: OpenOptions & HostOnlyOptions,
	emit: Emit,
	watch: SocketWatch | undefined,
): Promise<RoomChat> => {
	const relay = await openRelay(options, emit);
	const {server, client} = await startHost({
		...options,
		...(relay && {relay}),
		takeIdentity: keptIdentityOf(options),
		onEvent: emit,
		watch,
	}).catch(async (error: unknown) => {
		await relay?.drain();
		throw error;
	});
	if (options.isHomeless) {
		emit({
			type: 'notice',
			at: (options.clock ?? systemClock).wallMs(),
			tone: 'warn',
			text: 'This room is kept in memory only: neither XDG_STATE_HOME nor HOME says where its history goes. To keep it, name a file: --history FILE',
		});
	}

	return {
		...chatOf(client, watch),
		...rightsOf(server, client),
		role: 'serve',
		// What is in memory alone, ends with the server.
		kept: () => (options.history ? client.kept : 0),
		entrusted: () => relay?.waitingBesides(client.id, client.unstored) ?? 0,
		invitation: invitationOf({
			address: server.address,
			hasToken: options.token !== undefined,
			isSameUser: options.isSameUser === true,
		}),
		where: formatAddress(server.address),
		leave: drainOnce(server),
		closed: server.closed.then(() => undefined),
	};
};
