/**
 * What waits for the engine, on the disk: it survives this process.
 *
 * Lines of JSON: the first names this server, each other one is an entry on its
 * way, or says how many of them are done. Once all are done the file is cut to
 * its first line. It stands beside the history, whose lock guards it, too.
 */
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {closeSync} from 'node:fs';
import {readAt, sizeOf, syncData, truncate, writeAt} from '../history/disk.js';
import {createFile, makePrivate, openExisting} from '../history/files.js';
import {Syncing, type FsyncMode, type SetTimer} from '../history/syncing.js';
import {trace} from '../trace.js';
import {outboxUnusable} from './failures.js';
import type {Waiting} from './outgoing.js';

export type OutboxOptions = {
	readonly path: string;
	readonly fsync: FsyncMode;
	readonly setTimer: SetTimer;
};

/** A server's id lasts as long as its outbox. */
export const freshServerId = (): string => randomBytes(8).toString('hex');

type Line = Readonly<Record<string, unknown>>;

const parse = (line: string): Line | undefined => {
	try {
		return JSON.parse(line) as Line;
	} catch {
		// A kill may leave a part of the last line.
		return undefined;
	}
};

const waitingIn = (line: Line): Waiting | undefined => {
	const {key, id, n, text} = line;
	return typeof key === 'string' &&
		typeof id === 'string' &&
		Number.isSafeInteger(n) &&
		typeof text === 'string'
		? {key, id, n: n as number, text, since: 0}
		: undefined;
};

const headOf = (server: string): string =>
	`${JSON.stringify({type: 'outbox', v: 1, server})}\n`;

export class Outbox {
	/** The id of this server. */
	readonly server: string;
	/** What the last run left, in order. */
	readonly left: readonly Waiting[];
	readonly #fd: number;
	readonly #fsync: FsyncMode;
	readonly #syncing: Syncing;
	readonly #headBytes: number;
	#end: number;
	/** The keys of what the file has and is not done, in order. */
	readonly #keys: Set<string>;
	#writes: Promise<void> = Promise.resolve();

	constructor(
		fd: number,
		{server, left, end}: {server: string; left: Waiting[]; end: number},
		{fsync, setTimer}: OutboxOptions,
	) {
		this.server = server;
		this.left = left;
		this.#fd = fd;
		this.#fsync = fsync;
		this.#end = end;
		this.#headBytes = headOf(server).length;
		this.#keys = new Set(left.map(({key}) => key));
		this.#syncing = new Syncing(setTimer, error => {
			trace('outbox: %o', error);
		});
	}

	/** Whether all that it was given is done. */
	get isEmpty(): boolean {
		return this.#keys.size === 0;
	}

	has(key: string): boolean {
		return this.#keys.has(key);
	}

	/** Settles once the entries are kept. @throws {Error} Of the disk. */
	async keep(entries: readonly Waiting[]): Promise<void> {
		for (const {key} of entries) {
			this.#keys.add(key);
		}

		const lines = entries.map(
			({key, id, n, text}) => `${JSON.stringify({key, id, n, text})}\n`,
		);
		return this.#write(lines.join(''));
	}

	/** Some are in the stream. */
	done(keys: readonly string[]): void {
		const known = keys.filter(key => this.#keys.delete(key));
		if (known.length === 0) {
			return;
		}

		const settled =
			this.#keys.size === 0
				? this.#empty()
				: this.#write(`${JSON.stringify({done: known})}\n`);
		settled.catch((error: unknown) => {
			// The stream and the log show at the next start that they are done.
			trace('outbox: %o', error);
		});
	}

	async close(): Promise<void> {
		try {
			await this.#writes;
			await this.#syncing.now(this.#fd);
		} catch (error) {
			trace('outbox: %o', error);
		} finally {
			closeSync(this.#fd);
		}
	}

	async #write(text: string): Promise<void> {
		return this.#after(async () => {
			const bytes = Buffer.from(text);
			await writeAt(this.#fd, [bytes], this.#end);
			this.#end += bytes.length;
			if (this.#fsync === 'always') {
				await syncData(this.#fd);
			} else {
				this.#syncing.wrote(this.#fd);
			}
		});
	}

	async #empty(): Promise<void> {
		return this.#after(async () => {
			if (this.#keys.size === 0) {
				await truncate(this.#fd, this.#headBytes);
				this.#end = this.#headBytes;
				this.#syncing.wrote(this.#fd);
			}
		});
	}

	async #after(work: () => Promise<void>): Promise<void> {
		const before = this.#writes;
		const done = (async () => {
			await before.catch(() => undefined);
			await work();
		})();
		this.#writes = done;
		return done;
	}
}

/**
 * Opens an outbox, or creates it.
 *
 * @throws {SockchatError} `ERR_RELAY`.
 */
export const openOutbox = async (options: OutboxOptions): Promise<Outbox> => {
	const {path} = options;
	try {
		const existing = openExisting(path);
		const fd = existing ?? createFile(path);
		const bytes = await readAt(fd, 0, sizeOf(fd));
		const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
		const [first, ...lines] = whole
			.toString()
			.split('\n')
			.map(line => parse(line));
		const known = first?.['type'] === 'outbox' ? first['server'] : undefined;
		if (typeof known !== 'string' && bytes.length > 0) {
			throw new Error('it is no outbox');
		}

		makePrivate(fd);
		if (typeof known !== 'string') {
			const server = freshServerId();
			const head = Buffer.from(headOf(server));
			await writeAt(fd, [head], 0);
			await syncData(fd);
			return new Outbox(fd, {server, left: [], end: head.length}, options);
		}

		const left = new Map<string, Waiting>();
		for (const line of lines) {
			const waiting = line && waitingIn(line);
			if (waiting) {
				left.set(waiting.key, waiting);
			}

			for (const key of (line?.['done'] ?? []) as string[]) {
				left.delete(key);
			}
		}

		// A cut line must not become a part of the next one.
		await truncate(fd, whole.length);
		return new Outbox(
			fd,
			{server: known, left: [...left.values()], end: whole.length},
			options,
		);
	} catch (error) {
		throw outboxUnusable(path, error as Error);
	}
};
