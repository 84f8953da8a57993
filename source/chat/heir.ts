/**
 * A member that opens the room again when its server goes, if the room's log is
 * in a history of its own.
 *
 * Nobody is elected. The history's lock and the port's bind let one heir in;
 * the others find it there and join it, as everybody else does. Its client
 * stays the same, and goes on in the log as after any other loss: only the next
 * link leads to a server in this process instead of to a socket.
 */
import type {Client} from '../client/client.js';
import {absentCodes} from '../client/endings.js';
import {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import {logIdOf} from '../history/log-id.js';
import type {Welcome} from '../protocol/frame.js';
import {parseRoomName} from '../protocol/nick.js';
import {startServer, type Server} from '../server/server.js';
import {formatAddress} from '../socket/address.js';
import {systemClock} from '../socket/clock.js';
import {dial} from '../socket/dial.js';
import type {Link, SocketLink} from '../socket/link.js';
import {trace} from '../trace.js';
import type {SocketWatch} from '../watch/socket-watch.js';
import {drainOnce} from './drain-once.js';
import {createDoor, isOfHost, rightsOf} from './host.js';
import {invitationOf} from './invitation.js';
import {chatOf, startMember} from './member.js';
import type {
	Emit,
	HostOnlyOptions,
	OpenOptions,
	RoomChat,
} from './room-chat.js';

type HeirOptions = OpenOptions & HostOnlyOptions;

type Hosting = Pick<RoomChat, 'control' | 'rule' | 'company' | 'leave'> & {
	readonly server: Server;
	readonly dial: () => Link;
	/** Whether the server ends, so that its member has to end too. */
	isOver: boolean;
};

// Long enough for a server that ends in good order to free its port.
const firstLookMs = 200;

// How long the next attempt waits while this process opens the room.
const openingMs = 10_000;

// After others have the port or the history: they listen in a moment.
const firstRetryMs = 100;
const longestRetryMs = 2000;

/** Another server has the port or the history, or is about to. */
export const isTaken = (error: unknown): boolean =>
	error instanceof SockchatError &&
	(error.code === 'ERR_PORT_TAKEN' ||
		error.code === 'ERR_SOCKET_TAKEN' ||
		error.code === 'ERR_HISTORY_TAKEN');

/** Nothing that a member needs to read when it becomes the host. */
const isUsual = (event: ChatEvent): boolean =>
	event.type === 'history' &&
	event.state === 'open' &&
	event.cutBytes === 0 &&
	event.damagedPath === undefined &&
	!event.isNextLog;

class Heir {
	readonly #options: HeirOptions;
	readonly #emit: Emit;
	readonly #watch: SocketWatch | undefined;
	readonly #client: Client;
	#first: SocketLink | undefined;
	/** Of the last server of another process. */
	#welcome: Welcome | undefined;
	#hostNick: string | undefined;
	/** Whether the room's log is in our history, and nobody else restarts it. */
	#isHeir = false;
	#isOpening = false;
	/** The last attempt to open the room. */
	#opening: Promise<void> = Promise.resolve();
	#defeats = 0;
	#hosting: Hosting | undefined;
	#isLeaving = false;

	constructor(
		options: HeirOptions,
		emit: Emit,
		watch: SocketWatch | undefined,
		connected: SocketLink,
	) {
		this.#options = options;
		this.#emit = emit;
		this.#watch = watch;
		this.#first = connected;
		this.#client = startMember(
			{...options, isRetrying: true, localPort: undefined},
			{
				dial: () => this.#dial(),
				afterLoss: cause => this.#afterLoss(cause),
				onEvent: event => {
					this.#take(event);
				},
			},
			watch,
		);
	}

	get chat(): RoomChat {
		const client = this.#client;
		const member = chatOf(client, this.#watch);
		const role = () => (this.#hosting ? 'serve' : 'connect');
		return {
			...member,
			get role() {
				return role();
			},
			invitation: invitationOf({
				address: this.#options.address,
				hasToken: this.#options.token !== undefined,
				isSameUser: this.#options.isSameUser === true,
			}),
			company: () => this.#hosting?.company(),
			control: async (action, peer) =>
				(this.#hosting ?? member).control(action, peer),
			rule: async action => (this.#hosting ?? member).rule(action),
			where: formatAddress(this.#options.address),
			leave: () => {
				this.#isLeaving = true;
				if (this.#hosting) {
					this.#hosting.leave();
				} else {
					client.leave();
				}
			},
			closed: this.#closed(),
		};
	}

	async #closed(): Promise<SockchatError | undefined> {
		const cause = await this.#client.closed;
		await this.#opening;
		if (this.#hosting) {
			await this.#hosting.server.closed;
			return undefined;
		}

		await this.#watch?.closed();
		this.#watch?.stop();
		return cause;
	}

	#dial(): Link {
		const first = this.#first;
		this.#first = undefined;
		return this.#hosting?.dial() ?? first ?? dial(this.#options.address);
	}

	#take(event: ChatEvent): void {
		const {isReceiptsOnly = false} = this.#options;
		if (this.#hosting) {
			if (isOfHost(event, isReceiptsOnly)) {
				this.#emit(event);
			}

			return;
		}

		this.#emit(event);
		if (event.type !== 'frame') {
			return;
		}

		const {frame} = event;
		if (frame.type === 'welcome') {
			if (!this.#welcome) {
				this.#compareNames(frame.name);
			}

			this.#welcome = frame;
			this.#hostNick = frame.host;
			this.#defeats = 0;
			void this.#look(frame);
		} else if (
			frame.type === 'renamed' &&
			frame.from === this.#hostNick &&
			frame.seq > this.#welcome!.head
		) {
			this.#hostNick = frame.to;
		}
	}

	/** Looks whether we can open this room again, and tells its server so. */
	async #look({log, restarts}: Welcome): Promise<void> {
		const {history} = this.#options;
		this.#isHeir =
			history !== undefined &&
			restarts !== true &&
			(await logIdOf(history.path)) === log;
		if (this.#isHeir) {
			this.#client.offer();
		}
	}

	#afterLoss({code}: SockchatError): 'give-up' | number | undefined {
		if (this.#hosting) {
			return this.#hosting.isOver ? 'give-up' : 0;
		}

		if (!this.#isHeir) {
			return undefined;
		}

		if (code === 'ERR_REFUSED') {
			if (!this.#isOpening) {
				this.#isOpening = true;
				this.#opening = this.#open();
			}

			return openingMs;
		}

		return absentCodes.has(code) ? Math.random() * firstLookMs : undefined;
	}

	async #open(): Promise<void> {
		let retryInMs = 0;
		try {
			const {history} = this.#options;
			// It may have been exchanged since.
			if ((await logIdOf(history!.path)) === this.#welcome!.log) {
				await this.#host();
			} else {
				this.#isHeir = false;
			}
		} catch (error) {
			trace('not taken over: %o', error);
			if (isTaken(error)) {
				const bound = firstRetryMs * 2 ** this.#defeats++;
				retryInMs = Math.min(bound, longestRetryMs) * (0.5 + Math.random());
			} else {
				this.#isHeir = false;
				this.#warn(`You can't host this room now: ${(error as Error).message}`);
			}
		}

		this.#isOpening = false;
		this.#client.retryIn(retryInMs);
	}

	/** Whoever opens a room names it, so ours may have another name. */
	#compareNames(name: string | undefined): void {
		const {name: wanted} = this.#options;
		if (wanted !== undefined && wanted !== name) {
			const called =
				name === undefined
					? `has no name: it isn't called ${wanted}`
					: `is called ${name}, not ${wanted}`;
			this.#warn(
				`This room was open already, and ${called}. Another port opens another room.`,
			);
		}
	}

	#warn(text: string): void {
		this.#emit({
			type: 'notice',
			at: (this.#options.clock ?? systemClock).wallMs(),
			tone: 'warn',
			text,
		});
	}

	async #host(): Promise<void> {
		// A server that loses the race has done nothing to report.
		const held: ChatEvent[] = [];
		let emit: Emit = event => {
			held.push(event);
		};

		const {isSameUser, isReceiptsOnly = false} = this.#options;
		const {sameUser, name = ''} = this.#welcome!;
		const known = parseRoomName(name);
		const server = await startServer({
			...this.#options,
			// The room stays as closed, and is called as it was.
			isSameUser: isSameUser === true || sameUser === true,
			name: known instanceof SockchatError ? undefined : known,
			// Others may be about to join whoever has the port.
			isFree: true,
			watch: this.#watch,
			onEvent(event) {
				emit(event);
			},
		});
		if (this.#isLeaving) {
			await server.drain();
			return;
		}

		const tookOverFrom = this.#hostNick ?? '';
		for (const event of held) {
			if (!isUsual(event)) {
				this.#emit(
					event.type === 'listening' ? {...event, tookOverFrom} : event,
				);
			}
		}

		emit = this.#emit;
		const door = createDoor(server, isReceiptsOnly);
		const drain = drainOnce({drain: door.drain, destroy: server.destroy});
		const hosting: Hosting = {
			...rightsOf(server, this.#client),
			server,
			dial: door.dial,
			isOver: false,
			leave() {
				hosting.isOver = true;
				drain();
			},
		};
		this.#hosting = hosting;
	}
}

/** @param connected A link that is open already, for the first attempt. */
export const openHeir = (
	options: HeirOptions,
	emit: Emit,
	watch: SocketWatch | undefined,
	connected: SocketLink,
): RoomChat => new Heir(options, emit, watch, connected).chat;
