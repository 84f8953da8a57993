/**
 * TLS on a TCP connection or a Unix domain socket (RFC 8446, RFC 5246).
 *
 * A close_notify ends a direction, as FIN does. A FIN without one may be
 * anybody's, so what came before it may not be all (RFC 8446, 6.1). node:tls
 * reports both as the same end; here the encrypted bytes pass through a stream
 * of ours, so it is known which one was first.
 */
import type {Buffer} from 'node:buffer';
import {isIP, type Socket} from 'node:net';
import {Duplex} from 'node:stream';
import {setImmediate} from 'node:timers';
import {
	checkServerIdentity,
	connect,
	TLSSocket,
	type DetailedPeerCertificate,
	type PeerCertificate,
	type SecureContext,
} from 'node:tls';
import {type SockchatError} from '../../errors.js';
import type {Certificate, TlsFacts} from '../../event/link-facts.js';
import {CarriedLink, endpointsOf, type SocketLink} from '../link.js';
import type {Arrivals} from '../stream/arrivals.js';
import {waitBeforeEnd, type SendingCheck} from '../stream/checked-sending.js';
import {CarrierStream} from './carrier.js';
import {endedEarly, noHandshake, truncated} from './tls-errors.js';

export type TlsClient = {
	/** Where it connects to: a certificate for it, or for `localhost`, is right. */
	readonly host: string;
	/** The name that the certificate has to be for instead. */
	readonly name: string | undefined;
	/** Authorities to trust instead of Node's; PEM. */
	readonly authorities: string | undefined;
	/** Whether any certificate will do. */
	readonly isInsecure: boolean;
	/** Has our certificate, if a server asks for one, and those authorities. */
	readonly context: SecureContext | undefined;
	/** What it asks for by ALPN, the best first. */
	readonly protocols?: readonly string[] | undefined;
};

/** A name that all certificates for a program under development have. */
const anyLoopback = 'localhost';

const checkIdentity = (
	name: string,
	isLoopback: boolean,
	certificate: PeerCertificate,
): Error | undefined =>
	isLoopback && checkServerIdentity(anyLoopback, certificate) === undefined
		? undefined
		: checkServerIdentity(name, certificate);

// A longer chain is a mistake, and a certificate may be its own issuer.
const maxChain = 10;

const named = (
	name: Readonly<Record<string, string | string[]>> | undefined,
): string => {
	const shown = name?.['CN'] ?? name?.['O'] ?? '';
	return Array.isArray(shown) ? shown.join(', ') : shown;
};

const chainOf = (first: DetailedPeerCertificate): readonly Certificate[] => {
	const chain: Certificate[] = [];
	const seen = new Set<string>();
	let next: DetailedPeerCertificate | undefined = first;
	while (
		next?.fingerprint256 !== undefined &&
		!seen.has(next.fingerprint256) &&
		chain.length < maxChain
	) {
		const {subject, issuer, valid_to: validTo, fingerprint256} = next;
		seen.add(fingerprint256);
		chain.push({
			subject: named(subject as unknown as Record<string, string>),
			issuer: named(issuer as unknown as Record<string, string>),
			validTo,
			fingerprint: fingerprint256,
		});
		next = next.issuerCertificate;
	}

	return chain;
};

const factsOf = (socket: TLSSocket): TlsFacts => {
	const chain = chainOf(socket.getPeerCertificate(true));
	const {authorized, authorizationError, alpnProtocol} = socket;
	return {
		kind: 'tls',
		version: socket.getProtocol() ?? 'unknown',
		cipher: socket.getCipher().standardName,
		...(typeof alpnProtocol === 'string' && {protocol: alpnProtocol}),
		isTrusted: chain.length === 0 ? undefined : authorized,
		// Typed as an error, but it is the code.
		untrusted:
			chain.length > 0 && !authorized ? String(authorizationError) : undefined,
		chain,
	};
};

/** So much is encrypted as one record, and written whole. */
const recordBytes = 16 * 1024;

/** Begins the handshake on the encrypted bytes. */
type Secure = (wire: Duplex, onSecure: () => void) => TLSSocket;

class TlsStream extends CarrierStream {
	facts: TlsFacts | undefined;
	/** Set if it fails when what is sent last meets a closed socket. */
	arrivals: Arrivals | undefined;
	readonly #socket: Socket;
	#tls: TLSSocket | undefined;
	/** Whether node:tls still writes, and what is to be written after that. */
	#isWriting = false;
	#next: (() => void) | undefined;
	/** Whether FIN was read. */
	#hasFin = false;
	/** Whether a close_notify came before it. */
	#isNotified = false;

	constructor(socket: Socket, secure: Secure) {
		super();
		this.#socket = socket;
		socket.on('error', error => {
			this.destroy(error);
		});
		socket.once('close', () => {
			// A turn later, as the last that was read may still be on its way.
			setImmediate(() => {
				if (this.connecting) {
					this.#endOfWire();
				}
			});
		});
		if (socket.connecting) {
			socket.once('connect', () => {
				this.#begin(secure);
			});
		} else {
			this.#begin(secure);
		}
	}

	/** Whether the other side is there, and the handshake is not done. */
	get isShaking(): boolean {
		return this.#tls !== undefined && this.connecting;
	}

	override _destroy(
		error: Error | null,
		done: (error: Error | null) => void,
	): void {
		this.#tls?.destroy();
		const socket = this.#socket;
		if (socket.closed) {
			done(error);
			return;
		}

		socket.once('close', () => {
			done(error);
		});
		socket.destroy();
	}

