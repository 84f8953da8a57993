/**
 * `connect --raw`: exact bytes both ways. It runs the same state machine as a
 * room's client, without handshake and heartbeat, and reconnects only if that is
 * asked for. With a screen the other side's FIN ends the connection. In a pipe a
 * FIN ends one direction, and the connection ends when both have (RFC 9293, 3.6).
 */
import type {Buffer} from 'node:buffer';
import type {Connection, ConnectionEffect} from '../connection/connection.js';
import {connectTimeoutMs} from '../connection/lifecycle.js';
import {assertNever, SockchatError, type ErrorCode} from '../errors.js';
import type {ClientEvent, ControlEvent, RawEvent} from '../event/event.js';
import type {Answer, SocketAction} from '../tcp/socket-action.js';
import type {Recorded, Recorder} from '../recording/recorder.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {ConnectionRunner} from '../socket/connection-runner.js';
import {Gauges, type Counted} from '../socket/gauges.js';
import {endsWithFin, type Endpoints, type Link} from '../socket/link.js';
import {
	controlSocket,
	resetByHand,
	type SocketOwner,
} from '../socket/control.js';
import {Arrivals} from '../socket/stream/arrivals.js';
import {writeTo} from '../socket/stream/write.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {leftBehind} from '../socket/send-queue.js';
import {followControls} from './messages/controls.js';
import {untilFlushed} from './flushed.js';
import type {Track} from './peer-name.js';
import {endedWords, redialShare} from './redial.js';
import type {Silence} from './silence.js';
import {answerTelnet} from './telnet.js';
import {endUnheard} from './unheard.js';

export type RawClientOptions = {
	/** Opens the connection; called once, unless `isWaiting`. */
	readonly dial: () => Link;
	/** Whether to dial again while nobody listens. */
	readonly isWaiting?: boolean | undefined;
	/**
	 * Whether to dial again whenever the connection has ended. The other side's FIN
	 * is then answered by ours, unless the input is finite: that goes to one
	 * connection, which is the last.
	 */
	readonly isRetrying?: boolean | undefined;
	readonly isInputFinite?: boolean | undefined;
	/** Called if what `write` was given could not be sent, and it goes on. */
	readonly onUnsent?: ((bytes: number) => void) | undefined;
	/** A failure of the connection, in words. */
	readonly describe: (cause: Error) => SockchatError;
	/** Whether to continue sending after the other side's FIN. */
	readonly isPipe?: boolean | undefined;
	/** Called if the other side has ended, and ours is left to a person. */
	readonly onHalfClosed?: (() => void) | undefined;
	/** Whether telnet's requests are answered. */
	readonly isTelnet?: boolean | undefined;
	/** How long connect() may take; 10 s by default. */
	readonly connectTimeoutMs?: number | undefined;
	readonly onEvent: (event: ClientEvent | RawEvent | ControlEvent) => void;
	/** Set if a front end watches the socket. */
	readonly watch?: SocketWatch | undefined;
	/** Set if all is recorded. */
	readonly recorder?: Recorder | undefined;
	/** Set if silence is to end it. */
	readonly silence?: Silence | undefined;
	readonly clock?: Clock | undefined;
};

// At least once a second, and soon enough for a script that has just started one.
const againMs = 250;

// Another attempt would fail in the same way.
const finalCodes = new Set<ErrorCode>([
	'ERR_PORT_FORBIDDEN',
	'ERR_SOCKET_PATH',
]);

const endedByPeer = (link: Link) =>
	new SockchatError('ERR_LOST', endedWords(endsWithFin(link)));

export class RawClient implements Counted {
	/** Settles when the connection has ended; with the cause, unless by FIN. */
	readonly closed: Promise<SockchatError | undefined>;
	bytesIn = 0;
	/** How many bytes given to `write` the kernel has certainly taken. */
	bytesTaken = 0;
	readonly #options: RawClientOptions;
	readonly #clock: Clock;
	readonly #gauges: Gauges;
	readonly #runner: ConnectionRunner;
	readonly #arrivals = new Arrivals();
	#link: Link;
	#recorded: Recorded | undefined;
	/** Whether close(2) was asked for. */
	#isClosing = false;
	/** Whether we sent RST. */
	#wasReset = false;
	/** What of it waited in the kernel as we closed the connection. */
	unreachedBytes = 0;
	/** Whether nobody hears what comes. */
	#isUnheard = false;
	/** Whether nothing more will be sent, though no FIN says so. */
	#isSilent = false;
	#hasDialled = false;
	#hasConnected = false;
	/** Whether a part of the input was for a connection. */
	#hasWritten = false;
	/** Whether FIN says that the input has ended. */
	#hasFinished = false;
	/** How a pipe broke at its end, after which the runner wants no cause. */
	#lastLoss: SockchatError | undefined;

