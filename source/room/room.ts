/**
 * The room: who is in it, what was said, and in which order.
 *
 * It decides and it writes the log; it knows no socket, clock or timer. The
 * times in it are the caller's. A say whose n was stored before is dropped
 * here, so that a client may send again what it is not sure of.
 */
import type {Buffer} from 'node:buffer';
import {heartbeatFor} from '../connection/heartbeat.js';
import {SockchatError} from '../errors.js';
import {frameLine, messageLines} from '../protocol/codec.js';
import {
	maxListedNames,
	type Entry,
	type LeaveReason,
	type MemberList,
	type Say,
} from '../protocol/frame.js';
import {foldNick, maxNickBytes, parseNick} from '../protocol/nick.js';
import {publicId} from '../protocol/public-id.js';
import {checkText} from '../protocol/text.js';
import {HeldNicks} from './held-nicks.js';
import {RoomLog, type Held, type LogOptions} from './log.js';

/** A session that has joined; its nick changes, its id never. */
export type Member = {
	/** The first 16 hex digits of the SHA-256 of its client. */
	readonly id: string;
	readonly nick: string;
};

export type RoomOptions = {
	/** The log's identity: a number in it means nothing in another. */
	readonly logId: string;
	readonly maxMembers?: number | undefined;
	/** How many the process's open files allow, where that is known. */
	readonly maxByFiles?: number | undefined;
	readonly log?: LogOptions | undefined;
	/** What its history holds of before. */
	readonly past?: Past | undefined;
};

export type Past = {
	/** Whole entry lines, the newest of all. */
	readonly tail: Buffer;
	/** The seq of the first of them; where there are none, of the next entry. */
	readonly tailFirstSeq: number;
	/** The highest n stored for each client, by its public id. */
	readonly lastN: Iterable<readonly [id: string, n: number]>;
};

/** One's own message that was taken back, since it could not be kept. */
export type TakenBack = {readonly id: string; readonly n: number};

type Refused = {readonly kind: 'refused'; readonly error: SockchatError};

export type JoinResult =
	| {readonly kind: 'joined'; readonly member: Member}
	/** The same client was still there, on a connection that is now dead. */
	| {readonly kind: 'resumed'; readonly member: Member}
	| Refused;

export type SayResult =
	| {readonly kind: 'stored'; readonly seq: number}
	| {readonly kind: 'duplicate'}
	| Refused;

export type WhisperResult =
	| {readonly kind: 'delivered'; readonly to: Member}
	| {readonly kind: 'duplicate'}
	| Refused;

export type RenameResult =
	{readonly kind: 'renamed'; readonly member: Member} | Refused;

/** Presence is logged up to this many members; above it only counted. */
export const maxAnnouncedMembers = 200;

// A client's n is needed for as long as it may send again; the oldest go.
const maxRememberedClients = 65_536;

const defaultMaxMembers = 10_000;

/** Ends that nobody has asked for. */
const drops: ReadonlySet<LeaveReason> = new Set(['closed', 'reset', 'timeout']);

export const nickTaken = (nick: string) =>
	new SockchatError(
		'ERR_NICK_TAKEN',
		`"${nick}" is taken here, or looks like a nick that is. Choose another.`,
	);

export const nickHeld = (nick: string, forMs: number) =>
	new SockchatError(
		'ERR_NICK_TAKEN',
		`"${nick}" is kept for ${Math.ceil(forMs / 1000)} s more for a member whose connection dropped. Choose another, or try again then.`,
	);

/** @param isByFiles Whether it is its open files that allow no more. */
export const roomFull = (limit: number, isByFiles = false) =>
	new SockchatError(
		'ERR_ROOM_FULL',
		`The room is full: it takes ${limit} members. Try again later, or ask its host for ${
			isByFiles ? 'more open files (ulimit -n)' : 'a higher --max-members'
		}.`,
	);

export const noSuchMember = (name: string) => {
	// It may fill a whole frame, and the answer has to fit into one.
	const shown =
		name.length > maxNickBytes
			? `${name.slice(0, maxNickBytes).toWellFormed()}⋯`
			: name;
	return new SockchatError(
		'ERR_NO_SUCH_MEMBER',
		`Nobody here is called "${shown}". /who lists the names.`,
	);
};

