/**
 * What carries bytes, whatever it is made of: a TCP connection, a Unix domain
 * socket, or a pair of streams inside this process.
 *
 * Bytes go through `stream`. Everything else that differs between the kinds is
 * asked here, so no other folder needs node:net or `instanceof`.
 */
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {hostAndPort} from './address.js';

/** Both ends of a TCP connection, as far as node:net knows them. */
export type Endpoints = {
	readonly local: string | undefined;
	readonly remote: string | undefined;
};

/** Of a link that has no addresses, or has them no longer. */
export const noEndpoints: Endpoints = {local: undefined, remote: undefined};

export const endpointsOf = (socket: Socket): Endpoints => {
	// The remote end first: node:net caches the local address, so reading it
	// before connect() was called would cache "none" for good.
	const {remoteAddress, remotePort} = socket;
	if (remoteAddress === undefined || remotePort === undefined) {
		return noEndpoints;
	}

	// A closed socket loses its local end first; half an answer is no answer.
	const {localAddress, localPort} = socket;
	return localAddress === undefined || localPort === undefined
		? noEndpoints
		: {
				local: hostAndPort(localAddress, localPort),
				remote: hostAndPort(remoteAddress, remotePort),
			};
};

/**
 * Both ends while connect() is in progress.
 *
 * @param remote Where it connects to; node:net reports that only afterwards.
 */
export const connectingEndsOf = (
	{localAddress, localPort}: Socket,
	remote: string | undefined,
): Endpoints =>
	localAddress === undefined || !localPort
		? noEndpoints
		: {local: hostAndPort(localAddress, localPort), remote};

/** A socket of the kernel. */
export class SocketLink {
	readonly kind: 'tcp' | 'unix';
	readonly stream: Socket;
	/** The port that is bound before connect(); undefined if the kernel chooses. */
	readonly boundPort: number | undefined;

	constructor(kind: 'tcp' | 'unix', socket: Socket, boundPort?: number) {
		this.kind = kind;
		this.stream = socket;
		this.boundPort = boundPort;
	}

	get isConnecting(): boolean {
		return this.stream.connecting;
	}

	/** Bytes that the kernel took; `bytesWritten` includes those still queued. */
	get bytesOut(): number {
		return this.stream.bytesWritten - this.stream.writableLength;
	}

	get endpoints(): Endpoints {
		return endpointsOf(this.stream);
	}

	/** Sends RST; TCP only. */
	reset(): void {
		this.stream.resetAndDestroy();
	}
}

/** One end of a pair of streams in this process; the kernel sees none of it. */
export class MemoryLink {
	readonly kind = 'memory';
	readonly stream: Duplex;
	readonly isConnecting = false;
	readonly bytesOut = 0;
	readonly endpoints = noEndpoints;

	constructor(stream: Duplex) {
		this.stream = stream;
	}

	/** There is no RST to send, so the stream is only destroyed. */
	reset(): void {
		this.stream.destroy();
	}
}

export type Link = SocketLink | MemoryLink;
