/**
 * A member's side: dial, say hello, talk, come back after a loss, leave.
 *
 * The machine of `connection/lifecycle.ts` decides; this file performs its
 * effects and tells the rest by events. What is said while there is no
 * connection waits in the outbox.
 */
import {randomUUID} from 'node:crypto';
import type {SocketAction} from '../tcp/socket-action.js';
import type {Connection, ConnectionEffect} from '../connection/connection.js';
import type {Outgoing} from '../connection/outbox.js';
import {assertNever, type SockchatError} from '../errors.js';
import type {
	ErrorFrame,
	MemberList,
	ServerBye,
	ServerFrame,
} from '../protocol/frame.js';
import type {Nick} from '../protocol/nick.js';
import {serverUnproven, type Token} from '../protocol/token.js';
import type {ClientEvent} from '../event/event.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {ConnectionRunner} from '../socket/connection-runner.js';
import {Gauges} from '../socket/gauges.js';
import {controlSocket, type SocketOwner} from '../socket/control.js';
import {noEndpoints, type Endpoints, type Link} from '../socket/link.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {ClientExchange} from '../socket/token-exchange.js';
import {LogRequests} from './log-requests.js';
import {FramedSocket, type FramedSocketEvents} from './framed-socket.js';
import {MemberState} from './member-state.js';
import {
	closedBy,
	closedByHand,
	finalCodes,
	notSockchat,
	resetByHand,
} from './endings.js';

export type ClientOptions = {
	/** Opens a connection; called again for each attempt. */
	readonly dial: () => Link;
	/** A failure of the socket, in words. */
	readonly describe: (cause: Error) => SockchatError;
	readonly nick: Nick;
	/** Whether another nick may be taken when this one is. */
	readonly isNickFlexible: boolean;
	/** Whether to come back after a loss; a first attempt is never repeated. */
	readonly isRetrying: boolean;
	readonly onEvent: (event: ClientEvent) => void;
	/** Set where the server has to prove that it knows it. */
	readonly token?: Token | undefined;
	/** Set where somebody watches the socket. */
	readonly watch?: SocketWatch | undefined;
	readonly clock?: Clock | undefined;
	/** From 0 up to 1, for the jitter. */
	readonly random?: (() => number) | undefined;
};

export class Client {
	/** Settles when it is over for good: with the cause, or none if it left. */
	readonly closed: Promise<SockchatError | undefined>;
	readonly #options: ClientOptions;
	readonly #clock: Clock;
	readonly #gauges: Gauges;
	readonly #member: MemberState;
	readonly #runner: ConnectionRunner;
	#socket: FramedSocket | undefined;
	/** Of this connection, where there is a token. */
	#exchange: ClientExchange | undefined;
	#bye: ServerBye | undefined;
	#hasBeenOpen = false;
	#isPaused = false;
	/** Why it is ended by hand, while the other side's FIN is awaited. */
	#closing: SockchatError | undefined;
	#pings = 0;
	readonly #requests = new LogRequests();

