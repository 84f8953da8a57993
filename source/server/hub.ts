/**
 * All peers of one room, and the fan-out: messages that arrive in one turn of
 * the event loop go out in one write per member.
 */
import type {Socket} from 'node:net';
import type {SockchatError} from '../errors.js';
import type {History} from '../history/history.js';
import {frameLine} from '../protocol/codec.js';
import type {LeaveReason, ReadPast, Search} from '../protocol/frame.js';
import type {Token} from '../protocol/token.js';
import type {LeftFacts} from '../room/comings.js';
import type {RoomRelay} from '../room/relay.js';
import type {Room} from '../room/room.js';
import type {Member} from '../room/results.js';
import type {TakenBack} from '../room/message-numbers.js';
import type {ServerEvent} from '../event/event.js';
import type {Clock} from '../socket/clock.js';
import type {Link} from '../socket/link.js';
import type {Origin} from '../socket/origin.js';
import type {PeerUid} from '../socket/peer-uid.js';
import type {WireTap} from '../watch/wire-tap.js';
import type {Newcomer} from './admission.js';
import {AgentLimits} from './agent-limits.js';
import {Announcements} from './announcements.js';
import {leaveBots} from './bots/actions.js';
import {Bots} from './bots/bots.js';
import {RemoteBots} from './bots/remote-bots.js';
import {Budget} from './budget.js';
import type {TellHealth} from './history-place.js';
import type {LogHistory} from './log/cursor.js';
import {LogWriter} from './log/writer.js';
import {memoryOf, readPast, searchRoom} from './log/reader.js';
import {Moderation} from './moderation.js';
import {PeerConnection, type ConnectionHub} from './peer-connection.js';
import {PlainMessages} from './plain-messages.js';
import {callRoll, type UserLookup} from './roll-call.js';

export type HubOptions = {
	readonly room: Room;
	/** The room's address in a welcome. */
	readonly roomName: () => string;
	/** What the room is called, if anything. */
	readonly title?: string | undefined;
	/** Whether only our own user may connect. */
	readonly isSameUser?: boolean | undefined;
	/** Whether a service manager starts this server again. */
	readonly isManaged?: boolean | undefined;
	readonly clock: Clock;
	readonly emit: (event: ServerEvent) => void;
	/** Set if somebody watches the wire. */
	readonly tap?: WireTap | undefined;
	/** Where the log is stored; without it, entries are shown at once. */
	readonly history?: History | undefined;
	/** The history fails, or works again. */
	readonly tellHealth?: TellHealth | undefined;
	/**
	 * Frames or lines per second per peer; the budgets in bytes follow from it.
	 * Undefined for no limit.
	 */
	readonly rate?: number | undefined;
	/** Set if every peer except the host needs it. */
	readonly token?: Token | undefined;
	/** How many messages an agent may send in any minute; any number without it. */
	readonly agentRate?: number | undefined;
	/** Whose process a peer is, if the kernel may be asked. */
	readonly users?: UserLookup | undefined;
	/** Set if the room is linked with others. */
	readonly relay?: RoomRelay | undefined;
};

// Without a kernel to ask, nobody is known to be of the same user.
const noUsers: UserLookup = {
	canTellUsers: false,
	uidOf: async () => 'unknown',
};

// How often deadlines are checked, if one may have passed.
const sweepMs = 250;

// How often the history's file is checked while nobody speaks.
const lookMs = 1000;

// A sweep this late means that this process was stopped: it heard nobody, and
// that is not the peers' fault.
const stoppedMs = 2000;

// Entries that wait for the disk may come to this much.
const maxHeldBytes = 4 * 1024 * 1024;

/** The members besides the host. */
export type Company = {
	readonly others: number;
	/** The nicks of those that open the room again if this server goes. */
	readonly heirs: readonly string[];
};