	protected override send(
		chunk: Buffer,
		done: (error?: Error | null) => void,
	): void {
		if (this.#isWriting) {
			this.#next = () => {
				this.send(chunk, done);
			};

			return;
		}

		const socket = this.#socket;
		const before = socket.bytesWritten;
		let isTaken = false;
		this.#isWriting = true;
		this.#tls!.write(chunk, error => {
			this.#isWriting = false;
			if (!isTaken) {
				done(error);
			}

			const next = this.#next;
			this.#next = undefined;
			next?.();
		});
		// node:tls calls back turns later, when the answer may have come.
		isTaken =
			chunk.length <= recordBytes &&
			socket.writableLength === 0 &&
			socket.bytesWritten >= before + chunk.length;
		if (isTaken) {
			done();
		}
	}

	/** Sends close_notify, and FIN after it. */
	protected override finish(done: (error?: Error | null) => void): void {
		const {arrivals} = this;
		if (!arrivals || this.bytesWritten === 0) {
			this.#tls!.end(done);
			return;
		}

		const socket = this.#socket;
		waitBeforeEnd(socket, endpointsOf(socket), arrivals, error => {
			if (error) {
				done(error);
			} else {
				this.#tls!.end(done);
			}
		});
	}

	protected override wanted(): void {
		this.#tls?.resume();
	}

	#begin(secure: Secure): void {
		const wire = this.#openWire();
		const tls = secure(wire, () => {
			this.facts = factsOf(tls);
			this.opened();
		});
		this.#tls = tls;
		this.#noteEnd(tls);
		tls.on('data', (chunk: Buffer) => {
			if (!this.deliver(chunk)) {
				tls.pause();
			}
		});
		tls.once('end', () => {
			this.#endOfWire();
		});
		tls.on('error', (error: Error) => {
			this.destroy(error);
		});
	}

	/** Nothing more comes. */
	#endOfWire(): void {
		if (this.connecting) {
			this.destroy(endedEarly());
			return;
		}

		if (!this.#isNotified) {
			this.flaw = truncated();
		}

		this.deliverEnd();
	}

	/** The encrypted bytes, to and from the socket. */
	#openWire(): Duplex {
		const socket = this.#socket;
		const wire = new Duplex({
			// node:tls is destroyed with it, and what nobody has read yet is lost.
			autoDestroy: false,
			read() {
				socket.resume();
			},
			write(chunk: Buffer, _encoding, done) {
				socket.write(chunk, done);
			},
			final(done) {
				socket.end(done);
			},
		});
		// Before node:tls looks.
		wire.once('end', () => {
			this.#hasFin = true;
		});
		socket.on('data', chunk => {
			if (!wire.push(chunk)) {
				socket.pause();
			}
		});
		const endWire = () => {
			if (!this.destroyed) {
				wire.push(null);
			}
		};

		socket.once('end', endWire);
		// Without FIN: then it ends without close_notify, and that is said.
		socket.once('close', endWire);
		return wire;
	}

	/** An end that comes before FIN was read was said by a close_notify. */
	#noteEnd(tls: TLSSocket): void {
		const push = tls.push.bind(tls);
		let hasEnded = false;
		tls.push = (chunk: unknown, encoding?: BufferEncoding) => {
			if (chunk === null && !hasEnded) {
				hasEnded = true;
				this.#isNotified = !this.#hasFin;
			}

			return push(chunk, encoding);
		};
	}
}

class TlsLink extends CarriedLink {
	readonly kind = 'tls';
	readonly stream: TlsStream;

	constructor(below: SocketLink, secure: Secure) {
		super(below);
		this.stream = new TlsStream(below.socket, secure);
	}

	get isConnecting(): boolean {
		return this.stream.connecting;
	}

	get bytesOut(): number {
		return this.stream.bytesWritten;
	}

	override get facts(): TlsFacts | undefined {
		return this.stream.facts;
	}

	override get flaw(): SockchatError | undefined {
		return this.stream.flaw;
	}

	override get endWords(): string | undefined {
		return this.flaw && 'FIN without close_notify';
	}

	override checkSending({arrivals}: SendingCheck): void {
		this.stream.arrivals = arrivals;
	}

	override tooLate(patienceMs: number): SockchatError {
		return this.stream.isShaking
			? noHandshake(patienceMs)
			: super.tooLate(patienceMs);
	}
}

/** Begins TLS on a connection, or on one that is about to be made. */
export const secureClient = (
	link: SocketLink,
	{host, name, authorities, isInsecure, context, protocols}: TlsClient,
): TlsLink =>
	new TlsLink(link, (wire, onSecure) =>
		connect(
			{
				socket: wire,
				// An address is no server name, and isn't sent (RFC 6066, 3).
				servername: isIP(name ?? '') ? '' : (name ?? anyLoopback),
				rejectUnauthorized: !isInsecure,
				checkServerIdentity: (_name, certificate) =>
					checkIdentity(name ?? host, name === undefined, certificate),
				...(authorities !== undefined && {ca: authorities}),
				...(context && {secureContext: context}),
				...(protocols && {ALPNProtocols: [...protocols]}),
			},
			onSecure,
		),
	);

/**
 * Answers the handshake of a client.
 *
 * @param protocols Of ALPN, the best first. A client that asks for others alone
 * is refused; one that asks for none isn't (RFC 7301, 3.2).
 */
export const secureServer = (
	link: SocketLink,
	context: SecureContext,
	protocols?: readonly string[],
): TlsLink =>
	new TlsLink(link, (wire, onSecure) =>
		new TLSSocket(wire, {
			isServer: true,
			secureContext: context,
			...(protocols && {ALPNProtocols: [...protocols]}),
		}).once('secure', onSecure),
	);
