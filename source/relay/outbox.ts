/**
 * What waits for the engine, on the disk: it survives this process.
 *
 * Lines of JSON: the first names this server, each other one is an entry on its
 * way, or says how many of them are done. Once all are done the file is cut to
 * its first line. It stands beside the history, whose lock guards it, too.
 *
 * A copy, as of a whole state folder, must not name its server as the original
 * does: the first line has the file's inode, and a file with another inode gets
 * another name, with all that waits in it.
 */
import {Buffer} from 'node:buffer';
import {randomBytes} from 'node:crypto';
import {closeSync, fstatSync, renameSync, rmSync} from 'node:fs';
import {readAt, sizeOf, syncData, truncate, writeAt} from '../history/disk.js';
import {
	createFile,
	makePrivate,
	newPath,
	openExisting,
	syncFolder,
} from '../history/files.js';
import {Syncing, type FsyncMode, type SetTimer} from '../history/syncing.js';
import {textOf} from '../protocol/unnumbered.js';
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

const lineFeed = 10;

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

const entryLine = ({key, id, n, text}: Waiting): string =>
	`${JSON.stringify({key, id, n, text})}\n`;

/** A string, as an inode may be beyond 2 ** 53. */
const inodeOf = (fd: number): string =>
	String(fstatSync(fd, {bigint: true}).ino);

type Content = {
	readonly server: string;
	readonly left: readonly Waiting[];
	readonly headBytes: number;
	readonly end: number;
};

/** Names the server of a new file, and writes what waits into it. */
const begin = async (
	fd: number,
	left: readonly Waiting[],
): Promise<Content> => {
	const server = freshServerId();
	const file = inodeOf(fd);
	const head = Buffer.from(
		`${JSON.stringify({type: 'outbox', v: 1, server, file})}\n`,
	);
	const lines = Buffer.from(left.map(each => entryLine(each)).join(''));
	await writeAt(fd, [head, lines], 0);
	await syncData(fd);
	const end = head.length + lines.length;
	return {server, left, headBytes: head.length, end};
};

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
		{server, left, headBytes, end}: Content,
		{fsync, setTimer}: OutboxOptions,
	) {
		this.server = server;
		this.left = left;
		this.#fd = fd;
		this.#fsync = fsync;
		this.#end = end;
		this.#headBytes = headBytes;
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

		return this.#write(entries.map(each => entryLine(each)).join(''));
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

/** Puts a file with a name of its own in the place of a copied one. */
const copyOf = async (
	path: string,
	left: readonly Waiting[],
): Promise<[fd: number, content: Content]> => {
	const draft = newPath(path);
	rmSync(draft, {force: true});
	const fd = createFile(draft);
	try {
		const content = await begin(fd, left);
		renameSync(draft, path);
		await syncFolder(path);
		return [fd, content];
	} catch (error) {
		closeSync(fd);
		rmSync(draft, {force: true});
		throw error;
	}
};

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
		const whole = bytes.subarray(0, bytes.lastIndexOf(lineFeed) + 1);
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
			return new Outbox(fd, await begin(fd, []), options);
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

		if (first?.['file'] !== inodeOf(fd)) {
			closeSync(fd);
			return new Outbox(...(await copyOf(path, [...left.values()])), options);
		}

		// A cut line must not become a part of the next one.
		await truncate(fd, whole.length);
		const content = {
			server: known,
			left: [...left.values()],
			headBytes: whole.indexOf(lineFeed) + 1,
			end: whole.length,
		};
		return new Outbox(fd, content, options);
	} catch (error) {
		throw outboxUnusable(path, error as Error);
	}
};

/**
 * What of an earlier process's outbox is in the log: a kill between the two
 * leaves it in both.
 *
 * @param tail The end of the log, as whole lines.
 */
export const loggedAmong = (
	left: readonly Waiting[],
	tail: Buffer,
): ReadonlySet<Waiting> => {
	const logged = new Set<Waiting>();
	// Two peers of `nc` may say the same in one millisecond.
	const byText = new Map<string, Waiting[]>();
	for (const waiting of left) {
		const same = byText.get(waiting.text);
		if (same) {
			same.push(waiting);
		} else {
			byText.set(waiting.text, [waiting]);
		}
	}

	let start = 0;
	while (start < tail.length && logged.size < left.length) {
		const end = tail.indexOf(lineFeed, start);
		const text = textOf(tail.toString('utf8', start, end));
		const waiting = byText.get(text)?.pop();
		if (waiting) {
			logged.add(waiting);
		}

		start = end + 1;
	}

	return logged;
};
