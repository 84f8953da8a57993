/** What can be read of a port at one time: plain data, for PortLog. */
import type {
	ProcessState,
	SocketHolder,
	ThreadCall,
} from '../../socket/socket-holders.js';
import type {PortFigures} from '../../socket/ss.js';
import type {TcpRow} from '../../socket/tcp-table.js';
import type {ResetCounts} from './reset-counts.js';

export type PortReading = {
	/** When it began, and when the table had been read; since the epoch. */
	readonly begunAt: number;
	readonly tableAt: number;
	/** When all of it had been read. */
	readonly at: number;
	/** The rows with that port; undefined if the table can't be read. */
	readonly rows: readonly TcpRow[] | undefined;
	/** The inodes of those that sent a FIN, as either end's row shows. */
	readonly ending: ReadonlySet<string>;
	/**
	 * The RSTs that were sent before the table was read, and by the time that it
	 * had been; undefined if they can't be read.
	 */
	readonly resets:
		{readonly before: ResetCounts; readonly after: ResetCounts} | undefined;
	/** By inode, those that were found now or before. */
	readonly holders: ReadonlyMap<string, SocketHolder>;
	/** The inodes that their holder still holds. */
	readonly held: ReadonlySet<string>;
	/** By pid. */
	readonly processes: ReadonlyMap<number, ProcessState>;
	/** By pid: the calls on sockets in which its threads block. */
	readonly calls: ReadonlyMap<number, readonly ThreadCall[]>;
	/** Undefined unless ss ran, and was understood. */
	readonly figures: PortFigures | undefined;
	/** Whether ss failed the last time: nothing was counted since the one before. */
	readonly hasCountFailed: boolean;
	/** Whether ss didn't run yet since something changed, and is about to. */
	readonly isCountDue: boolean;
};
