/** A room as a front end asks for it, and as it then holds it. */
import type {Client} from '../client/client.js';
import type {RoomHands} from '../commands/hands.js';
import type {Identity} from '../client/identity.js';
import type {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import type {Nick} from '../protocol/nick.js';
import type {Token} from '../protocol/token.js';
import type {HistoryPlace} from '../server/history-place.js';
import type {Company} from '../server/hub.js';
import type {LoopbackAddress} from '../socket/address.js';
import type {Clock} from '../socket/clock.js';
import type {CaptureWish} from './capture.js';
import type {RelayWish} from './relay.js';
import type {ServiceNotice} from './service-notice.js';

export type CommonOptions = {
	readonly address: LoopbackAddress;
	readonly nick: Nick;
	readonly isNickFlexible: boolean;
	/** A file that only its owner may read; without one, SOCKCHAT_TOKEN counts. */
	readonly tokenFile?: string | undefined;
	/** Where clients' identities are kept; without it, they end with them. */
	readonly clientsFolder?: string | undefined;
	/** Whether somebody shows what the sockets do. */
	readonly isWatched: boolean;
	/** Whether the segments are captured, too. */
	readonly capture?: CaptureWish | undefined;
	/** Whether that may be sampled less often while nothing happens. */
	readonly isRestful?: boolean | undefined;
	/** Whether nobody looks at what the others say; a host then skips it. */
	readonly isReceiptsOnly?: boolean | undefined;
	/** Whether somebody may ask for the commands of bots. */
	readonly isHearingCommands?: boolean | undefined;
	/** Whether a member joins to say one thing, and leaves. */
	readonly isOneShot?: boolean | undefined;
	/** Whether it acts for somebody, as its hello then says. */
	readonly isAgent?: boolean | undefined;
	/** Who it is; by default what `clientsFolder` keeps for the nick. */
	readonly identity?: Identity | undefined;
	/** The first entry to get is the one after this seq. */
	readonly since?: number | undefined;
	/** The log of `since`; by default the server's. */
	readonly log?: string | undefined;
	/** Without `since`: how many entries from before it joined to get. */
	readonly last?: number | undefined;
	/** How long connect(), and then the welcome, may take; 10 s by default. */
	readonly connectTimeoutMs?: number | undefined;
	readonly clock?: Clock | undefined;
	/** Set if a service manager started us and waits for a report. */
	readonly notify?: ServiceNotice | undefined;
};

export type HostOnlyOptions = {
	/** A listening socket that was passed to us; `address` says where. */
	readonly descriptor?: number | undefined;
	/** Whether a connection was refused there just now. */
	readonly isFree?: boolean | undefined;
	/** The room's name; by default it has only an address. */
	readonly name?: string | undefined;
	readonly backlog: number | undefined;
	readonly maxMembers: number | undefined;
	/** The shortest; 2 s by default. */
	readonly heartbeatMs?: number | undefined;
	readonly history: HistoryPlace | undefined;
	/** Whether it isn't kept because the environment names no place for that. */
	readonly isHomeless?: boolean | undefined;
	/** Set if the room is linked with those on other machines. */
	readonly relayWish?: RelayWish | undefined;
	/** Whether other users are refused; Linux. */
	readonly isSameUser?: boolean | undefined;
	readonly maxPerUser?: number | undefined;
	readonly rate?: number | 'off' | undefined;
	readonly connectRate?: number | 'off' | undefined;
	readonly agentRate?: number | 'off' | undefined;
};

export type MemberOnlyOptions = {
	readonly isRetrying: boolean;
	/** Whether to try until somebody listens. */
	readonly isWaiting?: boolean | undefined;
	readonly localPort: number | undefined;
};

/** `join` joins with retries, from any local port, or else becomes the host. */
export type RoomOptions = CommonOptions &
	(
		| ({readonly command: 'join' | 'serve'} & HostOnlyOptions)
		| ({readonly command: 'connect'} & MemberOnlyOptions)
	);

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
> &
	Pick<Client, 'bots'> & {
		readonly mode: 'room';
		/** A member may become the host; see `heir.ts`. */
		readonly role: 'serve' | 'connect';
		/** Of a host: who is left if it goes. */
		readonly company: () => Company | undefined;
		/** The server's address, as people write it. */
		readonly where: string;
		/** How others come in; shown until somebody says something. */
		readonly invitation: string;
		/** One's own public id. */
		readonly id: string;
		readonly nick: string;
		/** How many of one's own messages are not known to be stored. */
		readonly unstored: () => number;
		/**
		 * How many of these are shared once the room's relay is back, though one
		 * leaves now.
		 */
		readonly kept: () => number;
		/**
		 * Of a host: how many lines wait for the room's relay besides its own of this
		 * run.
		 */
		readonly entrusted: () => number;
		/** Whether what waits for the room's relay ends with its server. */
		readonly isInMemory: () => boolean;
		/**
		 * Asks for older entries; without a seq, for the oldest of all.
		 *
		 * @returns The id that the answer will have.
		 */
		readonly readPast: (before: number | undefined) => number;
		/** The same, for a search from a seq down. */
		readonly find: (text: string, before: number | undefined) => number;
		/** The same, for who is here, with ids. */
		readonly callRoll: () => number;
		/**
		 * After the end: why the file of the capture, if there is one, lacks
		 * something.
		 */
		readonly endCapture: () => Promise<SockchatError | undefined>;
		/** Whether the chunks on the wire are reported too. */
		readonly setTap: (isOn: boolean) => void;
		/** Settles when it is over: with the cause, or none if that was wanted. */
		readonly closed: Promise<SockchatError | undefined>;
	};

/** With the token read: once, as a client that reconnects needs it again. */
export type OpenOptions = CommonOptions & {
	readonly token: Token | undefined;
	/** Whether a service manager starts our server again. */
	readonly isManaged: boolean;
};

export type Emit = (event: ChatEvent) => void;
