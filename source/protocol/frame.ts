/**
 * The frames of wire version 1: one line of JSON each (RFC 8259), UTF-8, ended
 * by LF. `docs/protocol.md` describes them.
 *
 * A *frame* is a unit on the wire; an *entry* is a frame that the room keeps in
 * its log and numbers with `seq`.
 */
import type {ErrorCode} from '../errors.js';

export const wireVersion = 1;

export const defaultHost = '127.0.0.1';
export const defaultPort = 5001;

/** The longest encoded frame, without its LF. */
export const maxFrameBytes = 64 * 1024;

/** The longest text in UTF-8. A longer one is refused, never cut. */
export const maxTextBytes = 16 * 1024;

/** Messages that a member gets when it joins without `since`. */
export const replayMessages = 100;

/**
 * Between the messages of a replay are joins, leaves and renames: ten entries
 * and 10 KiB a message in all, or else as much as for 100 messages.
 */
export const replayEntriesPerMessage = 10;
export const replayBytesPerMessage = 10 * 1024;

/**
 * How many absent clients the room remembers the last n of: those that sent a
 * message and left last. It always remembers the last n of each member.
 */
export const rememberedClients = 65_536;

/** The n of a plain peer's messages, which it can't resend. */
export const plainN = 0;

/** The most names in a `members` list; `count` is always exact. */
export const maxListedNames = 200;

/** The longest search text in UTF-8. */
export const maxSearchBytes = 256;

/** The most messages in a search answer. */
export const maxFound = 20;

/** The most entries in a page of the log. */
export const maxPageEntries = 100;

/** The most members that an answer to `who` names. */
export const maxPresent = 200;

/** How many messages an agent may send in any minute. */
export const defaultAgentRate = 30;

/** How long a peer may take from accept() to its hello. */
export const helloTimeoutMs = 10_000;

/** How long a client may take from a frame's first byte to its LF. */
export const frameTimeoutMs = 30_000;

/** Frames or lines per second per peer; faster peers are read more slowly. */
export const defaultRate = 1000;

/** Connections admitted per second, with a burst of twice that; others wait. */
export const defaultConnectRate = 5000;

/** After this pause, a plain peer's bytes without a newline are a message. */
export const plainIdleMs = 75;

export type Limits = {
	readonly frameBytes: number;
	readonly textBytes: number;
	/** How many messages an agent may send in any minute; unset for no limit. */
	readonly agentRate?: number;
};

export type MemberList = {
	readonly count: number;
	readonly names: readonly string[];
	/** Those of `names` that said they are agents; unset if none did. */
	readonly agents?: readonly string[];
	/** Those of `names` on other servers of a relayed room; unset if all are here. */
	readonly elsewhere?: readonly MachineNames[];
	/** Those of `names` that wait for the relay: only this server has them. */
	readonly unshared?: readonly string[];
};

/** Members of other servers, by their machine. */
export type MachineNames = {
	/** As its server calls it. */
	readonly machine: string;
	readonly names: readonly string[];
};

/** A member, as an agent may ask for it. */
export type PresentMember = {
	readonly nick: string;
	readonly id: string;
	readonly agent?: true;
	/** The machine of the server that it is on, if that is another one. */
	readonly machine?: string;
	/** The kernel says that it is a process of the asking member's user. */
	readonly sameUser?: true;
};

/** Why a member left, as the log records it. */
export type LeaveReason =
	/** It said bye, or a plain peer typed `quit`. */
	| 'quit'
	/** Its FIN came without a bye. */
	| 'closed'
	/** Its RST came, or a write to it failed. */
	| 'reset'
	/** Nothing was heard from it for three heartbeats. */
	| 'timeout'
	/** The same client came back on a new connection. */
	| 'replaced'
	/** The host kicked it. */
	| 'kicked'
	/** The host banned it. */
	| 'banned'
	/** It broke the protocol. */
	| 'protocol'
	/** The server is draining; or it ended, or was killed, with the member in. */
	| 'shutdown';