export class Room {
	readonly log: RoomLog;
	readonly logId: string;
	readonly #maxMembers: number;
	readonly #full: SockchatError;
	readonly #byId = new Map<string, Member>();
	readonly #byKey = new Map<string, Member>();
	readonly #lastN = new Map<string, number>();
	/** Says in the log that are not shown yet, with the n before each. */
	#held: Array<TakenBack & {readonly seq: number; readonly before: number}> =
		[];

	readonly #heldNicks = new HeldNicks();
	/** Ids of plain peers: none of them can come back as the same. */
	readonly #guests = new Set<string>();

	constructor({
		logId,
		maxMembers = defaultMaxMembers,
		maxByFiles = Infinity,
		log,
		past,
	}: RoomOptions) {
		this.log = new RoomLog(log);
		this.logId = logId;
		this.#maxMembers = Math.min(maxMembers, maxByFiles);
		this.#full = roomFull(this.#maxMembers, maxByFiles < maxMembers);
		if (past) {
			this.log.restore(past.tail, past.tailFirstSeq);
			for (const [id, n] of past.lastN) {
				this.#remember(id, n);
			}
		}
	}

	/** What is told to who is too many. */
	get full(): SockchatError {
		return this.#full;
	}

	get memberCount(): number {
		return this.#byId.size;
	}

