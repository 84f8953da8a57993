/**
 * A WebSocket (RFC 6455) on a TCP connection, a Unix domain socket or TLS.
 *
 * A message is sent whole or not at all, and none may follow a Close frame: no
 * side can end before the other, as with FIN. So before we close we send a ping
 * and wait for its pong: by then the other side has read all, and said what it
 * had to say at once.
 */
import {Buffer, isUtf8} from 'node:buffer';
import type {IncomingMessage} from 'node:http';
import type {Duplex} from 'node:stream';
import {setImmediate} from 'node:timers';
import {WebSocket} from 'ws';
import {quoted, SockchatError} from '../../errors.js';
import type {
	ControlFrame,
	MessageKind,
	TlsFacts,
	WebSocketFacts,
} from '../../event/link-facts.js';
import {CarriedLink, type OuterLink} from '../link.js';
import {CarrierStream} from './carrier.js';

export const webSocketSettings = {
	// What goes over the wire is what is shown.
	perMessageDeflate: false,
	// One message a turn at most would be slow; our queue bounds them.
	allowSynchronousEvents: true,
} as const;

/** It was closed in good order: done, going away, or without a code. */
const goodCodes = new Set([1000, 1001, 1005]);

/** There was no Close frame. */
const abnormal = 1006;

export const webSocketError = (sentence: string, cause?: Error) =>
	new SockchatError('ERR_WEBSOCKET', sentence, cause ? {cause} : {});

const closedBy = (code: number, reason: string) =>
	webSocketError(
		`The other side closed the WebSocket with ${code}${reason === '' ? '' : `: ${quoted(reason)}`}.`,
	);

const cutOff = () =>
	webSocketError(
		'The connection ended without a Close frame (1006): what came before may not be all.',
	);

const endedAmidMessage = (bytes: number) =>
	webSocketError(
		`The other side closed the WebSocket amid a message in fragments: ${bytes} ${bytes === 1 ? 'byte of it came, and is' : 'bytes of it came, and are'} dropped.`,
	);

/** What the library keeps of a message whose last fragment has not come. */
type Receiver = {
	/** 0 between messages. */
	readonly _fragmented: number;
	readonly _totalPayloadLength: number;
};

/** Bytes of a message whose last fragment has not come; undefined if there is none. */
const unfinishedBytes = (socket: WebSocket): number | undefined => {
	// The library has no public way to ask.
	const receiver = Reflect.get(socket, '_receiver') as Receiver | undefined;
	return receiver && receiver._fragmented !== 0
		? receiver._totalPayloadLength
		: undefined;
};

const lastPing = Buffer.from('last');
const nothing = Buffer.alloc(0);

type Control = {readonly direction: 'in' | 'out'} & ControlFrame;

class WebSocketStream extends CarrierStream {
	endWords: string | undefined;
	/** Whether no message can be sent any more; `refused` says so once. */
	isRefusing = false;
	readonly #kinds = new WeakMap<Uint8Array, MessageKind>();
	readonly #inner: Duplex;
	readonly #isBinary: boolean;
	#socket: WebSocket | undefined;
	#cause: Error | undefined;

	/** @param isBinary Whether all messages are sent as binary ones. */
	constructor(inner: Duplex, isBinary: boolean) {
		super();
		// Of `refused`: a broker has one for each other peer.
		this.setMaxListeners(0);
		this.#inner = inner;
		this.#isBinary = isBinary;
		inner.on('error', error => {
			this.#cause = error;
			if (this.connecting) {
				this.destroy(error);
			}
		});
		inner.once('close', () => {
			if (this.connecting) {
				this.destroy();
			}
		});
		// A WebSocket has no halves: once it has ended, it is over.
		this.once('end', () => {
			setImmediate(() => {
				this.destroy();
			});
		});
	}