// Frames of a client.
/** Sent first by a client with a token: asks the server to prove that it knows it. */
export type ClientChallenge = {
	readonly type: 'challenge';
	readonly v: number;
	/** 64 hex digits, random. */
	readonly nonce: string;
};
export type Hello = {
	readonly type: 'hello';
	readonly v: number;
	/** A secret UUID, the same across reconnects. */
	readonly client: string;
	readonly nick: string;
	/** The last seq seen in the log `log`. */
	readonly since?: number;
	/** The log of `since`; by default the server's own. */
	readonly log?: string;
	/**
	 * Without a `since` that the server knows: how many messages from before its
	 * own `joined` it gets, with what came between; 100 by default.
	 */
	readonly last?: number;
	/** Asks how the room is, without joining it. */
	readonly status?: true;
	/** It joins to say one thing; its `joined` and `left` carry the same key. */
	readonly oneShot?: true;
	/** It says it is a program that acts for somebody: shown, never trusted. */
	readonly agent?: true;
	/** 64 hex digits; see docs/protocol.md. */
	readonly proof?: string;
};
export type Say = {
	readonly type: 'say';
	/** Positive; rises with each new message of this client. */
	readonly n: number;
	readonly text: string;
};
export type Whisper = {
	readonly type: 'whisper';
	readonly n: number;
	readonly to: string;
	readonly text: string;
};
/** Asks for the newest messages that have these words; see words.ts. */
export type Search = {
	readonly type: 'search';
	/** Comes back in the answer. */
	readonly id: number;
	readonly text: string;
	/** Only entries before this seq. */
	readonly before?: number;
};
/** Asks for a page of the log. */
export type ReadPast = {
	readonly type: 'past';
	/** Comes back in the answer. */
	readonly id: number;
	/** Asks for the last entries before this seq; by default, the first of all. */
	readonly before?: number;
};
/** Asks who is here, with ids. */
export type Who = {
	readonly type: 'who';
	/** Comes back in the answer. */
	readonly id: number;
};
export type ChangeNick = {readonly type: 'nick'; readonly nick: string};
export type Ping = {readonly type: 'ping'; readonly id: number};
export type Pong = {readonly type: 'pong'; readonly id: number};
/** This client opens the room again in the same log if its server goes. */
export type Heir = {readonly type: 'heir'};
/** Asks for the commands of bots, now and at each change. */
export type ReadCommands = {readonly type: 'commands'};
/** Offers a command to all, or offers one's own anew. */
export type Offer = {
	readonly type: 'offer';
	readonly name: string;
	/** Its arguments, as /help shows them; may be empty. */
	readonly usage: string;
	readonly help: string;
};
export type Withdraw = {readonly type: 'withdraw'; readonly name: string};
/** Asks the bot that offers the command. */
export type CommandRequest = {
	readonly type: 'command';
	/** The asker's own number for it; comes back in the answer. */
	readonly request: number;
	readonly name: string;
	/** The rest of the line; may be empty. */
	readonly text: string;
};
/** A bot's answer to a command. */
export type Answer = {
	readonly type: 'answer';
	/** As in the `command` that it got. */
	readonly request: number;
	readonly text: string;
	/** It could not, or would not, do it. */
	readonly failed?: true;
};
export type ClientBye = {readonly type: 'bye'};

export type ClientFrame =
	| ClientChallenge
	| Hello
	| Say
	| Whisper
	| Search
	| ReadPast
	| Who
	| ChangeNick
	| Ping
	| Pong
	| Heir
	| ReadCommands
	| Offer
	| Withdraw
	| CommandRequest
	| Answer
	| ClientBye;

// Frames of a server.
/** The answer to a client's challenge. */
export type Challenge = {
	readonly type: 'challenge';
	readonly nonce: string;
	readonly proof: string;
};
export type Welcome = {
	readonly type: 'welcome';
	readonly v: number;
	readonly session: string;
	/** Its address, as people write it. */
	readonly room: string;
	/** Set if it has been given one. */
	readonly name?: string;
	/** The log's identity: a seq of another log means nothing in it. */
	readonly log: string;
	/** The nick of the host at present; unset if it has no member of its own. */
	readonly host?: string;
	/** Set if only its own user may connect. */
	readonly sameUser?: true;
	/** Set if a service manager starts this server again. */
	readonly restarts?: true;
	/** Set if the server knows the commands of bots. */
	readonly commands?: true;
	/** Set if the log, and what waits for a relay, ends with the server. */
	readonly inMemory?: true;
	readonly nick: string;
	/** The seq of the newest entry; the replay ends there. */
	readonly head: number;
	/** The highest n of this client that the room has stored; 0 if none. */
	readonly stored: number;
	readonly members: MemberList;
	readonly limits: Limits;
	readonly heartbeatMs: number;
};
/** The answer to a hello with `status`. */
export type RoomStatus = {
	readonly type: 'status';
	readonly v: number;
	readonly room: string;
	readonly name?: string;
	readonly log: string;
	/** The seq of the newest entry that members have been shown. */
	readonly head: number;
	/** When the server opened the room; milliseconds since the epoch. */
	readonly since: number;
	readonly members: MemberList;
};
export type Gap = {
	readonly type: 'gap';
	readonly from: number;
	readonly to: number;
};
export type Message = {
	readonly type: 'message';
	readonly seq: number;
	/** Milliseconds since the epoch, by the server's clock. */
	readonly at: number;
	readonly from: string;
	/** The first 16 hex digits of the SHA-256 of the sender's client. */
	readonly id: string;
	/** The sender's own number for it; 0 if the sender is a plain peer. */
	readonly n: number;
	readonly text: string;
};
/**
 * What a member of a relayed room said while the relay is away: it has no place
 * yet. Its message has the same `id`, `n` and `at`.
 */
