/**
 * The room: who is in it, what was said, and in which order.
 *
 * It decides and it writes the log; it knows no socket, clock or timer. The
 * times in it are the caller's. A say whose n was stored before is dropped
 * here, so that a client may send again what it is not sure of.
 */
import type {Buffer} from 'node:buffer';
import {Allowance} from '../connection/allowance.js';
import {heartbeatFor} from '../connection/heartbeat.js';
import {SockchatError} from '../errors.js';
import {frameLine, messageLines, type Said} from '../protocol/codec.js';
import {
	maxListedNames,
	plainN,
	type Entry,
	type LeaveReason,
	type MemberList,
	type Message,
} from '../protocol/frame.js';
import {
	foldNick,
	normalNick,
	parseNick,
	suggestNick,
	type Nick,
	type NickBearer,
} from '../protocol/nick.js';
import {publicId} from '../protocol/public-id.js';
import {checkText} from '../protocol/text.js';
import {
	nickHeld,
	nickTaken,
	noSuchMember,
	renamedTooOften,
	roomFull,
} from '../protocol/room-refusals.js';
import {HeldNicks} from './held-nicks.js';
import {RoomLog, type Held, type LogOptions} from './log.js';
import {Numbers, type TakenBack} from './numbers.js';
import {Shares, type ShareOptions} from './shares.js';
import type {
	JoinResult,
	Member,
	RefusedSay,
	RenameResult,
	SayResult,
	WhisperResult,
} from './results.js';

export type RoomOptions = {
	/**
	 * The log's identity: a number in it means nothing in another. It is asked
	 * for when somebody joins.
	 */
	readonly logId: () => string;
	readonly maxMembers?: number | undefined;
	/** How many the process's open files allow, where that is known. */
	readonly maxByFiles?: number | undefined;
	readonly log?: LogOptions | undefined;
	/** Whether a member may rename only so often; false by default. */
	readonly areRenamesLimited?: boolean;
	/** What its history holds of before. */
	readonly past?: Past | undefined;
	/** What one sender may fill of the log; undefined for any amount. */
	readonly share?: ShareOptions | undefined;
};

export type Past = {
	/** Whole entry lines, the newest of all. */
	readonly tail: Buffer;
	/** The seq of the first of them; where there are none, of the next entry. */
	readonly tailFirstSeq: number;
	/** The highest n stored for each client, by its public id. */
	readonly lastN: Iterable<readonly [id: string, n: number]>;
};

/** Presence is logged up to this many members; above it only counted. */
export const maxAnnouncedMembers = 200;

const defaultMaxMembers = 10_000;

// Plain peers have no identity that they could keep: they have one share.
const allGuests = 'guests';

// Everybody is told of a change of nick. Few people try more than five nicks.
const renamesAtOnce = 5;
const renamesPerSecond = 1 / 10;

// Coming and going takes nobody long, so that all who do it have one share.
const presence = 'presence';

/** Ends that nobody has asked for. */
const drops: ReadonlySet<LeaveReason> = new Set(['closed', 'reset', 'timeout']);

export class Room {
	readonly log: RoomLog;
	readonly #logId: () => string;
	readonly #maxMembers: number;
	readonly #full: SockchatError;
	readonly #byId = new Map<string, Member>();
	readonly #byKey = new Map<string, Member>();
	readonly #numbers = new Numbers();
	readonly #heldNicks = new HeldNicks();
	/** The names of the member list as JSON; undefined where they have changed. */
	#namesJson: string | undefined;
	/** Ids of plain peers: none of them can come back as the same. */
	readonly #guests = new Set<string>();
	readonly #hosts = new Set<string>();
	readonly #shares: Shares | undefined;
	readonly #areRenamesLimited: boolean;
	/** By id, of members that have renamed themselves. */
	readonly #renames = new Map<string, Allowance>();
	/** Whether joins, leaves and changes of nick have filled their share. */
	#isPresenceFilled = false;

	constructor({
		logId,
		maxMembers = defaultMaxMembers,
		maxByFiles = Infinity,
		log,
		areRenamesLimited = false,
		past,
		share,
	}: RoomOptions) {
		this.#shares = share && new Shares(share);
		this.log = new RoomLog(log);
		this.#logId = logId;
		this.#areRenamesLimited = areRenamesLimited;
		this.#maxMembers = Math.min(maxMembers, maxByFiles);
		this.#full = roomFull(this.#maxMembers, maxByFiles < maxMembers);
		if (past) {
			this.log.restore(past.tail, past.tailFirstSeq);
			for (const [id, n] of past.lastN) {
				this.#numbers.remember(id, n);
			}
		}
	}

