/**
 * Bytes as messages, and messages as bytes, for links that keep boundaries: a
 * UDP datagram, a WebSocket message.
 */
import {Buffer} from 'node:buffer';
import {Transform, type TransformCallback} from 'node:stream';
import {SockchatError} from '../../errors.js';
import type {Link} from '../../socket/link.js';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

const lineTooLong = (limit: number) =>
	new SockchatError(
		'ERR_LINE_TOO_LONG',
		`A line of stdin is longer than ${limit} bytes, the limit for a WebSocket message; --ws-binary sends each read as one.`,
	);

/** Each chunk that comes out is one message. */
export abstract class Cutter extends Transform {
	/** Bytes of all messages that were made, also of those that wait here. */
	madeBytes = 0;

	constructor() {
		super({readableObjectMode: true, readableHighWaterMark: 1});
	}

	/** Bytes that were read, and are not a message yet. */
	abstract get heldBytes(): number;

	protected make(message: Buffer): void {
		this.madeBytes += message.length;
		this.push(message);
	}
}

/** Each line is a message, without its line end. */
export class LineCutter extends Cutter {
	readonly #end: Buffer;
	readonly #limitBytes: number;
	#parts: Buffer[] = [];
	#heldBytes = 0;

	/** @param end Put after each line instead of its line end. */
	constructor(end: string, limitBytes: number) {
		super();
		this.#end = Buffer.from(end);
		this.#limitBytes = limitBytes;
	}

	get heldBytes(): number {
		return this.#heldBytes;
	}

	override _transform(
		chunk: Buffer,
		_encoding: BufferEncoding,
		done: TransformCallback,
	): void {
		let start = 0;
		for (
			let at = chunk.indexOf(lineFeed);
			at !== -1;
			at = chunk.indexOf(lineFeed, start)
		) {
			this.#hold(chunk.subarray(start, at));
			this.#pass();
			start = at + 1;
		}

		this.#hold(chunk.subarray(start));
		done(
			this.#heldBytes > this.#limitBytes
				? lineTooLong(this.#limitBytes)
				: undefined,
		);
	}

	override _flush(done: TransformCallback): void {
		if (this.#heldBytes > 0) {
			this.#pass();
		}

		done();
	}

	#hold(part: Buffer): void {
		if (part.length > 0) {
			this.#parts.push(part);
			this.#heldBytes += part.length;
		}
	}

	#pass(): void {
		const line = Buffer.concat(this.#parts);
		const length =
			line.at(-1) === carriageReturn ? line.length - 1 : line.length;
		this.#parts = [];
		this.#heldBytes = 0;
		this.make(Buffer.concat([line.subarray(0, length), this.#end]));
	}
}

/** Each read is a message, in parts if it is larger than the limit. */
export class ReadCutter extends Cutter {
	readonly #limitBytes: number;

	constructor(limitBytes: number) {
		super();
		this.#limitBytes = limitBytes;
	}

	get heldBytes(): number {
		return 0;
	}

	override _transform(
		chunk: Buffer,
		_encoding: BufferEncoding,
		done: TransformCallback,
	): void {
		for (let start = 0; start < chunk.length; start += this.#limitBytes) {
			this.make(chunk.subarray(start, start + this.#limitBytes));
		}

		done();
	}
}

/** A line end after each text message; binary ones stay as they are. */
export const createMessageLines = (link: Link): Transform =>
	new Transform({
		writableObjectMode: true,
		transform(message: Buffer, _encoding, done) {
			const isText = link.messageKind(message) === 'text';
			done(
				undefined,
				isText ? Buffer.concat([message, Buffer.of(lineFeed)]) : message,
			);
		},
	});