	/** How a message was sent, or would be. */
	kindOf(message: Uint8Array): MessageKind {
		return (
			this.#kinds.get(message) ??
			(this.#isBinary || !isUtf8(message) ? 'binary' : 'text')
		);
	}

	mark(message: Uint8Array, kind: MessageKind): void {
		this.#kinds.set(message, kind);
	}

	/** The opening handshake is done. */
	begin(socket: WebSocket): void {
		this.#socket = socket;
		socket.on('message', (data: Buffer, isBinary: boolean) => {
			// Each its own object, also the empty ones.
			const message = data.length === 0 ? Buffer.alloc(0) : data;
			this.#kinds.set(message, isBinary ? 'binary' : 'text');
			if (!this.deliver(message)) {
				socket.pause();
			}
		});
		socket.on('ping', bytes => {
			this.#control({direction: 'in', frame: 'ping', bytes});
			// The library answers by itself.
			this.#control({direction: 'out', frame: 'pong', bytes});
		});
		socket.on('pong', bytes => {
			this.#control({direction: 'in', frame: 'pong', bytes});
		});
		socket.on('error', error => {
			this.#cause ??= webSocketError(
				`The other side broke the rules of WebSocket: ${error.message}.`,
				error,
			);
		});
		socket.once('close', (code, reason) => {
			this.#ended(code, reason.toString());
		});
		this.opened();
	}

	override _destroy(
		error: Error | null,
		done: (error: Error | null) => void,
	): void {
		this.#socket?.terminate();
		const inner = this.#inner;
		if (inner.closed) {
			done(error);
			return;
		}

		inner.once('close', () => {
			done(error);
		});
		inner.destroy();
	}

	protected override send(
		chunk: Buffer,
		done: (error?: Error | null) => void,
	): void {
		const socket = this.#socket!;
		// A failed write fails once it has closed: until then what came before the
		// Close is still read, and only the end says why.
		if (socket.readyState === WebSocket.OPEN) {
			const binary = this.kindOf(chunk) === 'binary';
			socket.send(chunk, {binary}, error => {
				if (error) {
					this.#refuse();
				} else {
					done();
				}
			});
		} else {
			this.#refuse();
		}
	}

	protected override finish(done: (error?: Error | null) => void): void {
		const socket = this.#socket!;
		if (socket.readyState !== WebSocket.OPEN) {
			done();
			return;
		}

		const close = () => {
			socket.off('close', close);
			socket.off('pong', onPong);
			if (socket.readyState === WebSocket.OPEN) {
				socket.close(1000);
				this.#control({
					direction: 'out',
					frame: 'close',
					code: 1000,
					reason: '',
				});
				// Over TLS the frame takes several turns to be written.
				this.#inner.write(nothing, () => {
					done();
				});
			} else {
				done();
			}
		};

		const onPong = (bytes: Buffer) => {
			if (bytes.equals(lastPing)) {
				close();
			}
		};

		socket.on('pong', onPong);
		socket.once('close', close);
		// Messages that nobody reads must not keep the pong from being seen.
		socket.ping(lastPing);
		this.#control({direction: 'out', frame: 'ping', bytes: lastPing});
	}

	protected override wanted(): void {
		if (this.#socket?.isPaused) {
			this.#socket.resume();
		}
	}

	#refuse(): void {
		if (!this.isRefusing) {
			this.isRefusing = true;
			this.emit('refused');
		}
	}

	#control(frame: Control): void {
		this.emit('control', frame);
	}

	#ended(code: number, reason: string): void {
		if (this.destroyed) {
			// We closed it: that the other side's Close is missing says nothing.
			return;
		}

		if (code !== abnormal) {
			this.#control({
				direction: 'in',
				frame: 'close',
				code: code === 1005 ? undefined : code,
				reason,
			});
		}

		// A Close says that all has come, whatever becomes of the connection then:
		// many servers are gone before our answer to it.
		if (this.#cause && code === abnormal) {
			this.destroy(this.#cause);
			return;
		}

		const unfinished = unfinishedBytes(this.#socket!);
		if (code === abnormal) {
			this.flaw = cutOff();
			this.endWords = `no Close frame: ${abnormal}`;
		} else if (!goodCodes.has(code)) {
			this.flaw = closedBy(code, reason);
			this.endWords = `Close frame: ${code}`;
		} else if (unfinished !== undefined) {
			this.flaw = endedAmidMessage(unfinished);
		}

		this.deliverEnd();
	}
}

export class WebSocketLink extends CarriedLink {
	readonly kind = 'ws';
	readonly stream: WebSocketStream;
	readonly #inner: OuterLink;
	readonly #path: string;

	constructor(inner: OuterLink, path: string, isBinary: boolean) {
		super(inner);
		this.#inner = inner;
		this.#path = path;
		this.stream = new WebSocketStream(inner.stream, isBinary);
	}