export class Hub implements ConnectionHub {
	readonly room: Room;
	readonly clock: Clock;
	readonly emit: (event: ServerEvent) => void;
	readonly tap: WireTap | undefined;
	readonly token: Token | undefined;
	readonly rate: number | undefined;
	readonly relay: RoomRelay | undefined;
	readonly startedAt: number;
	readonly title: string | undefined;
	readonly isSameUser: boolean;
	readonly isManaged: boolean;
	/** Undefined for no limit. */
	readonly budget: Budget | undefined;
	readonly agentLimits: AgentLimits | undefined;
	readonly moderation = new Moderation(id => this.room.isHost(id));
	readonly bots = new Bots();
	readonly remoteBots: RemoteBots | undefined;
	readonly plainMessages = new PlainMessages();
	refused = 0;
	readonly #roomName: () => string;
	readonly #logWriter: LogWriter | undefined;
	readonly #history: History | undefined;
	readonly #users: UserLookup;
	readonly #all = new Set<PeerConnection>();
	readonly #byMember = new Map<string, PeerConnection>();
	/** The host's own screen. */
	#host: PeerConnection | undefined;
	#isFlushDue = false;
	#isPausedForDisk = false;
	readonly #announcements = new Announcements(this, this.#byMember);
	#sweptAt: number;
	#lookedAt: number;
	#cancelSweep: (() => void) | undefined;
	/** When the next sweep is, monotonic. */
	#sweepAt = Infinity;

	constructor({
		room,
		roomName,
		title,
		isSameUser = false,
		isManaged = false,
		clock,
		emit,
		tap,
		history,
		tellHealth = () => undefined,
		token,
		rate,
		agentRate,
		users = noUsers,
		relay,
	}: HubOptions) {
		this.relay = relay;
		this.remoteBots = relay && this.#createRemoteBots(relay);
		this.room = room;
		this.clock = clock;
		this.emit = emit;
		this.tap = tap;
		this.token = token;
		this.rate = rate;
		this.startedAt = clock.wallMs();
		this.title = title;
		this.isSameUser = isSameUser;
		this.isManaged = isManaged;
		this.budget =
			rate === undefined ? undefined : new Budget(rate, clock.monotonicMs());
		this.agentLimits =
			agentRate === undefined ? undefined : new AgentLimits(agentRate);
		this.#users = users;
		this.#roomName = roomName;
		this.#sweptAt = this.now;
		this.#lookedAt = this.now;
		this.#history = history;
		history?.remember(memoryOf(room));
		this.#logWriter = history && this.#createLogWriter(history, tellHealth);
	}

	get isInMemory(): boolean {
		return this.#history === undefined;
	}

	get history(): LogHistory | undefined {
		return this.#history;
	}

	/** Whole, because V8 keeps a fraction as an object, and each peer has three. */
	get now(): number {
		return Math.floor(this.clock.monotonicMs());
	}

