/**
 * Who is banned, who is muted, and whether the room is locked.
 *
 * All of it ends with the server. A mute, or a ban of a client, applies to that
 * client's secret, which a program can throw away. It can't change its uid or
 * address, but all programs of one user share these.
 *
 * Servers of one room tell each other what their hosts do, in any order and more
 * than once: of what is done and what is undone, the later counts.
 */
import type {SockchatError} from '../errors.js';
import {isHostAddress} from '../socket/address.js';
import type {PeerUid} from '../socket/peer-uid.js';
import {
	banned,
	hostMuted,
	muted,
	roomLocked,
} from '../protocol/room-refusals.js';

export type Ban =
	| {readonly kind: 'client'; readonly value: string; readonly nick?: string}
	| {readonly kind: 'uid' | 'address'; readonly value: string};

/** What is known of a peer that wants to be a member. */
export type Candidate = {
	/**
	 * The host of its address, or 'unknown'; undefined on a Unix domain socket.
	 */
	readonly host: string | undefined;
	/** Undefined if it was not asked for. */
	readonly uid: PeerUid | undefined;
	/** Undefined for a plain peer. */
	readonly id: string | undefined;
	/** Whether it is in the room already, or was when its connection dropped. */
	readonly isMember: boolean;
};

const keyOf = ({kind, value}: Ban): string => `${kind}:${value}`;

/** Reads uid:N, client:ID or an address; undefined for anything else. */
export const parseBan = (who: string): Ban | undefined => {
	const [, kind, value] = /^(uid|client):(\w+)$/.exec(who) ?? [];
	if (kind === 'uid') {
		return /^\d{1,10}$/.test(value!)
			? {kind, value: String(Number(value))}
			: undefined;
	}

	if (kind === 'client') {
		return /^[\da-f]{16}$/.test(value!) ? {kind, value: value!} : undefined;
	}

	const host = who.replace(/^\[(.*)\]$/, '$1');
	return isHostAddress(host) ? {kind: 'address', value: host} : undefined;
};

export const banText = (ban: Ban): string =>
	ban.kind === 'client' && ban.nick !== undefined
		? `client:${ban.value} (${ban.nick})`
		: ban.kind === 'address'
			? ban.value
			: keyOf(ban);

/** Why a host can't be put out of its own server. */
export const hostStays = (nick: string): string =>
	`${nick} is the host of its own server, so it can't be kicked or banned. /mute ${nick} keeps it silent; to close its server, ask the owner of its machine.`;

export type Mute = {
	/** The client's public id. */
	readonly id: string;
	/** Its nick at the time. */
	readonly nick: string;
	/** The nick of the host who muted it, if that is known. */
	readonly by?: string | undefined;
};

/** When a host did it: see `timeOf`. */
type Done = {readonly done: number};

/** A lock, or a mute or a ban of a client, that a host has undone. */
export type Undone = Done & {
	readonly kind: 'ban' | 'mute' | 'lock';
	/** The client's public id; of a lock, none. */
	readonly id: string;
};

// More than a host undoes in an outage.
const maxUndone = 1000;

const later = (a: number, b = -Infinity): number => Math.max(a, b);

export class Moderation {
	readonly #isHost: (id: string) => boolean;
	#locked: (Done & {readonly at: number}) | undefined;
	readonly #bans = new Map<string, Ban & Done>();
	/** By public id. */
	readonly #muted = new Map<string, Mute & Done>();
	/** By kind and id, the newest last. */
	readonly #undone = new Map<string, Undone>();
	#newest = -Infinity;

	/** @param isHost Whether a client is this server's host. */
	constructor(isHost: (id: string) => boolean = () => false) {
		this.#isHost = isHost;
	}

