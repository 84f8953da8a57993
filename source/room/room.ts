/**
 * The room: who may join, rename and send, and what the log says of it.
 *
 * Sockets, clocks and timers are the caller's.
 */
import {Allowance} from '../connection/allowance.js';
import {heartbeatFor} from '../connection/heartbeat.js';
import {SockchatError} from '../errors.js';
import type {Said} from '../protocol/codec.js';
import type {LeaveReason, MemberList} from '../protocol/frame.js';
import {normalNick, type Nick, type NickBearer} from '../protocol/nick.js';
import {publicId} from '../protocol/public-id.js';
import {checkText} from '../protocol/text.js';
import {
	noSuchMember,
	renamedTooOften,
	roomFull,
} from '../protocol/room-refusals.js';
import {Appender, type RestoredLog} from './appender.js';
import {Comings, type LeftFacts} from './comings.js';
import type {LogOptions, RoomLog, Unshown} from './log.js';
import type {TakenBack} from './message-numbers.js';
import type {Elsewhere, Order, Ordered} from './order.js';
import type {
	JoinResult,
	Member,
	RefusedSay,
	RenameResult,
	SayResult,
	WhisperResult,
} from './results.js';
import {Roster} from './roster.js';
import {plainPeers, type ShareOptions} from './shares.js';

export type RoomOptions = {
	/**
	 * The log's identity: a seq of another log means nothing in it. Called when
	 * somebody joins.
	 */
	readonly logId: () => string;
	readonly maxMembers?: number | undefined;
	/** How many members the process's open files allow, if known. */
	readonly maxByFiles?: number | undefined;
	/** The shortest heartbeat; many members make it longer. */
	readonly heartbeatMs?: number | undefined;
	readonly log?: LogOptions | undefined;
	/** Whether renames are rate-limited; false by default. */
	readonly areRenamesLimited?: boolean;
	/** The end of the history to restore. */
	readonly past?: RestoredLog | undefined;
	/** How much of the log one sender may fill; undefined for no limit. */
	readonly share?: ShareOptions | undefined;
	/** Set if the log's order is made elsewhere. */
	readonly order?: Order | undefined;
};

export type JoinOptions = {
	/** By default a member. */
	readonly bearer?: NickBearer;
	/** As in its hello; ignored if the client is already a member. */
	readonly oneShot?: true | undefined;
	/** The same. */
	readonly agent?: true | undefined;
};

const defaultMaxMembers = 10_000;

// Every member gets each rename. Few people try more than five nicks.
const renamesAtOnce = 5;
const renamesPerSecond = 1 / 10;

/** Reasons for leaves that nobody intended. */
const drops: ReadonlySet<LeaveReason> = new Set(['closed', 'reset', 'timeout']);

export class Room {
	readonly log: RoomLog;
	/** The error for clients beyond the limit. */
	readonly full: SockchatError;
	readonly #logId: () => string;
	readonly #maxMembers: number;
	readonly #heartbeatMs: number | undefined;
	readonly #areRenamesLimited: boolean;
	readonly #roster = new Roster();
	readonly #appender: Appender;
	readonly #comings: Comings;
	/** Whether other servers of the room go on when this one ends. */
	readonly #isShared: boolean;
	/** Ids of plain peers, which can't return as the same client. */
	readonly #guests = new Set<string>();
	readonly #hosts = new Set<string>();
	/** By id, for members that have renamed themselves. */
	readonly #renames = new Map<string, Allowance>();

