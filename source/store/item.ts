/** One entry of the transcript. Items are never changed, only replaced. */
import type {Tone} from '../event/event.js';
import type {ForeignProtocol} from '../protocol/foreign/sniff.js';
import type {LeaveReason} from '../protocol/frame.js';

/**
 * How far one's own message is known to have got.
 *
 * queued: not yet written. sent: handed to the kernel. unshared: the relay is
 * away, so it has no place yet. stored: its echo arrived. failed: refused, with
 * the reason.
 */
export type Mark = 'queued' | 'sent' | 'unshared' | 'stored' | 'failed';

export type Message = {
	readonly kind: 'message';
	readonly at: number;
	readonly from: string;
	/** The sender's public id, which outlives a rename. */
	readonly id: string;
	readonly text: string;
	/** One's own nick at that time, if the text of somebody else names it. */
	readonly mentioned?: string;
	/** Set on one's own messages only. */
	readonly mark: Mark | undefined;
	/** Why it failed, if it did. */
	readonly reason?: string;
	/** It has no place yet, as the relay is away; or gets none, for a reason. */
	readonly isUnshared?: true;
	/** Set if it is an entry of the room's log. */
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

/** A command that a bot was asked for, or its answer; nobody else sees it. */
export type BotTalk = {
	readonly kind: 'bot';
	readonly at: number;
	/** `out` is what was asked. */
	readonly direction: 'in' | 'out';
	/** The bot's nick. */
	readonly bot: string;
	readonly text: string;
	readonly hasFailed: boolean;
};

/** How a connection ended; a Unix domain socket sends no segments. */
export type EndReason =
	LeaveReason | 'unix closed' | 'unix reset' | 'past shutdown';

/** Gaps, what the socket did, answers to commands. */
export type Notice = {
	readonly kind: 'notice';
	readonly at: number;
	readonly tone: Tone;
	/** May contain a peer's text: pass it through `toDisplay`. */
	readonly text: string;
	/** Set if it stands for entries that were not loaded: their seqs. */
	readonly missing?: {readonly from: number; readonly to: number};
	/** Set if it says that one is back in the room. */
	readonly isReturn?: true;
};

export type Coming =
	| {readonly kind: 'joined'; readonly nick: string}
	| {
			readonly kind: 'left';
			readonly nick: string;
			readonly reason: EndReason;
	  }
	| {readonly kind: 'renamed'; readonly nick: string; readonly to: string};

/** Entries that follow each other with nothing said between them. */
export type Comings = {
	readonly kind: 'comings';
	/** Of the last of them. */
	readonly at: number;
	/** Of the first of them. */
	readonly seq: number;
	readonly count: number;
	/** How many more members there are after them than before. */
	readonly more: number;
	/** Undefined if there are too many of them to name. */
	readonly each: readonly Coming[] | undefined;
};

/** Connections to a room that its host turned away, with nothing said between. */
export type TurnedAway = {
	readonly kind: 'turned-away';
	/** Of the last of them. */
	readonly at: number;
	readonly count: number;
	/** How many of them spoke another protocol that is known. */
	readonly speaking: Readonly<Partial<Record<ForeignProtocol, number>>>;
	/** The last of them. */
	readonly peer: string;
};

/** Raw mode: bytes as they were read or written. */
export type Chunk = {
	readonly kind: 'chunk';
	readonly at: number;
	readonly direction: 'in' | 'out';
	/** Set on a server, which may have several. */
	readonly peer: string | undefined;
	readonly bytes: Uint8Array;
	/** The start of its first character, which the chunk before it has. */
	readonly before?: Uint8Array;
	/** Milliseconds since the chunk before, of any peer. */
	readonly sinceMs?: number;
};

/** A line across the transcript: another day, or where the reader left off. */
export type Rule = {
	readonly kind: 'rule';
	readonly at: number;
	readonly role: 'day' | 'unread';
	/** Never a peer's text. */
	readonly text: string;
};

export type Item =
	Message | Whisper | BotTalk | Notice | Comings | TurnedAway | Chunk | Rule;

/** Whether somebody calls: with a mention, or with a whisper to oneself. */
export const isCall = (item: Item): item is Message | Whisper =>
	(item.kind === 'message' && item.mentioned !== undefined) ||
	(item.kind === 'whisper' && item.mark === undefined);
