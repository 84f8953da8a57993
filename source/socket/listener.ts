/**
 * The listening socket and its state machine: bind, listen, accept, drain. Its
 * owner decides what to do with an accepted connection.
 */
import {createServer, type Server as NetServer, type Socket} from 'node:net';
import {Allowance} from '../connection/allowance.js';
import {
	serverDrainTimeoutMs,
	transitionServer,
	type Listening,
	type ListeningEvent,
} from '../connection/listening.js';
import {assertNever} from '../errors.js';
import type {ServerEvent} from '../event/event.js';
import type {Call} from '../tcp/tcp.js';
import {trace} from '../trace.js';
import {formatAddress, type LoopbackAddress} from './address.js';
import type {Clock} from './clock.js';
import {SocketLink} from './link.js';
import {listen, listenOnDescriptor, placeOf} from './listen.js';
import {tcpOrigin, type Origin} from './origin.js';
import {cappedBacklog} from './port-holder.js';

export type Surplus = {
	readonly maxPeers: number;
	/** Refuses a surplus peer; the socket is closed when this returns. */
	readonly turnAway: (socket: Socket, peer: string) => void;
};

export type ListenerOptions = {
	readonly address: LoopbackAddress;
	/** A listening socket that was passed to us; then nothing is bound. */
	readonly descriptor?: number | undefined;
	/** New connections per second; undefined for no limit. */
	readonly connectRate?: number | undefined;
	readonly clock: Clock;
	readonly onEvent: (event: ServerEvent) => void;
	readonly onLink: (link: SocketLink, origin: Origin) => void;
	/** Set if it is known how many may be connected at once. */
	readonly surplus?: Surplus | undefined;
	/** No more are accepted: end all connections. */
	readonly onDrain: () => void;
	/** The time is up: close the remaining connections. */
	readonly onCutOff: () => void;
};

// After a restart all members of a room of 10,000 come back at once.
const connectBurstSeconds = 2;

// For bursts of connections; Linux caps it at net.core.somaxconn.
export const defaultBacklog = 4096;

