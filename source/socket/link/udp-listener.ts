/**
 * `serve --raw --udp`: one bound socket, and a link to each address that sent
 * something. No peer ever ends by itself, so the ones that were silent for
 * longest are forgotten once there are too many.
 */
import type {Buffer} from 'node:buffer';
import type {RemoteInfo, Socket} from 'node:dgram';
import type {NoticeEvent, ServerEvent} from '../../event/event.js';
import type {Call} from '../../tcp/tcp.js';
import {clause, SockchatError} from '../../errors.js';
import {
	formatAddress,
	hostAndPort,
	requireLoopback,
	type LoopbackAddress,
} from '../address.js';
import type {Endpoints} from '../link.js';
import type {AnyListener, ListenerOptions, SilentSurplus} from '../listener.js';
import {ListeningRunner} from '../listening-runner.js';
import {queueRead} from '../stream/turns.js';
import {refusedDatagrams} from './datagram.js';
import {kernelDrops} from './udp-drops.js';
import {createUdpSocket, DatagramLink, DatagramStream} from './udp.js';

// Anybody can send from any port, so this bounds memory.
const maxPeers = 1024;

// Of a circle of proxies every hop is a new peer, and none is silent for as long.
const silentMs = 5000;

class UdpPeerStream extends DatagramStream {
	readonly #send: (chunk: Buffer, done: (error?: Error | null) => void) => void;

	constructor(
		send: (chunk: Buffer, done: (error?: Error | null) => void) => void,
	) {
		super();
		this.#send = send;
		this.connecting = false;
	}

	protected override send(
		chunk: Buffer,
		done: (error?: Error | null) => void,
	): void {
		this.#send(chunk, done);
	}
}

class UdpPeerLink extends DatagramLink {
	readonly stream: UdpPeerStream;
	/** When it last sent something; monotonic. */
	heardAt = 0;
	readonly #endpoints: Endpoints;
	readonly #lostBelow: () => number;

	/** @param lostBelow Datagrams to the bound socket that nobody else states. */
	constructor(
		host: string,
		stream: UdpPeerStream,
		endpoints: Endpoints,
		lostBelow: () => number,
	) {
		super(host);
		this.stream = stream;
		this.#endpoints = endpoints;
		this.#lostBelow = lostBelow;
	}

	protected override get lost(): number {
		return super.lost + this.#lostBelow();
	}

	override get endpoints(): Endpoints {
		return this.#endpoints;
	}
}

export type UdpListenerOptions = Omit<
	ListenerOptions,
	'onEvent' | 'onLink' | 'surplus'
> & {
	readonly onEvent: (event: ServerEvent | NoticeEvent) => void;
	/** Set if a peer that spoke a moment ago is not forgotten for another one. */
	readonly surplus?: SilentSurplus | undefined;
	readonly onLink: (
		link: DatagramLink,
		origin: {readonly kind: 'udp'; readonly name: string},
	) => void;
};

export class UdpListener implements AnyListener {
	readonly backlog = 0;
	readonly #options: UdpListenerOptions;
	readonly #runner: ListeningRunner;
	readonly #socket: Socket;
	/** The one that was silent for longest first. */
	readonly #peers = new Map<string, UdpPeerLink>();
	#address: LoopbackAddress;
	#isDraining = false;
	/** Whether nobody else is taken, though the queue is still read. */
	#isFull = false;
	/** Datagrams of those who came after that. */
	#refused = 0;
	#isClosed = false;
	#received = 0;

