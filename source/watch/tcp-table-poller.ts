/**
 * Reads the kernel's table of TCP sockets while somebody looks: once a second,
 * and close behind whatever changes a connection, since some states are gone
 * within milliseconds.
 *
 * However often it is hurried, it never reads twice at once, and it rests for
 * longer than it reads: with 10,000 connections a read takes 50 ms.
 */
import type {Clock} from '../socket/clock.js';
import {readTcpTable, type TcpTable} from '../socket/tcp-table.js';

export type TcpTablePollerOptions = {
	readonly clock: Clock;
	/** Default: all of /proc/net/tcp and tcp6. */
	readonly read?: (() => Promise<TcpTable | undefined>) | undefined;
	/**
	 * @param table Undefined when the kernel can't be read: told once, until it
	 * can be again.
	 * @param begunAt Monotonic; what happened later is not in the table.
	 */
	readonly onTable: (table: TcpTable | undefined, begunAt: number) => void;
};

const everyMs = 1000;

/** After a change: at once, and for the states that follow it. */
const soonMs = [0, 20, 50, 100, 250];

/** At most a fifth of the time is spent on reading. */
const restsPerRead = 4;

export class TcpTablePoller {
	readonly #options: TcpTablePollerOptions;
	/** When to read, monotonic, in order; empty while it is stopped. */
	#due: readonly number[] = [];
	#isReading = false;
	#isUnavailable = false;
	/** When it has rested from the last read. */
	#restedAt = -Infinity;
	#cancelTimer: (() => void) | undefined;

	constructor(options: TcpTablePollerOptions) {
		this.#options = options;
	}

	get #now(): number {
		return this.#options.clock.monotonicMs();
	}

	/** Reads at once, and from then on; a second call does nothing. */
	start(): void {
		if (this.#due.length === 0) {
			this.#isUnavailable = false;
			this.#due = [this.#now];
			this.#proceed();
		}
	}

	/** Something changed a connection; while stopped, this does nothing. */
	pollSoon(): void {
		if (this.#due.length > 0) {
			const now = this.#now;
			this.#due = soonMs.map(ms => now + ms);
			this.#proceed();
		}
	}

	/** A read that is under way is not told any more. */
	stop(): void {
		this.#due = [];
		this.#proceed();
	}

	/** Reads if it is time, or sets the timer for when it is. */
	#proceed(): void {
		this.#cancelTimer?.();
		this.#cancelTimer = undefined;
		const [next] = this.#due;
		if (next === undefined || this.#isReading) {
			return;
		}

		const delayMs = Math.max(next, this.#restedAt) - this.#now;
		if (delayMs <= 0) {
			void this.#read();
		} else {
			this.#cancelTimer = this.#options.clock.setTimer(() => {
				this.#proceed();
			}, delayMs);
		}
	}

	async #read(): Promise<void> {
		const begunAt = this.#now;
		const later = this.#due.filter(at => at > begunAt);
		this.#due = later.length > 0 ? later : [begunAt + everyMs];
		this.#isReading = true;
		const table = await this.#readTable();
		this.#isReading = false;
		const tookMs = this.#now - begunAt;
		// A process that was stopped meanwhile need not rest for it.
		this.#restedAt = this.#now + Math.min(restsPerRead * tookMs, everyMs);
		if (this.#due.length > 0) {
			this.#report(table, begunAt);
		}

		this.#proceed();
	}

	async #readTable(): Promise<TcpTable | undefined> {
		const {read = readTcpTable} = this.#options;
		try {
			return await read();
		} catch {
			return undefined;
		}
	}

	#report(table: TcpTable | undefined, begunAt: number): void {
		const isTold = table === undefined && this.#isUnavailable;
		this.#isUnavailable = table === undefined;
		if (!isTold) {
			this.#options.onTable(table, begunAt);
		}
	}
}
