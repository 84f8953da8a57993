/**
 * The room: its members, its messages and their order.
 *
 * It decides who may join, rename and send, and writes the log; sockets, clocks
 * and timers are the caller's. It drops a say whose n is already stored, so a
 * client may safely resend.
 */
import {Buffer} from 'node:buffer';
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
import {withoutSeq} from '../protocol/unnumbered.js';
import {
	nickReserved,
	nickTaken,
	noSuchMember,
	renamedTooOften,
	roomFull,
} from '../protocol/room-refusals.js';
import {findAbsent} from './absent.js';
import {ReservedNicks} from './reserved-nicks.js';
import {RoomLog, type Unshown, type LogOptions} from './log.js';
import {MessageNumbers, type TakenBack} from './message-numbers.js';
import {plainPeers, Shares, type ShareOptions} from './shares.js';
import type {Elsewhere, Offer, Order, Ordered} from './order.js';
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

export type RestoredLog = {
	/** The newest entries, as whole lines. */
	readonly tail: Buffer;
	/** The seq of the first of them; of the next entry if there are none. */
	readonly tailFirstSeq: number;
	/** The highest n stored for each client, by its public id. */
	readonly lastN: Iterable<readonly [id: string, n: number]>;
};

/** Joins and leaves are logged up to this many members; beyond, only counted. */
export const maxAnnouncedMembers = 200;

const defaultMaxMembers = 10_000;

// Every member gets each rename. Few people try more than five nicks.
const renamesAtOnce = 5;
const renamesPerSecond = 1 / 10;

// Joining and leaving is cheap, so all joins, leaves and renames have one share.
const presence = 'presence';

const bytesOf = (lines: readonly string[]): number => {
	let bytes = 0;
	for (const line of lines) {
		bytes += Buffer.byteLength(line);
	}

	return bytes;
};

/** Reasons of unintended leaves. */
const drops: ReadonlySet<LeaveReason> = new Set(['closed', 'reset', 'timeout']);

