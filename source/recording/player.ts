/**
 * Plays a recording to a peer, in the order of its lines: what our side sent is
 * sent again, and what the other side sent is compared with what comes.
 *
 * The order is that in which one program read and wrote, so whatever a peer
 * answered to has been sent again before its answer is waited for. Where chunks
 * end means nothing, as TCP is a stream; a WebSocket and UDP have messages, each
 * of which is to be the same.
 */
import type {Buffer} from 'node:buffer';
import {once} from 'node:events';
import type {Duplex} from 'node:stream';
import {setTimeout as wait} from 'node:timers/promises';
import {SockchatError} from '../errors.js';
import type {MessageKind} from '../event/link-facts.js';
import {isRst} from '../socket/dial.js';
import type {OuterLink} from '../socket/link.js';
import type {Direction, Recorded, RecordedSide} from './line.js';

export type PlayedSide = 'connect' | 'serve';

/** Bytes, or how the connection ended. */
export type Seen = Buffer | string;

export type Difference = {
	/** Counted from 1. */
	readonly connection: number;
	/** How many bytes before it were the same. */
	readonly equalBytes: number;
	readonly recorded: Seen;
	readonly now: Seen;
};

export type Played = {
	readonly connections: number;
	readonly bytesSent: number;
	/** How many bytes were the same. */
	readonly bytesSame: number;
	readonly difference: Difference | undefined;
};

export type PlayerOptions = {
	readonly lines: AsyncIterable<Recorded>;
	readonly recordedSide: RecordedSide;
	readonly side: PlayedSide;
	/** Whether nothing is waited for but answers. */
	readonly isFast: boolean;
	/** The next connection: dialled, or accepted. */
	readonly open: () => Promise<OuterLink>;
	/** Leaves: what was waited for then differs from `nothing`. */
	readonly signal: AbortSignal;
};

/** How a connection ended that was recorded. */
const reset = 'a reset (ECONNRESET)';

// What came, if it was still waited for when the signal came.
const nothing = 'nothing';

/** What is recorded, if the signal came before the connection. */
export const unopened = 'a connection';

/** How much of a difference is shown. */
const shownBytes = 16;

// As long as a peer doesn't read us, we still read it up to here.
const maxWaitingBytes = 16 * 1024 * 1024;

const firstDifference = (one: Buffer, other: Buffer): number => {
	const length = Math.min(one.length, other.length);
	if (one.compare(other, 0, length, 0, length) === 0) {
		return length;
	}

	let at = 0;
	while (one[at] === other[at]) {
		at++;
	}

	return at;
};

/** What is left of a message, for a difference. */
const restOf = (message: Buffer, start: number): Seen => {
	if (start < message.length) {
		return message.subarray(start);
	}

	return start === 0 ? 'an empty message' : 'the end of the message';
};

/** One connection, as it is read: in messages, or in pieces of any length. */
class PlayedLink {
	readonly number: number;
	readonly stream: Duplex;
	/** Which directions had a FIN in the recording. */
	readonly ended = new Set<Direction>();
	bytesSent = 0;
	bytesSame = 0;
	readonly #link: OuterLink;
	readonly #waiting: Buffer[] = [];
	#waitingBytes = 0;
	#error: NodeJS.ErrnoException | undefined;
	#isStopped = false;
	/** What could not be sent any more; as then, if a reset was recorded next. */
	#unsent: Difference | undefined;

	constructor(link: OuterLink, number: number) {
		this.number = number;
		this.#link = link;
		this.stream = link.stream;
		this.stream.on('error', (error: Error) => {
			this.#error = error;
		});
		// Without it nothing is read, and no end is noticed.
		this.stream.on('readable', () => undefined);
	}

	/** How it has ended, in words. */
	get end(): string {
		if (this.#isStopped) {
			return nothing;
		}

		const error = this.#error ?? this.#link.flaw;
		if (error instanceof SockchatError) {
			return error.message;
		}

		return error?.code === undefined
			? this.#goodEnd
			: `a reset (${error.code})`;
	}

	/** Whether a side can say that it has ended. */
	get hasEnd(): boolean {
		return this.#link.kind !== 'udp';
	}