	async query(frame: Search | ReadPast): Promise<string> {
		const {log} = this.room;
		if (frame.type === 'search') {
			return searchRoom(log, this.#history, frame);
		}

		// The welcome names a head that may be on its way to the disk: a page that
		// ends there has it.
		const {before = 1} = frame;
		await this.shown(Math.min(before - 1, log.head));
		return readPast(log, this.#history, frame);
	}

	async shown(seq: number): Promise<void> {
		await this.#logWriter?.shown(seq);
	}

	async callRoll(asking: Member, id: number): Promise<string> {
		return callRoll(
			{room: this.room, of: member => this.of(member)},
			this.#users,
			asking,
			id,
		);
	}

	get roomName(): string {
		return this.#roomName();
	}

	get hostNick(): string | undefined {
		return this.#host?.member?.nick;
	}

	/** The members that are left if this server goes. */
	get company(): Company {
		const others = [...this.#byMember.values()].filter(
			connection => connection !== this.#host,
		);
		const heirs = others.filter(({isHeir}) => isHeir);
		return {
			others: others.length,
			heirs: heirs.map(({member}) => member!.nick),
		};
	}

	add(link: Link, origin: Origin, newcomer?: Newcomer): void {
		const connection = new PeerConnection(link, origin, this, newcomer);
		this.#all.add(connection);
		if (connection.isHost) {
			this.#host = connection;
		}

		if (this.#isPausedForDisk) {
			connection.readLimiter.pause('disk');
		}

		connection.readLimiter.delayNewcomer();
	}

	/** How many connections one user has. */
	countOf(uid: PeerUid): number {
		return this.peers().filter(connection => connection.uid === uid).length;
	}

	/**
	 * Closes a connection too many at once, with an error. What it speaks is not
	 * known yet: a frame can be read by our clients, and by a person as well.
	 */
	turnAway(socket: Socket, peer: string): void {
		this.refused++;
		const {code, message} = this.room.full;
		const line = frameLine({type: 'error', code, message});
		socket.on('error', () => undefined);
		socket.write(line + frameLine({type: 'bye', reason: 'protocol'}));
		const bytesOut = socket.bytesWritten;
		socket.destroy();
		const at = this.clock.wallMs();
		this.emit({type: 'accepted', at, peer});
		const reason = 'protocol';
		this.emit({type: 'ended', at, peer, reason, bytesIn: 0, bytesOut});
	}

	of({id}: Member): PeerConnection | undefined {
		return this.#byMember.get(id);
	}

	/** The connection of a member, by its public id. */
	withId(id: string): PeerConnection | undefined {
		return this.#byMember.get(id);
	}

	/** Writes a line to every framed member. */
	writeAll(line: string): void {
		for (const connection of this.#byMember.values()) {
			connection.writeIfFramed(line);
		}
	}

	/** The list has changed, and no entry says so: members get it, soon. */
	onListed(): void {
		this.#announcements.countChanged();
		this.#sweepSoon();
	}

	/** Everybody who is connected, except the host's own screen. */
	peers(): readonly PeerConnection[] {
		return [...this.#all].filter(({socket}) => socket);
	}

	/** @param who A nick, or an address as the table shows it. */
	find(who: string): PeerConnection | undefined {
		const member = this.room.memberNamed(who);
		return (
			(member && this.of(member)) ?? this.peers().find(({name}) => name === who)
		);
	}

	/** Ends every connection, each once it was sent the rest of the log. */
	end(reason: LeaveReason): void {
		for (const connection of this.#all) {
			connection.end(reason);
		}
	}

	/** Settles once every entry is stored, or its sender was sent an error. */
	async stored(): Promise<void> {
		await this.#logWriter?.settled();
	}

	/** Destroys every connection that is left. */
	destroy(): void {
		for (const {duplex} of this.#all) {
			duplex.destroy();
		}
	}

	/** Starts to check deadlines. */
	start(): void {
		this.#sweptAt = this.now;
		this.#sweepIn(this.#restMs());
	}

	stop(): void {
		this.#cancelSweep?.();
		this.#cancelSweep = undefined;
	}

	onPosted(): void {
		this.#pauseForDisk();
		if (!this.#isFlushDue) {
			this.#isFlushDue = true;
			// Not a microtask: that would run after each socket read, and send the
			// messages of one turn one by one.
			setImmediate(() => {
				this.#flush();
			});
		}
	}

	onJoined(connection: PeerConnection): void {
		const {id} = connection.member!;
		const before = this.#byMember.get(id);
		this.#byMember.set(id, connection);
		before?.replace();
		if (before) {
			leaveBots(this, id);
		}

		// Its replay. When joins aren't logged, only the newcomer has anything to
		// receive; to pump everybody took most of the time of 10,000 joins.
		connection.pump();
		this.#onPresence(this.room.isAnnouncing);
	}

	onLeft(member: Member, reason: LeaveReason, facts?: LeftFacts): void {
		const {log} = this.room;
		const {head} = log;
		const {isAnnouncing} = this.room;
		this.#byMember.delete(member.id);
		leaveBots(this, member.id);
		this.room.leave(member, reason, this.clock.wallMs(), facts);
		const isEntry = this.relay ? isAnnouncing : log.head > head;
		this.#onPresence(isEntry || reason === 'shutdown');
	}

	onRenamed(): void {
		this.#onPresence(this.room.isAnnouncing);
		// One of the names may be that of a bot.
		if (this.bots.count > 0) {
			this.onOffers();
		}
	}

	/** Other commands are offered than before. */
	onOffers(): void {
		this.#announcements.offersChanged();
		this.#sweepSoon();
	}

	onOwnOffers(): void {
		this.#announcements.ownOffersChanged();
		this.#sweepSoon();
	}

	onGone(connection: PeerConnection, reason: LeaveReason): void {
		const {name: peer, bytesIn, bytesOut} = connection;
		this.#all.delete(connection);
		// The host's own screen has no 'accepted' event either.
		if (!connection.socket) {
			return;
		}

		const at = this.clock.wallMs();
		this.emit({type: 'ended', at, peer, reason, bytesIn, bytesOut});
	}

	/** @param isEntry Whether the log has an entry for it. */
	#onPresence(isEntry: boolean): void {
		this.relay?.membersChanged();
		if (isEntry) {
			this.onPosted();
		} else {
			this.onListed();
		}
	}

	#flush(): void {
		this.#isFlushDue = false;
		if (this.#logWriter) {
			this.#logWriter.post();
		} else {
			this.#pump();
		}
	}

	/** Stops reading peers while too much waits for the disk. */
	#pauseForDisk(): void {
		const {unshownBytes} = this.room.log;
		if (!this.#isPausedForDisk && unshownBytes > maxHeldBytes) {
			this.#isPausedForDisk = true;
			for (const connection of this.#all) {
				connection.readLimiter.pause('disk');
			}
		} else if (this.#isPausedForDisk && unshownBytes < maxHeldBytes / 2) {
			this.#isPausedForDisk = false;
			for (const connection of this.#all) {
				connection.readLimiter.resume('disk');
			}
		}
	}

