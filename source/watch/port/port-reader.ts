/**
 * Reads what can be known of a port: the kernel's table, who holds its sockets,
 * and what these programs do.
 *
 * Looking for a holder means reading the descriptors of every process, so it is
 * done once for each new socket, and ss runs only when something has changed.
 */
import type {Clock} from '../../socket/clock.js';
import {
	blockedCalls,
	findHolders,
	holdsInode,
	processState,
	type SocketHolder,
	type ThreadCall,
} from '../../socket/socket-holders.js';
import {readPortFigures, type PortFigures} from '../../socket/ss.js';
import {readTcpRows, type TcpRow} from '../../socket/tcp-table.js';
import type {PortReading} from './port-reading.js';
import {endingInodes, withoutEarlier} from './port-rows.js';
import {readResetCounts} from './reset-counts.js';

export type PortReaderOptions = {
	readonly clock: Clock;
	readonly port: number;
	readonly readRows?: typeof readTcpRows | undefined;
	readonly readFigures?: typeof readPortFigures | undefined;
	readonly readResets?: typeof readResetCounts | undefined;
};

/** How many programs are looked at, each time. */
const maxProcesses = 64;

/** Milliseconds are cut; what was seen had happened by the next one. */
const roundUpMs = 1;

/** A descriptor may move on, as to a child after fork(). */
const recheckMs = 1000;

/** Bytes may come and go between two readings, and leave no other trace. */
const countEveryMs = 2000;

/** So that ss takes at most a tenth of the time. */
const restsPerRun = 10;

/** One that fails, or isn't there, takes no time. */
const leastRestMs = 1000;

/** Of how many programs the calls are looked at between readings. */
const maxPeeked = 8;

/** By pid. */
const callsOf = (
	programs: readonly SocketHolder[],
): ReadonlyMap<number, readonly ThreadCall[]> =>
	new Map(programs.map(holder => [holder.pid, blockedCalls(holder)] as const));

const isAtRest = (rows: readonly TcpRow[]): boolean =>
	rows.every(({socket}) => socket.state === 'TIME-WAIT');

/** What makes one reading differ from another; running timers always do. */
const fingerprint = (
	rows: readonly TcpRow[] | undefined,
	calls: ReadonlyMap<number, readonly ThreadCall[]>,
): string =>
	JSON.stringify([
		rows?.map(({socket: {timer, ...socket}, inode, isEndUnread}) => [
			...Object.values(socket),
			timer?.name,
			inode,
			isEndUnread,
		]) ?? 'none',
		[...calls],
	]);

export class PortReader {
	readonly #options: PortReaderOptions;
	readonly #holders = new Map<string, SocketHolder>();
	/** Sockets whose holder can't be read. */
	readonly #unreadable = new Set<string>();
	#checkedAt = -Infinity;
	#last = '';
	#programs: readonly SocketHolder[] = [];
	/** By pid, where there are any. */
	#calls: ReadonlyMap<number, readonly ThreadCall[]> = new Map();
	/** Whether something has changed since ss ran. */
	#isDue = true;
	#hasCountFailed = false;
	#figuresRestedAt = -Infinity;
	#figuresReadAt = -Infinity;

	constructor(options: PortReaderOptions) {
		this.#options = options;
	}