	get #goodEnd(): string {
		return this.#link.kind === 'ws' ? 'the end (Close)' : 'the end (FIN)';
	}

	/** @param frame How a WebSocket message was sent. */
	async send(
		bytes: Buffer,
		frame: MessageKind | undefined,
	): Promise<Difference | undefined> {
		const {stream} = this;
		if (frame !== undefined) {
			this.#link.markMessage(bytes, frame);
		}

		if (!stream.writable) {
			this.#unsent ??= this.#differs('a peer that reads', this.end);
			return isRst(this.#error) ? undefined : this.#unsent;
		}

		this.bytesSent += bytes.length;
		stream.write(bytes);
		while (stream.writableNeedDrain && !stream.destroyed) {
			if (this.#waitingBytes < maxWaitingBytes) {
				this.#pull();
			}

			// eslint-disable-next-line no-await-in-loop -- until it is taken
			await this.#change('drain');
		}

		return undefined;
	}

	/** @returns How what comes differs from these bytes. */
	async expect(
		bytes: Buffer,
		frame: MessageKind | undefined,
	): Promise<Difference | undefined> {
		const {kind} = this.#link;
		return (
			this.#unsent ??
			(kind === 'ws' || kind === 'udp'
				? this.#expectMessage(bytes, frame)
				: this.#expectBytes(bytes))
		);
	}

	async expectEnd(): Promise<Difference | undefined> {
		if (this.#unsent) {
			return this.#unsent;
		}

		const piece = await this.#next();
		if (piece) {
			return this.#differs(this.#goodEnd, restOf(piece, 0));
		}

		const isGood = !this.#error && !this.#isStopped;
		return isGood ? undefined : this.#differs(this.#goodEnd, this.end);
	}

	/** Whose reset was its end: one after a FIN is no other end. */
	resetBy(direction: Direction | undefined): Direction | undefined {
		const isEnd = direction && this.hasEnd && !this.ended.has(direction);
		return isEnd ? direction : undefined;
	}

	async expectReset(): Promise<Difference | undefined> {
		const piece = await this.#next();
		if (piece) {
			return this.#differs(reset, restOf(piece, 0));
		}

		return isRst(this.#error) ? undefined : this.#differs(reset, this.end);
	}

	/** Sends RST once the kernel has all that was sent. */
	async reset(): Promise<void> {
		while (this.stream.writableLength > 0 && !this.stream.destroyed) {
			if (!this.#pull()) {
				// eslint-disable-next-line no-await-in-loop -- until it is taken
				await this.#change('drain');
			}
		}

		this.#link.reset();
	}

	/** At once, whatever is waited for. */
	stop(): void {
		this.#isStopped = true;
		this.stream.destroy();
	}

	/**
	 * Ends in good order after what was sent, and waits for nothing more.
	 *
	 * @returns Why not all could be sent.
	 */
	async close(): Promise<Difference | undefined> {
		const {stream} = this;
		// A WebSocket that is closed before the other side's Close is a reset.
		const isOver = () =>
			stream.destroyed ||
			(this.#link.kind === 'ws'
				? stream.readableEnded
				: stream.writableFinished);
		if (!stream.destroyed) {
			stream.end();
		}

		while (!isOver()) {
			this.#waiting.length = 0;
			if (!this.#pull()) {
				// eslint-disable-next-line no-await-in-loop -- until it is taken
				await this.#change('finish');
			}
		}

		stream.destroy();
		return this.#unsent;
	}

	async #expectMessage(
		bytes: Buffer,
		frame: MessageKind | undefined,
	): Promise<Difference | undefined> {
		const message = await this.#next();
		if (!message) {
			return this.#differs(restOf(bytes, 0), this.end);
		}

		const same = firstDifference(bytes, message);
		this.bytesSame += same;
		if (same < bytes.length || same < message.length) {
			return this.#differs(restOf(bytes, same), restOf(message, same));
		}

		const kind = this.#link.messageKind(message);
		return frame === undefined || frame === kind
			? undefined
			: this.#differs(`a ${frame} message`, `a ${kind} message`);
	}

	async #expectBytes(bytes: Buffer): Promise<Difference | undefined> {
		let rest = bytes;
		while (rest.length > 0) {
			// eslint-disable-next-line no-await-in-loop -- in the order of the bytes
			const piece = await this.#next();
			if (!piece) {
				return this.#differs(rest, this.end);
			}

			const same = firstDifference(rest, piece);
			this.bytesSame += same;
			if (same < rest.length && same < piece.length) {
				return this.#differs(rest.subarray(same), piece.subarray(same));
			}

			this.#putBack(piece.subarray(same));
			rest = rest.subarray(same);
		}

		return undefined;
	}

	#differs(recorded: Seen, now: Seen): Difference {
		const cut = (seen: Seen) =>
			typeof seen === 'string' ? seen : seen.subarray(0, shownBytes);
		return {
			connection: this.number,
			equalBytes: this.bytesSame,
			recorded: cut(recorded),
			now: cut(now),
		};
	}

	#pull(): boolean {
		const piece = this.stream.read() as Buffer | null;
		if (!piece) {
			return false;
		}

		this.#waiting.push(piece);
		this.#waitingBytes += piece.length;
		return true;
	}

	/** @returns Undefined at its end. */
	async #next(): Promise<Buffer | undefined> {
		const {stream} = this;
		while (this.#waiting.length === 0 && !this.#pull()) {
			if (stream.readableEnded || stream.destroyed) {
				return undefined;
			}

			// eslint-disable-next-line no-await-in-loop -- until there is something
			await this.#change('readable');
		}

		const piece = this.#waiting.shift()!;
		this.#waitingBytes -= piece.length;
		return piece;
	}

	#putBack(piece: Buffer): void {
		if (piece.length > 0) {
			this.#waiting.unshift(piece);
			this.#waitingBytes += piece.length;
		}
	}

	/** Settles at the next of these. */
	async #change(wanted: 'drain' | 'finish' | 'readable'): Promise<void> {
		const over = new AbortController();
		const {signal} = over;
		await Promise.race(
			[wanted, 'readable', 'end', 'close'].map(async name =>
				once(this.stream, name, {signal}),
			),
		).catch(() => undefined);
		over.abort();
	}
}