	#pump(): void {
		for (const connection of this.#all) {
			connection.pump();
		}
	}

	#createRemoteBots(relay: RoomRelay): RemoteBots {
		return new RemoteBots({
			relay,
			wallMs: () => this.clock.wallMs(),
			deliver: (asker, answered) => {
				this.withId(asker)?.sendAnswered(answered);
			},
			drop: request => {
				this.bots.drop(request);
			},
		});
	}

	#createLogWriter(history: History, tellHealth: TellHealth): LogWriter {
		return new LogWriter({
			room: this.room,
			history,
			onShown: () => {
				this.#pauseForDisk();
				this.#pump();
			},
			onTakenBack: (taken, error) => {
				this.#takeBack(taken, error);
			},
			onTrouble: tellHealth,
		});
	}

	#takeBack(taken: readonly TakenBack[], error: SockchatError): void {
		this.#pauseForDisk();
		for (const connection of this.#all) {
			connection.rollBack();
		}

		if (this.relay) {
			// The stream has them: they come again.
			this.relay.takenBack();
		} else {
			for (const {id, n} of taken) {
				this.#byMember.get(id)?.sendError(error, n);
			}
		}

		// Joins and leaves were taken back too; the list replaces them.
		const {head} = this.room.log;
		const line = frameLine({
			type: 'members',
			...this.room.memberList(),
			heartbeatMs: this.room.heartbeatMs,
			head,
		});
		this.writeAll(line);
	}

	#sweepIn(delayMs: number): void {
		this.#cancelSweep?.();
		this.#sweepAt = this.now + delayMs;
		this.#cancelSweep = this.clock.setTimer(() => {
			this.#sweep();
			this.start();
		}, delayMs);
	}

	/** Before the server starts to check deadlines, nothing is due. */
	#sweepSoon(): void {
		if (this.#cancelSweep && this.#sweepAt > this.now + sweepMs) {
			this.#sweepIn(sweepMs);
		}
	}

	/**
	 * Skips the sweeps in which nothing can be due: an idle server would wake four
	 * times a second. What begins in between has a second or more.
	 */
	#restMs(): number {
		const {heartbeatMs} = this.room;
		if (this.#announcements.areDue || heartbeatMs < lookMs) {
			return sweepMs;
		}

		let restMs = lookMs;
		for (const connection of this.#all) {
			restMs = Math.min(restMs, connection.tickBy - this.#sweptAt);
		}

		return Math.max(1, Math.ceil(restMs / sweepMs)) * sweepMs;
	}

	#sweep(): void {
		const at = this.now;
		if (at - this.#lookedAt >= lookMs) {
			this.#lookedAt = at;
			void this.#history?.look();
		}

		const wasStopped = at - this.#sweptAt > stoppedMs;
		for (const connection of this.#all) {
			if (wasStopped) {
				connection.lastHeardAt = at;
			}

			connection.tick(at);
		}

		this.#announcements.sweep(at);
	}
}
