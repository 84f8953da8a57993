/**
 * The listening socket and its machine: bind, listen, accept, drain. What an
 * accepted socket means is the business of whoever holds it.
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
import {trace} from '../trace.js';
import type {LoopbackAddress} from './address.js';
import type {Clock} from './clock.js';
import {SocketLink} from './link.js';
import {listen, placeOf} from './listen.js';
import {tcpOrigin, type Origin} from './origin.js';
import {cappedBacklog} from './port-holder.js';

export type Surplus = {
	readonly maxPeers: number;
	/** Tells one too many so, and has let go of it when it returns. */
	readonly turnAway: (socket: Socket, peer: string) => void;
};

export type ListenerOptions = {
	readonly address: LoopbackAddress;
	/** Connections that are let in a second; undefined for no limit. */
	readonly connectRate?: number | undefined;
	readonly clock: Clock;
	readonly onEvent: (event: ServerEvent) => void;
	readonly onLink: (link: SocketLink, origin: Origin) => void;
	/** Where it is known how many may be connected at once. */
	readonly surplus?: Surplus | undefined;
	/** Nobody else is accepted: see everybody off. */
	readonly onDrain: () => void;
	/** Whoever is still there is cut off. */
	readonly onCutOff: () => void;
};

// A room of 10,000 whose server was restarted comes back at once.
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
	/** Connections a second; undefined where any number is let in. */
	readonly #allowance: Allowance | undefined;
	/** Accepted, and not heard yet. */
	readonly #waiting = new Set<Socket>();
	#backlog = 0;
	#hasStopped = false;
	#cancelTick: (() => void) | undefined;
	#settle!: () => void;
	/** One for all sockets. */
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
		// Half-open allowed: our FIN goes when all is said, not by itself.
		this.#netServer = createServer(
			// A high-water mark of 1: a socket that is paused holds one read, and the
			// kernel the rest. What may be written is told by writableLength.
			{allowHalfOpen: true, noDelay: true, highWaterMark: 1},
			socket => {
				const origin = this.#originOf(socket);
				const {surplus} = options;
				if (surplus && this.#sockets >= surplus.maxPeers) {
					// All that wait for accept() come in one go: none may be kept.
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

	/** Where it listens, with the real port where 0 was asked for. */
	get address(): LoopbackAddress {
		return this.#address;
	}

	/** How many connections may wait for accept(). */
	get backlog(): number {
		return this.#backlog;
	}

	get state(): Listening {
		return this.#state;
	}

	/**
	 * Binds and listens.
	 *
	 * @param backlog The queue of connections not yet accepted.
	 * @throws {SockchatError} See `listen()`.
	 */
	async listen(backlog = defaultBacklog): Promise<void> {
		this.#address = await listen(this.#netServer, this.#address, backlog);
		this.#backlog = cappedBacklog(backlog);
		// From here on, errors are those of single accepts, such as EMFILE.
		this.#netServer.on('error', error => {
			trace(`accept failed: ${error.message}`);
		});
		this.#dispatch({type: 'bound', at: this.#now});
	}

	/** Accepts nobody else; after 3 seconds, who is left is cut off. */
	async drain(): Promise<void> {
		this.#dispatch({type: 'drain', at: this.#now});
		return this.closed;
	}

	#take(socket: Socket, origin: Origin): void {
		// The call comes first, and then what was made of it.
		const link = new SocketLink(this.#address.kind, socket);
		this.#options.onLink(link, origin);
		const peer = origin.name;
		this.#options.onEvent({type: 'accepted', at: this.#at, peer});
		// Last, so that whoever holds the socket has heard of its end.
		socket.on('close', this.#countEnd);
	}

	/** More connect than are let in a second: these are heard a little later. */
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
			// A timer may fire a fraction early, and there is no second one.
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

	/** The server's own 'close' comes before that of its last socket. */
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
