/**
 * What a peer of the server is to the code that speaks with it, and what that
 * code needs of the hub.
 *
 * Types only. Dialects, greeting, log queries and member actions depend on
 * these; peer-connection.ts and hub.ts implement them.
 */
import type {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import type {Session, SessionEvent} from '../connection/session.js';
import type {SockchatError} from '../errors.js';
import type {
	Answered,
	LeaveReason,
	ReadPast,
	Search,
	Whispered,
} from '../protocol/frame.js';
import type {Token} from '../protocol/token.js';
import type {Member} from '../room/results.js';
import type {RoomRelay} from '../room/relay.js';
import type {Room} from '../room/room.js';
import type {Clock} from '../socket/clock.js';
import type {Origin} from '../socket/origin.js';
import type {PeerUid} from '../socket/peer-uid.js';
import type {Newcomer} from './admission.js';
import type {AgentLimits} from './agent-limits.js';
import type {Bots} from './bots/bots.js';
import type {RemoteBots} from './bots/remote-bots.js';
import type {Moderation} from './moderation.js';
import type {PlainMessages} from './plain-messages.js';
import type {ReadLimiter} from './read-limiter.js';
import type {EntryEncoder} from './write-queue.js';

/** One connection to the server, as a dialect sees it. */
export type Peer = {
	readonly hub: PeerHub;
	/** Its address as events and tables show it. */
	readonly name: string;
	readonly origin: Origin;
	readonly duplex: Duplex;
	/** Whether it is the host's own screen, in this process. */
	readonly isHost: boolean;
	readonly newcomer: Newcomer;
	readonly uid: PeerUid | undefined;
	readonly readLimiter: ReadLimiter;
	readonly state: Session;
	/** Undefined before it joins and after it leaves. */
	member: Member | undefined;
	/** Whether it opens the room again if this server goes. */
	isHeir: boolean;
	/** Whether it wants to know which commands bots offer. */
	hearsCommands: boolean;
	/** The last round trips, in milliseconds, oldest first. */
	rtts: readonly number[];
	readonly dispatch: (event: SessionEvent) => void;
	/**
	 * Makes it a member.
	 *
	 * @param seq The first entry it gets; without one it gets what was said since
	 * it connected.
	 */
	readonly join: (member: Member, seq?: number) => void;
	/** Writes to this peer only, after the entries it was already sent. */
	readonly write: (line: string) => void;
	/** The same, if it is an open framed peer; else does nothing. */
	readonly writeIfFramed: (line: string) => void;
	/** @param n Of the message that the error is about, if any. */
	readonly sendError: (error: SockchatError, n?: number) => void;
	readonly sendWhisper: (frame: Whispered) => void;
	readonly sendAnswered: (frame: Answered) => void;
	readonly end: (reason: LeaveReason) => void;
};

/** What the code that speaks with one peer needs of the room and the others. */
export type PeerHub = {
	readonly room: Room;
	/** The room's address. */
	readonly roomName: string;
	/** What the room is called, if anything. */
	readonly title: string | undefined;
	/** The nick of the host's own member, once it has one. */
	readonly hostNick: string | undefined;
	readonly isSameUser: boolean;
	/** Whether a service manager starts this server again. */
	readonly isManaged: boolean;
	/** Whether nothing is stored. */
	readonly isInMemory: boolean;
	/** When the room was opened; milliseconds since the epoch. */
	readonly startedAt: number;
	readonly clock: Clock;
	/** Monotonic milliseconds, whole. */
	readonly now: number;
	readonly moderation: Moderation;
	readonly bots: Bots;
	/** Set if the room is linked with others. */
	readonly remoteBots: RemoteBots | undefined;
	/** Set if every peer except the host needs it. */
	readonly token: Token | undefined;
	readonly plainMessages: PlainMessages;
	/** How many peers were accepted and then not let into the room. */
	refused: number;
	/** Set if the room is linked with others. */
	readonly relay: RoomRelay | undefined;
	/** The connection of a member. */
	readonly of: (member: Member) => Peer | undefined;
	/** What an agent may send; undefined for as much as anybody. */
	readonly agentLimits: AgentLimits | undefined;
	/** @returns The line that answers a member who asks who is here. */
	readonly callRoll: (asking: Member, id: number) => Promise<string>;
	/** The connection of the member with this public id. */
	readonly withId: (id: string) => Peer | undefined;
	/** @returns The line that answers a query about the log. */
	readonly query: (frame: Search | ReadPast) => Promise<string>;
	/** Settles once the entry with that seq is shown or taken back. */
	readonly shown: (seq: number) => Promise<void>;
	/** The log grew: members get the new entries at the end of this turn. */
	readonly onPosted: () => void;
	readonly onRenamed: () => void;
	/** Bots here offer other commands than before. */
	readonly onOwnOffers: () => void;
};

/** How one kind of peer is read and written: frames or plain lines. */
export type Dialect = EntryEncoder & {
	readonly name: 'framed' | 'plain';
	/** Takes a chunk as it was read. */
	readonly read: (chunk: Buffer) => void;
	/** @param isPaused Whether the server is not reading it at present. */
	readonly tick: (at: number, isPaused: boolean) => void;
	/** The peer sent FIN or paused: a line without an end counts too. */
	readonly readEnd: () => void;
	readonly sendError: (error: SockchatError, n?: number) => void;
	readonly sendWhisper: (frame: Whispered) => void;
	readonly sendAnswered: (frame: Answered) => void;
	readonly ping: (id: number) => void;
	/** The last line before FIN. */
	readonly sendBye: (reason: LeaveReason) => void;
};
