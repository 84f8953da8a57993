/** `serveRaw()`: accepts connections, and hands each to the program. */
import type {Address} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import {roomForPeers} from '../socket/descriptors.js';
import {connectionLost} from '../socket/dial.js';
import {Listener} from '../socket/listener.js';
import {onAbort} from './abort.js';
import {readPlace, type PlaceOptions} from './place.js';
import {Connection, type RawConnection} from './raw-connection.js';
import {withApiWords} from './words.js';

export type RawServeOptions = PlaceOptions & {
	/** The queue of connections that are not yet accepted; the kernel caps it. */
	readonly backlog?: number | undefined;
	/** Its abort closes it; what is waited for rejects with the signal's reason. */
	readonly signal?: AbortSignal | undefined;
};

export type RawServer = AsyncDisposable &
	AsyncIterable<RawConnection> & {
		/** Where it listens; a port of 0 is replaced by the kernel's choice. */
		readonly address: Address;
		/**
		 * Accepts no more and ends all connections, each after what was written;
		 * those that are left after 3 seconds are destroyed.
		 */
		readonly close: () => Promise<void>;
		/** Settles once every connection has ended and the port is free. */
		readonly closed: Promise<void>;
	};

/**
 * Connections that wait for their program; beyond them, the next are reset. None
 * of their bytes is read meanwhile.
 */
const maxWaiting = 1000;

type Waiting = {
	readonly resolve: (result: IteratorResult<RawConnection, undefined>) => void;
	readonly reject: (error: unknown) => void;
};

const over = {done: true, value: undefined} as const;

class Acceptor implements RawServer {
	readonly closed: Promise<void>;
	readonly #listener: Listener;
	readonly #open = new Set<Connection>();
	/** Accepted, and not taken yet. */
	readonly #accepted: Connection[] = [];
	readonly #waiting: Waiting[] = [];
	#ending: {readonly error: unknown} | undefined;

	constructor(address: ReturnType<typeof readPlace>) {
		this.#listener = new Listener({
			address,
			isRaw: true,
			clock: systemClock,
			onEvent() {},
			onLink: (link, {name}) => {
				if (this.#accepted.length >= maxWaiting) {
					link.stream.on('error', () => undefined);
					link.reset();
					return;
				}

				const connection = new Connection(link, name, cause =>
					connectionLost(`from ${name}`, cause, link.transport).inApiWords(),
				);
				this.#open.add(connection);
				void connection.closed.then(() => this.#open.delete(connection));
				this.#hand(connection);
			},
			onDrain: () => {
				for (const connection of this.#open) {
					void connection[Symbol.asyncDispose]();
				}
			},
			onCutOff: () => {
				for (const {stream} of this.#open) {
					stream.destroy();
				}
			},
		});
		this.closed = this.#listener.closed;
	}

	get address(): Address {
		return this.#listener.address;
	}

	async start(backlog: number | undefined): Promise<void> {
		await this.#listener.listen(backlog);
	}

	readonly close = async (): Promise<void> => {
		this.#end(undefined);
		await this.#listener.drain();
	};

	/** @param reason The signal's. */
	abort(reason: unknown): void {
		this.#end(reason);
		void this.#listener.drain();
		for (const connection of this.#open) {
			connection.abort(reason);
		}
	}

	[Symbol.asyncIterator](): AsyncIterator<RawConnection, undefined> {
		return {
			next: async () =>
				new Promise((resolve, reject) => {
					const connection = this.#accepted.shift();
					if (connection) {
						resolve({done: false, value: connection});
					} else if (this.#ending) {
						this.#finish({resolve, reject});
					} else {
						this.#waiting.push({resolve, reject});
					}
				}),
			return: async () => over,
		};
	}

	async [Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	#hand(connection: Connection): void {
		const waiting = this.#waiting.shift();
		if (waiting) {
			waiting.resolve({done: false, value: connection});
		} else {
			this.#accepted.push(connection);
		}
	}

	#end(error: unknown): void {
		this.#ending ??= {error};
		for (const waiting of this.#waiting.splice(0)) {
			this.#finish(waiting);
		}
	}

	#finish({resolve, reject}: Waiting): void {
		const error = this.#ending?.error;
		if (error === undefined) {
			resolve(over);
		} else {
			reject(error);
		}
	}
}

/**
 * Listens, and gives each connection to the loop over it. A loop that stops
 * leaves the next ones waiting: at most 1,000, then they are reset.
 *
 * @throws {SockchatError} Before any socket is opened `ERR_NOT_LOOPBACK`,
 * `ERR_PORT_RANGE` or `ERR_SOCKET_PATH`; then `ERR_PORT_TAKEN` or what else made
 * it fail. After an abort, the signal's reason.
 */
export const serveRaw = async (
	options: RawServeOptions = {},
): Promise<RawServer> =>
	withApiWords(async () => {
		const {signal, backlog} = options;
		signal?.throwIfAborted();
		const address = readPlace(options, 0);
		roomForPeers();
		const server = new Acceptor(address);
		await server.start(backlog);
		const stop = onAbort(signal, reason => {
			server.abort(reason);
		});
		void server.closed.then(stop);
		return server;
	});
