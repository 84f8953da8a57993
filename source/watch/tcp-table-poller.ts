/**
 * Polls the kernel's table of TCP sockets while somebody watches: once a second,
 * and several times right after a change, as some states last only milliseconds.
 * For a screen it may become slower while nothing happens.
 *
 * Reads never overlap, and it rests four times as long as a read takes: with
 * 10,000 connections a read takes 50 ms.
 */
import type {Clock} from '../socket/clock.js';
import {readTcpTable, type TcpTable} from '../socket/tcp-table.js';

export type TcpTablePollerOptions = {
	readonly clock: Clock;
	/**
	 * Default: all of /proc/net/tcp and tcp6.
	 *
	 * @param isAtRest Whether nothing has happened for long, or will by itself.
	 */
	readonly read?:
		((isAtRest: boolean) => Promise<TcpTable | undefined>) | undefined;
	/**
	 * @param table Undefined if the table can't be read. Reported once, until it
	 * can be read again.
	 * @param begunAt Monotonic start of the read; later changes may be missing.
	 */
	readonly onTable: (table: TcpTable | undefined, begunAt: number) => void;
};

const everyMs = 1000;

/** After so many quiet reads the pace halves with each one. */
const readsBeforeRest = 5;

/**
 * The slowest pace. The kernel walks its whole table of hashes, 8 ms of CPU on
 * a machine of 24 GB: every 8 s, that was half of what an idle screen costs.
 * Whatever moves bytes or ends a connection is read at once.
 */
const longestMs = 32_000;

/** After a change: now, and again for the states that follow. */
const soonMs = [0, 20, 50, 100, 250];

/** So at most a fifth of the time is spent reading. */
const restsPerRead = 4;

export class TcpTablePoller {
	readonly #options: TcpTablePollerOptions;
	/** Monotonic times of the next reads, in order; empty while stopped. */
	#due: readonly number[] = [];
	#isReading = false;
	#isUnavailable = false;
	/** When the rest after the last read ends. */
	#restedAt = -Infinity;
	#cancelTimer: (() => void) | undefined;
	#mayRest = false;
	/** Reads since something last happened. */
	#quietReads = 0;
	/** Who waits for a reading that begins no earlier than `from`. */
	#waiting: ReadonlyArray<{
		readonly from: number;
		readonly resolve: () => void;
	}> = [];

	constructor(options: TcpTablePollerOptions) {
		this.#options = options;
	}

	get #now(): number {
		return this.#options.clock.monotonicMs();
	}

	/** How many reads it has been at rest for. */
	get #rests(): number {
		const reads = this.#mayRest ? this.#quietReads - readsBeforeRest : 0;
		return Math.max(0, reads);
	}

	/** Reads now and keeps polling; a second call does nothing. */
	start(): void {
		if (this.#due.length === 0) {
			this.#isUnavailable = false;
			this.#due = [this.#now];
			this.#proceed();
		}
	}

	/** From now on it reads less often while nothing happens. */
	restWhileQuiet(): void {
		this.#mayRest = true;
	}

	/** Nothing will happen by itself: the pace halves with each read from now on. */
	restSoon(): void {
		this.#quietReads = Math.max(this.#quietReads, readsBeforeRest);
	}

	/** Something happens: it reads every second again. */
	hurry(): void {
		this.#quietReads = 0;
		this.readWithin(everyMs);
	}

	/** Something will happen by then: it reads no later, however quiet it is. */
	readWithin(ms: number): void {
		const by = this.#now + ms;
		if (this.#due.length > 0 && this.#due[0]! > by) {
			this.#due = [by];
			this.#proceed();
		}
	}

	/** Call it when a connection changed; while stopped, it does nothing. */
	pollSoon(): void {
		if (this.#due.length > 0) {
			const now = this.#now;
			this.#due = soonMs.map(ms => now + ms);
			this.#quietReads = 0;
			this.#proceed();
		}
	}

	/**
	 * Settles once a reading that begins from now on was reported; at once while
	 * stopped or without a table.
	 */
	async next(): Promise<void> {
		if (this.#due.length === 0 || this.#isUnavailable) {
			return;
		}

		const from = this.#now;
		await new Promise<void>(resolve => {
			this.#waiting = [...this.#waiting, {from, resolve}];
			this.pollSoon();
		});
	}

	/** A read in progress is not reported. */
	stop(): void {
		this.#due = [];
		this.#proceed();
		this.#settle(Infinity);
	}

	/** Reads if a read is due, else sets a timer for it. */
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
		if (later.length > 0) {
			this.#due = later;
		} else {
			this.#quietReads++;
			const paceMs = Math.min(longestMs, everyMs * 2 ** this.#rests);
			this.#due = [begunAt + paceMs];
		}

		this.#isReading = true;
		const table = await this.#readTable();
		this.#isReading = false;
		const tookMs = this.#now - begunAt;
		// Capped, in case the process was stopped during the read.
		this.#restedAt = this.#now + Math.min(restsPerRead * tookMs, everyMs);
		if (this.#due.length > 0) {
			this.#report(table, begunAt);
		}

		this.#proceed();
	}

	async #readTable(): Promise<TcpTable | undefined> {
		const {read = async () => readTcpTable()} = this.#options;
		try {
			return await read(this.#rests > 0);
		} catch {
			return undefined;
		}
	}

	#report(table: TcpTable | undefined, begunAt: number): void {
		const isReported = table === undefined && this.#isUnavailable;
		this.#isUnavailable = table === undefined;
		if (!isReported) {
			this.#options.onTable(table, begunAt);
		}

		this.#settle(table === undefined ? Infinity : begunAt);
	}

	/** @param begunAt Of the reading that was reported. */
	#settle(begunAt: number): void {
		const settled = this.#waiting.filter(({from}) => from <= begunAt);
		this.#waiting = this.#waiting.filter(({from}) => from > begunAt);
		for (const {resolve} of settled) {
			resolve();
		}
	}
}