const oursOf = (
	recordedSide: RecordedSide,
	side: PlayedSide,
): Recorded['type'] | 'in' | 'out' =>
	(recordedSide === 'serve') === (side === 'serve') ? 'out' : 'in';

// The longest that a timer takes.
const maxPauseMs = 2 ** 31 - 1;

/**
 * @throws {Error} If a connection can't be opened, or the signal aborts it while
 * nothing is waited for but time.
 */
export const play = async ({
	lines,
	recordedSide,
	side,
	isFast,
	open,
	signal,
}: PlayerOptions): Promise<Played> => {
	const ours = oursOf(recordedSide, side);
	const links = new Map<string, PlayedLink>();
	const all: PlayedLink[] = [];
	let lastAt: number | undefined;
	const stop = () => {
		for (const link of links.values()) {
			link.stop();
		}
	};

	/** @returns Undefined if the signal came first. */
	const nextLink = async (): Promise<OuterLink | undefined> => {
		try {
			return await open();
		} catch (error) {
			if (signal.aborted) {
				return undefined;
			}

			throw error;
		}
	};

	/** Waits as long as our side did before it sent. */
	const pause = async (at: number): Promise<void> => {
		const ms = isFast || lastAt === undefined ? 0 : at - lastAt;
		if (ms > 0) {
			await wait(Math.min(ms, maxPauseMs), undefined, {signal});
		}
	};

	const playLine = async (line: Recorded): Promise<Difference | undefined> => {
		const {type, peer, at} = line;
		if (type === 'open') {
			const unsent = await links.get(peer)?.close();
			if (unsent) {
				return unsent;
			}

			const connection = all.length + 1;
			const opened = await nextLink();
			if (!opened) {
				return {
					connection,
					equalBytes: 0,
					recorded: unopened,
					now: nothing,
				};
			}

			const link = new PlayedLink(opened, connection);
			links.set(peer, link);
			all.push(link);
			return undefined;
		}

		const link = links.get(peer);
		if (!link || (type === 'fin' && !link.hasEnd)) {
			return undefined;
		}

		if (type === 'closed') {
			links.delete(peer);
			const resetBy = link.resetBy(line.reset);
			if (resetBy === undefined) {
				return link.close();
			}

			if (resetBy !== ours) {
				return link.expectReset();
			}

			await link.reset();
			return undefined;
		}

		if (type === 'fin') {
			link.ended.add(line.direction);
		}

		if (line.direction !== ours) {
			return type === 'fin'
				? link.expectEnd()
				: link.expect(line.bytes, line.frame);
		}

		await pause(at);
		if (type === 'chunk') {
			return link.send(line.bytes, line.frame);
		}

		link.stream.end();
		return undefined;
	};

	const played = (difference: Difference | undefined): Played => ({
		connections: all.length,
		bytesSent: all.reduce((sum, {bytesSent}) => sum + bytesSent, 0),
		bytesSame: all.reduce((sum, {bytesSame}) => sum + bytesSame, 0),
		difference,
	});

	signal.addEventListener('abort', stop);
	try {
		for await (const line of lines) {
			const difference = await playLine(line);
			if (difference) {
				return played(difference);
			}

			signal.throwIfAborted();

			lastAt = line.at;
		}

		const unsent = await Promise.all(
			[...links.values()].map(async link => link.close()),
		);
		signal.throwIfAborted();
		return played(unsent.find(difference => difference !== undefined));
	} finally {
		signal.removeEventListener('abort', stop);
		stop();
	}
};
