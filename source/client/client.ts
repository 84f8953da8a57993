/**
 * A member's side: dial, say hello, talk, reconnect after a loss, leave.
 *
 * The state machine in `connection/lifecycle.ts` decides; this file performs its
 * effects and emits events. Messages said while there is no connection wait in
 * the outbox.
 */
import {refused, type Answer, type SocketAction} from '../tcp/socket-action.js';
import type {Connection, ConnectionEffect} from '../connection/connection.js';
import type {Outgoing} from '../connection/outbox.js';
import {assertNever, type SockchatError} from '../errors.js';
import {
	type ErrorFrame,
	type MemberList,
	type ServerBye,
	type ServerFrame,
} from '../protocol/frame.js';
import {parseNick, type Nick} from '../protocol/nick.js';
import {serverUnproven, type Token} from '../protocol/token.js';
import type {ClientEvent} from '../event/event.js';
import {systemClock, type Clock} from '../socket/clock.js';
import {ConnectionRunner} from '../socket/connection-runner.js';
import {Gauges} from '../socket/gauges.js';
import {
	controlSocket,
	resetByHand,
	type SocketOwner,
} from '../socket/control.js';
import {noEndpoints, type Endpoints, type Link} from '../socket/link.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {BotCommands} from './bot-commands.js';
import {Greeting} from './greeting.js';
import {freshIdentity, type Identity} from './identity.js';
import {LogRequests} from './log-requests.js';
import {FramedSocket, type FramedSocketEvents} from './framed-socket.js';
import {MemberState} from './member-state.js';
import {
	closedBy,
	closedByHand,
	nextAttempt,
	notSockchat,
	type RetryOptions,
} from './endings.js';

export type ClientOptions = RetryOptions & {
	/** Opens a connection; called for each attempt. */
	readonly dial: () => Link;
	/** A failure of the socket, in words. */
	readonly describe: (cause: Error) => SockchatError;
	readonly nick: Nick;
	/** The first entry to get is the one after this seq. */
	readonly since?: number | undefined;
	/** The log of `since`; by default the server's. */
	readonly log?: string | undefined;
	/** Without `since`: how many entries from before it joined to get. */
	readonly last?: number | undefined;
	/** Whether it says one thing and leaves; people are not shown its coming. */
	readonly isOneShot?: boolean | undefined;
	/** Whether it acts for somebody; its hello says so. */
	readonly isAgent?: boolean | undefined;
	/** Whether it wants to know which commands bots offer. */
	readonly isHearingCommands?: boolean | undefined;
	/** Whether to try another nick if this one is taken. */
	readonly isNickFlexible: boolean;
	/** How long connect(), and then the welcome, may take; 10 s by default. */
	readonly connectTimeoutMs?: number | undefined;
	readonly onEvent: (event: ClientEvent) => void;
	/** By default one that ends with this client; it is released at the end. */
	readonly identity?: Identity | undefined;
	/** If set, the server has to prove that it knows it. */
	readonly token?: Token | undefined;
	/** Set if a front end watches the socket. */
	readonly watch?: SocketWatch | undefined;
	readonly clock?: Clock | undefined;
	/** From 0 up to 1, for the jitter of reconnects. */
	readonly random?: (() => number) | undefined;
};

export class Client {
	/** Settles when closed for good: with the cause, or without one if it left. */
	readonly closed: Promise<SockchatError | undefined>;
	/** The commands of bots: one's own, and those of others. */
	readonly bots: Pick<
		BotCommands,
		'offered' | 'unanswered' | 'offer' | 'withdraw' | 'ask' | 'answer'
	>;

	/** Searches, pages of the log, and who is here, with ids. */
	readonly requests: Pick<
		LogRequests,
		'search' | 'find' | 'readPast' | 'callRoll'
	>;

	readonly #options: ClientOptions;
	readonly #clock: Clock;
	readonly #gauges: Gauges;
	readonly #member: MemberState;
	readonly #runner: ConnectionRunner;
	readonly #bots: BotCommands;
	readonly #requests: LogRequests;
	#socket: FramedSocket | undefined;
	/** Of this connection. */
	#greeting: Greeting | undefined;
	#bye: ServerBye | undefined;
	#hasBeenOpen = false;
	#isPaused = false;
	#pings = 0;