	get isConnecting(): boolean {
		return this.stream.connecting;
	}

	get bytesOut(): number {
		return this.stream.bytesWritten;
	}

	override get facts(): WebSocketFacts | undefined {
		const tls = this.#inner.facts as TlsFacts | undefined;
		return this.isConnecting
			? undefined
			: {kind: 'ws', path: this.#path, ...(tls && {tls})};
	}

	override get flaw(): SockchatError | undefined {
		return this.stream.flaw;
	}

	override get endWords(): string | undefined {
		return this.stream.endWords;
	}

	override markMessage(message: Uint8Array, kind: MessageKind): void {
		this.stream.mark(message, kind);
	}

	override messageKind(message: Uint8Array): MessageKind {
		return this.stream.kindOf(message);
	}

	override tooLate(patienceMs: number): SockchatError {
		return this.#inner.isConnecting
			? this.#inner.tooLate(patienceMs)
			: new SockchatError(
					'ERR_CONNECT_TIMEOUT',
					`Connected, but no WebSocket was opened within ${Math.round(patienceMs / 100) / 10} s; does the other side speak HTTP?`,
				);
	}
}

export type WebSocketClient = {
	/** Of the request, with its slash. */
	readonly path: string;
	/** Of the Host header; a Unix domain socket has none. */
	readonly place: string | undefined;
	readonly isBinary: boolean;
	/** Subprotocols to ask for. */
	readonly protocols?: readonly string[] | undefined;
	/** Of the request, besides those of the handshake. */
	readonly headers?: Readonly<Record<string, readonly string[]>>;
	/** A larger message is refused, with 1009. */
	readonly maxMessageBytes: number;
};

const noProtocol = (path: string, protocols: readonly string[], cause: Error) =>
	webSocketError(
		protocols.length === 0
			? `The WebSocket at ${quoted(path)} wants a subprotocol: ${cause.message}. Ask for it with --ws-protocol.`
			: `The WebSocket at ${quoted(path)} agrees to none of ${protocols.join(', ')}: ${cause.message}.`,
		cause,
	);

const notUpgraded = (
	path: string,
	{statusCode, statusMessage}: IncomingMessage,
) =>
	webSocketError(
		`There is no WebSocket at ${quoted(path)}: the server answered ${[statusCode, statusMessage].join(' ').trim()}, not 101. Give the path with --ws PATH.`,
	);

const noHttp = (path: string, cause: Error) =>
	webSocketError(
		`No WebSocket at ${quoted(path)}: ${cause.message}. Does the other side speak HTTP? With TLS, add --tls.`,
		cause,
	);

/** Opens a WebSocket on a link that is being connected. */
export const openWebSocket = (
	inner: OuterLink,
	{
		path,
		place = 'localhost',
		isBinary,
		protocols = [],
		headers = {},
		maxMessageBytes,
	}: WebSocketClient,
): WebSocketLink => {
	const link = new WebSocketLink(inner, path, isBinary);
	const begin = () => {
		const socket = new WebSocket(`ws://${place}${path}`, [...protocols], {
			...webSocketSettings,
			maxPayload: maxMessageBytes,
			// Typed as one value each, and passed on as they are.
			headers: headers as Record<string, unknown> as Record<string, string>,
			// It is connected: nothing is dialled here.
			createConnection: () => inner.stream,
		});
		const fail = (error: Error) => {
			link.stream.destroy(error);
		};

		const onError = (error: Error) => {
			const {code} = error as NodeJS.ErrnoException;
			fail(
				code === 'ECONNRESET' && error.message !== 'socket hang up'
					? error
					: noHttp(path, error),
			);
		};

		// The library destroys what carries it with this error.
		inner.stream.prependListener('error', error => {
			if (link.isConnecting && error.message.includes('subprotocol')) {
				fail(noProtocol(path, protocols, error));
			}
		});
		socket.once('error', onError);
		socket.once('unexpected-response', (_request, response) => {
			fail(notUpgraded(path, response));
		});
		socket.once('open', () => {
			socket.off('error', onError);
			link.stream.begin(socket);
		});
	};

	if (inner.isConnecting) {
		inner.stream.once('connect', begin);
	} else {
		begin();
	}

	return link;
};