	constructor(options: ClientOptions) {
		const {nick, onEvent: emit, clock = systemClock} = options;
		this.#options = options;
		this.#clock = clock;
		this.#gauges = new Gauges(clock, emit);
		this.#member = new MemberState({
			secret: randomUUID(),
			nick,
			clock,
			emit,
		});
		this.#runner = new ConnectionRunner({
			clock,
			random: options.random ?? Math.random,
			perform: effect => {
				this.#perform(effect);
			},
			link: () => this.#socket?.link,
			onEvent: emit,
			isPaused: () => this.#isPaused,
		});
		this.closed = this.#runner.closed;
		this.#runner.start();
	}

	get connection(): Connection {
		return this.#runner.connection;
	}

	/** The public id, by which one's own entries are known. */
	get id(): string {
		return this.#member.id;
	}

	/** The nick as the room has it. */
	get nick(): string {
		return this.#member.nick;
	}

	/** The two ends of the connection, while there is one. */
	get endpoints(): Endpoints {
		return this.#socket?.link.endpoints ?? noEndpoints;
	}

	/** Who is here; at most 200 are named. */
	get members(): MemberList {
		return this.#member.members;
	}

	/** How many of one's own messages are not known to be stored. */
	get unstored(): number {
		return this.#member.unstored;
	}

	/** Says it to all, now or once there is a connection. */
	say(text: string): void {
		this.#queue(text, undefined);
	}

	/** Says it to one member. */
	whisper(to: string, text: string): void {
		this.#queue(text, to);
	}

	/** Asks for another nick; the room's answer comes as a frame. */
	rename(nick: string): void {
		if (this.#member.isWelcome) {
			this.#socket!.send({type: 'nick', nick});
		} else {
			this.#member.wish(nick);
		}
	}

	/** Looks for words in what was said. See `LogRequests`. */
	search(text: string | undefined): string | undefined {
		return this.#requests.search(text, this.#welcomed);
	}

	/** Asks for a page of the log. See `LogRequests`. */
	readPast(before: number | undefined): void {
		this.#requests.readPast(before, this.#welcomed);
	}

	/** Does to its socket what a person asks for. @returns A sentence on it. */
	async control(action: SocketAction): Promise<string> {
		const socket = this.#socket;
		if (!socket) {
			return 'There is no connection now.';
		}

		const {link} = socket;
		const owner: SocketOwner = {
			link,
			setPaused: isPaused => {
				this.#isPaused = isPaused;
				if (isPaused) {
					link.stream.pause();
				} else {
					link.stream.resume();
				}
			},
			reset: () => {
				link.reset();
				this.#lose(resetByHand());
			},
			onCall: call => {
				this.#options.watch?.called(call, link);
			},
			close: () => {
				this.#closing = closedByHand();
				socket.send({type: 'bye'});
				socket.finish();
			},
		};
		return controlSocket(owner, action, 'Your');
	}

	/** Says bye and ends the connection; a second call cuts it off. */
	leave(): void {
		this.#runner.dispatch({type: 'leave', at: this.#runner.now});
	}

	/** The socket, while the room listens to what is said over it. */
	get #welcomed(): FramedSocket | undefined {
		return this.#member.isWelcome ? this.#socket : undefined;
	}

	#queue(text: string, to: string | undefined): void {
		const frame = this.#member.queue(text, to);
		if (frame && this.#member.isWelcome) {
			this.#send(frame);
		}
	}

	#send(frame: Outgoing): void {
		const {n} = frame;
		const socket = this.#socket!;
		socket.send(frame, () => {
			this.#options.onEvent({type: 'sent', at: this.#clock.wallMs(), n});
		});
		this.#gauges.moved(socket);
	}

	#perform(effect: ConnectionEffect): void {
		const socket = this.#socket;
		switch (effect.type) {
			case 'dial': {
				this.#dial();
				break;
			}

			case 'hello': {
				this.#greet(socket!);
				break;
			}

			case 'resend': {
				for (const frame of this.#member.unanswered) {
					this.#send(frame);
				}

				break;
			}

			case 'ping': {
				const id = ++this.#pings;
				this.#gauges.pinged(id);
				socket!.send({type: 'ping', id});
				break;
			}

			case 'bye': {
				socket!.send({type: 'bye'});
				socket!.finish();
				break;
			}

			case 'abandon': {
				this.#lose(effect.cause);
				break;
			}

			case 'destroy': {
				this.#drop();
				break;
			}

			default: {
				assertNever(effect);
			}
		}
	}

	/** Who we are is told to none but a server that knows the token. */
	#greet(socket: FramedSocket): void {
		const exchange = this.#exchange;
		const hello = this.#member.hello();
		socket.send(
			exchange
				? exchange.isProven
					? exchange.prove(hello)
					: exchange.challenge()
				: hello,
		);
	}

	#dial(): void {
		this.#bye = undefined;
		this.#closing = undefined;
		this.#isPaused = false;
		const {watch, token} = this.#options;
		this.#exchange = token && new ClientExchange(token);
		const link = this.#options.dial();
		watch?.follow(link, 'client', undefined);
		const events: FramedSocketEvents = {
			onConnected: () => {
				this.#runner.dispatch({type: 'connected', at: this.#runner.now});
			},
			onHeard: () => {
				this.#gauges.moved(socket);
				this.#runner.dispatch({type: 'heard', at: this.#runner.now});
			},
			onFrame: frame => {
				this.#take(frame);
			},
			onGarbage: (error, seen) => {
				this.#refuseGarbage(error, seen);
			},
			onEnded: cause => {
				this.#lose(
					cause
						? this.#options.describe(cause)
						: (this.#closing ??
								closedBy(this.#bye, this.#runner.connection.phase)),
				);
			},
		};
		const socket = new FramedSocket(link, events, watch?.tap);
		this.#socket = socket;
	}

	/** The connection is over, or given up. */
	#lose(cause: SockchatError): void {
		this.#drop();
		this.#member.interrupt();
		const isFinal =
			!this.#options.isRetrying ||
			!this.#hasBeenOpen ||
			finalCodes.has(cause.code);
		this.#runner.lose(cause, isFinal);
	}

	/** Lets go of the socket; what it has counted is told once more. */
	#drop(): void {
		const socket = this.#socket;
		if (socket) {
			this.#socket = undefined;
			socket.destroy();
			this.#gauges.ended(socket);
		}
	}

	#refuseGarbage(error: SockchatError, seen: string): void {
		if (this.#isUnproven) {
			this.#lose(serverUnproven());
		} else if (!this.#member.isWelcome) {
			this.#lose(notSockchat(seen));
		} else if (error.code === 'ERR_LINE_TOO_LONG') {
			this.#lose(error);
		} else {
			const {code, message} = error;
			this.#member.tell({type: 'error', code, message});
		}
	}

	/** Whether there is a token, and no server has proven yet that it knows it. */
	get #isUnproven(): boolean {
		return this.#exchange !== undefined && !this.#exchange.isProven;
	}

	#take(frame: ServerFrame): void {
		const member = this.#member;
		if (this.#isUnproven && frame.type !== 'bye') {
			this.#takeProof(frame);
			return;
		}

		switch (frame.type) {
			case 'ping': {
				this.#socket!.send({type: 'pong', id: frame.id});
				break;
			}

			case 'pong': {
				this.#gauges.ponged(frame.id);
				break;
			}

			case 'welcome': {
				const {heartbeatMs} = frame;
				this.#hasBeenOpen = true;
				member.takeWelcome(frame);
				this.#runner.dispatch({
					type: 'welcomed',
					at: this.#runner.now,
					heartbeatMs,
				});
				break;
			}

			case 'error': {
				this.#takeError(frame);
				break;
			}

			case 'bye': {
				this.#bye = frame;
				member.tell(frame);
				break;
			}

			case 'members': {
				const {heartbeatMs} = frame;
				member.tell(frame);
				if (heartbeatMs !== undefined) {
					this.#runner.dispatch({
						type: 'heard',
						at: this.#runner.now,
						heartbeatMs,
					});
				}

				break;
			}

			case 'message':
			case 'joined':
			case 'left':
			case 'renamed': {
				member.takeEntry(frame);
				break;
			}

			case 'gap': {
				member.takeGap(frame);
				break;
			}

			case 'past': {
				member.tell(frame);
				break;
			}

			case 'found': {
				this.#requests.found(frame);
				member.tell(frame);
				break;
			}

			case 'whispered': {
				member.takeWhispered(frame);
				break;
			}

			case 'challenge': {
				this.#lose(notSockchat(frame.type));
				break;
			}

			default: {
				assertNever(frame);
			}
		}
	}

	#takeProof(frame: ServerFrame): void {
		const socket = this.#socket!;
		if (
			frame.type === 'challenge' &&
			this.#exchange!.take(frame, socket.link)
		) {
			this.#greet(socket);
		} else {
			this.#lose(serverUnproven());
		}
	}

	#takeError(frame: ErrorFrame): void {
		const member = this.#member;
		const error = member.takeError(frame);
		if (!error) {
			return;
		}

		const isFlexible = this.#options.isNickFlexible || this.#hasBeenOpen;
		if (member.isWelcome) {
			member.tell(frame);
		} else if (error.code === 'ERR_NICK_TAKEN' && isFlexible) {
			member.wishAnother();
			this.#greet(this.#socket!);
		} else {
			this.#lose(error);
		}
	}
}
