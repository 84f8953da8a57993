/**
 * One direction of a proxied connection: what one side says goes to the other,
 * in order, with back-pressure, and its end after it.
 */
import type {Buffer} from 'node:buffer';
import {setImmediate, setTimeout, clearTimeout} from 'node:timers';
import {
	bulkBytes,
	readIntoPool,
	type BufferPool,
} from '../socket/stream/buffer-pool.js';
import type {Faults} from '../event/proxy-event.js';
import type {Clock} from '../socket/clock.js';
import type {OuterLink} from '../socket/link.js';
import {writeTo} from '../socket/stream/write.js';
import {isPlain, noFaults, pauseMsAfter, pieceBytes} from './faults.js';

// As much as may wait for its delay; more stays in the kernel.
const maxWaitingBytes = 1024 * 1024;

// How long the answers of UDP are waited for, after the end of a client.
const silenceMs = 1000;

// As `connect --raw --udp` cuts what it reads.
const datagramBytes = 16 * 1024;

type Waiting = {
	/** Undefined for the end. */
	readonly bytes: Buffer | undefined;
	/** Monotonic; not written before. */
	readonly dueAt: number;
};

export type DirectionOptions = {
	readonly from: OuterLink;
	readonly to: OuterLink;
	readonly clock: Clock;
	/** Called for each chunk, before it is passed on. */
	readonly onChunk: ((chunk: Buffer) => void) | undefined;
	/** Called for each write, before it; after it while `to` connects. */
	readonly onWrite?: ((piece: Buffer) => void) | undefined;
	/** Whether neither keeps what it gets. */
	readonly isDirect: boolean;
	/** The end was passed on. */
	readonly onEnd: () => void;
};

/** Whether the kernel gets what is written to it as it is. */
const isSocket = ({kind}: OuterLink): boolean =>
	kind === 'tcp' || kind === 'unix';

/** Whether what is written to it is one message. */
const hasMessages = ({kind}: OuterLink): boolean =>
	kind === 'ws' || kind === 'udp';

export class Direction {
	/** Bytes that the other side's kernel took. */
	bytes = 0;
	#read = 0;
	readonly #options: DirectionOptions;
	/** Whether each chunk is a message for the other side, too. */
	readonly #hasMessages: boolean;
	#faults = noFaults;
	readonly #waiting: Waiting[] = [];
	#waitingBytes = 0;
	#isWriting = false;
	#isCut = false;
	#isDropped = false;
	#timer: NodeJS.Timeout | undefined;
	/** Whether something came in bulk, and whose buffers that is read into. */
	#isBulk = false;
	#pool: BufferPool | undefined;
	#hasEnded = false;
	#isOver = false;
	#isStopped = false;
	/** After `stop()`: whether it looks for an end, and whether more came. */
	#isLooking = false;
	#hasSurplus = false;
	#onOver: (() => void) | undefined;

	constructor(options: DirectionOptions) {
		this.#options = options;
		const {from, to, onChunk, isDirect} = options;
		this.#hasMessages = hasMessages(from) && hasMessages(to);
		from.stream.on('data', (chunk: Buffer) => {
			this.#read += chunk.length;
			if (!this.#isBulk && chunk.length >= bulkBytes) {
				this.#isBulk = true;
				this.#pool =
					isDirect && isSocket(to) ? readIntoPool(from.stream) : undefined;
			}

			if (this.#isStopped) {
				// No end may be passed on after that, and no more is read.
				this.#hasSurplus = true;
				this.#flow();
				return;
			}

			if (this.#isCut) {
				return;
			}

			onChunk?.(chunk);
			const kind = from.messageKind(chunk);
			if (kind) {
				to.markMessage(chunk, kind);
			}

			for (const part of this.#parts(chunk)) {
				this.#take(part);
			}
		});
		from.stream.once('end', () => {
			this.finish();
		});
		to.stream.once('close', () => {
			clearTimeout(this.#timer);
			// Nobody gets it; what still comes is read to see the end.
			this.#isCut = true;
			this.#waiting.length = 0;
			this.#flow();
		});
		to.stream.on('drain', () => {
			this.#flow();
		});
	}

	/** Bytes that were read, and that the other side's kernel did not take. */
	get lost(): number {
		return this.#isDropped ? 0 : this.#read - this.bytes;
	}

	/** Bytes that were read, and dropped as the direction was cut. */
	get cutBytes(): number {
		return this.#isDropped ? this.#read - this.bytes : 0;
	}

	/** Whether the receiver has had an end, as of the sender, or of a cut. */
	get isOver(): boolean {
		return this.#isOver;
	}

	/** Bytes that wait here: in Node, on either side, or for their delay. */
	get heldBytes(): number {
		return this.#isCut
			? 0
			: this.#read - this.bytes + this.#options.from.stream.readableLength;
	}

	get faults(): Faults {
		return this.#faults;
	}

	/** From now on; what waits is not hurried. */
	setFaults(faults: Faults): void {
		this.#faults = faults;
		this.#flow();
		this.#pump();
	}

	/** The receiver gets an end now, and nothing that comes later. */
	cut(): void {
		this.#isCut = true;
		this.#isDropped = true;
		this.#hasEnded = true;
		this.#waiting.length = 0;
		this.#end();
		this.#options.from.stream.resume();
	}

	/**
	 * The receiver is about to be reset, which throws away what its kernel doesn't
	 * have.
	 */
	drop(unreachedBytes: number): void {
		const written = this.bytes + this.#options.to.stream.writableLength;
		this.bytes = Math.max(0, written - unreachedBytes);
	}

	/**
	 * Passes on what is here already, and reads no more. Then comes the end,
	 * unless the sender goes on: the receiver is to get a reset then.
	 */
	stop(): void {
		if (this.#hasEnded) {
			return;
		}

		const {stream} = this.#options.from;
		let left = stream.readableLength;
		while (left > 0) {
			const chunk = stream.read() as Buffer | undefined;
			left -= stream.readableObjectMode ? 1 : (chunk?.length ?? left);
		}

		this.#isStopped = true;
		this.#hasEnded = true;
		this.#push(undefined);
	}

	/** Nothing more comes: what waits is passed on, then the end. */
	finish(onOver?: () => void): void {
		this.#onOver = onOver;
		if (!this.#hasEnded) {
			this.#hasEnded = true;
			this.#push(undefined);
		} else if (this.#isCut || this.#isOver) {
			onOver?.();
		}
	}

	/** A read of TCP may be larger than a datagram. */
	#parts(chunk: Buffer): readonly Buffer[] {
		const {from, to} = this.#options;
		if (
			to.kind !== 'udp' ||
			from.kind === 'udp' ||
			chunk.length <= datagramBytes
		) {
			return [chunk];
		}

		return Array.from(
			{length: Math.ceil(chunk.length / datagramBytes)},
			(_, index) =>
				chunk.subarray(index * datagramBytes, (index + 1) * datagramBytes),
		);
	}

