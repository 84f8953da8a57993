/** What a session asks of either of its dialects, framed and plain. */
import type {Buffer} from 'node:buffer';
import type {SockchatError} from '../errors.js';
import type {LeaveReason, Whispered} from '../protocol/frame.js';
import type {Teller} from './outlet.js';

/** How a peer speaks, once its first bytes have told. */
export type Dialect = Teller & {
	readonly name: 'framed' | 'plain';
	/** Takes a chunk as it was read. */
	readonly read: (chunk: Buffer) => void;
	/** @param isHeld Whether it is we who don't read it. */
	readonly tick: (at: number, isHeld: boolean) => void;
	/** Its FIN came, or it pauses: takes what has no line end as well. */
	readonly readEnd: () => void;
	readonly tellError: (error: SockchatError, n?: number) => void;
	readonly tellWhisper: (frame: Whispered) => void;
	readonly ping: () => void;
	/** The last word before FIN. */
	readonly farewell: (reason: LeaveReason) => void;
	/** The socket is gone: no timer may be left. */
	readonly stop: () => void;
};
