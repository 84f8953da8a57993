/**
 * The frames of wire version 1: one line of JSON each (RFC 8259), UTF-8, ended
 * by LF. `docs/protocol.md` is the prose of what stands here.
 *
 * A *frame* is a unit on the wire; an *entry* is a frame that the room keeps in
 * its log and numbers with `seq`.
 */
import type {ErrorCode} from '../errors.js';

export const wireVersion = 1;

export const defaultHost = '127.0.0.1';
export const defaultPort = 5001;

/** A frame's longest encoding, its LF not counted. */
export const maxFrameBytes = 64 * 1024;

/** A text's longest UTF-8 encoding. A longer one is refused, never cut. */
export const maxTextBytes = 16 * 1024;

/** Entries a member gets on joining without `since`. */
export const replayEntries = 100;

/**
 * Clients that are not in the room and whose last n it remembers: those that
 * said something and were here last. Of members it is always remembered.
 */
export const rememberedClients = 65_536;

/** The n of a plain peer's messages: it has no way to say one again. */
export const plainN = 0;

/** Names that a `members` list holds at most; `count` is always right. */
export const maxListedNames = 200;

/** The longest words that are searched for, in UTF-8. */
export const maxSearchBytes = 256;

/** Messages that an answer to a search holds at most. */
export const maxFound = 20;

/** Entries that a page of the log holds at most. */
export const maxPageEntries = 100;

/** How long a peer may take from the accept to its hello. */
export const helloTimeoutMs = 10_000;

/** How long a client may take from a frame's first byte to its LF. */
export const frameTimeoutMs = 30_000;

/** Frames or lines of one peer, a second; over it, it is read more slowly. */
export const defaultRate = 1000;

/** Connections that are let in a second, twice as many at once; more wait. */
export const defaultConnectRate = 5000;

/** A plain peer's bytes without a newline are a message once idle this long. */
export const plainIdleMs = 75;

export type Limits = {
	readonly frameBytes: number;
	readonly textBytes: number;
};

export type MemberList = {
	readonly count: number;
	readonly names: readonly string[];
};

/** Why a member left, as the room's log tells it. */
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
	/** The host has sent it away. */
	| 'kicked'
	/** The host has banned it. */
	| 'banned'
	/** It broke the protocol. */
	| 'protocol'
	/** The server is draining. */
	| 'shutdown';

// What a client sends.
/** First, where it has a token: the server has to prove that it knows it. */
export type ClientChallenge = {
	readonly type: 'challenge';
	readonly v: number;
	/** 64 hex digits, random. */
	readonly nonce: string;
};
export type Hello = {
	readonly type: 'hello';
	readonly v: number;
	/** A UUID, secret, kept over reconnects. */
	readonly client: string;
	readonly nick: string;
	/** The last seq seen, of the log that `log` names. */
	readonly since?: number;
	/** The log that `since` counts in; without it the server's own is meant. */
	readonly log?: string;
	/** 64 hex digits; see docs/protocol.md. */
	readonly proof?: string;
};
export type Say = {
	readonly type: 'say';
	/** Positive, rising with each new message of this client. */
	readonly n: number;
	readonly text: string;
};
export type Whisper = {
	readonly type: 'whisper';
	readonly n: number;
	readonly to: string;
	readonly text: string;
};
/** Asks for what was said: the newest messages with these words, in any case. */
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
	/** The last entries before this seq; without it, the first of all. */
	readonly before?: number;
};
export type ChangeNick = {readonly type: 'nick'; readonly nick: string};
export type Ping = {readonly type: 'ping'; readonly id: number};
export type Pong = {readonly type: 'pong'; readonly id: number};
export type ClientBye = {readonly type: 'bye'};

export type ClientFrame =
	| ClientChallenge
	| Hello
	| Say
	| Whisper
	| Search
	| ReadPast
	| ChangeNick
	| Ping
	| Pong
	| ClientBye;

// What a server sends.
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
	readonly room: string;
	/** The log's identity: numbers of another log mean nothing here. */
	readonly log: string;
	readonly nick: string;
	/** The seq of the newest entry; the replay ends there. */
	readonly head: number;
	/** The highest n of this client that the room holds; 0 if none. */
	readonly stored: number;
	readonly members: MemberList;
	readonly limits: Limits;
	readonly heartbeatMs: number;
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
	/** The sender's own number for it; 0 where that is a plain peer. */
	readonly n: number;
	readonly text: string;
};
export type Joined = {
	readonly type: 'joined';
	readonly seq: number;
	readonly at: number;
	readonly nick: string;
	readonly id: string;
};
export type Left = {
	readonly type: 'left';
	readonly seq: number;
	readonly at: number;
	readonly nick: string;
	readonly id: string;
	readonly reason: LeaveReason;
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
	/** The heartbeat from now on: it stretches as members grow. */
	readonly heartbeatMs?: number;
	/** The log's head at that moment: joins up to it are counted in. */
	readonly head?: number;
};
export type Whispered = {
	readonly type: 'whispered';
	readonly n: number;
	readonly from: string;
	/** The sender's, as in a message: a nick may have changed meanwhile. */
	readonly id?: string;
	readonly to: string;
	readonly text: string;
	readonly at: number;
};
/** The answer to a search: as many as fit, the oldest of them first. */
export type Found = {
	readonly type: 'found';
	readonly id: number;
	readonly text: string;
	readonly entries: readonly Message[];
	/** Ask with it as `before` to go on; without it all was looked through. */
	readonly next?: number;
};
/** A page of the log, as many entries as fit. */
export type PastPage = {
	readonly type: 'past';
	readonly id: number;
	readonly entries: readonly Entry[];
	/** The seq of the oldest entry that is kept. */
	readonly oldest: number;
};
export type ErrorFrame = {
	readonly type: 'error';
	readonly code: ErrorCode;
	readonly message: string;
	/** The n of the say or whisper that was refused. */
	readonly n?: number;
};
export type ServerBye = {readonly type: 'bye'; readonly reason: LeaveReason};

/** What the room's log holds. */
export type Entry = Message | Joined | Left | Renamed;

export type ServerFrame =
	| Challenge
	| Welcome
	| Gap
	| Entry
	| Members
	| Whispered
	| Found
	| PastPage
	| Ping
	| Pong
	| ErrorFrame
	| ServerBye;
