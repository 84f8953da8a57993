/**
 * A client's link with its codec: frames in, frames out, one end.
 *
 * It lasts for one attempt; each reconnect creates another.
 */
import type {Buffer} from 'node:buffer';
import type {SockchatError} from '../errors.js';
import {decodeServerFrame, frameLine} from '../protocol/codec.js';
import {
	maxFrameBytes,
	type ClientFrame,
	type ServerFrame,
} from '../protocol/frame.js';
import {LineSplitter} from '../protocol/lines.js';
import type {Link} from '../socket/link.js';
import {trace} from '../trace.js';
import type {WireTap} from '../watch/wire-tap.js';

export type FramedSocketEvents = {
	readonly onConnected: () => void;
	/** Bytes arrived: a sign of life. */
	readonly onHeard: () => void;
	readonly onFrame: (frame: ServerFrame) => void;
	/** A line arrived that is not a frame, or is too long. */
	readonly onGarbage: (error: SockchatError, seen: string) => void;
	/** Called once. @param cause Undefined after a FIN. */
	readonly onEnded: (cause: Error | undefined) => void;
};

export class FramedSocket {
	readonly link: Link;
	bytesIn = 0;
	readonly #events: FramedSocketEvents;
	readonly #tap: WireTap | undefined;
	readonly #lines = new LineSplitter(maxFrameBytes);
	#hasEnded = false;

	constructor(link: Link, events: FramedSocketEvents, tap?: WireTap) {
		this.link = link;
		this.#tap = tap;
		this.#events = events;
		const {stream} = link;
		if (link.isConnecting) {
			stream.once('connect', events.onConnected);
		} else {
			queueMicrotask(events.onConnected);
		}

		stream.on('data', (chunk: Buffer) => {
			this.#read(chunk);
		});
		stream.on('error', error => {
			this.#end(error);
		});
		stream.on('end', () => {
			this.#end(undefined);
			stream.end();
		});
		stream.on('close', () => {
			this.#end(undefined);
		});
	}

	get bytesOut(): number {
		return this.link.bytesOut;
	}

	get queuedBytes(): number {
		return this.link.stream.writableLength;
	}

	/** @param onSent Called once the kernel has the frame. */
	send(frame: ClientFrame, onSent?: () => void): void {
		if (!this.link.stream.writable) {
			return;
		}

		const line = frameLine(frame);
		this.link.stream.write(line, error => {
			if (!error) {
				this.#tap?.note('out', undefined, line);
				onSent?.();
			}
		});
	}

	/** Sends FIN after everything sent so far. */
	finish(): void {
		this.link.stream.end();
	}

	destroy(): void {
		this.#hasEnded = true;
		this.link.stream.destroy();
	}

	#end(cause: Error | undefined): void {
		if (!this.#hasEnded) {
			this.#hasEnded = true;
			this.#events.onEnded(cause);
		}
	}

	#read(chunk: Buffer): void {
		this.bytesIn += chunk.length;
		this.#tap?.note('in', undefined, chunk);
		this.#events.onHeard();
		const tooLong = this.#lines.push(chunk, line => {
			this.#readLine(line);
		});
		if (tooLong) {
			this.#events.onGarbage(tooLong, chunk.toString());
		}
	}

	#readLine(line: Buffer): void {
		if (this.#hasEnded) {
			return;
		}

		const decoded = decodeServerFrame(line);
		if (decoded.kind === 'frame') {
			this.#events.onFrame(decoded.frame);
		} else if (decoded.kind === 'bad') {
			this.#events.onGarbage(decoded.error, line.toString());
		} else {
			trace(`skipped a ${decoded.frameType} from the server`);
		}
	}
}