	constructor({
		logId,
		maxMembers = defaultMaxMembers,
		maxByFiles = Infinity,
		heartbeatMs,
		log,
		areRenamesLimited = false,
		past,
		share,
		order,
	}: RoomOptions) {
		this.#appender = new Appender(log, order, share, past);
		this.log = this.#appender.log;
		this.#comings = new Comings(this.#appender, this.#roster);
		this.#isShared = order !== undefined;
		this.#logId = logId;
		this.#heartbeatMs = heartbeatMs;
		this.#areRenamesLimited = areRenamesLimited;
		this.#maxMembers = Math.min(maxMembers, maxByFiles);
		this.full = roomFull(this.#maxMembers, maxByFiles < maxMembers);
	}

	get logId(): string {
		return this.#logId();
	}

	/** On all servers. */
	get memberCount(): number {
		return this.#roster.count;
	}

	get heartbeatMs(): number {
		return heartbeatFor(this.#roster.countHere, this.#heartbeatMs);
	}

	/** Whether all members are listed by name; false above 200. */
	get isListing(): boolean {
		return this.#comings.isListing;
	}

	/** Whether joins, leaves and renames are logged; false if there are too many. */
	get isAnnouncing(): boolean {
		return this.#comings.isAnnouncing;
	}

	/** Counts all members and names the first 200. */
	memberList(): MemberList {
		return this.#roster.list();
	}

	/** Members on other servers. */
	get elsewhere(): Iterable<Elsewhere> {
		return this.#roster.elsewhere;
	}

	/** `memberList()` but for its count as JSON. */
	get listJson(): string {
		return this.#roster.listJson;
	}

	/** The members of this server, in the order in which they joined. */
	members(most = Infinity): Iterable<Member> {
		return this.#roster.members(most);
	}

	memberNamed(nick: string): Member | undefined {
		return this.#roster.named(nick);
	}

	/** Whether a client is a member here. */
	has(id: string): boolean {
		return this.#roster.get(id) !== undefined;
	}

	/** Whether a member here is this server's host. */
	isHost(id: string): boolean {
		return this.#hosts.has(id);
	}

	/** By public id; includes clients whose nick is still reserved after a drop. */
	isMember(id: string): boolean {
		return this.has(id) || this.#roster.hasReservation(id);
	}

	/** @param members Those on other servers, each under another nick. */
	setElsewhere(members: readonly Elsewhere[]): void {
		this.#roster.setElsewhere(members);
	}

	/** @param ids Those of members here whose join waits for the order. */
	setUnshared(ids: ReadonlySet<string>): void {
		this.#roster.setUnshared(ids);
	}

	elsewhereNamed(nick: string): Elsewhere | undefined {
		return this.#roster.elsewhereNamed(nick);
	}

	/** The member of another server with a public id. */
	elsewhereWithId(id: string): Elsewhere | undefined {
		return this.#roster.elsewhereWithId(id);
	}

	/** Whether a client is a member on another server. */
	isElsewhere(id: string): boolean {
		return this.elsewhereWithId(id) !== undefined;
	}

	/** The highest n accepted from a client; 0 if none. */
	lastTaken(id: string): number {
		return this.#appender.lastTaken(id);
	}

	/** The highest n of a client known to be stored. */
	lastStored(id: string): number {
		return this.#appender.lastStored(id);
	}

	/** The highest n stored for each client, with the log up to a seq. */
	clientsAt(seq: number): Map<string, number> {
		return this.#appender.clientsAt(seq);
	}

	/** Whether a message is in the log already. */
	isLogged(id: string, n: number): boolean {
		return this.#appender.isLogged(id, n);
	}

	/** Lets members see entries that are now stored. */
	show(unshown: Unshown): void {
		this.#appender.show(unshown);
	}

	/**
	 * Removes the entries not yet shown, which could not be stored.
	 *
	 * @returns The messages among them, to notify their senders.
	 */
	rollBack(): readonly TakenBack[] {
		return this.#appender.rollBack();
	}

	/** Appends entries that came back from the order; they go on from the head. */
	deliver(ordered: readonly Ordered[]): void {
		this.#appender.deliver(ordered);
	}

	/** Logs the join of a member again, after another server logged its leave. */
	announce(id: string, at: number): void {
		const member = this.#roster.get(id);
		if (member) {
			this.#comings.joined(member, at);
		}
	}

	/**
	 * Logs that the members of the server before are gone. Called before anybody
	 * joins; in a log where all have left, it appends nothing.
	 *
	 * @param now Milliseconds since the epoch. That they left is noticed now; it
	 * was not before the last entry.
	 */
	endPast(past: RestoredLog, now: number): void {
		this.#comings.endPast(past, now);
	}

	/**
	 * @param client The client's secret.
	 * @param at Milliseconds since the epoch.
	 */
	join(
		client: string,
		nick: string,
		at: number,
		{bearer = 'member', oneShot, agent}: JoinOptions = {},
	): JoinResult {
		const id = publicId(client);
		const present = this.#roster.get(id);
		if (present) {
			// It stays a member even if a new nick is refused.
			const renamed = this.rename(present, nick, at, bearer);
			return {
				kind: 'resumed',
				member: renamed.kind === 'renamed' ? renamed.member : present,
			};
		}

		if (this.#roster.countHere >= this.#maxMembers) {
			return {kind: 'refused', error: this.full};
		}

		const parsed = this.#roster.claim(nick, id, at, bearer);
		if (parsed instanceof SockchatError) {
			return {kind: 'refused', error: parsed};
		}

		const marks = {...(oneShot && {oneShot}), ...(agent && {agent})};
		const member = {id, nick: parsed, ...marks};
		this.#appender.enter(id);
		this.#roster.add(member);
		if (bearer === 'guest') {
			this.#guests.add(id);
		} else if (bearer === 'host') {
			this.#hosts.add(id);
		}

		this.#appender.checkPresenceShare(at);
		this.#comings.joined(member, at);
		return {kind: 'joined', member};
	}

	leave(
		{id}: Member,
		reason: LeaveReason,
		at: number,
		facts: LeftFacts = {},
	): void {
		const member = this.#roster.get(id);
		if (!member) {
			return;
		}

		this.#appender.checkPresenceShare(at);
		const wasAnnouncing = this.isAnnouncing;
		this.#appender.leave(id);
		this.#roster.remove(member);
		this.#renames.delete(id);
		this.#hosts.delete(id);
		if (!this.#guests.delete(id) && drops.has(reason)) {
			this.#roster.reserve(member, at);
		}

		// When the server shuts down, a leave per member would be noise; the next
		// server logs them, see endPast(). Other servers of the room go on.
		const isLogged = this.#isShared
			? !this.isElsewhere(id)
			: reason !== 'shutdown';
		if (wasAnnouncing && isLogged) {
			this.#comings.left(member, reason, at, facts);
		}
	}

	rename(
		{id}: Member,
		nick: string,
		at: number,
		bearer: NickBearer = 'member',
	): RenameResult {
		const before = this.#roster.get(id)!;
		if (normalNick(nick) === before.nick) {
			return {kind: 'renamed', member: before};
		}

		const parsed = this.#roster.claim(nick, id, at, bearer);
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

		return {kind: 'renamed', member: this.#setNick(before, parsed, at)};
	}

	/**
	 * Finds a free nick like a client's earlier one.
	 *
	 * @param nick The earlier nick, as accepted then.
	 */
	freeNick(nick: string, id: string, at: number): string {
		return this.#roster.freeNick(nick, id, at);
	}

	/**
	 * Gives a member a nick like its own: on another server, somebody has that one
	 * by right.
	 *
	 * @returns Undefined if it isn't here any more.
	 */
	displace(id: string, at: number): Member | undefined {
		const before = this.#roster.get(id);
		return (
			before && this.#setNick(before, this.#roster.otherNick(before, at), at)
		);
	}

	/**
	 * Appends a message, or drops it if its n was accepted before.
	 *
	 * @param n The client's number for it: positive and rising; `plainN` for a plain
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
	 * Appends several messages in order, with one write to the log.
	 *
	 * @returns Those that were refused.
	 */
	sayAll(
		{id}: Member,
		says: readonly Said[],
		at: number,
	): readonly RefusedSay[] {
		const member = this.#roster.get(id)!;
		return this.#appender.say(member, this.#senderOf(id), says, at);
	}

	/** The seq of a member's newest message in the log that is not shown yet. */
	unshownSeq({id}: Member): number | undefined {
		return this.#appender.unshownSeq(id);
	}

	/** Finds the receiver of a whisper, which is not logged. */
	whisper({id}: Member, n: number, to: string, text: string): WhisperResult {
		if (n <= this.lastTaken(id)) {
			return {kind: 'duplicate'};
		}

		if (this.#appender.isRepeatedWhisper(id, n)) {
			return {kind: 'repeated'};
		}

		const error = checkText(text);
		if (error) {
			return {kind: 'refused', error};
		}

		const receiver = this.memberNamed(to);
		const elsewhere = receiver ? undefined : this.elsewhereNamed(to);
		if (elsewhere) {
			this.#appender.takeWhisper(id, n);
			return {kind: 'elsewhere', to: elsewhere};
		}

		if (!receiver) {
			return {kind: 'refused', error: noSuchMember(to)};
		}

		this.#appender.takeWhisper(id, n);
		return {kind: 'delivered', to: receiver};
	}

	/** The sender whose share of the log counts; undefined if none does. */
	#senderOf(id: string): string | undefined {
		if (this.#hosts.has(id)) {
			return undefined;
		}

		return this.#guests.has(id) ? plainPeers : id;
	}

	#setNick(before: Member, nick: Nick, at: number): Member {
		const member = this.#roster.rename(before, nick);
		this.#appender.checkPresenceShare(at);
		this.#comings.renamed(before, nick, at);
		return member;
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
}
