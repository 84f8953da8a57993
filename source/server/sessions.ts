/**
 * All sessions of one room, and the turn in which the log is handed on: what
 * came in one turn of the event loop leaves in one write a member.
 */
import type {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import type {SockchatError} from '../errors.js';
import type {History} from '../history/history.js';
import {frameLine} from '../protocol/codec.js';
import type {LeaveReason, ReadPast, Search} from '../protocol/frame.js';
import type {Token} from '../protocol/token.js';
import type {Room} from '../room/room.js';
import type {Member} from '../room/results.js';
import type {TakenBack} from '../room/numbers.js';
import type {ServerEvent} from '../event/event.js';
import type {Clock} from '../socket/clock.js';
import type {Origin} from '../socket/origin.js';
import type {PeerUid} from '../socket/peer-uid.js';
import type {WireTap} from '../watch/wire-tap.js';
import type {Comer} from './admission.js';
import {Budget} from './budget.js';
import type {TellHealth} from './history-place.js';
import {Keeper} from './keeper.js';
import type {Past} from './outlet.js';
import {memoryOf, readPast, searchRoom} from './log-reader.js';
import {Rules} from './bans.js';
import {PeerSession} from './peer-session.js';
import {SpokenMessages} from './spoken.js';

export type SessionsOptions = {
	readonly room: Room;
	/** What the room is called in a welcome. */
	readonly roomName: () => string;
	readonly clock: Clock;
	readonly emit: (event: ServerEvent) => void;
	/** Set where somebody watches the wire. */
	readonly tap?: WireTap | undefined;
	/** Where the log is kept; without it, all is shown at once. */
	readonly history?: History | undefined;
	/** The history fails, or works again. */
	readonly tellHealth?: TellHealth | undefined;
	/**
	 * Frames or lines of one peer, a second, from which the budgets in bytes
	 * follow; undefined for no limit.
	 */
	readonly rate?: number | undefined;
	/** Set where all peers have to know it. */
	readonly token?: Token | undefined;
};

// How often deadlines are looked at.
const sweepMs = 250;

// How often the history's file is looked at while nobody speaks.
const lookMs = 1000;

// A sweep this late was not late: this process itself was stopped, and heard
// nobody for its own fault.
const stoppedMs = 2000;

// What was said and is not on the disk yet may come to this.
const maxHeldBytes = 4 * 1024 * 1024;

// Where joins and leaves are only counted, all are told the count this often;
// and less often where that would be more frames than these.
const shortestCountMs = 1000;
const countFramesPerSecond = 2000;

export class Sessions {
	readonly room: Room;
	readonly clock: Clock;
	readonly emit: (event: ServerEvent) => void;
	readonly tap: WireTap | undefined;
	readonly token: Token | undefined;
	readonly rate: number | undefined;
	/** Undefined for no limit. */
	readonly budget: Budget | undefined;
	/** The host's. */
	readonly rules = new Rules();
	/** For all plain peers. */
	readonly spoken = new SpokenMessages();
	/** How many were accepted, and then not let into the room. */
	refused = 0;
	readonly #roomName: () => string;
	readonly #keeper: Keeper | undefined;
	readonly #history: History | undefined;
	readonly #all = new Set<PeerSession>();
	readonly #byMember = new Map<string, PeerSession>();
	#isFlushDue = false;
	#isHeldForDisk = false;
	#isCountDue = false;
	#countedAt = 0;
	#sweptAt: number;
	#lookedAt: number;
	#cancelSweep: (() => void) | undefined;

	constructor({
		room,
		roomName,
		clock,
		emit,
		tap,
		history,
		tellHealth = () => undefined,
		token,
		rate,
	}: SessionsOptions) {
		this.room = room;
		this.clock = clock;
		this.emit = emit;
		this.tap = tap;
		this.token = token;
		this.rate = rate;
		this.budget =
			rate === undefined ? undefined : new Budget(rate, clock.monotonicMs());
		this.#roomName = roomName;
		this.#sweptAt = this.now;
		this.#lookedAt = this.now;
		this.#history = history;
		history?.remember(memoryOf(room));
		this.#keeper = history && this.#keeperOf(history, tellHealth);
	}

	/** What the log has no more. */
	get past(): Past | undefined {
		return this.#history;
	}

	/**
	 * Monotonic milliseconds, whole: a fraction is an object of its own, three of
	 * them for each peer.
	 */
	get now(): number {
		return Math.floor(this.clock.monotonicMs());
	}

	/** What a member asks of the log, answered as a line. */
	async look(frame: Search | ReadPast): Promise<string> {
		const {log} = this.room;
		return frame.type === 'search'
			? searchRoom(log, this.#history, frame)
			: readPast(log, this.#history, frame);
	}

	get roomName(): string {
		return this.#roomName();
	}

	add(duplex: Duplex, origin: Origin, comer?: Comer): void {
		const session = new PeerSession(duplex, origin, this, comer);
		this.#all.add(session);
		if (this.#isHeldForDisk) {
			session.intake.hold('disk');
		}

		session.intake.queue();
	}

	/** How many are connected of one user. */
	countOf(uid: PeerUid): number {
		return this.peers().filter(session => session.uid === uid).length;
	}

	/**
	 * Tells one too many so, and closes it at once. Nobody has heard yet how it
	 * speaks: a frame says it to our clients, and to a person as well.
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

	/** The session that a member is in now. */
	of({id}: Member): PeerSession | undefined {
		return this.#byMember.get(id);
	}

	/** Everybody who is connected, the host's own screen not counted. */
	peers(): readonly PeerSession[] {
		return [...this.#all].filter(({socket}) => socket);
	}

	/** @param name A nick, or an address as the table shows it. */
	find(name: string): PeerSession | undefined {
		const member = this.room.memberNamed(name);
		return (
			(member && this.of(member)) ??
			this.peers().find(({peer}) => peer === name)
		);
	}

	/** Says bye to all; each ends once it has what the log holds for it. */
	end(reason: LeaveReason): void {
		for (const session of this.#all) {
			session.end(reason);
		}
	}

	/** Settles once all that was said is kept, or its senders know better. */
	async kept(): Promise<void> {
		await this.#keeper?.settled();
	}

	/** Cuts off whoever is still there. */
	destroy(): void {
		for (const {duplex} of this.#all) {
			duplex.destroy();
		}
	}

	/** Begins to look at deadlines. */
	start(): void {
		this.#sweptAt = this.now;
		this.#cancelSweep = this.clock.setTimer(() => {
			this.#sweep();
			this.start();
		}, sweepMs);
	}

	stop(): void {
		this.#cancelSweep?.();
	}

	/** The log grew, so all members get the new entries as this turn ends. */
	onPosted(): void {
		this.#holdForDisk();
		if (!this.#isFlushDue) {
			this.#isFlushDue = true;
			// Not a microtask: that would run once a socket read, and hand on the
			// messages of a turn one by one.
			setImmediate(() => {
				this.#flush();
			});
		}
	}

	onJoined(session: PeerSession): void {
		const {id} = session.member!;
		const before = this.#byMember.get(id);
		this.#byMember.set(id, session);
		before?.replace();
		// Its replay; where a join is no entry, the others have nothing to get, and
		// looking at each of them at each join took most of 10,000 joins.
		session.pump();
		this.#onPresence(this.room.isAnnouncing);
	}

	onLeft(member: Member, reason: LeaveReason): void {
		const {log} = this.room;
		const {head} = log;
		this.#byMember.delete(member.id);
		this.room.leave(member, reason, this.clock.wallMs());
		this.#onPresence(log.head > head || reason === 'shutdown');
	}

	/** A member has another nick. */
	onRenamed(): void {
		this.#onPresence(this.room.isAnnouncing);
	}

	onGone(session: PeerSession, reason: LeaveReason): void {
		const {peer, bytesIn, bytesOut} = session;
		this.#all.delete(session);
		// The host's own screen was never accepted either.
		if (!session.socket) {
			return;
		}

		const at = this.clock.wallMs();
		this.emit({type: 'ended', at, peer, reason, bytesIn, bytesOut});
	}

	/** @param isEntry Whether the log tells it. */
	#onPresence(isEntry: boolean): void {
		if (isEntry) {
			this.onPosted();
		} else {
			this.#isCountDue = true;
		}
	}

	#flush(): void {
		this.#isFlushDue = false;
		if (this.#keeper) {
			this.#keeper.post();
		} else {
			this.#pump();
		}
	}

	/** More is said than the disk takes: who talks has to wait for it. */
	#holdForDisk(): void {
		const {heldBytes} = this.room.log;
		if (!this.#isHeldForDisk && heldBytes > maxHeldBytes) {
			this.#isHeldForDisk = true;
			for (const session of this.#all) {
				session.intake.hold('disk');
			}
		} else if (this.#isHeldForDisk && heldBytes < maxHeldBytes / 2) {
			this.#isHeldForDisk = false;
			for (const session of this.#all) {
				session.intake.release('disk');
			}
		}
	}

	#pump(): void {
		for (const session of this.#all) {
			session.pump();
		}
	}

	#keeperOf(history: History, tellHealth: TellHealth): Keeper {
		return new Keeper({
			room: this.room,
			history,
			onShown: () => {
				this.#holdForDisk();
				this.#pump();
			},
			onTakenBack: (taken, error) => {
				this.#takeBack(taken, error);
			},
			onTrouble: tellHealth,
		});
	}

	#takeBack(taken: readonly TakenBack[], error: SockchatError): void {
		this.#holdForDisk();
		for (const session of this.#all) {
			session.rollBack();
		}

		for (const {id, n} of taken) {
			this.#byMember.get(id)?.refuse(error, n);
		}

		// Who came or went meanwhile is told by no entry.
		const {head} = this.room.log;
		const line = frameLine({
			type: 'members',
			...this.room.memberList(),
			heartbeatMs: this.room.heartbeatMs,
			head,
		});
		for (const session of this.#byMember.values()) {
			session.tell(line);
		}
	}

	#sweep(): void {
		const at = this.now;
		if (at - this.#lookedAt >= lookMs) {
			this.#lookedAt = at;
			void this.#history?.look();
		}

		const wasStopped = at - this.#sweptAt > stoppedMs;
		for (const session of this.#all) {
			if (wasStopped) {
				session.lastHeardAt = at;
			}

			session.tick(at);
		}

		if (this.#isCountDue && at - this.#countedAt >= this.#countMs) {
			this.#isCountDue = false;
			this.#countedAt = at;
			this.#tellCount();
		}
	}

	get #countMs(): number {
		const {memberCount} = this.room;
		return Math.max(
			shortestCountMs,
			(memberCount * 1000) / countFramesPerSecond,
		);
	}

	#tellCount(): void {
		const {heartbeatMs} = this.room;
		const {count, names} = this.room.memberList();
		const line = frameLine({
			type: 'members',
			count,
			names: this.room.isListing ? names : [],
			heartbeatMs,
		});
		for (const session of this.#byMember.values()) {
			session.tell(line);
		}
	}
}
