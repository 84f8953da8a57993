/**
 * All sessions of one room, and the turn in which the log is handed on: what
 * came in one turn of the event loop leaves in one write a member.
 */
import {Socket} from 'node:net';
import type {Duplex} from 'node:stream';
import {frameLine} from '../protocol/codec.js';
import type {LeaveReason} from '../protocol/frame.js';
import type {Member, Room} from '../room/room.js';
import type {ServerEvent} from '../store/event.js';
import type {Clock} from './clock.js';
import {PeerSession} from './session.js';
import type {WireTap} from './wire-tap.js';

export type SessionsOptions = {
	readonly room: Room;
	/** What the room is called in a welcome. */
	readonly roomName: () => string;
	readonly clock: Clock;
	readonly emit: (event: ServerEvent) => void;
	/** Set where somebody watches the wire. */
	readonly tap?: WireTap | undefined;
};

// How often deadlines are looked at.
const sweepMs = 250;

// A sweep this late was not late: this process itself was stopped, and heard
// nobody for its own fault.
const stoppedMs = 2000;

// Where joins and leaves are only counted, the count goes out this often.
const countsEveryMs = 1000;

export class Sessions {
	readonly room: Room;
	readonly clock: Clock;
	readonly emit: (event: ServerEvent) => void;
	readonly tap: WireTap | undefined;
	/** How many were accepted, and then not let into the room. */
	refused = 0;
	readonly #roomName: () => string;
	readonly #all = new Set<PeerSession>();
	readonly #byMember = new Map<string, PeerSession>();
	#isFlushDue = false;
	#isCountDue = false;
	#countedAt = 0;
	#sweptAt: number;
	#cancelSweep: (() => void) | undefined;

	constructor({room, roomName, clock, emit, tap}: SessionsOptions) {
		this.room = room;
		this.clock = clock;
		this.emit = emit;
		this.tap = tap;
		this.#roomName = roomName;
		this.#sweptAt = clock.monotonicMs();
	}

	get roomName(): string {
		return this.#roomName();
	}

	add(duplex: Duplex, peer: string): void {
		this.#all.add(new PeerSession(duplex, peer, this));
	}

	/** The session that a member is in now. */
	of({id}: Member): PeerSession | undefined {
		return this.#byMember.get(id);
	}

	/** Everybody who is connected, the host's own screen not counted. */
	peers(): readonly PeerSession[] {
		return [...this.#all].filter(({duplex}) => duplex instanceof Socket);
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

	/** Cuts off whoever is still there. */
	destroy(): void {
		for (const {duplex} of this.#all) {
			duplex.destroy();
		}
	}

	/** Begins to look at deadlines. */
	start(): void {
		this.#sweptAt = this.clock.monotonicMs();
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
		this.#onPresence(this.room.isAnnouncing);
	}

	onLeft(member: Member, reason: LeaveReason): void {
		const {isAnnouncing} = this.room;
		this.#byMember.delete(member.id);
		this.room.leave(member, reason, this.clock.wallMs());
		this.#onPresence(isAnnouncing);
	}

	onGone(session: PeerSession, reason: LeaveReason): void {
		const {peer, bytesIn, bytesOut} = session;
		this.#all.delete(session);
		// The host's own screen was never accepted either.
		if (!(session.duplex instanceof Socket)) {
			return;
		}

		const at = this.clock.wallMs();
		this.emit({type: 'ended', at, peer, reason, bytesIn, bytesOut});
	}

	/** @param isEntry Whether the log tells it. */
	#onPresence(isEntry: boolean): void {
		this.onPosted();
		this.#isCountDue ||= !isEntry;
	}

	#flush(): void {
		this.#isFlushDue = false;
		for (const session of this.#byMember.values()) {
			session.pump();
		}
	}

	#sweep(): void {
		const at = this.clock.monotonicMs();
		const wasStopped = at - this.#sweptAt > stoppedMs;
		for (const session of this.#all) {
			if (wasStopped) {
				session.lastHeardAt = at;
			}

			session.tick(at);
		}

		if (this.#isCountDue && at - this.#countedAt >= countsEveryMs) {
			this.#isCountDue = false;
			this.#countedAt = at;
			this.#tellCount();
		}
	}

	#tellCount(): void {
		const {heartbeatMs} = this.room;
		const {count, names} = this.room.memberList();
		const line = frameLine({
			type: 'members',
			count,
			names: this.room.isAnnouncing ? names : [],
			heartbeatMs,
		});
		for (const session of this.#byMember.values()) {
			session.tell(line);
		}
	}
}
