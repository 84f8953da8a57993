/**
 * Notices that the last bytes that were sent met a closed socket.
 *
 * Whoever has closed answers data with RST, after its FIN. The kernel then says
 * so only to the next write, and after the last one there is none. So before the
 * end nothing is written once more, which fails if RST came; and shutdown(),
 * which libuv calls a turn later, is asked how it went, as node:net doesn't. Once
 * FIN has arrived, a peer that had ended, too, closes without RST, whatever it
 * left unread. What still waits in our kernel then is waited for. A Unix domain
 * socket has no RST, and its writes fail as soon as the other side has closed;
 * what that left unread, it says to the next read.
 *
 * A write that fails says nothing of what the other side had sent before. So
 * that is read first, then the write has failed; unless the reader waits for
 * the write, as one that answers does.
 */
import {Buffer} from 'node:buffer';
import type {Socket} from 'node:net';
import {constants} from 'node:os';
import {setImmediate} from 'node:timers';
import {maxNeverWaiting, type Arrivals} from './arrivals.js';
import {noteShutdown} from './shutdown.js';

type Done = (error?: Error | null) => void;

/** Undefined where there are none. */
type Endpoints = {
	readonly local: string | undefined;
	readonly remote: string | undefined;
};

type ShutdownRequest = {
	/** @param status 0, or the negative errno. */
	oncomplete: (status: number, ...rest: readonly unknown[]) => void;
};

type Handle = {
	/** @returns 0, or the negative errno. */
	readonly readStart: () => number;
	shutdown: (request: ShutdownRequest) => number;
};

const nothing = Buffer.alloc(0);

// What Node says in place of an encoding, which its types leave out.
const ofBytes = 'buffer' as BufferEncoding;

/** The kernel took it, but the other side had closed, or has reset since. */
class LostError extends Error {
	readonly code: string;

	constructor(message: string, code = 'EPIPE', options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

const lossOf = (cause: NodeJS.ErrnoException): Error =>
	cause.code === 'EPIPE' || cause.code === 'ECONNRESET'
		? new LostError(cause.message, cause.code, {cause})
		: cause;

/** Whether the kernel took more than may have arrived. */
export const isLossOfTaken = (error: Error): boolean =>
	error instanceof LostError;

/** As one that has written nothing is asked for nothing but its own bytes. */
const hasSent = (socket: Socket): boolean => socket.bytesWritten > 0;

class CheckedSending {
	readonly #socket: Socket;
	readonly #isReadFirst: boolean;
	/** Fails what has failed, once nothing is left to be read. */
	#fail: (() => void) | undefined;
	#hasEnded = false;

	/** @param isReadFirst Whether a failure waits for what is still to be read. */
	constructor(socket: Socket, isReadFirst: boolean) {
		this.#socket = socket;
		this.#isReadFirst = isReadFirst;
		const {push} = socket;
		socket.push = (chunk: unknown, encoding?: BufferEncoding) =>
			chunk === null && this.#noteEnd()
				? false
				: push.call(socket, chunk, encoding);
	}

	/** Writes, or the end, go through it. */
	delaying(done: Done): Done {
		return error => {
			if (error) {
				this.#failLater(() => {
					done(error);
				});
			} else {
				done();
			}
		};
	}

	/** Reads once more; after an end that fails, or is another end. */
	lookAgain(done: Done): void {
		// Node has no public way to read after an end.
		const handle = Reflect.get(this.#socket, '_handle') as
			Partial<Handle> | null | undefined;
		if (this.#hasEnded && handle?.readStart?.() === 0) {
			// The kernel is asked between them.
			setImmediate(() => {
				setImmediate(done);
			});
			return;
		}

		done();
	}

	/** @returns Whether it is a failure rather than an end. */
	#noteEnd(): boolean {
		this.#hasEnded = true;
		if (this.#fail && this.#socket.readableLength === 0) {
			this.#fail();
			return true;
		}

		return false;
	}

	#failLater(fail: () => void): void {
		const socket = this.#socket;
		if (!this.#isReadFirst || socket.destroyed || socket.readableEnded) {
			fail();
			return;
		}

		const settle = () => {
			this.#fail = undefined;
			socket.off('end', settle).off('close', settle);
			fail();
		};