	get bans(): ReadonlyArray<Ban & Done> {
		return [...this.#bans.values()];
	}

	get muted(): ReadonlyArray<Mute & Done> {
		return [...this.#muted.values()];
	}

	get undone(): readonly Undone[] {
		return [...this.#undone.values()];
	}

	get isLocked(): boolean {
		return this.#locked !== undefined;
	}

	/** `at` in milliseconds since the epoch; undefined if it isn't locked. */
	get locked(): (Done & {readonly at: number}) | undefined {
		return this.#locked;
	}

	/**
	 * When a host does something: now, but later than all that is known here,
	 * though the clock of another machine is ahead.
	 *
	 * @param now Milliseconds since the epoch.
	 */
	timeOf(now: number): number {
		return later(now, this.#newest + 1);
	}

	/** @param at If it is locked already, the earlier time counts. */
	lock(at: number, done: number): void {
		if (this.#may('lock', '', done)) {
			const {at: before = Infinity, done: last} = this.#locked ?? {};
			this.#locked = {at: Math.min(at, before), done: later(done, last)};
		}
	}

	unlock(done: number): void {
		if (later(done, this.#locked?.done) === done) {
			this.#locked = undefined;
			this.#note({kind: 'lock', id: '', done});
		}
	}

	/** Whether nobody is banned and the room is not locked. */
	get isOpenToAll(): boolean {
		return !this.isLocked && this.#bans.size === 0;
	}

	/** Whether a uid is banned, so that each newcomer's must be asked for. */
	get needsUid(): boolean {
		return this.#has('uid');
	}

	/** @returns False if it has been undone since. */
	ban(ban: Ban, done: number): boolean {
		const isNew = ban.kind !== 'client' || this.#may('ban', ban.value, done);
		if (isNew) {
			const key = keyOf(ban);
			const last = later(done, this.#bans.get(key)?.done);
			this.#bans.set(key, {...ban, done: last});
		}

		return isNew;
	}

	/** @param who What `ban` was given, or the nick at the time. */
	unban(who: string, done: number): Ban | undefined {
		const ban =
			parseBan(who) ??
			this.bans.find(each => each.kind === 'client' && each.nick === who);
		if (ban === undefined || !this.#bans.has(keyOf(ban))) {
			return undefined;
		}

		if (ban.kind === 'client') {
			this.unbanId(ban.value, done);
		} else {
			this.#bans.delete(keyOf(ban));
		}

		return ban;
	}

	/** @param id A client's public id. */
	unbanId(id: string, done: number): void {
		const key = keyOf({kind: 'client', value: id});
		if (later(done, this.#bans.get(key)?.done) === done) {
			this.#bans.delete(key);
			this.#note({kind: 'ban', id, done});
		}
	}

	/** An unknown address or uid may be a banned one, so it counts as banned. */
	isBanned({host, uid, id}: Omit<Candidate, 'isMember'>): boolean {
		return (
			(host === 'unknown' && this.#has('address')) ||
			(uid === 'unknown' && this.#has('uid')) ||
			this.#bans.has(`address:${host}`) ||
			this.#bans.has(`uid:${uid}`) ||
			this.#bans.has(`client:${id}`)
		);
	}

	/** Why it may not be a member; undefined if it may. */
	joinRefusal(candidate: Candidate): SockchatError | undefined {
		if (this.isBanned(candidate)) {
			return banned();
		}

		return this.isLocked && !candidate.isMember ? roomLocked() : undefined;
	}

	mute(mute: Mute, done: number): void {
		const {id} = mute;
		if (this.#may('mute', id, done)) {
			const last = later(done, this.#muted.get(id)?.done);
			this.#muted.set(id, {...mute, done: last});
		}
	}

	/**
	 * @param who The nick at the time.
	 * @returns The client's public id; undefined if none was muted.
	 */
	unmute(who: string, done: number): string | undefined {
		const id = this.muted.find(({nick}) => nick === who)?.id;
		if (id !== undefined) {
			this.unmuteId(id, done);
		}

		return id;
	}

	unmuteId(id: string, done: number): void {
		if (later(done, this.#muted.get(id)?.done) === done) {
			this.#muted.delete(id);
			this.#note({kind: 'mute', id, done});
		}
	}

	/** Whether it has not been undone since. */
	#may(kind: Undone['kind'], id: string, done: number): boolean {
		const key = `${kind}:${id}`;
		this.#newest = later(done, this.#newest);
		if (done <= (this.#undone.get(key)?.done ?? -Infinity)) {
			return false;
		}

		this.#undone.delete(key);
		return true;
	}

	#note(undone: Undone): void {
		const {kind, id, done} = undone;
		const key = `${kind}:${id}`;
		const last = later(done, this.#undone.get(key)?.done);
		this.#newest = later(done, this.#newest);
		this.#undone.delete(key);
		this.#undone.set(key, {...undone, done: last});
		if (this.#undone.size > maxUndone) {
			this.#undone.delete(this.#undone.keys().next().value!);
		}
	}

	#has(kind: Ban['kind']): boolean {
		return this.bans.some(ban => ban.kind === kind);
	}

	/** The nick that a muted client must keep; undefined if it isn't muted. */
	mutedNick(id: string): string | undefined {
		return this.#muted.get(id)?.nick;
	}

	/** Why a member may not speak; undefined if it may. */
	speechRefusal(id: string): SockchatError | undefined {
		const mute = this.#muted.get(id);
		// Its own server's host can't mute it, so that of another one has.
		return mute && (this.#isHost(id) ? hostMuted(mute.by, mute.nick) : muted());
	}
}