	#take(chunk: Buffer): void {
		const {to} = this.#options;
		if (
			isPlain(this.#faults) &&
			this.#waiting.length === 0 &&
			!this.#isWriting
		) {
			if (to.stream.writable) {
				this.#send(chunk, isTaken => {
					if (isTaken) {
						this.#pool?.giveBack(chunk);
					}
				});
			}

			this.#flow();
			return;
		}

		this.#push(chunk);
	}

	#push(bytes: Buffer | undefined): void {
		const {monotonicMs} = this.#options.clock;
		const dueAt = monotonicMs() + this.#faults.delayMs;
		this.#waiting.push({bytes, dueAt});
		this.#waitingBytes += bytes?.length ?? 0;
		this.#flow();
		this.#pump();
	}

	/** Reads on, unless enough waits. */
	#flow(): void {
		const {from, to} = this.#options;
		const isFull =
			this.#hasSurplus ||
			(!this.#isCut &&
				!this.#isLooking &&
				(this.#isStopped ||
					this.#faults.isPaused ||
					to.stream.writableNeedDrain ||
					this.#waitingBytes > maxWaitingBytes));
		if (isFull) {
			from.stream.pause();
		} else {
			from.stream.resume();
		}
	}

	#pump(): void {
		const [first] = this.#waiting;
		if (!first || this.#isWriting || this.#faults.isPaused) {
			return;
		}

		const waitMs = first.dueAt - this.#options.clock.monotonicMs();
		clearTimeout(this.#timer);
		if (waitMs > 0) {
			this.#timer = setTimeout(() => {
				this.#pump();
			}, Math.ceil(waitMs));
			return;
		}

		if (first.bytes === undefined && this.#isStopped) {
			this.#look();
			return;
		}

		this.#waiting.shift();
		if (first.bytes === undefined) {
			this.#end();
			return;
		}

		// A part of a message would be another message, and has lost its kind.
		const piece = this.#hasMessages
			? first.bytes
			: first.bytes.subarray(0, pieceBytes(this.#faults));
		if (piece.length < first.bytes.length) {
			const bytes = first.bytes.subarray(piece.length);
			this.#waiting.unshift({bytes, dueAt: first.dueAt});
		}

		this.#write(piece);
	}

	#write(piece: Buffer): void {
		const {stream} = this.#options.to;
		if (!stream.writable) {
			return;
		}

		this.#isWriting = true;
		this.#send(piece, () => {
			this.#waitingBytes -= piece.length;
			const next = () => {
				this.#isWriting = false;
				this.#flow();
				this.#pump();
			};

			const waitMs = pauseMsAfter(piece.length, this.#faults);
			if (waitMs > 0) {
				this.#timer = setTimeout(next, waitMs);
			} else {
				// A turn for each piece, so that the kernel sends it by itself.
				setImmediate(next);
			}
		});
	}

	/** @param onDone Gets whether the kernel took all of it. */
	#send(bytes: Buffer, onDone: (isTaken: boolean) => void): void {
		const {to, onWrite} = this.#options;
		// Until then Node keeps it.
		const isLater = to.isConnecting;
		if (!isLater) {
			onWrite?.(bytes);
		}

		writeTo(to.stream, bytes, error => {
			if (!error) {
				this.bytes += bytes.length;
				if (isLater) {
					onWrite?.(bytes);
				}
			}

			onDone(!error);
			if (this.#isStopped) {
				this.#pump();
			}
		});
	}

	/** Once the kernel took all: ends, unless the sender goes on. */
	#look(): void {
		const {stream} = this.#options.to;
		if (this.#isLooking || (stream.writable && this.lost > 0)) {
			return;
		}

		this.#isLooking = true;
		this.#flow();
		// Node begins to read in the next turn: what is there comes before this.
		setImmediate(() => {
			setImmediate(() => {
				if (!this.#hasSurplus) {
					this.#waiting.length = 0;
					this.#end();
				}
			});
		});
	}

	#end(): void {
		const {to, onEnd} = this.#options;
		this.#isOver = true;
		if (!to.stream.writableEnded && !to.stream.destroyed) {
			if (to.kind === 'udp' && this.#onOver === undefined) {
				// No datagram says that it has ended, and an end would drop its answers.
				to.stream.once('timeout', () => {
					to.stream.end();
				});
				to.stream.setTimeout(silenceMs);
			} else {
				to.stream.end();
			}

			onEnd();
		}

		this.#onOver?.();
	}
}