		this.#fail = settle;
		socket.once('end', settle).once('close', settle);
	}
}

/** Whether RST came. */
const lookForReset = (socket: Socket, done: Done): void => {
	if (hasSent(socket)) {
		socket.write(nothing, error => {
			done(error && lossOf(error));
		});
	} else {
		done();
	}
};

/**
 * Sends FIN by `finish`, and fails if RST had come before: only that leaves
 * shutdown() without a connection.
 */
const finishIfOpen = (
	socket: Socket,
	finish: (done: Done) => void,
	done: Done,
): void => {
	let isGone = false;
	// Node has no public way to hear how shutdown() went.
	const handle = Reflect.get(socket, '_handle') as
		Partial<Handle> | null | undefined;
	const shutdown = handle?.shutdown;
	if (handle && shutdown) {
		handle.shutdown = request => {
			const {oncomplete} = request;
			request.oncomplete = (status, ...rest) => {
				isGone = status === -constants.errno.ENOTCONN;
				oncomplete.call(request, status, ...rest);
			};

			return shutdown.call(handle, request);
		};
	}

	finish(error => {
		done(error ?? (isGone ? new LostError('shutdown ENOTCONN') : undefined));
	});
};

/** Fails if RST comes before the other kernel has all; then nobody else notices. */
const waitForArrival = (
	socket: Socket,
	{local, remote}: Endpoints,
	arrivals: Arrivals,
	done: Done,
): void => {
	if (
		socket.bytesWritten <= maxNeverWaiting ||
		socket.destroyed ||
		local === undefined ||
		remote === undefined
	) {
		done();
		return;
	}

	let isDone = false;
	const settle = (error?: Error): void => {
		if (!isDone) {
			isDone = true;
			done(error && lossOf(error));
		}
	};

	arrivals.wait({socket, local, remote, done: settle});
	noteShutdown(socket, settle);
};

/**
 * Waits until the other kernel has all of a TCP connection that goes on, and
 * fails if RST came. TLS has to know it before its end: a peer that has all it
 * wants may well close without reading our close_notify, which is RST, too.
 */
export const waitBeforeEnd = (
	socket: Socket,
	{local, remote}: Endpoints,
	arrivals: Arrivals,
	done: Done,
): void => {
	lookForReset(socket, error => {
		const mayWait = !error && socket.bytesWritten > maxNeverWaiting;
		if (mayWait && local !== undefined && remote !== undefined) {
			arrivals.wait({
				socket,
				isOpen: true,
				local,
				remote,
				done() {
					lookForReset(socket, done);
				},
			});
		} else {
			done(error);
		}
	});
};

export type SendingCheck = {
	/** Whether reading never waits for a write. */
	readonly isReadFirst: boolean;
	/** Where TCP waits for what it has sent to arrive. */
	readonly arrivals: Arrivals;
};

/** Before anything was sent. */
export const checkSending = (
	link: {
		readonly kind: 'tcp' | 'unix';
		readonly stream: Socket;
		readonly endpoints: Endpoints;
	},
	{isReadFirst, arrivals}: SendingCheck,
): void => {
	const {kind, stream: socket} = link;
	const checked = new CheckedSending(socket, isReadFirst);
	const write = socket._write.bind(socket);
	const writeAll = socket._writev?.bind(socket);
	const finish = socket._final.bind(socket);
	socket._write = (chunk: Buffer, encoding, done) => {
		write(chunk, encoding, checked.delaying(done));
	};

	if (writeAll) {
		socket._writev = (chunks, done) => {
			writeAll(chunks, checked.delaying(done));
		};
	}

	socket._final = done => {
		const end = checked.delaying(done);
		if (!hasSent(socket)) {
			finish(end);
		} else if (kind === 'tcp') {
			write(nothing, ofBytes, error => {
				if (error) {
					end(lossOf(error));
				} else {
					finishIfOpen(socket, finish, failure => {
						if (failure) {
							end(failure);
						} else {
							waitForArrival(socket, link.endpoints, arrivals, end);
						}
					});
				}
			});
		} else {
			finish(error => {
				if (error) {
					end(error);
				} else {
					checked.lookAgain(done);
				}
			});
		}
	};
};