	get heartbeatMs(): number {
		return heartbeatFor(this.#byId.size);
	}

	/** False where joins and leaves are not entries, because of their number. */
	get isAnnouncing(): boolean {
		return this.#byId.size <= maxAnnouncedMembers;
	}

	/** All are counted; the first 200, by their time of joining, are named. */
	memberList(): MemberList {
		const names: string[] = [];
		for (const {nick} of this.#byId.values()) {
			if (names.length === maxListedNames) {
				break;
			}

			names.push(nick);
		}

		return {count: this.#byId.size, names};
	}

	/** The highest n that was taken from a client; 0 if none. */
	lastTaken(id: string): number {
		return this.#lastN.get(id) ?? 0;
	}

	/** The highest n of a client that is stored, as far as that is known. */
	lastStored(id: string): number {
		return (
			this.#held.find(held => held.id === id)?.before ?? this.lastTaken(id)
		);
	}

	/** The highest n stored for each client, with the log up to a seq. */
	clientsAt(seq: number): Map<string, number> {
		const clients = new Map(this.#lastN);
		for (const {id, before, ...held} of this.#held.toReversed()) {
			if (held.seq > seq) {
				clients.set(id, before);
			}
		}

		return clients;
	}

	/** What waited is kept: members may see it. */
	show(held: Held): void {
		this.log.show(held);
		const first = this.#held.findIndex(({seq}) => seq > held.head);
		this.#held = first === -1 ? [] : this.#held.slice(first);
	}

	/**
	 * What waited could not be kept: it is as if nobody had said it.
	 *
	 * @returns The messages among it, for their senders to be told.
	 */
	rollBack(): readonly TakenBack[] {
		const taken = this.#held;
		this.#held = [];
		this.log.rollBack();
		for (const {id, before} of taken.toReversed()) {
			this.#lastN.set(id, before);
		}

		return taken;
	}

	/** By public id; one whose connection dropped a moment ago counts too. */
	isMember(id: string): boolean {
		return this.#byId.has(id) || this.#heldNicks.isFor(id);
	}

	memberNamed(nick: string): Member | undefined {
		return this.#byKey.get(foldNick(nick));
	}

	/**
	 * @param client The client's secret.
	 * @param at Milliseconds since the epoch.
	 */
	join(
		client: string,
		nick: string,
		at: number,
		{isGuest = false}: {isGuest?: boolean} = {},
	): JoinResult {
		const id = publicId(client);
		const present = this.#byId.get(id);
		if (present) {
			// A nick that differs is honoured if it can be; the place is kept.
			const renamed = this.rename(present, nick, at);
			return {
				kind: 'resumed',
				member: renamed.kind === 'renamed' ? renamed.member : present,
			};
		}

		if (this.#byId.size >= this.#maxMembers) {
			return {kind: 'refused', error: this.#full};
		}

		const parsed = this.#claim(nick, id, at, isGuest);
		if (parsed instanceof SockchatError) {
			return {kind: 'refused', error: parsed};
		}

		const member = {id, nick: parsed};
		this.#byId.set(id, member);
		this.#byKey.set(foldNick(parsed), member);
		if (isGuest) {
			this.#guests.add(id);
		}

		if (this.isAnnouncing) {
			this.#append({type: 'joined', seq: this.#next, at, nick: parsed, id});
		}

		return {kind: 'joined', member};
	}

	leave({id}: Member, reason: LeaveReason, at: number): void {
		const member = this.#byId.get(id);
		if (!member) {
			return;
		}

		const {nick} = member;
		const wasAnnouncing = this.isAnnouncing;
		this.#byId.delete(id);
		this.#byKey.delete(foldNick(nick));
		if (!this.#guests.delete(id) && drops.has(reason)) {
			this.#heldNicks.hold(foldNick(nick), id, at);
		}

		// With the room itself gone, a leave for each would only be noise.
		if (wasAnnouncing && reason !== 'shutdown') {
			this.#append({type: 'left', seq: this.#next, at, nick, id, reason});
		}
	}

	rename({id}: Member, nick: string, at: number): RenameResult {
		const before = this.#byId.get(id)!;
		if (nick.normalize('NFC') === before.nick) {
			return {kind: 'renamed', member: before};
		}

		const parsed = this.#claim(nick, id, at, false);
		if (parsed instanceof SockchatError) {
			return {kind: 'refused', error: parsed};
		}

		const member = {id, nick: parsed};
		this.#byKey.delete(foldNick(before.nick));
		this.#byKey.set(foldNick(parsed), member);
		this.#byId.set(id, member);
		if (this.isAnnouncing) {
			this.#append({
				type: 'renamed',
				seq: this.#next,
				at,
				from: before.nick,
				to: parsed,
				id,
			});
		}

		return {kind: 'renamed', member};
	}

	/**
	 * Appends a message, or drops it if this n of the client was stored before.
	 *
	 * @param n The client's number for it: positive, rising.
	 */
	say(member: Member, n: number, text: string, at: number): SayResult {
		return this.sayAll(member, [{n, text}], at)[0]!;
	}

	/** Says one after the other; the log is written to once. */
	sayAll(
		{id}: Member,
		says: ReadonlyArray<Pick<Say, 'n' | 'text'>>,
		at: number,
	): readonly SayResult[] {
		const from = this.#byId.get(id)!.nick;
		const lineOf = messageLines({type: 'message', at, from, id});
		const lines: string[] = [];
		let before = this.lastTaken(id);
		const results = says.map(({n, text}): SayResult => {
			if (n <= before) {
				return {kind: 'duplicate'};
			}

			const error = checkText(text);
			if (error) {
				return {kind: 'refused', error};
			}

			const seq = this.#next + lines.length;
			lines.push(lineOf(seq, n, text));
			if (this.log.isHeld) {
				this.#held.push({id, n, seq, before});
			}

			before = n;
			return {kind: 'stored', seq};
		});
		if (lines.length > 0) {
			this.#remember(id, before);
			this.log.appendAll(lines);
		}

		return results;
	}

	/** Finds whom a whisper is for; it is not an entry and is kept nowhere. */
	whisper({id}: Member, n: number, to: string, text: string): WhisperResult {
		if (n <= this.lastTaken(id)) {
			return {kind: 'duplicate'};
		}

		const error = checkText(text);
		if (error) {
			return {kind: 'refused', error};
		}

		const receiver = this.memberNamed(to);
		if (!receiver) {
			return {kind: 'refused', error: noSuchMember(to)};
		}

		this.#remember(id, n);
		return {kind: 'delivered', to: receiver};
	}

	get #next(): number {
		return this.log.head + 1;
	}

	#append(entry: Entry): void {
		this.log.append(frameLine(entry));
	}

	#remember(id: string, n: number): void {
		// Deleted first, so that the map's order is the order of last use.
		this.#lastN.delete(id);
		this.#lastN.set(id, n);
		if (this.#lastN.size > maxRememberedClients) {
			this.#lastN.delete(this.#lastN.keys().next().value!);
		}
	}

	#claim(
		nick: string,
		id: string,
		at: number,
		isGuest: boolean,
	): string | SockchatError {
		const parsed = parseNick(nick, {isGuestAllowed: isGuest});
		if (!parsed.ok) {
			return parsed.error;
		}

		const key = foldNick(parsed.nick);
		const holder = this.#byKey.get(key);
		if (holder && holder.id !== id) {
			return nickTaken(nick);
		}

		const heldMs = this.#heldNicks.heldMs(key, id, at);
		if (heldMs > 0) {
			return nickHeld(nick, heldMs);
		}

		this.#heldNicks.release(key);
		return parsed.nick;
	}
}
