/**
 * What happened, as the socket layer tells it: one stream of events that the
 * screen, the plain lines and the JSON lines all read.
 *
 * `at` is milliseconds since the epoch, for people; durations come as they are.
 */
import type {Connection} from '../connection/connection.js';
import type {Listening} from '../connection/listening.js';
import type {KernelPair, KernelSocket, Step} from '../tcp/tcp.js';
import type {SockchatError} from '../errors.js';
import type {ForeignProtocol} from '../protocol/sniff.js';
import type {LeaveReason, ServerFrame} from '../protocol/frame.js';
import type {PeerRow} from './peer-row.js';

export type Tone = 'info' | 'good' | 'warn' | 'bad';

/** Bytes of one chunk that are shown. */
export const maxChunkBytes = 16 * 1024;

/** One read or one write of a socket. */
export type WireChunk = {
	readonly at: number;
	readonly direction: 'in' | 'out';
	/** The server's peer; undefined on a client. */
	readonly peer: string | undefined;
	/** Bytes of this direction of this connection before it. */
	readonly offset: number;
	/** All its bytes, or the first of them where it is very long. */
	readonly bytes: Uint8Array;
	/** How many there were. */
	readonly length: number;
};

/** Where a server listens, in the words of its flags. */
export type Place =
	{readonly host: string; readonly port: number} | {readonly path: string};

/** A sentence for whoever looks on. */
export type NoticeEvent = {
	readonly type: 'notice';
	readonly at: number;
	readonly tone: Tone;
	readonly text: string;
};

/** Of a client: its connection, its own messages, and what it was sent. */
export type ClientEvent =
	| NoticeEvent
	| {
			readonly type: 'connection';
			readonly at: number;
			readonly connection: Connection;
			readonly local: string | undefined;
			readonly remote: string | undefined;
	  }
	| {
			readonly type: 'frame';
			readonly at: number;
			readonly frame: ServerFrame;
	  }
	| {
			readonly type: 'queued';
			readonly at: number;
			readonly n: number;
			readonly text: string;
			/** Set for a whisper. */
			readonly to: string | undefined;
	  }
	/** Given to the kernel; that is all that is known. */
	| {readonly type: 'sent'; readonly at: number; readonly n: number}
	/** The server holds it; its echo fell into a gap. */
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
			/** Handed to the kernel: bytesWritten − writableLength. */
			readonly bytesOut: number;
			/** Still in Node's write queue. */
			readonly queuedBytes: number;
	  }
	| {readonly type: 'rtt'; readonly at: number; readonly rttMs: number};

/** Of a server: the listening socket and its peers. */
export type ServerEvent =
	| {
			readonly type: 'listening';
			readonly at: number;
			readonly state: Listening;
			readonly place: Place;
	  }
	| {readonly type: 'accepted'; readonly at: number; readonly peer: string}
	| {
			readonly type: 'ended';
			readonly at: number;
			readonly peer: string;
			readonly reason: LeaveReason;
			readonly bytesIn: number;
			readonly bytesOut: number;
	  }
	/** The file that keeps the room: as it was found, or what it does now. */
	| {
			readonly type: 'history';
			readonly at: number;
			readonly state: 'open';
			readonly path: string;
			/** The seq of the newest entry that it holds. */
			readonly head: number;
			/** Of a write that was cut short: nobody had seen it. */
			readonly cutBytes: number;
			/** Where a file that made no sense was put. */
			readonly damagedPath: string | undefined;
			/** Its end may be missing, so that the numbers begin another log. */
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
	/** A peer that spoke another protocol was turned away. */
	| {
			readonly type: 'foreign';
			readonly at: number;
			readonly peer: string;
			readonly protocol: ForeignProtocol;
	  };

/** A chunk, as the wire view shows it; only while it is watched. */
export type WireEvent = WireChunk & {readonly type: 'wire'};

/** What the kernel and the socket's own calls tell; only while watched. */
export type SocketEvent =
	| {readonly type: 'step'; readonly at: number; readonly step: Step}
	/** The kernel's view of one's connection; no pair where it can't be read. */
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
			/** Its receive queue is what waits for accept(). */
			readonly listening: KernelSocket | undefined;
			/** How many may wait for accept(). */
			readonly backlog: number;
			/** How many were accepted, and then not let into the room. */
			readonly refused: number;
	  };

/** Of raw mode. */
export type RawEvent = {
	readonly type: 'chunk';
	readonly at: number;
	readonly direction: 'in' | 'out';
	/** Named on a server, which may have several. */
	readonly peer: string | undefined;
	readonly bytes: Uint8Array;
};

/** Of the front end itself. */
export type LocalEvent =
	| NoticeEvent
	| {readonly type: 'clear'; readonly at: number}
	/** Older pages were read for a reader who is at the bottom again. */
	| {readonly type: 'forget-past'; readonly at: number};

export type ChatEvent =
	ClientEvent | ServerEvent | SocketEvent | WireEvent | RawEvent | LocalEvent;