export type PendingMessage = Omit<Message, 'type' | 'seq'> & {
	readonly type: 'pending';
};
/** What was `pending` gets no place: why, for those who did not say it. */
export type DroppedMessage = Omit<PendingMessage, 'type'> & {
	readonly type: 'dropped';
	readonly code: ErrorCode;
	readonly message: string;
};
export type Joined = {
	readonly type: 'joined';
	readonly seq: number;
	readonly at: number;
	readonly nick: string;
	readonly id: string;
	/** Its hello said so; people are not shown such a coming and going. */
	readonly oneShot?: true;
	/** Its hello said so. */
	readonly agent?: true;
};
export type Left = {
	readonly type: 'left';
	readonly seq: number;
	readonly at: number;
	readonly nick: string;
	readonly id: string;
	readonly reason: LeaveReason;
	/** As in its `joined`. */
	readonly oneShot?: true;
	/** Set if `at` is when it was noticed, and it may have left since this. */
	readonly notBefore?: number;
	/** Its connection was of a Unix domain socket: no FIN or RST was sent. */
	readonly unix?: true;
};
export type Renamed = {
	readonly type: 'renamed';
	readonly seq: number;
	readonly at: number;
	readonly from: string;
	readonly to: string;
	readonly id: string;
};
export type Members = MemberList & {
	readonly type: 'members';
	/** The heartbeat from now on; it grows with the number of members. */
	readonly heartbeatMs?: number;
	/** The log's head when counted: joins up to it are included. */
	readonly head?: number;
};
export type Whispered = {
	readonly type: 'whispered';
	readonly n: number;
	readonly from: string;
	/** The sender's id, as in a message: its nick may have changed since. */
	readonly id?: string;
	readonly to: string;
	readonly text: string;
	readonly at: number;
};
/** The answer to a search: as many messages as fit, oldest first. */
export type Found = {
	readonly type: 'found';
	readonly id: number;
	readonly text: string;
	readonly entries: readonly Message[];
	/** To continue, search again with this as `before`; unset at the log's end. */
	readonly next?: number;
};
/** A page of the log, as many entries as fit. */
export type PastPage = {
	readonly type: 'past';
	readonly id: number;
	readonly entries: readonly Entry[];
	/** The seq of the oldest entry kept. */
	readonly oldest: number;
};
/** The answer to `who`. */
export type Present = {
	readonly type: 'present';
	readonly id: number;
	/** Of all members; at most `maxPresent` are named. */
	readonly count: number;
	readonly members: readonly PresentMember[];
};
/** A command that a bot offers. */
export type OfferedCommand = {
	readonly name: string;
	readonly usage: string;
	readonly help: string;
	/** The bot's nick. */
	readonly from: string;
};
/** All commands of bots, sorted by name. */
export type Commands = {
	readonly type: 'commands';
	readonly offered: readonly OfferedCommand[];
};
/** The answer to an offer: taken, or refused with the reason. */
export type Offered = {
	readonly type: 'offered';
	readonly name: string;
	readonly code?: ErrorCode;
	readonly message?: string;
};
/** To a bot: somebody asks for its command. */
export type AskedCommand = {
	readonly type: 'command';
	readonly request: number;
	readonly at: number;
	readonly name: string;
	/** Who asks, as in a message. */
	readonly from: string;
	readonly id: string;
	readonly text: string;
};
/** To the asker: what the bot answered, or why there is no answer. */
export type Answered = {
	readonly type: 'answered';
	readonly request: number;
	readonly at: number;
	readonly name: string;
	/** The bot's nick, if it answered. */
	readonly from?: string;
	readonly text: string;
	readonly failed?: true;
	/** Set if the room says so, and not the bot. */
	readonly code?: ErrorCode;
};
export type ErrorFrame = {
	readonly type: 'error';
	readonly code: ErrorCode;
	readonly message: string;
	/** The n of the say or whisper that was refused. */
	readonly n?: number;
};
export type ServerBye = {readonly type: 'bye'; readonly reason: LeaveReason};

/** A frame in the room's log. */
export type Entry = Message | Joined | Left | Renamed;

export type ServerFrame =
	| Challenge
	| Welcome
	| RoomStatus
	| Gap
	| Entry
	| Members
	| PendingMessage
	| DroppedMessage
	| Whispered
	| Found
	| PastPage
	| Present
	| Commands
	| Offered
	| AskedCommand
	| Answered
	| Ping
	| Pong
	| ErrorFrame
	| ServerBye;
