/**
 * The listening socket and its state machine: bind, listen, accept, drain. Its
 * owner decides what to do with an accepted connection.
 */
import {createServer, type Server as NetServer, type Socket} from 'node:net';
import {Allowance} from '../connection/allowance.js';
import type {Listening} from '../connection/listening.js';
import type {ServerEvent} from '../event/event.js';
import type {Call} from '../tcp/tcp.js';
import {trace} from '../trace.js';
import {formatAddress, type LoopbackAddress} from './address.js';
import type {Clock} from './clock.js';
import {SocketLink, type CarriedLink} from './link.js';
import {listen, listenOnDescriptor} from './listen.js';
import {ListeningRunner} from './listening-runner.js';
import {tcpOrigin, type Origin} from './origin.js';
import {cappedBacklog} from './port-holder.js';
import {setReading} from './stream/reading.js';
import {resetSocket} from './stream/reset.js';

export type Surplus = {
	readonly maxPeers: number;
	/** Refuses a surplus peer; the socket is closed when this returns. */
	readonly turnAway: (socket: Socket, peer: string) => void;
};

/** As `Surplus`, where nothing is said to a surplus peer. */
export type SilentSurplus = {
	readonly maxPeers: number;
	/** It was refused. */
	readonly onRefused: (peer: string) => void;
};

/** Refuses a surplus peer with RST, where there is one. */
export const refusing = (
	{kind}: LoopbackAddress,
	{maxPeers, onRefused}: SilentSurplus,
): Surplus => ({
	maxPeers,
	turnAway(socket, peer) {
		socket.on('error', () => undefined);
		if (kind === 'tcp') {
			resetSocket(socket);
		} else {
			socket.destroy();
		}

		onRefused(peer);
	},
});

/**
 * Speaks TLS or WebSocket on what was accepted.
 *
 * @param onOpen Called once with what comes of it, if anything does.
 */
export type Layer = (
	link: SocketLink,
	origin: Origin,
	onOpen: (link: CarriedLink) => void,
) => void;

/** What raw mode needs of a listener, whatever it listens for. */
export type AnyListener = {
	readonly address: LoopbackAddress;
	readonly backlog: number;
	readonly calls: readonly Call[];
	readonly closed: Promise<void>;
	readonly listen: (backlog?: number) => Promise<void>;
	readonly drain: () => Promise<void>;
};

