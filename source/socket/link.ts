/**
 * What carries bytes, whatever it is made of: a TCP connection, a Unix domain
 * socket, TLS or a WebSocket on one of these, UDP, or a pair of streams inside
 * this process.
 *
 * Bytes go through `stream`. Everything else that differs between the kinds is
 * asked here, so no other folder needs node:net or `instanceof`.
 */
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {connectTimedOut} from '../connection/lifecycle.js';
import type {SockchatError} from '../errors.js';
import type {LinkFacts, MessageKind} from '../event/link-facts.js';
import {hostAndPort} from './address.js';
import {checkEnd} from './stream/checked-end.js';
import {checkSending, type SendingCheck} from './stream/checked-sending.js';
import {resetSocket} from './stream/reset.js';
import {bytesTakenOf, countTaken} from './stream/taken.js';

/** What raw mode needs of a stream; a socket of node:net has it. */
export type LinkStream = Duplex & {
	readonly bytesRead: number;
	readonly bytesWritten: number;
	/** Emits 'timeout' after this long without a byte; 0 is never. */
	readonly setTimeout: (delayMs: number) => unknown;
};

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

/** What differs between links besides their streams: by default, nothing. */
abstract class CommonLink {
	/** What is known of it by now. */
	get facts(): LinkFacts | undefined {
		return undefined;
	}

	/** Why what was read may not be all, though it ended. */
	get flaw(): SockchatError | undefined {
		return undefined;
	}

	/** How it ended, where neither FIN nor RST says it. */
	get endWords(): string | undefined {
		return undefined;
	}

	/** How a message was sent, if that differs. */
	messageKind(_message: Uint8Array): MessageKind | undefined {
		return undefined;
	}

	/** It is to be sent as it came. */
	markMessage(_message: Uint8Array, _kind: MessageKind): void {}

	/** Why a message can't be sent. */
	refusal(_message: Uint8Array): SockchatError | undefined {
		return undefined;
	}

	/** From now on it goes on after the loss of a message, if it can. */
	tolerate(_onLoss: (error: SockchatError) => void): void {}

	/**
	 * From now on it fails if what is sent last meets a closed socket.
	 * If reading never waits for a write, all that has come is read before a write
	 * fails.
	 */
	checkSending(_check: SendingCheck): void {}

	/** Why it is given up while it connects. */
	tooLate(patienceMs: number): SockchatError {
		return connectTimedOut(patienceMs);
	}
}

/** A socket of the kernel. */
export class SocketLink extends CommonLink {
	readonly kind: 'tcp' | 'unix';
	readonly stream: Socket;
	/** The port that is bound before connect(); undefined if the kernel chooses. */
	readonly boundPort: number | undefined;

	constructor(kind: 'tcp' | 'unix', socket: Socket, boundPort?: number) {
		super();
		this.kind = kind;
		this.stream = socket;
		this.boundPort = boundPort;
		countTaken(socket);
		checkEnd(socket);
	}

	/** What the kernel knows it as. */
	get transport(): 'tcp' | 'unix' {
		return this.kind;
	}

	/** The socket of the kernel that it is. */
	get socket(): Socket {
		return this.stream;
	}

	get isConnecting(): boolean {
		return this.stream.connecting;
	}

	/** Bytes that the kernel took. */
	get bytesOut(): number {
		return bytesTakenOf(this.stream);
	}

	get endpoints(): Endpoints {
		return endpointsOf(this.stream);
	}

	override checkSending(check: SendingCheck): void {
		checkSending(this, check);
	}

	/** Sends RST; without one, as on a Unix domain socket, it closes at once. */
	reset(): void {
		if (this.kind === 'tcp') {
			resetSocket(this.stream);
		} else {
			this.stream.destroy();
		}
	}
}

/** One end of a pair of streams in this process; the kernel sees none of it. */
export class MemoryLink extends CommonLink {
	readonly kind = 'memory';
	readonly stream: Duplex;
	readonly isConnecting = false;
	readonly bytesOut = 0;
	readonly endpoints = noEndpoints;

	constructor(stream: Duplex) {
		super();
		this.stream = stream;
	}

	/** There is no RST to send, so the stream is only destroyed. */
	reset(): void {
		this.stream.destroy();
	}
}

type Below = {
	readonly transport: 'tcp' | 'unix' | 'udp';
	readonly socket?: Socket | undefined;
	readonly boundPort?: number | undefined;
};

/** Something that is carried by a socket of the kernel. */
export abstract class CarriedLink extends CommonLink {
	abstract readonly kind: 'tls' | 'ws' | 'udp';
	abstract readonly stream: LinkStream;
	/** What the kernel knows it as. */
	readonly transport: 'tcp' | 'unix' | 'udp';
	/** The stream socket below it; UDP has none. */
	readonly socket: Socket | undefined;
	readonly boundPort: number | undefined;

	/** @param below What carries it. */
	constructor(below: Below) {
		super();
		this.transport = below.transport;
		this.socket = below.socket;
		this.boundPort = below.boundPort;
	}

	get endpoints(): Endpoints {
		return this.socket ? endpointsOf(this.socket) : noEndpoints;
	}

	/** Whether messages can't be sent yet. */
	abstract get isConnecting(): boolean;

	/** Bytes of messages that were sent. */
	abstract get bytesOut(): number;

	/** Sends RST if TCP carries it, and closes at once. */
	reset(): void {
		if (this.socket && this.transport === 'tcp') {
			resetSocket(this.socket);
		}

		this.stream.destroy();
	}
}

/** A link to another process. */
export type OuterLink = SocketLink | CarriedLink;

export type Link = OuterLink | MemoryLink;

/** Whether its end is a FIN; else it is only closed. */
export const endsWithFin = (link: Link): boolean =>
	link.kind !== 'memory' && link.transport === 'tcp';

/** For an event: UDP has no connection that could end. */
export const datagramFacts = ({kind, facts}: Link): {link?: LinkFacts} =>
	kind === 'udp' && facts ? {link: facts} : {};