export class Listener {
	/** Settles once every connection has ended and the port is free. */
	readonly closed: Promise<void>;
	readonly #options: ListenerOptions;
	readonly #netServer: NetServer;
	#address: LoopbackAddress;
	#state: Listening;
	#unixPeers = 0;
	#sockets = 0;
	/** Of connections per second; undefined for no limit. */
	readonly #allowance: Allowance | undefined;
	/** Accepted, but not handed on yet. */
	readonly #waiting = new Set<Socket>();
	#backlog = 0;
	#hasStopped = false;
	#cancelTick: (() => void) | undefined;
	#settle!: () => void;
	/** One function for all sockets. */
	readonly #countEnd = () => {
		this.#sockets--;
		this.#closeIfEmpty();
	};

	constructor(options: ListenerOptions) {
		this.#options = options;
		const {connectRate, clock} = options;
		this.#allowance =
			connectRate === undefined
				? undefined
				: new Allowance(
						connectRate,
						clock.monotonicMs(),
						connectRate * connectBurstSeconds,
					);
		this.#address = options.address;
		this.#state = {phase: 'binding', since: this.#now};
		this.closed = new Promise(resolve => {
			this.#settle = resolve;
		});
		// Half-open is allowed: we send FIN when we are done, not automatically.
		this.#netServer = createServer(
			// With a high-water mark of 1 a paused socket buffers one read and the
			// rest stays in the kernel. Writers go by writableLength.
			{allowHalfOpen: true, noDelay: true, highWaterMark: 1},
			socket => {
				const origin = this.#originOf(socket);
				const {surplus} = options;
				if (surplus && this.#sockets >= surplus.maxPeers) {
					// Node accepts the whole backlog in one go, so none may be kept.
					surplus.turnAway(socket, origin.name);
					return;
				}

				this.#sockets++;
				const waitMs = this.#allowance?.take(1, this.#now) ?? 0;
				if (waitMs > 0) {
					this.#takeLater(socket, origin, waitMs);
				} else {
					this.#take(socket, origin);
				}
			},
		);
	}

	/** Where it listens; a port of 0 is replaced by the real one. */
	get address(): LoopbackAddress {
		return this.#address;
	}

	/** How many connections may wait for accept(). */
	get backlog(): number {
		return this.#backlog;
	}

	/** What it calls to listen: a socket that was passed to us is bound. */
	get calls(): readonly Call[] {
		const listened = `listen(${this.#backlog})` as const;
		// Node sets SO_REUSEADDR without being asked.
		const reuse: readonly Call[] =
			this.#address.kind === 'tcp' ? ['setsockopt(SO_REUSEADDR, 1)'] : [];
		return this.#options.descriptor === undefined
			? [
					'socket()',
					...reuse,
					`bind(${formatAddress(this.#address)})`,
					listened,
				]
			: [listened];
	}

	get state(): Listening {
		return this.#state;
	}

	/**
	 * Binds and listens, or listens on what was passed.
	 *
	 * @param backlog How many connections may wait for accept().
	 * @throws {SockchatError} See `listen()` and `listenOnDescriptor()`.
	 */
	async listen(backlog = defaultBacklog): Promise<void> {
		const {descriptor} = this.#options;
		this.#address =
			descriptor === undefined
				? await listen(this.#netServer, this.#address, backlog)
				: await listenOnDescriptor(this.#netServer, descriptor, backlog);
		this.#backlog = cappedBacklog(backlog);
		// From now on, errors are those of single accepts, such as EMFILE.
		this.#netServer.on('error', error => {
			trace(`accept failed: ${error.message}`);
		});
		this.#dispatch({type: 'bound', at: this.#now});
	}

	/** Accepts no more; after 3 seconds the remaining connections are closed. */
	async drain(): Promise<void> {
		this.#dispatch({type: 'drain', at: this.#now});
		return this.closed;
	}

	#take(socket: Socket, origin: Origin): void {
		// Reports the accept() call before the accepted peer.
		const link = new SocketLink(this.#address.kind, socket);
		this.#options.onLink(link, origin);
		const peer = origin.name;
		this.#options.onEvent({type: 'accepted', at: this.#at, peer});
		// Last, so that the owner has handled the close before it is counted.
		socket.on('close', this.#countEnd);
	}

	/** Over the rate: the connection is handed on a little later. */
	#takeLater(socket: Socket, origin: Origin, waitMs: number): void {
		const ignore = () => undefined;
		socket.on('error', ignore);
		this.#waiting.add(socket);
		const cancel = this.#options.clock.setTimer(() => {
			this.#waiting.delete(socket);
			socket.off('error', ignore);
			socket.off('close', onClose);
			this.#take(socket, origin);
		}, waitMs);
		const onClose = () => {
			cancel();
			this.#waiting.delete(socket);
			this.#countEnd();
		};

		socket.on('close', onClose);
	}

	get #now(): number {
		return this.#options.clock.monotonicMs();
	}

	get #at(): number {
		return this.#options.clock.wallMs();
	}

	#dispatch(event: ListeningEvent): void {
		const before = this.#state;
		const [state, ...effects] = transitionServer(before, event);
		this.#state = state;
		if (state.phase !== before.phase) {
			const place = placeOf(this.#address);
			this.#options.onEvent({type: 'listening', at: this.#at, state, place});
		}

		for (const effect of effects) {
			switch (effect.type) {
				case 'stop-accepting': {
					this.#stopAccepting();
					break;
				}

				case 'cut-off': {
					this.#options.onCutOff();
					break;
				}

				default: {
					assertNever(effect);
				}
			}
		}
	}

	#stopAccepting(): void {
		this.#cancelTick = this.#options.clock.setTimer(() => {
			// The timer may fire a fraction early, and is set only once.
			const due = this.#state.since + serverDrainTimeoutMs;
			this.#dispatch({type: 'tick', at: Math.max(this.#now, due)});
		}, serverDrainTimeoutMs);
		this.#netServer.close(() => {
			this.#hasStopped = true;
			this.#closeIfEmpty();
		});
		for (const socket of this.#waiting) {
			socket.destroy();
		}

		this.#options.onDrain();
	}

	/** The server's own 'close' comes before its last socket's. */
	#closeIfEmpty(): void {
		if (this.#hasStopped && this.#sockets === 0) {
			this.#cancelTick?.();
			this.#dispatch({type: 'emptied', at: this.#now});
			this.#settle();
		}
	}

	#originOf(socket: Socket): Origin {
		return this.#address.kind === 'unix'
			? {kind: 'unix', name: `unix:${++this.#unixPeers}`}
			: tcpOrigin(socket, this.#address.host, this.#address.port);
	}
}