	constructor(options: RawClientOptions) {
		const {clock = systemClock, onEvent} = options;
		this.#options = options;
		this.#clock = clock;
		this.#gauges = new Gauges(clock, onEvent);
		this.#runner = new ConnectionRunner({
			clock,
			random: () => redialShare(Math.random()),
			perform: effect => {
				this.#perform(effect);
			},
			link: () => this.#link,
			onEvent,
			connectTimeoutMs: options.connectTimeoutMs,
		});
		this.closed = this.#runner.closed.then(cause => cause ?? this.#lastLoss);
		this.#link = this.#dial();
		this.#runner.start();
	}

	get bytesOut(): number {
		return this.#link.bytesOut;
	}

	get queuedBytes(): number {
		return this.#link.stream.writableLength;
	}

	get endpoints(): Endpoints {
		return this.#link.endpoints;
	}

	get connection(): Connection {
		return this.#runner.connection;
	}

	/** Whether bytes can be sent now. */
	get canWrite(): boolean {
		const {phase} = this.#runner.connection;
		return (
			this.#link.stream.writable &&
			(!this.#options.isRetrying || phase === 'open')
		);
	}

	/**
	 * Sends exactly these bytes.
	 *
	 * @param track Learns what becomes of them, in place of `onUnsent`.
	 * @returns Settles once the kernel has them, or the write has failed.
	 */
	async write(bytes: Buffer, track?: Track): Promise<void> {
		if (bytes.length === 0 || !this.#link.stream.writable) {
			return;
		}

		const refusal = this.#link.refusal(bytes);
		if (refusal) {
			this.#notice(refusal);
			return;
		}

		this.#hasWritten = true;
		this.#recorded?.sent(bytes);
		const settle = track?.(undefined);
		await new Promise<void>(resolve => {
			// A failed write ends the connection, which reports it.
			writeTo(this.#link.stream, bytes, error => {
				settle?.(!error);
				if (error) {
					if (!settle) {
						this.#noteUnsent(bytes.length);
					}
				} else {
					this.bytesTaken += bytes.length;
					this.#emitChunk('out', bytes);
				}

				resolve();
			});
		});
	}

	/** Settles once nothing waits for the kernel, or the connection has ended. */
	async flushed(): Promise<void> {
		await untilFlushed(this.#link.stream);
	}

	/**
	 * No more is sent, but data is still read.
	 *
	 * @param isShutdown Whether FIN says so; else it is sent at the end.
	 */
	finish(isShutdown = true): void {
		const {stream} = this.#link;
		if (isShutdown) {
			this.#hasFinished = true;
			stream.end();
		} else if (stream.readableEnded) {
			this.leave();
		} else {
			this.#isSilent = true;
		}
	}

	/** Whether the other side has sent FIN, and all it sent before was read. */
	get hasPeerEnded(): boolean {
		const isGone = this.#runner.connection.phase === 'waiting';
		return this.#link.stream.readableEnded || isGone;
	}

	/** While paused, new data waits in the kernel. */
	setPaused(isPaused: boolean): void {
		if (isPaused) {
			this.#link.stream.pause();
		} else {
			this.#link.stream.resume();
		}
	}

	/** Does to the socket what a person asks for. */
	async control(action: SocketAction): Promise<Answer> {
		const link = this.#link;
		const {stream} = link;
		const owner: SocketOwner = {
			link,
			setPaused(isPaused) {
				if (isPaused) {
					stream.pause();
				} else {
					stream.resume();
				}
			},
			onCall: call => {
				this.#options.watch?.called(call, link);
			},
			reset: () => {
				this.#wasReset = true;
				link.reset();
			},
			close: unreadBytes => {
				this.#isClosing = true;
				this.#options.watch?.called('close()', link, {unreadBytes});
				this.leave();
			},
		};
		return controlSocket(owner, action, 'Your');
	}

	/** What comes from now on is read, and dropped. */
	hearNoMore(): void {
		this.#isUnheard = true;
	}

	/** Sends FIN, hears nothing more, and waits so long for all to arrive. */
	async arrive(patienceMs: number): Promise<void> {
		this.hearNoMore();
		await endUnheard(this.#link, patienceMs);
	}

	/** Sends FIN and ends within 2 seconds; a second call closes at once. */
	leave(): void {
		this.#runner.dispatch({type: 'leave', at: this.#runner.now});
	}

	#perform(effect: ConnectionEffect): void {
		switch (effect.type) {
			case 'bye': {
				if (this.#isClosing) {
					this.#link.stream.destroy();
				} else {
					this.#link.stream.end();
				}

				break;
			}

			case 'abandon': {
				this.#lose(this.#tooLate(effect.cause));
				break;
			}

			case 'destroy': {
				this.unreachedBytes += leftBehind(this.#link);
				this.#link.stream.destroy();
				break;
			}

			case 'dial': {
				if (this.#hasDialled) {
					this.#link = this.#dial();
				}

				this.#hasDialled = true;
				break;
			}

			case 'hello':
			case 'resend':
			case 'ping': {
				// Raw mode sends nothing of its own.
				break;
			}

			default: {
				assertNever(effect);
			}
		}
	}

	/** A handshake that isn't done is another reason than an unanswered SYN. */
	#tooLate(cause: SockchatError): SockchatError {
		return cause.code === 'ERR_CONNECT_TIMEOUT'
			? this.#link.tooLate(this.#options.connectTimeoutMs ?? connectTimeoutMs)
			: cause;
	}

	#dial(): Link {
		const link = this.#options.dial();
		this.#wasReset = false;
		link.checkSending({isReadFirst: true, arrivals: this.#arrivals});
		this.#options.watch?.follow(link, 'client', undefined);
		this.#recorded = this.#options.recorder?.follow(link);
		this.#listen(link);
		return link;
	}

	#listen(link: Link): void {
		const {stream} = link;
		const answer = this.#options.isTelnet
			? answerTelnet(stream, bytes => {
					this.#recorded?.sent(bytes);
					this.#options.watch?.tap.note('out', undefined, bytes);
					this.#emitChunk('out', bytes);
				})
			: undefined;
		const onConnected = () => {
			this.#hasConnected = true;
			if (this.#hasFinished) {
				stream.end();
			}

			this.#options.silence?.follow(link);
			const at = this.#runner.now;
			this.#runner.dispatch({type: 'connected', at});
			// No heartbeat: the peer owes no answer, so silence means nothing.
			const heartbeatMs = Infinity;
			this.#runner.dispatch({type: 'welcomed', at, heartbeatMs});
		};

		if (link.isConnecting) {
			stream.once('connect', onConnected);
		} else {
			queueMicrotask(onConnected);
		}

		stream.on('data', (chunk: Buffer) => {
			if (this.#isUnheard) {
				return;
			}

			this.bytesIn += chunk.length;
			this.#emitChunk('in', chunk);
			answer?.(chunk);
		});
		const {onEvent, watch, isPipe} = this.#options;
		followControls(link, undefined, this.#clock, onEvent, watch);
		if (!isPipe) {
			// A person may send again; a script must not take it for sent.
			link.tolerate(error => {
				this.#notice(error);
			});
		}

		stream.on('end', () => {
			if (link.flaw) {
				this.#lose(link.flaw);
				return;
			}

			if (this.#isToRetry && !stream.writableEnded) {
				stream.end();
			} else if (
				!isPipe ||
				stream.writableFinished ||
				this.#isSilent ||
				// It can't end in halves.
				link.kind === 'ws'
			) {
				this.#endByPeer();
			} else if (stream.writable) {
				this.#options.onHalfClosed?.();
			}
		});
		stream.on('finish', () => {
			if (stream.readableEnded) {
				this.#endByPeer();
			}
		});
		stream.on('error', cause => {
			const loss = this.#options.describe(cause);
			if (isPipe && this.#runner.connection.phase === 'draining') {
				this.#lastLoss = loss;
				this.#notice(loss);
			}

			this.#lose(loss);
		});
		stream.on('close', () => {
			if (this.#runner.connection.phase === 'waiting') {
				return;
			}

			this.#gauges.ended(this);
			if (this.#isToRetry && this.#runner.connection.phase === 'open') {
				this.#lose(this.#wasReset ? resetByHand() : endedByPeer(link));
			} else {
				if (this.#wasReset) {
					// No end and no error says so.
					this.leave();
				}

				this.#runner.dispatch({type: 'ended', at: this.#runner.now});
			}
		});
	}

	/** Whether the end of this connection is not the end of all. */
	get #isToRetry(): boolean {
		const {isRetrying, isInputFinite} = this.#options;
		const isWhole =
			isInputFinite === true && (this.#hasWritten || this.#hasFinished);
		return isRetrying === true && !isWhole && !this.#isSilent;
	}

	/** Both directions have ended. */
	#endByPeer(): void {
		if (!this.#isToRetry || this.#hasFinished) {
			this.leave();
		}
	}

	#noteUnsent(bytes: number): void {
		if (this.#options.isRetrying) {
			this.#options.onUnsent?.(bytes);
		}
	}

	#lose(cause: SockchatError): void {
		this.#link.stream.destroy();
		if (this.#isToRetry && !finalCodes.has(cause.code)) {
			const isFirst = this.#options.isWaiting && !this.#hasConnected;
			this.#runner.lose(cause, false, isFirst ? againMs : undefined);
			return;
		}

		const isAgain =
			this.#options.isWaiting === true &&
			!this.#hasConnected &&
			cause.code === 'ERR_REFUSED';
		this.#runner.lose(cause, !isAgain, againMs);
	}

	#notice({message: text}: SockchatError): void {
		const at = this.#clock.wallMs();
		this.#options.onEvent({type: 'notice', at, tone: 'bad', text});
	}

	#emitChunk(direction: 'in' | 'out', bytes: Buffer): void {
		const at = this.#clock.wallMs();
		const peer = undefined;
		const frame = this.#link.messageKind(bytes);
		this.#options.watch?.tap.note(direction, peer, bytes, frame);
		this.#options.onEvent({type: 'chunk', at, direction, peer, bytes, frame});
		this.#gauges.moved(this);
	}
}
