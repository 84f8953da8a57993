/**
 * The events of the socket layer: one stream that the screen, the plain lines and
 * the JSON lines all read.
 *
 * `at` is milliseconds since the epoch.
 */
import type {Connection} from '../connection/connection.js';
import type {Listening} from '../connection/listening.js';
import type {KernelPair, KernelSocket, Step} from '../tcp/tcp.js';
import type {SockchatError} from '../errors.js';
import type {ForeignProtocol} from '../protocol/foreign/sniff.js';
import type {LeaveReason, ServerFrame} from '../protocol/frame.js';
import type {ControlFrame, LinkFacts, MessageKind} from './link-facts.js';
import type {PeerRow} from './peer-row.js';

export type Tone = 'info' | 'good' | 'warn' | 'bad';

/** The most bytes of one chunk to show. */
export const maxChunkBytes = 16 * 1024;

/** One read or one write of a socket. */
export type WireChunk = {
	readonly at: number;
	readonly direction: 'in' | 'out';
	/** On a server, the peer; undefined on a client. */
	readonly peer: string | undefined;
	/** Bytes before it, in this direction of the connection. */
	readonly offset: number;
	/** Its bytes, at most the first `maxChunkBytes`. */
	readonly bytes: Uint8Array;
	/** Its full length. */
	readonly length: number;
	/** Of a WebSocket: how it was sent, or what it is instead of a message. */
	readonly frame?: MessageKind | ControlFrame['frame'] | undefined;
};

/** Where a server listens, named as by its flags. */
export type Place =
	{readonly host: string; readonly port: number} | {readonly path: string};

/** A sentence for the user. */
export type NoticeEvent = {
	readonly type: 'notice';
	readonly at: number;
	readonly tone: Tone;
	readonly text: string;
};

/** Of a client: its connection, its own messages, and the frames it received. */
export type ClientEvent =
	| NoticeEvent
	| {
			readonly type: 'connection';
			readonly at: number;
			readonly connection: Connection;
			readonly local: string | undefined;
			readonly remote: string | undefined;
			/** Set once it is known, unless it is a socket as it is. */
			readonly link?: LinkFacts | undefined;
	  }
	| {
			readonly type: 'frame';
			readonly at: number;
			readonly frame: ServerFrame;
			/** Set for an entry from before this client first joined. */
			readonly isReplay?: true;
	  }
	| {
			readonly type: 'queued';
			readonly at: number;
			readonly n: number;
			readonly text: string;
			/** Set for a whisper. */
			readonly to: string | undefined;
	  }
	/** Handed to the kernel; nothing more is known. */
	| {readonly type: 'sent'; readonly at: number; readonly n: number}
	/** The server has it, though its echo fell into a gap. */
	| {readonly type: 'stored'; readonly at: number; readonly n: number}
	| {
			readonly type: 'failed';
			readonly at: number;
			readonly n: number;
			readonly error: SockchatError;
	  }
	| {
			readonly type: 'traffic';
			readonly at: number;
			readonly bytesIn: number;
			/** Taken by the kernel: of a write that failed half-way, nothing. */
			readonly bytesOut: number;
			/** Still in Node's write queue. */
			readonly queuedBytes: number;
	  }
	| {readonly type: 'rtt'; readonly at: number; readonly rttMs: number};

/**
 * `catching-up`: the log lacks entries that the stream has. `away`: what is said
 * waits here.
 */
export type RelayPhase = 'connecting' | 'catching-up' | 'open' | 'away';

/** Of a server: the listening socket and its peers. */
export type ServerEvent =
	| {
			readonly type: 'listening';
			readonly at: number;
			readonly state: Listening;
			readonly place: Place;
			/** Set for UDP, which is bound and doesn't listen. */
			readonly link?: LinkFacts | undefined;
			/**
			 * Set if this member opened the room again after its host left: the host's
			 * nick, or empty if it had none.
			 */
			readonly tookOverFrom?: string;
	  }
	| {
			readonly type: 'accepted';
			readonly at: number;
			readonly peer: string;
			/** Set unless it is a socket as it is. */
			readonly link?: LinkFacts | undefined;
	  }
	| {
			readonly type: 'ended';
			readonly at: number;
			readonly peer: string;
			readonly reason: LeaveReason;
			/** How it ended, where neither FIN nor RST says it. */
			readonly flaw?: string | undefined;
			readonly bytesIn: number;
			readonly bytesOut: number;
			/** Set for UDP, where no connection ends. */
			readonly link?: LinkFacts | undefined;
	  }
	/** The room's history: as it was found, or its state now. */
	| {
			readonly type: 'history';
			readonly at: number;
			readonly state: 'open';
			readonly path: string;
			/** The seq of its newest entry. */
			readonly head: number;
			/** Bytes cut off that an incomplete write left; nobody had seen them. */
			readonly cutBytes: number;
			/** Where a damaged file was moved. */
			readonly damagedPath: string | undefined;
			/** Whether it starts another log because its end may be missing. */
			readonly isNextLog: boolean;
	  }
	| {
			readonly type: 'history';
			readonly at: number;
			readonly state: 'failing';
			readonly error: Error;
	  }
	| {
			readonly type: 'history';
			readonly at: number;
			readonly state: 'mended';
	  }
	/** The relay that links the room with those on other machines. */
	| {
			readonly type: 'relay';
			readonly at: number;
			readonly phase: RelayPhase;
			/** The engine's address, as it was given. */
			readonly url: string;
			readonly room: string;
			/** When the phase began. */
			readonly since: number;
			/** Entries that the stream has and the log not yet; undefined if unknown. */
			readonly lag: number | undefined;
			/** Entries of this server that are not in the stream. */
			readonly outbox: number;
			/** Servers that have been heard, this one included. */
			readonly servers: number;
			/** What is wrong. */
			readonly error: SockchatError | undefined;
			/** Whether the phase, or what is wrong, has changed. */
			readonly isNews: boolean;
	  }
	/** A peer that spoke another protocol was turned away. */
	| {
			readonly type: 'foreign';
			readonly at: number;
			readonly peer: string;
			readonly protocol: ForeignProtocol;
	  };