	constructor(options: UdpListenerOptions) {
		this.#options = options;
		this.#address = requireLoopback(options.address);
		this.#socket = createUdpSocket(this.#host);
		this.#runner = new ListeningRunner({
			clock: options.clock,
			address: () => this.#address,
			onEvent: options.onEvent,
			onCutOff: options.onCutOff,
			stopAccepting: () => {
				this.#isFull = this.#peers.size > 0;
				void queueRead(() => this.#received).then(() => {
					this.#isDraining = true;
					options.onDrain();
					this.#closeIfEmpty();
				});
			},
		});
	}

	get address(): LoopbackAddress {
		return this.#address;
	}

	get closed(): Promise<void> {
		return this.#runner.closed;
	}

	get calls(): readonly Call[] {
		return ['socket()', `bind(${formatAddress(this.#address)})`];
	}

	/** @throws {SockchatError} `ERR_PORT_TAKEN` or another of `bind()`. */
	async listen(): Promise<void> {
		const socket = this.#socket;
		const {host, port} = this.#place;
		await new Promise<void>((resolve, reject) => {
			socket.once('error', reject);
			socket.bind({address: host, port, exclusive: true}, () => {
				socket.off('error', reject);
				resolve();
			});
		}).catch((error: unknown) => {
			socket.close();
			throw bindFailed(this.#address, error as NodeJS.ErrnoException);
		});
		this.#address = requireLoopback({
			kind: 'udp',
			host,
			port: socket.address().port,
		});
		socket.on('message', (datagram, from) => {
			this.#take(datagram, from);
		});
		// ICMP errors don't reach an unconnected socket; other errors come from
		// send().
		socket.on('error', () => undefined);
		this.#runner.bound();
	}

	async drain(): Promise<void> {
		return this.#runner.drain();
	}

	get #place() {
		const address = this.#address;
		return address.kind === 'udp' ? address : {host: '127.0.0.1', port: 0};
	}

	get #host(): string {
		return this.#place.host;
	}

	#take(datagram: Buffer, {address, port}: RemoteInfo): void {
		this.#received++;
		const name = hostAndPort(address, port);
		const now = this.#options.clock.monotonicMs();
		let peer = this.#peers.get(name);
		if (peer) {
			this.#peers.delete(name);
			this.#peers.set(name, peer);
		} else {
			if (this.#isDraining || this.#isFull) {
				this.#refused++;
				return;
			}

			if (!this.#hasPlace(name, now)) {
				return;
			}

			peer = this.#meet(name, address, port);
		}

		peer.heardAt = now;
		peer.stream.arrived(datagram);
	}

	/** Makes place for another one, if it may be. */
	#hasPlace(name: string, now: number): boolean {
		const {surplus} = this.#options;
		const [oldest] = this.#peers.values();
		if (!oldest || this.#peers.size < (surplus?.maxPeers ?? maxPeers)) {
			return true;
		}

		if (surplus && now - oldest.heardAt < silentMs) {
			surplus.onRefused(name);
			return false;
		}

		oldest.stream.destroy();
		return true;
	}

	#meet(name: string, host: string, port: number): UdpPeerLink {
		const stream = new UdpPeerStream((chunk, done) => {
			this.#socket.send(chunk, port, host, error => {
				done(error && sendFailed(name, chunk.length, error));
			});
		});
		const local = formatAddress(this.#address);
		const link = new UdpPeerLink(
			host,
			stream,
			{local, remote: name},
			// The kernel counts them for the socket; the last peer stands for all.
			() =>
				this.#isDraining && this.#peers.size === 1 ? kernelDrops(local) : 0,
		);
		this.#peers.set(name, link);
		this.#options.onLink(link, {kind: 'udp', name});
		const at = this.#options.clock.wallMs();
		const {facts} = link;
		this.#options.onEvent({type: 'accepted', at, peer: name, link: facts});
		// Last, so that the owner has handled the close before it is counted.
		stream.once('close', () => {
			if (this.#peers.get(name) === link) {
				this.#peers.delete(name);
			}

			this.#closeIfEmpty();
		});
		return link;
	}

	#reportRefused(): void {
		if (this.#refused > 0) {
			const {clock, onEvent} = this.#options;
			const text = refusedDatagrams(this.#refused);
			onEvent({type: 'notice', at: clock.wallMs(), tone: 'warn', text});
		}
	}

	#closeIfEmpty(): void {
		if (this.#isDraining && this.#peers.size === 0 && !this.#isClosed) {
			this.#isClosed = true;
			this.#reportRefused();
			this.#socket.close(() => {
				this.#runner.emptied();
			});
		}
	}
}

const sendFailed = (peer: string, length: number, cause: Error) =>
	(cause as NodeJS.ErrnoException).code === 'EMSGSIZE'
		? new SockchatError(
				'ERR_DATAGRAM',
				`EMSGSIZE: ${length} bytes don't fit into a datagram to ${peer}; not sent.`,
				{cause},
			)
		: new SockchatError(
				'ERR_LOST',
				`UDP to ${peer} failed: ${clause(cause.message)}.`,
				{cause},
			);

const bindFailed = (
	address: LoopbackAddress,
	cause: NodeJS.ErrnoException,
): SockchatError => {
	const place = formatAddress(address);
	switch (cause.code) {
		case 'EADDRINUSE': {
			return new SockchatError(
				'ERR_PORT_TAKEN',
				`A UDP socket is bound to ${place} already. Choose another port with --port.`,
				{cause},
			);
		}

		case 'EACCES': {
			return new SockchatError(
				'ERR_PORT_FORBIDDEN',
				`You may not bind ${place}; on most systems ports below 1024 need root. Choose another.`,
				{cause},
			);
		}

		default: {
			return new SockchatError(
				'ERR_ADDRESS_UNAVAILABLE',
				`Can't bind ${place}: ${clause(cause.message)}.`,
				{cause},
			);
		}
	}
};