	get logId(): string {
		return this.#logId();
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

	/** False where those who are here are too many to be named. */
	get isListing(): boolean {
		return this.#byId.size <= maxAnnouncedMembers;
	}

	/** False where joins and leaves are not entries, because of their number. */
	get isAnnouncing(): boolean {
		return this.isListing && !this.#isPresenceFilled;
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

	/** The names of `memberList()` as JSON: to 10,000 who join, nearly always the same. */
	get namesJson(): string {
		this.#namesJson ??= JSON.stringify(this.memberList().names);
		return this.#namesJson;
	}

	/** The highest n that was taken from a client; 0 if none. */
	lastTaken(id: string): number {
		return this.#numbers.taken(id);
	}

	/** The highest n of a client that is stored, as far as that is known. */
	lastStored(id: string): number {
		return this.#numbers.kept(id);
	}

	/** The highest n stored for each client, with the log up to a seq. */
	clientsAt(seq: number): Map<string, number> {
		return this.#numbers.at(seq);
	}

	/** What waited is kept: members may see it. */
	show(held: Held): void {
		this.log.show(held);
		this.#numbers.keep(held.head);
	}

	/**
	 * What waited could not be kept: it is as if nobody had said it.
	 *
	 * @returns The messages among it, for their senders to be told.
	 */
	rollBack(): readonly TakenBack[] {
		this.log.rollBack();
		return this.#numbers.takeBack();
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
		bearer: NickBearer = 'member',
	): JoinResult {
		const id = publicId(client);
		const present = this.#byId.get(id);
		if (present) {
			// A nick that differs is honoured if it can be; the place is kept.
			const renamed = this.rename(present, nick, at, bearer);
			return {
				kind: 'resumed',
				member: renamed.kind === 'renamed' ? renamed.member : present,
			};
		}

		if (this.#byId.size >= this.#maxMembers) {
			return {kind: 'refused', error: this.#full};
		}

		const parsed = this.#claim(nick, id, at, bearer);
		if (parsed instanceof SockchatError) {
			return {kind: 'refused', error: parsed};
		}

		const member = {id, nick: parsed};
		this.#numbers.enter(id);
		this.#byId.set(id, member);
		this.#give(member);
		if (this.#byId.size <= maxListedNames) {
			this.#namesJson = undefined;
		}

		if (bearer === 'guest') {
			this.#guests.add(id);
		} else if (bearer === 'host') {
			this.#hosts.add(id);
		}

		this.#lookAtPresence(at);
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
		this.#lookAtPresence(at);
		const wasAnnouncing = this.isAnnouncing;
		this.#numbers.leave(id);
		this.#byId.delete(id);
		this.#byKey.delete(foldNick(nick));
		this.#renames.delete(id);
		this.#namesJson = undefined;
		this.#hosts.delete(id);
		if (!this.#guests.delete(id) && drops.has(reason)) {
			this.#heldNicks.hold(foldNick(nick), id, at);
		}

		// With the room itself gone, a leave for each would only be noise.
		if (wasAnnouncing && reason !== 'shutdown') {
			this.#append({type: 'left', seq: this.#next, at, nick, id, reason});
		}
	}

	rename(
		{id}: Member,
		nick: string,
		at: number,
		bearer: NickBearer = 'member',
	): RenameResult {
		const before = this.#byId.get(id)!;
		if (normalNick(nick) === before.nick) {
			return {kind: 'renamed', member: before};
		}

		const parsed = this.#claim(nick, id, at, bearer);
		if (parsed instanceof SockchatError) {
			return {kind: 'refused', error: parsed};
		}

		const waitMs = this.#takeRename(id, at);
		if (waitMs > 0) {
			return {
				kind: 'refused',
				error: renamedTooOften(before.nick, renamesAtOnce, waitMs),
			};
		}

		const member = {id, nick: parsed};
		this.#byKey.delete(foldNick(before.nick));
		this.#give(member);
		this.#byId.set(id, member);
		this.#namesJson = undefined;
		this.#lookAtPresence(at);
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
	 * A nick that a client can have, like one that it had.
	 *
	 * @param nick As it was let through then.
	 */
	freeNick(nick: string, id: string, at: number): string {
		const isTaken = (key: string) =>
			this.#whyTaken(nick, key, id, at) !== undefined;
		return isTaken(foldNick(nick)) ? suggestNick(nick as Nick, isTaken) : nick;
	}

	/**
	 * Appends a message, or drops it if this n of the client was stored before.
	 *
	 * @param n The client's number for it: positive, rising; `plainN` of a plain
	 * peer, whose messages are all new.
	 */
	say(member: Member, n: number, text: string, at: number): SayResult {
		const {head} = this.log;
		const [refused] = this.sayAll(member, [{n, text}], at);
		if (refused) {
			return {kind: 'refused', error: refused.error};
		}

		return this.log.head > head
			? {kind: 'stored', seq: this.log.head}
			: {kind: 'duplicate'};
	}

	/**
	 * Says one after the other; the log is written to once.
	 *
	 * @returns Those that can't be said.
	 */
	sayAll(
		{id}: Member,
		says: readonly Said[],
		at: number,
	): readonly RefusedSay[] {
		const shares = this.#hosts.has(id) ? undefined : this.#shares;
		const refusal = shares?.refusal(this.#senderOf(id), at);
		if (refusal) {
			// What is sent again was stored: that is no refusal.
			const taken = this.lastTaken(id);
			return says
				.filter(({n}) => n === plainN || n > taken)
				.map(({n}) => ({n, error: refusal}));
		}

		const from = this.#byId.get(id)!.nick;
		const lineOf = messageLines({type: 'message', at, from, id});
		const lines: string[] = [];
		const held: Array<TakenBack & {seq: number; before: number}> = [];
		const refused: RefusedSay[] = [];
		let before = this.lastTaken(id);
		for (const {n, text, json} of says) {
			if (n !== plainN && n <= before) {
				continue;
			}

			const error = checkText(text);
			if (error) {
				refused.push({n, error});
				continue;
			}

			const seq = this.#next + lines.length;
			lines.push(lineOf(seq, n, json ?? JSON.stringify(text)));
			if (this.log.isHeld) {
				held.push({id, n, seq, before});
			}

			before = n;
		}

		if (lines.length > 0) {
			this.#numbers.take(id, before);
			this.#numbers.hold(held);
			const {end} = this.log;
			this.log.appendAll(lines);
			shares?.take(this.#senderOf(id), this.log.end - end);
		}

		return refused;
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

		this.#numbers.take(id, n);
		return {kind: 'delivered', to: receiver};
	}

	get #next(): number {
		return this.log.head + 1;
	}

	/** Whose share of the log it is. */
	#senderOf(id: string): string {
		return this.#guests.has(id) ? allGuests : id;
	}

	#lookAtPresence(at: number): void {
		this.#isPresenceFilled = (this.#shares?.waitMs(presence, at) ?? 0) > 0;
	}

	#append(entry: Exclude<Entry, Message>): void {
		const {end} = this.log;
		this.log.append(frameLine(entry));
		this.#shares?.take(presence, this.log.end - end);
	}

	/** Its nick is its own, and kept for nobody else. */
	#give(member: Member): void {
		const key = foldNick(member.nick);
		this.#byKey.set(key, member);
		this.#heldNicks.release(key);
	}

	/** @returns How many milliseconds a member has to wait; 0 if none. */
	#takeRename(id: string, at: number): number {
		if (!this.#areRenamesLimited) {
			return 0;
		}

		const allowance =
			this.#renames.get(id) ??
			new Allowance(renamesPerSecond, at, renamesAtOnce);
		this.#renames.set(id, allowance);
		return allowance.takeIfThere(1, at);
	}

	#claim(
		nick: string,
		id: string,
		at: number,
		bearer: NickBearer,
	): Nick | SockchatError {
		const parsed = parseNick(nick, bearer);
		if (!parsed.ok) {
			return parsed.error;
		}

		const key = foldNick(parsed.nick);
		return this.#whyTaken(nick, key, id, at) ?? parsed.nick;
	}

	/** Why a client can't have a nick; undefined if it can. */
	#whyTaken(
		nick: string,
		key: string,
		id: string,
		at: number,
	): SockchatError | undefined {
		const holder = this.#byKey.get(key);
		if (holder && holder.id !== id) {
			return nickTaken(nick);
		}

		const heldMs = this.#heldNicks.heldMs(key, id, at);
		return heldMs > 0 ? nickHeld(nick, heldMs) : undefined;
	}
}
