/** One thing in the transcript. Objects are never changed, only replaced. */
import type {Tone} from '../event/event.js';

/**
 * How far one's own message is known to have come; never more than is known.
 *
 * queued: not yet written. sent: given to the kernel. stored: its echo came.
 * failed: refused, with the reason.
 */
export type Mark = 'queued' | 'sent' | 'stored' | 'failed';

export type Message = {
	readonly kind: 'message';
	readonly at: number;
	readonly from: string;
	/** The sender's public id, for a colour that outlives a rename. */
	readonly id: string;
	readonly text: string;
	/** Set on one's own messages only. */
	readonly mark: Mark | undefined;
	/** Why it failed, where it did. */
	readonly reason?: string;
	/** Of an entry of the room. */
	readonly seq?: number;
};

export type Whisper = {
	readonly kind: 'whisper';
	readonly at: number;
	readonly from: string;
	readonly to: string;
	readonly text: string;
	/** Set on one's own whispers only. */
	readonly mark: Mark | undefined;
	readonly reason?: string;
};

/** Joins, leaves, gaps, what the socket did, what a command answers. */
export type Notice = {
	readonly kind: 'notice';
	readonly at: number;
	readonly tone: Tone;
	/** May hold foreign text: it passes `toDisplay` like any other. */
	readonly text: string;
	/** Of an entry of the room. */
	readonly seq?: number;
};

/** Raw mode: bytes as they were read or written. */
export type Chunk = {
	readonly kind: 'chunk';
	readonly at: number;
	readonly direction: 'in' | 'out';
	/** Named on a server, which may have several. */
	readonly peer: string | undefined;
	readonly bytes: Uint8Array;
};

export type Item = Message | Whisper | Notice | Chunk;