	constructor(options: ClientOptions) {
		const {
			nick,
			onEvent: emit,
			clock = systemClock,
			identity = freshIdentity(),
		} = options;
		this.#options = options;
		this.#clock = clock;
		this.#gauges = new Gauges(clock, emit);
		this.#member = new MemberState({
			identity,
			nick,
			since: options.since,
			log: options.log,
			last: options.last,
			isOneShot: options.isOneShot,
			isAgent: options.isAgent,
			clock,
			emit,
		});
		this.#bots = new BotCommands({
			isHearing: options.isHearingCommands === true,
			socket: () => this.#welcomed,
			wallMs: () => clock.wallMs(),
			emit: frame => {
				this.#member.emitFrame(frame);
			},
		});
		this.bots = this.#bots;
		this.#requests = new LogRequests(() => this.#welcomed);
		this.requests = this.#requests;
		this.#runner = new ConnectionRunner({
			clock,
			random: options.random ?? Math.random,
			perform: effect => {
				this.#perform(effect);
			},
			link: () => this.#socket?.link,
			onEvent: emit,
			isPaused: () => this.#isPaused,
			connectTimeoutMs: options.connectTimeoutMs,
		});
		this.closed = this.#runner.closed.finally(() => {
			identity.release();
		});
		this.#runner.start();
	}

	get connection(): Connection {
		return this.#runner.connection;
	}

	/** The public id, which marks one's own entries. */
	get id(): string {
		return this.#member.id;
	}

	/** The nick as the room has it. */
	get nick(): string {
		return this.#member.nick;
	}

	/** Both ends of the connection, while there is one. */
	get endpoints(): Endpoints {
		return this.#socket?.link.endpoints ?? noEndpoints;
	}

	/** Who is in the room; at most 200 are named. */
	get members(): MemberList {
		return this.#member.members;
	}

	/** How many of one's own messages are not yet confirmed as stored. */
	get unstored(): number {
		return this.#member.unstored;
	}

	/** How many of these the room keeps until its relay is back. */
	get kept(): number {
		return this.#member.kept;
	}

	/** Whether the room ends with its server, as far as that says so. */
	get isRoomInMemory(): boolean {
		return this.#member.isInMemory;
	}

	/** Says it to everybody, now or once connected. */
	say(text: string): void {
		this.#queue(text, undefined);
	}

	/** Says it to one member. */
	whisper(to: string, text: string): void {
		this.#queue(text, to);
	}

	/** Asks for another nick; the answer comes as a frame. */
	rename(nick: string): void {
		if (!this.#member.isWelcome) {
			this.#member.wish(nick);
			return;
		}

		const parsed = parseNick(nick, 'host');
		if (parsed.ok) {
			this.#socket!.send({type: 'nick', nick});
		} else {
			// One that is longer than a frame would end the connection.
			const {code, message} = parsed.error;
			this.#member.emitFrame({type: 'error', code, message});
		}
	}

	/** Does to the socket what a person asks for. */
	async control(action: SocketAction): Promise<Answer> {
		const socket = this.#socket;
		if (!socket) {
			return refused('There is no connection now.');
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
			close: unreadBytes => {
				socket.send({type: 'bye'});
				this.#options.watch?.called('close()', link, {unreadBytes});
				this.#lose(closedByHand());
			},
		};
		return controlSocket(owner, action, 'Your');
	}

	/** Tells the server that this client opens the room again if it goes. */
	offer(): void {
		this.#welcomed?.send({type: 'heir'});
	}

	/** While waiting for the next attempt: makes it this much later from now. */
	retryIn(ms: number): void {
		const at = this.#runner.now;
		this.#runner.dispatch({type: 'rescheduled', at, retryAt: at + ms});
	}

	/** Says bye and ends the connection; a second call closes at once. */
	leave(): void {
		this.#runner.dispatch({type: 'leave', at: this.#runner.now});
	}

	/** Whether the server is in this process: it can't be silent, nor get lost. */
	get #isInMemory(): boolean {
		return this.#socket?.link.kind === 'memory';
	}

	/** The socket, after the welcome. */
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
				this.#greeting!.greet();
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

	#dial(): void {
		this.#bye = undefined;
		this.#isPaused = false;
		const {watch, token} = this.#options;
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
						: closedBy(this.#bye, this.#runner.connection.phase, link),
				);
			},
		};
		// A link in memory has no socket that is read or written.
		const tap = link.kind === 'memory' ? undefined : watch?.tap;
		const socket = new FramedSocket(link, events, tap);
		this.#socket = socket;
		this.#greeting = new Greeting(socket, this.#member, token);
	}

	/** The connection ended, or is given up. */
	#lose(cause: SockchatError): void {
		// A server that we leave goes on, and one of this process has a disk.
		const isKeeping =
			this.#runner.connection.phase === 'draining' || this.#isInMemory;
		this.#drop();
		this.#member.interrupt(isKeeping);
		const next = nextAttempt(cause, this.#hasBeenOpen, this.#options);
		if (next === 'give-up') {
			this.#runner.lose(cause, true);
		} else {
			this.#runner.lose(cause, false, next);
		}
	}

	/** Closes the socket; its counters are reported once more. */
	#drop(): void {
		const socket = this.#socket;
		if (socket) {
			this.#socket = undefined;
			socket.destroy();
			this.#gauges.ended(socket);
			this.#bots.interrupted();
		}
	}

	#refuseGarbage(error: SockchatError, seen: string): void {
		if (this.#greeting!.isUnproven) {
			this.#lose(serverUnproven());
		} else if (!this.#member.isWelcome) {
			this.#lose(notSockchat(seen));
		} else if (error.code === 'ERR_LINE_TOO_LONG') {
			this.#lose(error);
		} else {
			const {code, message} = error;
			this.#member.emitFrame({type: 'error', code, message});
		}
	}

	#take(frame: ServerFrame): void {
		const member = this.#member;
		if (this.#greeting!.isUnproven && frame.type !== 'bye') {
			if (!this.#greeting!.takeProof(frame)) {
				this.#lose(serverUnproven());
			}

			return;
		}

		switch (frame.type) {
			case 'ping': {
				this.#socket!.send({type: 'pong', id: frame.id});
				break;
			}

			case 'pong': {
				this.#gauges.ponged(frame.id, this.#socket!);
				break;
			}

			case 'welcome': {
				const {heartbeatMs} = frame;
				this.#hasBeenOpen = true;
				member.takeWelcome(frame);
				this.#bots.welcomed(frame);
				const wish = member.takeWish();
				if (wish !== undefined) {
					// Before what was said meanwhile, which is resent next.
					this.#socket!.send({type: 'nick', nick: wish});
				}

				this.#runner.dispatch({
					type: 'welcomed',
					at: this.#runner.now,
					heartbeatMs: this.#isInMemory ? Infinity : heartbeatMs,
				});
				break;
			}

			case 'error': {
				this.#takeError(frame);
				break;
			}

			case 'bye': {
				this.#bye = frame;
				member.emitFrame(frame);
				break;
			}

			case 'members': {
				const {heartbeatMs} = frame;
				member.emitFrame(frame);
				if (heartbeatMs !== undefined && !this.#isInMemory) {
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

			case 'dropped':
			case 'past':
			case 'present': {
				member.emitFrame(frame);
				break;
			}

			case 'found': {
				this.#requests.found(frame);
				member.emitFrame(frame);
				break;
			}

			case 'pending': {
				member.takePending(frame);
				break;
			}

			case 'whispered': {
				member.takeWhispered(frame);
				break;
			}

			case 'commands':
			case 'offered':
			case 'command':
			case 'answered': {
				this.#bots.take(frame);
				break;
			}

			// Answers to what this client doesn't ask.
			case 'status':
			case 'challenge': {
				this.#lose(notSockchat(frame.type));
				break;
			}

			default: {
				assertNever(frame);
			}
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
			member.emitFrame(frame);
		} else if (!this.#greeting!.greetAgain(error, isFlexible)) {
			this.#lose(error);
		}
	}
}
