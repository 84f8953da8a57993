/**
 * UDP (RFC 768): datagrams to one address and from it. There is no connection,
 * no order and no end; of what comes too fast to be kept, the kernel counts what
 * it drops, and says it to nobody who doesn't ask.
 *
 * A client calls connect(2), which sends nothing: from then on the kernel drops
 * what others send, and reports an ICMP 'port unreachable' as ECONNREFUSED.
 */
import type {Buffer} from 'node:buffer';
import {createSocket, type Socket} from 'node:dgram';
import {SockchatError} from '../../errors.js';
import type {UdpFacts} from '../../event/link-facts.js';
import {
	formatAddress,
	hostAndPort,
	requireLoopback,
	type Address,
	type LoopbackAddress,
} from '../address.js';
import {CarriedLink, noEndpoints, type Endpoints} from '../link.js';
import {CarrierStream} from './carrier.js';
import {familyOf, maxBytes} from './datagram.js';
import {kernelDrops} from './udp-drops.js';

type UdpAddress = Extract<Address, {kind: 'udp'}>;

// As much as waits here for a slow reader; the kernel's own queue is smaller.
const maxQueuedBytes = 4 * 1024 * 1024;

export const createUdpSocket = (host: string): Socket =>
	createSocket({
		type: familyOf(host),
		// More than its limit is not an error: it then takes that (socket(7)).
		recvBufferSize: maxQueuedBytes,
	});

const codeOf = (cause: Error): string =>
	(cause as NodeJS.ErrnoException).code ?? '';

const tooLarge = (length: number, most: number, cause?: Error) =>
	new SockchatError(
		'ERR_DATAGRAM',
		`EMSGSIZE: ${length} bytes don't fit into a datagram, which holds ${most}; not sent.`,
		cause ? {cause} : {},
	);

const unreachable = (place: string, cause: Error) =>
	new SockchatError(
		'ERR_REFUSED',
		`ECONNREFUSED: no UDP socket is bound to ${place}; ICMP 'port unreachable' came back for a datagram, which is lost.`,
		{cause},
	);

export const udpFailed = (
	address: Address,
	localPort: number | undefined,
	cause: Error,
): SockchatError => {
	const place = formatAddress(address);
	switch (codeOf(cause)) {
		case 'ECONNREFUSED': {
			return unreachable(place, cause);
		}

		case 'EADDRINUSE':
		case 'EADDRNOTAVAIL': {
			return new SockchatError(
				'ERR_ADDRESS_UNAVAILABLE',
				`Can't bind the local port ${localPort ?? 0}: it is in use. Choose another --local-port.`,
				{cause},
			);
		}

		default: {
			return cause instanceof SockchatError
				? cause
				: new SockchatError(
						'ERR_LOST',
						`UDP to ${place} failed: ${cause.message}.`,
						{cause},
					);
		}
	}
};

export abstract class DatagramStream extends CarrierStream {
	/**
	 * Called instead of an end, if a datagram was lost: the socket is still good.
	 */
	onLoss: ((error: SockchatError) => void) | undefined;
	/** Datagrams that came while too many waited, here or in the kernel. */
	dropped = 0;

	arrived(datagram: Buffer): void {
		if (this.queuedBytes + datagram.length > maxQueuedBytes) {
			this.dropped++;
		} else {
			this.emit('arrived');
			this.deliver(datagram);
		}
	}

	protected lose(error: SockchatError): void {
		if (this.onLoss) {
			this.onLoss(error);
		} else {
			this.destroy(error);
		}
	}

	/** Nothing says so to the other side, which may send until we close. */
	protected override finish(done: () => void): void {
		done();
		this.deliverEnd();
	}

	protected override wanted(): void {
		// UDP has no back-pressure: the kernel drops what is too much.
	}
}

class UdpClientStream extends DatagramStream {
	readonly #socket: Socket;
	readonly #address: UdpAddress;