	/**
	 * @param followed The inodes of sockets that may have left the table.
	 * @returns Also whether it differs from the last reading.
	 */
	async read(
		followed: ReadonlySet<string>,
	): Promise<PortReading & {readonly isNews: boolean}> {
		const {
			clock,
			port,
			readRows = readTcpRows,
			readResets = readResetCounts,
		} = this.#options;
		const begunAt = clock.wallMs();
		const before = readResets();
		const table = await readRows(new Set([port]));
		const rows = table && withoutEarlier(table);
		const tableAt = clock.wallMs() + roundUpMs;
		const inodes = new Set(rows?.map(({inode}) => inode));
		inodes.delete('0');
		// Until a socket is gone, nobody asks.
		const isThere = (inode: string) => inodes.has(inode);
		const after = [...followed].every(isThere) ? before : readResets();
		const ending = endingInodes(rows ?? []);
		const found = this.#find(inodes, followed, ending);
		const held = new Set([
			...found,
			...[...followed].filter(inode =>
				inodes.has(inode) && !ending.has(inode)
					? this.#holders.has(inode)
					: this.#isHeld(inode, inodes.has(inode)),
			),
		]);

		// Looked at last: then who holds a socket no more because it ends is seen
		// to have ended.
		const programs = new Map(
			[...this.#holders.values()]
				.slice(-maxProcesses)
				.map(holder => [holder.pid, holder] as const),
		);
		const processes = new Map(
			[...programs].map(
				([pid, holder]) => [pid, processState(holder)] as const,
			),
		);
		const calls = callsOf(
			[...programs.values()].filter(
				({pid}) => processes.get(pid) === 'running',
			),
		);
		this.#programs = [...programs.values()];
		this.#calls = new Map([...calls].filter(([, each]) => each.length > 0));
		const print = fingerprint(rows, calls);
		const isNews = print !== this.#last;
		this.#last = print;
		this.#isDue ||= isNews;
		const figures = await this.#readFigures(rows ?? []);
		const holders = new Map(this.#holders);
		this.#forget(processes);
		return {
			begunAt,
			tableAt,
			at: clock.wallMs() + roundUpMs,
			rows,
			ending,
			resets: before && after && {before, after},
			holders,
			held,
			processes,
			calls,
			figures,
			hasCountFailed: this.#hasCountFailed,
			// Nothing waits for one that fails.
			isCountDue: this.#isDue && !this.#hasCountFailed && !isAtRest(rows ?? []),
			isNews,
		};
	}

	/**
	 * Whether a call that blocked has returned since the last reading. That costs
	 * a hundredth of reading the table, and mostly something follows.
	 */
	hasReturned(): boolean {
		const blocked = this.#programs.filter(({pid}) => this.#calls.has(pid));
		return blocked.slice(0, maxPeeked).some(holder => {
			const before = this.#calls.get(holder.pid)!;
			const threads = before.map(({thread}) => thread);
			const now = blockedCalls(holder, threads);
			return JSON.stringify(now) !== JSON.stringify(before);
		});
	}

	/**
	 * @param ending See `endingInodes()`.
	 * @returns The inodes whose holder was found just now.
	 */
	#find(
		inodes: ReadonlySet<string>,
		followed: ReadonlySet<string>,
		ending: ReadonlySet<string>,
	): Iterable<string> {
		const now = this.#options.clock.monotonicMs();
		const isCheck = now - this.#checkedAt >= recheckMs;
		if (isCheck) {
			this.#checkedAt = now;
		}

		const left: string[] = [];
		for (const [inode, holder] of this.#holders) {
			// The descriptor goes before the row: of who ends, or is in close().
			const isLeft =
				isCheck &&
				inodes.has(inode) &&
				!ending.has(inode) &&
				!holdsInode(holder, inode) &&
				processState(holder) !== 'ended';
			if (isLeft) {
				// Another one may have it; else it was closed after the table was read.
				left.push(inode);
			} else if (!inodes.has(inode) && !followed.has(inode)) {
				this.#holders.delete(inode);
			}
		}

		const unknown = [...inodes].filter(
			inode => !this.#holders.has(inode) && !this.#unreadable.has(inode),
		);
		for (const inode of this.#unreadable) {
			if (!inodes.has(inode)) {
				this.#unreadable.delete(inode);
			}
		}

		if (unknown.length === 0 && left.length === 0) {
			return [];
		}

		const pids = new Set([...this.#holders.values()].map(({pid}) => pid));
		const found = findHolders(new Set([...unknown, ...left]), pids);
		for (const [inode, holder] of found) {
			this.#holders.set(inode, holder);
		}

		for (const inode of unknown) {
			if (!this.#holders.has(inode)) {
				this.#unreadable.add(inode);
			}
		}

		return found.keys();
	}

	/** @param isThere Whether its row is: then another process may hold it. */
	#isHeld(inode: string, isThere: boolean): boolean {
		const holder = this.#holders.get(inode);
		if (!holder || holdsInode(holder, inode)) {
			return holder !== undefined;
		}

		const other = isThere && findHolders(new Set([inode])).get(inode);
		if (other) {
			this.#holders.set(inode, other);
		}

		return Boolean(other);
	}

	/** Those that have ended are reported once. */
	#forget(processes: PortReading['processes']): void {
		for (const [inode, {pid}] of this.#holders) {
			if (processes.get(pid) !== 'ended') {
				continue;
			}

			this.#holders.delete(inode);
			this.#unreadable.add(inode);
		}
	}

	async #readFigures(
		rows: readonly TcpRow[],
	): Promise<PortFigures | undefined> {
		const {clock, port, readFigures = readPortFigures} = this.#options;
		const now = clock.monotonicMs();
		const isDue =
			this.#isDue ||
			(now - this.#figuresReadAt >= countEveryMs &&
				rows.some(({socket}) => socket.state === 'ESTABLISHED'));
		if (!isDue || isAtRest(rows) || now < this.#figuresRestedAt) {
			return undefined;
		}

		this.#isDue = false;
		const figures = await readFigures(port);
		this.#figuresReadAt = clock.monotonicMs();
		this.#hasCountFailed = figures === undefined;
		this.#isDue = this.#hasCountFailed;
		const restMs = restsPerRun * (this.#figuresReadAt - now);
		this.#figuresRestedAt =
			this.#figuresReadAt +
			(this.#hasCountFailed ? Math.max(restMs, leastRestMs) : restMs);
		return figures;
	}
}
