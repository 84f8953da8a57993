/**
 * The stream of a link that isn't a socket of the kernel's by itself: TLS, a
 * WebSocket, UDP. It behaves as a socket of node:net does: it connects, counts,
 * falls silent, ends in halves and closes.
 *
 * What it reads are objects, one for each message: a boundary is kept, and an
 * empty message is one. Each write is one message.
 */
import type {Buffer} from 'node:buffer';
import {Duplex} from 'node:stream';
import {clearTimeout, setTimeout} from 'node:timers';
import type {SockchatError} from '../../errors.js';
import {cancelled} from '../stream/write.js';

// One message is read ahead; the rest waits in the queue below.
const streamOptions = {
	readableObjectMode: true,
	readableHighWaterMark: 1,
} as const;

export abstract class CarrierStream extends Duplex {
	/** Whether messages can't be sent yet. */
	connecting = true;
	bytesRead = 0;
	/** Those given to it, as node:net counts. */
	bytesWritten = 0;
	/** Why what was read may not be all, though it ended. */
	flaw: SockchatError | undefined;
	readonly #queue: Buffer[] = [];
	#queuedBytes = 0;
	#hasEnded = false;
	#isWanted = false;
	readonly #waiting: Array<() => void> = [];
	#timer: NodeJS.Timeout | undefined;
	/** Of the write that is under way. */
	#written: ((error?: Error | null) => void) | undefined;

	constructor() {
		super(streamOptions);
		// It may fail before anybody listens, who then finds it destroyed.
		this.on('error', () => undefined);
		this.once('close', () => {
			clearTimeout(this.#timer);
			// What carries it doesn't always call back once it is destroyed.
			this.#settleWrite(cancelled());
		});
	}

	/** As of node:net: emits 'timeout' after this long without a byte. */
	setTimeout(delayMs: number): this {
		clearTimeout(this.#timer);
		this.#timer =
			delayMs === 0
				? undefined
				: setTimeout(() => {
						this.emit('timeout');
					}, delayMs);
		return this;
	}

	override _read(): void {
		this.#isWanted = true;
		this.#flush();
	}

	override _write(
		chunk: Buffer,
		_encoding: BufferEncoding,
		done: (error?: Error | null) => void,
	): void {
		this.#written = done;
		this.whenOpen(() => {
			this.send(chunk, error => {
				this.#timer?.refresh();
				if (!error) {
					this.bytesWritten += chunk.length;
				}

				this.#settleWrite(error);
			});
		});
	}

	override _final(done: (error?: Error | null) => void): void {
		this.whenOpen(() => {
			this.finish(done);
		});
	}

	/** Bytes that wait in the queue, for whoever bounds it. */
	protected get queuedBytes(): number {
		return this.#queuedBytes;
	}

	/** It can send from now on. */
	protected opened(): void {
		this.connecting = false;
		this.emit('connect');
		for (const run of this.#waiting.splice(0)) {
			run();
		}
	}

	/** @returns Whether more is wanted; if not, `wanted()` is called later. */
	protected deliver(chunk: Buffer): boolean {
		this.#timer?.refresh();
		this.bytesRead += chunk.length;
		this.#queuedBytes += chunk.length;
		this.#queue.push(chunk);
		this.#flush();
		return this.#isWanted;
	}

	/** No more comes. */
	protected deliverEnd(): void {
		this.#hasEnded = true;
		this.#flush();
	}

	protected abstract send(
		chunk: Buffer,
		done: (error?: Error | null) => void,
	): void;

	/** Nothing more is sent. */
	protected abstract finish(done: (error?: Error | null) => void): void;

	/** The reader has read all there was. */
	protected abstract wanted(): void;

	private whenOpen(run: () => void): void {
		if (this.connecting) {
			this.#waiting.push(run);
		} else {
			run();
		}
	}

	#settleWrite(error: Error | null | undefined): void {
		const written = this.#written;
		this.#written = undefined;
		written?.(error);
	}

	#flush(): void {
		while (this.#isWanted && this.#queue.length > 0) {
			const chunk = this.#queue.shift()!;
			this.#queuedBytes -= chunk.length;
			this.#isWanted = this.push(chunk);
		}

		if (this.#isWanted && this.#queue.length === 0) {
			if (this.#hasEnded) {
				this.#isWanted = false;
				this.push(null);
			} else {
				this.wanted();
			}
		}
	}
}
