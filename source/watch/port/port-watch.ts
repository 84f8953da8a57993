/**
 * Watches a port: reads often while something happens, seldom while nothing
 * does. It opens no socket.
 *
 * States that last microseconds are missed at any rate; the steps have bounds,
 * and those between are inferred.
 */
import {SockchatError} from '../../errors.js';
import {formatAddress, type LoopbackAddress} from '../../socket/address.js';
import type {PortEvent} from '../../event/port-event.js';
import {PortLog} from './port-log.js';
import {PortReader, type PortReaderOptions} from './port-reader.js';

export type PortWatchOptions = Omit<PortReaderOptions, 'port'> & {
	readonly address: Extract<LoopbackAddress, {kind: 'tcp'}>;
	/** The next reading waits for it. */
	readonly onEvents: (events: readonly PortEvent[]) => Promise<void>;
};

/**
 * How long to wait for the next reading, by how long ago the last news is; and
 * how much longer than a reading takes, which may be 10 ms on a machine with a
 * large table.
 */
const paces = [
	{newsMs: 300, everyMs: 10, restsPerRead: 4},
	{newsMs: 2000, everyMs: 30, restsPerRead: 6},
	{newsMs: Infinity, everyMs: 150, restsPerRead: 100},
] as const;

/** No longer than that: on a starved machine every reading takes long. */
const longestRestMs = 2000;

/** How often to look, while waiting, whether a call that blocked has returned. */
const peekMs = 25;

/** The sockets are listed at most so often. */
const listEveryMs = 250;

/**
 * What came is counted first, and a row that may only have been missed is looked
 * for again; no longer than that, as there may always be more.
 */
const longestListMs = 1000;

const noTables = () =>
	new SockchatError(
		'ERR_NO_TABLES',
		"The kernel's tables of sockets (/proc/net/tcp) can't be read here, and there is no other way to see the sockets of other programs.",
	);

export class PortWatch {
	readonly #options: PortWatchOptions;
	readonly #reader: PortReader;
	readonly #log: PortLog;
	#newsAt = -Infinity;
	#listedAt = -Infinity;
	/** Whether the list has changed since it was reported. */
	#isListDue = true;
	#isStopped = false;
	#isNudged = false;
	#wake = () => {};

	constructor(options: PortWatchOptions) {
		const {address} = options;
		this.#options = options;
		this.#reader = new PortReader({...options, port: address.port});
		this.#log = new PortLog(formatAddress(address), address.port);
	}

	/**
	 * Reads until `stop()` is called.
	 *
	 * @throws {SockchatError} `ERR_NO_TABLES` if the first reading fails.
	 */
	async run(): Promise<void> {
		const {clock} = this.#options;
		let isFirst = true;
		while (!this.#isStopped) {
			const begunAt = clock.monotonicMs();
			// eslint-disable-next-line no-await-in-loop -- readings are sequential
			const events = await this.#read(isFirst);
			isFirst = false;
			if (events.length > 0) {
				// eslint-disable-next-line no-await-in-loop -- as the reader can take them
				await this.#options.onEvents(events);
			}

			// eslint-disable-next-line no-await-in-loop -- the rest between readings
			await this.#rest(clock.monotonicMs() - begunAt);
		}
	}

	/**
	 * Something has happened, as a captured segment shows: reads as soon as the
	 * quickest pace allows. What follows, such as close() and the end of its
	 * program, is then seen apart.
	 */
	nudge(): void {
		this.#isNudged = true;
		this.#wake();
	}

	/** Nothing is reported after it. */
	stop(): void {
		this.#isStopped = true;
		this.#wake();
	}

	async #read(isFirst: boolean): Promise<readonly PortEvent[]> {
		const {clock} = this.#options;
		const reading = await this.#reader.read(this.#log.inodes);
		if (isFirst && !reading.rows) {
			throw noTables();
		}

		if (this.#isStopped) {
			return [];
		}

		const events = this.#log.take(reading);
		const now = clock.monotonicMs();
		if (reading.isNews || events.length > 0) {
			this.#newsAt = now;
			this.#isListDue = true;
		}

		// Bytes are said to be unread once it is said that they were sent.
		const mayWait = reading.isCountDue || this.#log.isTorn;
		const everyMs = mayWait ? longestListMs : listEveryMs;
		if (!this.#isListDue || now - this.#listedAt < everyMs) {
			return events;
		}

		this.#isListDue = false;
		this.#listedAt = now;
		return [...events, this.#log.sockets(reading.tableAt)];
	}

	/** @param tookMs How long the reading took. */
	async #rest(tookMs: number): Promise<void> {
		const {clock} = this.#options;
		const begunAt = clock.monotonicMs();
		const quietMs = begunAt - this.#newsAt;
		const pace = paces.find(({newsMs}) => quietMs < newsMs) ?? paces[2];
		const restOf = ({everyMs, restsPerRead}: (typeof paces)[number]): number =>
			Math.max(everyMs, Math.min(restsPerRead * tookMs, longestRestMs));
		const left = (): number => {
			const restMs = restOf(this.#isNudged ? paces[0] : pace);
			return begunAt + restMs - clock.monotonicMs();
		};

		let leftMs = left();
		while (!this.#isStopped && leftMs > 0) {
			// eslint-disable-next-line no-await-in-loop -- one timer after another
			await this.#sleep(Math.min(leftMs, peekMs));
			leftMs = this.#reader.hasReturned() ? 0 : left();
		}

		this.#isNudged = false;
	}

	async #sleep(delayMs: number): Promise<void> {
		await new Promise<void>(resolve => {
			const cancel = this.#options.clock.setTimer(resolve, delayMs);
			this.#wake = () => {
				cancel();
				resolve();
			};
		});
	}
}