export class Room {
	readonly log: RoomLog;
	readonly #logId: () => string;
	readonly #maxMembers: number;
	readonly #full: SockchatError;
	readonly #heartbeatMs: number | undefined;
	readonly #byId = new Map<string, Member>();
	readonly #byKey = new Map<string, Member>();
	readonly #numbers = new MessageNumbers();
	readonly #reservedNicks = new ReservedNicks();
	/** The names of the member list as JSON; undefined after they changed. */
	#listJson: string | undefined;
	/** Ids of plain peers, which can't return as the same client. */
	readonly #guests = new Set<string>();
	readonly #hosts = new Set<string>();
	readonly #shares: Shares | undefined;
	readonly #areRenamesLimited: boolean;
	readonly #order: Order | undefined;
	/** With an order: what is in the log; `#numbers` is what members have said. */
	readonly #logged = new MessageNumbers();
	/** Members on other servers, by the key of their nick. */
	#elsewhere: ReadonlyMap<string, Elsewhere> = new Map();
	/** By id, for members that have renamed themselves. */
	readonly #renames = new Map<string, Allowance>();
	/** Whether joins, leaves and renames have filled their share. */
	#isPresenceFilled = false;

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
		this.#order = order;
		this.#shares = share && new Shares(share);
		this.log = new RoomLog(log);
		this.#logId = logId;
		this.#heartbeatMs = heartbeatMs;
		this.#areRenamesLimited = areRenamesLimited;
		this.#maxMembers = Math.min(maxMembers, maxByFiles);
		this.#full = roomFull(this.#maxMembers, maxByFiles < maxMembers);
		if (past) {
			this.log.restore(past.tail, past.tailFirstSeq);
			for (const [id, n] of past.lastN) {
				this.#numbers.remember(id, n);
				if (order) {
					this.#logged.remember(id, n);
				}
			}
		}
	}

	get logId(): string {
		return this.#logId();
	}

	/** The error for clients beyond the limit. */
	get full(): SockchatError {
		return this.#full;
	}

	/** On all servers. */
	get memberCount(): number {
		return this.#byId.size + this.#elsewhere.size;
	}

	get heartbeatMs(): number {
		return heartbeatFor(this.#byId.size, this.#heartbeatMs);
	}

	/** Whether all members are listed by name; false above 200. */
	get isListing(): boolean {
		return this.memberCount <= maxAnnouncedMembers;
	}

	/** Whether joins, leaves and renames are logged; false if there are too many. */
	get isAnnouncing(): boolean {
		return this.isListing && !this.#isPresenceFilled;
	}

	/** Counts all members and names the first 200 to join. */
	memberList(): MemberList {
		const names: string[] = [];
		const agents: string[] = [];
		for (const {nick, agent} of this.members(maxListedNames)) {
			names.push(nick);
			if (agent) {
				agents.push(nick);
			}
		}

		for (const {nick} of this.#elsewhere.values()) {
			if (names.length === maxListedNames) {
				break;
			}

			names.push(nick);
		}

		return {
			count: this.memberCount,
			names,
			...(agents.length > 0 && {agents}),
		};
	}

	/** The first of this server to join, at most so many. */
	*members(most = Infinity): Generator<Member> {
		let left = most;
		for (const member of this.#byId.values()) {
			if (left-- === 0) {
				return;
			}

			yield member;
		}
	}

	/** `memberList()` but for its count as JSON; cached, as every join needs it. */
	get listJson(): string {
		if (this.#listJson === undefined) {
			const {names, agents} = this.memberList();
			this.#listJson = JSON.stringify({names, agents});
		}

		return this.#listJson;
	}

	/** The highest n accepted from a client; 0 if none. */
	lastTaken(id: string): number {
		return Math.max(this.#numbers.taken(id), this.#logged.taken(id));
	}

	/** The highest n of a client known to be stored. */
	lastStored(id: string): number {
		if (!this.#order) {
			return this.#numbers.kept(id);
		}

		const waiting = this.#order.waitingN(id) ?? Infinity;
		return Math.min(this.lastTaken(id), waiting - 1);
	}

	/** The highest n stored for each client, with the log up to a seq. */
	clientsAt(seq: number): Map<string, number> {
		return (this.#order ? this.#logged : this.#numbers).at(seq);
	}

	/** Lets members see entries that are now stored. */
	show(unshown: Unshown): void {
		this.log.show(unshown);
		(this.#order ? this.#logged : this.#numbers).keep(unshown.head);
	}

	/**
	 * Removes the entries not yet shown, which could not be stored.
	 *
	 * @returns The messages among them, to notify their senders.
	 */
	rollBack(): readonly TakenBack[] {
		this.log.rollBack();
		return (this.#order ? this.#logged : this.#numbers).takeBack();
	}

	/** Whether a message is in the log already. */
	isLogged(id: string, n: number): boolean {
		return n !== plainN && n <= this.#logged.taken(id);
	}

	/** Appends entries that came back from the order; they go on from the head. */
	deliver(ordered: readonly Ordered[]): void {
		for (const {id, n, seq} of ordered) {
			if (n === plainN) {
				continue;
			}

			const before = this.#logged.taken(id);
			this.#logged.log(id, n);
			if (this.log.isDeferred) {
				this.#logged.addUnshown([{id, n, seq, before}]);
			}
		}

		this.log.appendAll(ordered.map(({line}) => line));
	}

	/** @param members Those on other servers, each under another nick. */
	setElsewhere(members: readonly Elsewhere[]): void {
		this.#elsewhere = new Map(
			members.map(member => [foldNick(member.nick), member]),
		);
		this.#listJson = undefined;
	}

	/** Whether a client is a member here. */
	has(id: string): boolean {
		return this.#byId.has(id);
	}

	/** Logs the join of a member again, after another server logged its leave. */
	announce(id: string, at: number): void {
		const member = this.#byId.get(id);
		if (member && this.isAnnouncing) {
			this.#append({type: 'joined', seq: this.#next, at, ...member});
		}
	}

	elsewhereNamed(nick: string): Elsewhere | undefined {
		return this.#elsewhere.get(foldNick(nick));
	}

	/** Whether a client is a member on another server. */
	isElsewhere(id: string): boolean {
		for (const member of this.#elsewhere.values()) {
			if (member.id === id) {
				return true;
			}
		}

		return false;
	}

	/** By public id; includes clients whose nick is still reserved after a drop. */
	isMember(id: string): boolean {
		return this.#byId.has(id) || this.#reservedNicks.hasFor(id);
	}

	memberNamed(nick: string): Member | undefined {
		return this.#byKey.get(foldNick(nick));
	}

	/**
	 * Logs that the members of the server before are gone. Called before anybody
	 * joins; in a log where all have left, it appends nothing.
	 */
	endPast({tail}: RestoredLog): void {
		if (tail.length === 0) {
			return;
		}

		// Of more members no leaves are logged, so that theirs are just not known.
		const {members, at} = findAbsent(tail, maxAnnouncedMembers);
		for (const member of members) {
			this.#append({
				type: 'left',
				seq: this.#next,
				at,
				nick: member.nick,
				id: member.id,
				reason: 'shutdown',
				...(member.oneShot && {oneShot: true}),
			});
		}
	}

	/**
	 * @param client The client's secret.
	 * @param at Milliseconds since the epoch.
	 * @param oneShot Whether its hello says so; one that resumes stays as it was.
	 * @param agent The same.
	 */
	join(
		client: string,
		nick: string,
		at: number,
		bearer: NickBearer = 'member',
		oneShot?: true,
		agent?: true,
	): JoinResult {
		const id = publicId(client);
		const present = this.#byId.get(id);
		if (present) {
			// It stays a member even if a new nick is refused.
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

		const marks = {...(oneShot && {oneShot}), ...(agent && {agent})};
		const member = {id, nick: parsed, ...marks};
		this.#numbers.enter(id);
		this.#byId.set(id, member);
		this.#give(member);
		if (this.memberCount <= maxListedNames) {
			this.#listJson = undefined;
		}

		if (bearer === 'guest') {
			this.#guests.add(id);
		} else if (bearer === 'host') {
			this.#hosts.add(id);
		}

		this.#checkPresenceShare(at);
		if (this.isAnnouncing) {
			this.#append({
				type: 'joined',
				seq: this.#next,
				at,
				nick: parsed,
				id,
				...marks,
			});
		}

		return {kind: 'joined', member};
	}

	leave({id}: Member, reason: LeaveReason, at: number): void {
		const member = this.#byId.get(id);
		if (!member) {
			return;
		}

		const {nick, oneShot} = member;
		this.#checkPresenceShare(at);
		const wasAnnouncing = this.isAnnouncing;
		this.#numbers.leave(id);
		this.#byId.delete(id);
		this.#byKey.delete(foldNick(nick));
		this.#renames.delete(id);
		this.#listJson = undefined;
		this.#hosts.delete(id);
		if (!this.#guests.delete(id) && drops.has(reason)) {
			this.#reservedNicks.reserve(foldNick(nick), id, at);
		}

		// When the server shuts down, a leave per member would be noise; the next
		// server logs them, see endPast(). Other servers of the room go on.
		const isLogged = this.#order
			? !this.isElsewhere(id)
			: reason !== 'shutdown';
		if (wasAnnouncing && isLogged) {
			this.#append({
				type: 'left',
				seq: this.#next,
				at,
				nick,
				id,
				reason,
				...(oneShot && {oneShot}),
			});
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

		return {kind: 'renamed', member: this.#setNick(before, parsed, at)};
	}

	/**
	 * Finds a free nick like a client's earlier one.
	 *
	 * @param nick The earlier nick, as accepted then.
	 */
	freeNick(nick: string, id: string, at: number): string {
		const isTaken = (key: string) =>
			this.#whyTaken(nick, key, id, at) !== undefined;
		return isTaken(foldNick(nick)) ? suggestNick(nick as Nick, isTaken) : nick;
	}

	/**
	 * Gives a member a nick like its own: on another server, somebody has that one
	 * by right.
	 *
	 * @returns Undefined if it isn't here any more.
	 */
	displace(id: string, at: number): Member | undefined {
		const before = this.#byId.get(id);
		if (!before) {
			return undefined;
		}

		const nick = suggestNick(
			before.nick as Nick,
			key =>
				key === foldNick(before.nick) ||
				this.#whyTaken(before.nick, key, id, at) !== undefined,
		);
		this.#setNick(before, nick, at);
		return this.#byId.get(id);
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
		const shares = this.#hosts.has(id) ? undefined : this.#shares;
		const refusal = shares?.refusal(this.#senderOf(id), at);
		if (refusal) {
			// Resent messages are already accepted, so they aren't refused.
			const taken = this.lastTaken(id);
			return says
				.filter(({n}) => n === plainN || n > taken)
				.map(({n}) => ({n, error: refusal}));
		}

		const from = this.#byId.get(id)!.nick;
		const lineOf = messageLines({type: 'message', at, from, id});
		const lines: string[] = [];
		const unshown: Array<TakenBack & {seq: number; before: number}> = [];
		const refused: RefusedSay[] = [];
		const offers: Offer[] = [];
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

			const seq = this.#order ? 0 : this.#next + lines.length;
			lines.push(lineOf(seq, n, json ?? JSON.stringify(text)));
			if (this.#order) {
				offers.push({id, n, text: withoutSeq(lines.at(-1)!)});
			} else if (this.log.isDeferred) {
				unshown.push({id, n, seq, before});
			}

			before = n;
		}

		if (lines.length > 0) {
			this.#numbers.take(id, before);
			this.#numbers.addUnshown(unshown);
			const {end} = this.log;
			if (this.#order) {
				this.#order.offer(offers);
			} else {
				this.log.appendAll(lines);
			}

			const bytes = this.#order ? bytesOf(lines) : this.log.end - end;
			shares?.take(this.#senderOf(id), bytes);
		}

		return refused;
	}

	/** Finds the receiver of a whisper, which is not logged. */
	whisper({id}: Member, n: number, to: string, text: string): WhisperResult {
		if (n <= this.lastTaken(id)) {
			return {kind: 'duplicate'};
		}

		if (this.#numbers.isWhispered(id, n)) {
			this.#numbers.take(id, n);
			return {kind: 'repeated'};
		}

		const error = checkText(text);
		if (error) {
			return {kind: 'refused', error};
		}

		const receiver = this.memberNamed(to);
		const elsewhere = receiver ? undefined : this.elsewhereNamed(to);
		if (elsewhere) {
			this.#numbers.takeWhisper(id, n);
			return {kind: 'elsewhere', to: elsewhere};
		}

		if (!receiver) {
			return {kind: 'refused', error: noSuchMember(to)};
		}

		this.#numbers.takeWhisper(id, n);
		return {kind: 'delivered', to: receiver};
	}

	get #next(): number {
		return this.log.head + 1;
	}

	/** The sender whose share of the log counts. */
	#senderOf(id: string): string {
		return this.#guests.has(id) ? plainPeers : id;
	}

	#checkPresenceShare(at: number): void {
		this.#isPresenceFilled = (this.#shares?.waitMs(presence, at) ?? 0) > 0;
	}

	#append(entry: Exclude<Entry, Message>): void {
		if (this.#order) {
			const line = frameLine({...entry, seq: 0});
			this.#order.offer([{id: entry.id, n: plainN, text: withoutSeq(line)}]);
			this.#shares?.take(presence, bytesOf([line]));
			return;
		}

		const {end} = this.log;
		this.log.append(frameLine(entry));
		this.#shares?.take(presence, this.log.end - end);
	}

	#setNick(before: Member, nick: Nick, at: number): Member {
		const member = {...before, nick};
		this.#byKey.delete(foldNick(before.nick));
		this.#give(member);
		this.#byId.set(before.id, member);
		this.#listJson = undefined;
		this.#checkPresenceShare(at);
		if (this.isAnnouncing) {
			this.#append({
				type: 'renamed',
				seq: this.#next,
				at,
				from: before.nick,
				to: nick,
				id: before.id,
			});
		}

		return member;
	}

	/** Gives a member its nick, and ends any reservation of it. */
	#give(member: Member): void {
		const key = foldNick(member.nick);
		this.#byKey.set(key, member);
		this.#reservedNicks.release(key);
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

		const elsewhere = this.#elsewhere.get(key);
		if (elsewhere && elsewhere.id !== id) {
			return nickTaken(nick);
		}

		const reservedMs = this.#reservedNicks.reservedMs(key, id, at);
		return reservedMs > 0 ? nickReserved(nick, reservedMs) : undefined;
	}
}