/** A chunk for the wire view; only while that is watched. */
export type WireEvent = WireChunk & {readonly type: 'wire'};

/** From the kernel and the socket's own calls; only while watched. */
export type SocketEvent =
	| {readonly type: 'step'; readonly at: number; readonly step: Step}
	/** The kernel's view of our connection; no pair if it can't be read. */
	| {
			readonly type: 'kernel';
			readonly at: number;
			readonly pair: KernelPair | undefined;
	  }
	/** Every peer of a server, and its listening socket. */
	| {
			readonly type: 'peers';
			readonly at: number;
			readonly rows: readonly PeerRow[];
			/** Its receive queue counts the connections waiting for accept(). */
			readonly listening: KernelSocket | undefined;
			/** How many connections may wait for accept(). */
			readonly backlog: number;
			/** How many were accepted but not admitted to the room. */
			readonly refused: number;
	  };

/** Of raw mode. */
export type RawEvent = {
	readonly type: 'chunk';
	readonly at: number;
	readonly direction: 'in' | 'out';
	/** On a server, the peer; undefined on a client. */
	readonly peer: string | undefined;
	readonly bytes: Uint8Array;
	/** How a WebSocket message was sent. */
	readonly frame?: MessageKind | undefined;
};

/** A WebSocket frame that carries no message. */
export type ControlEvent = {
	readonly type: 'control';
	readonly at: number;
	readonly direction: 'in' | 'out';
	/** On a server, the peer; undefined on a client. */
	readonly peer: string | undefined;
} & ControlFrame;

/** The last entry that a reader has seen. */
export type Seen = {
	/** The identity of its log. */
	readonly log: string;
	readonly seq: number;
	/** When, in ms since the epoch. */
	readonly at: number;
};

/** To the next older hit, the next newer one, or back to before the last move. */
export type HitMove = 1 | -1 | 'back';

/** What the reader of a screen does, and when. */
export type ReadingChange =
	/** Another day begins, or the first one is known. */
	| {readonly kind: 'day'}
	/** What an earlier run of this program has shown. */
	| {
			readonly kind: 'seen-before';
			readonly seen: Seen;
	  }
	/** A search opens; without a text, it closes. */
	| {readonly kind: 'search'; readonly text: string | undefined}
	/** The reader goes to another hit. */
	| {readonly kind: 'hit'; readonly by: HitMove}
	/** The reader turns away from the newest items, or to them. */
	| {
			readonly kind: 'attention';
			readonly attention: {
				readonly isLooking: boolean;
				readonly isFollowing: boolean;
			};
	  };

/** How a person wants chunks to be shown. */
export type Look = {
	/** JSON and HTTP heads are laid out. */
	readonly isPretty: boolean;
	/** Times to the millisecond, and since the chunk before. */
	readonly isTimed: boolean;
	/** All of a long chunk. */
	readonly isOpen: boolean;
};

/** A file that is being sent. */
export type SendingFile = {
	readonly name: string;
	readonly sentBytes: number;
	/** Its size when it was opened. */
	readonly totalBytes: number;
};

/** Of the front end itself. */
export type LocalEvent =
	| NoticeEvent
	| {readonly type: 'clear'; readonly at: number}
	/** Hides or shows somebody, or all comings and goings; without a nick, lists. */
	| {
			readonly type: 'hide';
			readonly at: number;
			readonly what: 'ignore' | 'quiet';
			readonly nick: string | undefined;
	  }
	/** A bot was asked for its command. */
	| {
			readonly type: 'asked';
			readonly at: number;
			/** The bot's nick. */
			readonly to: string;
			readonly text: string;
	  }
	| {
			readonly type: 'reading';
			readonly at: number;
			readonly what: ReadingChange;
	  }
	| {readonly type: 'look'; readonly at: number; readonly look: Partial<Look>}
	/** How far a file was sent; undefined at its end. */
	| {
			readonly type: 'sending';
			readonly at: number;
			readonly file: SendingFile | undefined;
	  }
	/** The reader is back at the bottom; the older pages can be dropped. */
	| {readonly type: 'forget-past'; readonly at: number};

export type ChatEvent =
	| ClientEvent
	| ServerEvent
	| SocketEvent
	| WireEvent
	| RawEvent
	| ControlEvent
	| LocalEvent;
