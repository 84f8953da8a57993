/**
 * One connection of raw bytes, for a program.
 *
 * Nothing is read before somebody iterates, and the iterator takes one read at a
 * time: what a slow program leaves waits in the kernel, and then at the peer.
 */
import {Buffer} from 'node:buffer';
import type {Duplex} from 'node:stream';
import {SockchatError} from '../errors.js';
import type {SocketLink} from '../socket/link.js';
import {writeTo} from '../socket/stream/write.js';

export type RawConnection = AsyncDisposable &
	AsyncIterable<Uint8Array> & {
		/** Our end, as `127.0.0.1:5001`; undefined on a Unix domain socket. */
		readonly local: string | undefined;
		/** The other end. */
		readonly remote: string | undefined;
		/** The same bytes as a stream of Node's, for `pipeline()`. */
		readonly stream: Duplex;
		/**
		 * Sends exactly these bytes; a string as UTF-8.
		 *
		 * @returns Settles when the kernel has them: a peer that reads slowly holds
		 * it up.
		 * @throws {SockchatError} `ERR_RESET`, `ERR_LOST`, or `ERR_NOT_SENT` after
		 * `end()`; after an abort, the signal's reason.
		 */
		readonly write: (bytes: string | Uint8Array) => Promise<void>;
		/** Sends FIN once all is sent; the other side may still send. */
		readonly end: () => Promise<void>;
		/** Sends RST if it is TCP, and closes at once; what was not sent is lost. */
		readonly reset: () => void;
		/**
		 * Settles when both directions have ended, and what came was read: with the
		 * cause if the connection broke.
		 */
		readonly closed: Promise<SockchatError | undefined>;
	};

// For the other side's FIN; it may wait for something else.
const longestGoodbyeMs = 3000;

const ended = () =>
	new SockchatError(
		'ERR_NOT_SENT',
		'This side of the connection has ended: nothing more can be sent.',
	);

export class Connection implements RawConnection {
	readonly local: string | undefined;
	readonly remote: string | undefined;
	readonly stream: Duplex;
	readonly closed: Promise<SockchatError | undefined>;
	readonly #link: SocketLink;
	readonly #describe: (cause: Error) => SockchatError;
	/** What everybody who waits gets. */
	#broken: {readonly error: unknown} | undefined;

	/**
	 * @param link It is connected.
	 * @param describe An error of the socket, in the words of the API.
	 */
	constructor(
		link: SocketLink,
		remote: string | undefined,
		describe: (cause: Error) => SockchatError,
	) {
		const {stream, endpoints} = link;
		this.#link = link;
		this.#describe = describe;
		this.stream = stream;
		this.local = endpoints.local;
		this.remote = remote ?? endpoints.remote;
		this.closed = new Promise(resolve => {
			stream.once('close', () => {
				const error = this.#broken?.error;
				resolve(error instanceof SockchatError ? error : undefined);
			});
		});
		stream.on('error', cause => {
			this.#broken ??= {error: describe(cause)};
		});
	}

	readonly write = async (bytes: string | Uint8Array): Promise<void> => {
		this.#throwIfBroken();
		if (this.stream.writableEnded) {
			throw ended();
		}

		const failure = await new Promise<Error | null | undefined>(resolve => {
			writeTo(
				this.stream,
				typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
				resolve,
			);
		});
		if (failure) {
			throw this.#why(failure);
		}
	};

	readonly end = async (): Promise<void> => {
		this.#throwIfBroken();
		const {stream} = this;
		if (stream.writableFinished) {
			return;
		}

		const failure = await new Promise<Error | null | undefined>(resolve => {
			stream.end(resolve as () => void);
		});
		if (failure) {
			throw this.#why(failure);
		}
	};

	readonly reset = (): void => {
		this.#link.reset();
	};

	/** @param reason The signal's. */
	abort(reason: unknown): void {
		this.#broken ??= {error: reason};
		this.stream.destroy();
	}

	async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
		this.#throwIfBroken();
		try {
			yield* this.stream.iterator({destroyOnReturn: false});
		} catch (error) {
			// Whatever is thrown here comes from the stream: a loop's own exception
			// ends this generator without a catch.
			throw this.#why(error as Error);
		}

		return undefined;
	}

	/** FIN, then what the other side still sends is read, and dropped. */
	async [Symbol.asyncDispose](): Promise<void> {
		const {stream} = this;
		if (stream.closed) {
			return;
		}

		stream.end();
		stream.resume();
		const late = setTimeout(() => {
			stream.destroy();
		}, longestGoodbyeMs);
		await this.closed;
		clearTimeout(late);
	}

	#throwIfBroken(): void {
		if (this.#broken) {
			throw this.#broken.error;
		}
	}

	/** What the socket's own error is to those who wait. */
	#why(error: Error): unknown {
		return this.#broken ? this.#broken.error : this.#describe(error);
	}
}
