/** What a server knows of one peer at one moment: a row of its table. */
import type {Session} from '../connection/session.js';
import type {KernelPair} from '../tcp/tcp.js';

export type PeerRow = {
	/** Its address; a number of its own on a Unix domain socket. */
	readonly peer: string;
	/** Undefined before it is a member, and in raw mode. */
	readonly nick: string | undefined;
	readonly dialect: 'framed' | 'plain' | 'raw' | undefined;
	readonly phase: Session['phase'];
	/** When it came into that phase, monotonic milliseconds. */
	readonly since: number;
	/** Undefined until it was measured. */
	readonly rttMs: number | undefined;
	readonly bytesIn: number;
	/** Handed to the kernel: bytesWritten − writableLength. */
	readonly bytesOut: number;
	/** Still in Node's write queue. */
	readonly queuedBytes: number;
	/** Entries of the log that it has not been handed. */
	readonly lagEntries: number;
	/** Whose process it is, where that is another user's. */
	readonly otherUid?: number | undefined;
	/** Whether its socket is not read, because of /pause. */
	readonly isPaused: boolean;
	/** Undefined where the kernel can't be read. */
	readonly kernel: KernelPair | undefined;
};
