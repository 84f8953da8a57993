/** What a server knows of one peer at one moment: a row of the peer table. */
import type {Session} from '../connection/session.js';
import type {KernelPair} from '../tcp/tcp.js';

export type PeerRow = {
	/** Its address; on a Unix domain socket, a number. */
	readonly peer: string;
	/** Undefined until it is a member, and in raw mode. */
	readonly nick: string | undefined;
	readonly dialect: 'framed' | 'plain' | 'raw' | undefined;
	readonly phase: Session['phase'];
	/** When that phase began, in monotonic milliseconds. */
	readonly since: number;
	/** The middle one of the last five; undefined until two are measured. */
	readonly rttMs: number | undefined;
	readonly bytesIn: number;
	/** Taken by the kernel: of a write that failed half-way, nothing. */
	readonly bytesOut: number;
	/** Still in Node's write queue. */
	readonly queuedBytes: number;
	/** Entries of the log not yet written to it. */
	readonly lagEntries: number;
	/** The uid of its process, if that is another user's. */
	readonly otherUid?: number | undefined;
	/** Whether /pause has stopped the reading of its socket. */
	readonly isPaused: boolean;
	/** Undefined if the kernel's tables can't be read. */
	readonly kernel: KernelPair | undefined;
};