export type ListenerOptions = {
	readonly address: LoopbackAddress;
	/** A listening socket that was passed to us; then nothing is bound. */
	readonly descriptor?: number | undefined;
	/** New connections per second; undefined for no limit. */
	readonly connectRate?: number | undefined;
	/** Whether bytes are meant, not a room: a failure advises so. */
	readonly isRaw?: boolean;
	readonly clock: Clock;
	readonly onEvent: (event: ServerEvent) => void;
	/** Called in the turn of accept(), maybe long before it is handed on. */
	readonly onSocket?: ((link: SocketLink, origin: Origin) => void) | undefined;
	readonly onLink: (link: SocketLink, origin: Origin) => void;
	/** Set if what is accepted is not handed on as it is. */
	readonly layered?:
		| {
				readonly open: Layer;
				readonly onLink: (link: CarriedLink, origin: Origin) => void;
		  }
		| undefined;
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
const defaultBacklog = 4096;

/** What a server calls, in the end listen(). */
export const callsToListen = (
	address: LoopbackAddress,
	backlog: number,
): readonly Call[] => [
	'socket()',
	// Node sets them without being asked.
	...(address.kind === 'tcp' ? (['setsockopt(SO_REUSEADDR, 1)'] as const) : []),
	...(address.kind === 'tcp' && address.host.includes(':')
		? (['setsockopt(IPV6_V6ONLY, 0)'] as const)
		: []),
	`bind(${formatAddress(address)})`,
	`listen(${backlog})`,
];

export class Listener implements AnyListener {
	readonly #options: ListenerOptions;
	readonly #netServer: NetServer;
	#address: LoopbackAddress;
	readonly #runner: ListeningRunner;
	#unixPeers = 0;
	#sockets = 0;
	/** Of connections per second; undefined for no limit. */
	readonly #allowance: Allowance | undefined;
	/** Accepted, but not handed on yet. */
	readonly #waiting = new Set<Socket>();
	#backlog = 0;
	#hasStopped = false;
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
		this.#runner = new ListeningRunner({
			clock,
			address: () => this.#address,
			onEvent: options.onEvent,
			onCutOff: options.onCutOff,
			stopAccepting: () => {
				this.#stopAccepting();
			},
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
				const kind = this.#address.kind === 'unix' ? 'unix' : 'tcp';
				const link = new SocketLink(kind, socket);
				// Reports the accept() call before the accepted peer.
				options.onSocket?.(link, origin);
				const waitMs = this.#allowance?.take(1, this.#now) ?? 0;
				if (waitMs > 0) {
					this.#takeLater(link, origin, waitMs);
				} else {
					this.#take(link, origin);
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
		const all = callsToListen(this.#address, this.#backlog);
		return this.#options.descriptor === undefined ? all : all.slice(-1);
	}

	get state(): Listening {
		return this.#runner.state;
	}

	/** Settles once every connection has ended and the port is free. */
	get closed(): Promise<void> {
		return this.#runner.closed;
	}

	/**
	 * Binds and listens, or listens on what was passed.
	 *
	 * @param backlog How many connections may wait for accept().
	 * @throws {SockchatError} See `listen()` and `listenOnDescriptor()`.
	 */
	async listen(backlog = defaultBacklog): Promise<void> {
		const {descriptor, isRaw} = this.#options;
		this.#address =
			descriptor === undefined
				? await listen(this.#netServer, this.#address, backlog, isRaw)
				: await listenOnDescriptor(this.#netServer, descriptor, backlog);
		this.#backlog = cappedBacklog(backlog);
		// From now on, errors are those of single accepts, such as EMFILE.
		this.#netServer.on('error', error => {
			trace(`accept failed: ${error.message}`);
		});
		this.#runner.bound();
	}

	/** Accepts no more; after 3 seconds the remaining connections are closed. */
	async drain(): Promise<void> {
		return this.#runner.drain();
	}

	#take(link: SocketLink, origin: Origin): void {
		if (this.#options.layered) {
			this.#carry(link, origin, this.#options.layered);
			return;
		}

		this.#options.onLink(link, origin);
		const peer = origin.name;
		this.#options.onEvent({type: 'accepted', at: this.#at, peer});
		// Last, so that the owner has handled the close before it is counted.
		link.stream.on('close', this.#countEnd);
	}

	/** It is a peer once it speaks what is spoken here. */
	#carry(
		link: SocketLink,
		origin: Origin,
		{open, onLink}: NonNullable<ListenerOptions['layered']>,
	): void {
		const socket = link.stream;
		let isHanded = false;
		this.#waiting.add(socket);
		open(link, origin, carried => {
			const {stream, facts} = carried;
			isHanded = true;
			this.#waiting.delete(socket);
			onLink(carried, origin);
			const peer = origin.name;
			this.#options.onEvent({
				type: 'accepted',
				at: this.#at,
				peer,
				link: facts,
			});
			stream.once('close', this.#countEnd);
		});
		socket.once('close', () => {
			this.#waiting.delete(socket);
			if (!isHanded) {
				this.#countEnd();
			}
		});
	}

	/** Over the rate: the connection is handed on, and read, a little later. */
	#takeLater(link: SocketLink, origin: Origin, waitMs: number): void {
		const socket = link.stream;
		// What Node read now would be shown as received once it is handed on.
		setReading(socket, false);
		const ignore = () => undefined;
		socket.on('error', ignore);
		this.#waiting.add(socket);
		const cancel = this.#options.clock.setTimer(() => {
			this.#waiting.delete(socket);
			socket.off('error', ignore);
			socket.off('close', onClose);
			setReading(socket, true);
			this.#take(link, origin);
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

	#stopAccepting(): void {
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
			this.#runner.emptied();
		}
	}

	#originOf(socket: Socket): Origin {
		return this.#address.kind === 'unix'
			? {kind: 'unix', name: `unix:${++this.#unixPeers}`}
			: tcpOrigin(socket, this.#address.host, this.#address.port);
	}
}