	constructor(address: UdpAddress, localPort: number | undefined) {
		super();
		this.#address = address;
		const {host, port} = address;
		this.#socket = createUdpSocket(host);
		this.#socket
			.on('message', datagram => {
				this.arrived(datagram);
			})
			.on('error', error => {
				const failure = udpFailed(address, localPort, error);
				if (codeOf(error) === 'ECONNREFUSED') {
					this.lose(failure);
				} else {
					this.destroy(failure);
				}
			})
			.once('connect', () => {
				this.opened();
			});
		if (localPort === undefined) {
			this.#socket.connect(port, host);
		} else {
			this.#socket.bind({address: host, port: localPort}, () => {
				this.#socket.connect(port, host);
			});
		}
	}

	get endpoints(): Endpoints {
		if (this.connecting || this.destroyed) {
			return noEndpoints;
		}

		const {address, port} = this.#socket.address();
		return {
			local: hostAndPort(address, port),
			remote: formatAddress(this.#address),
		};
	}

	override _destroy(
		error: Error | null,
		done: (error: Error | null) => void,
	): void {
		if (!this.connecting) {
			const {address, port} = this.#socket.address();
			const remote = formatAddress(this.#address);
			this.dropped += kernelDrops(hostAndPort(address, port), remote);
		}

		this.#socket.close(() => {
			done(error);
		});
	}

	protected override send(
		chunk: Buffer,
		done: (error?: Error | null) => void,
	): void {
		this.#socket.send(chunk, error => {
			if (!error) {
				done();
				return;
			}

			const most = maxBytes(this.#address.host);
			const failure =
				codeOf(error) === 'EMSGSIZE'
					? tooLarge(chunk.length, most, error)
					: udpFailed(this.#address, undefined, error);
			if (this.onLoss) {
				this.onLoss(failure);
				done();
			} else {
				done(failure);
			}
		});
	}
}

export abstract class DatagramLink extends CarriedLink {
	readonly kind = 'udp';
	abstract override readonly stream: DatagramStream;
	readonly #host: string;

	constructor(host: string, boundPort?: number) {
		super({transport: 'udp', boundPort});
		this.#host = host;
	}

	override get flaw(): SockchatError | undefined {
		const count = this.lost;
		return count === 0
			? undefined
			: new SockchatError(
					'ERR_DATAGRAM',
					`${count === 1 ? '1 datagram was' : `${count} datagrams were`} lost: more came than was read here in time.`,
				);
	}

	override get facts(): UdpFacts {
		return {kind: 'udp'};
	}

	get isConnecting(): boolean {
		return this.stream.connecting;
	}

	get bytesOut(): number {
		return this.stream.bytesWritten;
	}

	/** Datagrams that came, and are not among what was read. */
	protected get lost(): number {
		return this.stream.dropped;
	}

	override tolerate(onLoss: (error: SockchatError) => void): void {
		this.stream.onLoss = onLoss;
	}

	override refusal({length}: Uint8Array): SockchatError | undefined {
		const most = maxBytes(this.#host);
		return length > most ? tooLarge(length, most) : undefined;
	}
}

class UdpClientLink extends DatagramLink {
	readonly stream: UdpClientStream;

	constructor(address: UdpAddress, localPort: number | undefined) {
		super(address.host, localPort);
		this.stream = new UdpClientStream(address, localPort);
	}

	override get endpoints(): Endpoints {
		return this.stream.endpoints;
	}
}

/**
 * Binds, and calls connect(), which sends nothing.
 *
 * @throws {SockchatError} Before any call, see `requireLoopback`.
 */
export const dialUdp = (
	wanted: LoopbackAddress,
	localPort?: number,
): DatagramLink => {
	const address = requireLoopback(wanted);
	if (address.kind !== 'udp') {
		throw new TypeError('not an address of UDP');
	}

	return new UdpClientLink(address, localPort);
};
