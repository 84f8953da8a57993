/**
 * Who is banned, who is muted, and whether the room is locked.
 *
 * All of it ends with the server. A mute, or a ban of a client, applies to that
 * client's secret, which a program can throw away. It can't change its uid or
 * address, but all programs of one user share these.
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

export class Moderation {
	readonly #isHost: (id: string) => boolean;
	#lockedAt: number | undefined;
	readonly #bans = new Map<string, Ban>();
	/** By public id. */
	readonly #muted = new Map<string, Mute>();

	/** @param isHost Whether a client is this server's host. */
	constructor(isHost: (id: string) => boolean = () => false) {
		this.#isHost = isHost;
	}

	get bans(): readonly Ban[] {
		return [...this.#bans.values()];
	}

	get muted(): readonly Mute[] {
		return [...this.#muted.values()];
	}

	get isLocked(): boolean {
		return this.#lockedAt !== undefined;
	}

	/** Milliseconds since the epoch; undefined if it isn't locked. */
	get lockedAt(): number | undefined {
		return this.#lockedAt;
	}

	/** @param at If it is locked already, the earlier time counts. */
	lock(at: number): void {
		this.#lockedAt = Math.min(at, this.#lockedAt ?? Infinity);
	}

	unlock(): void {
		this.#lockedAt = undefined;
	}

	/** Whether nobody is banned and the room is not locked. */
	get isOpenToAll(): boolean {
		return !this.isLocked && this.#bans.size === 0;
	}

	/** Whether a uid is banned, so that each newcomer's must be asked for. */
	get needsUid(): boolean {
		return this.#has('uid');
	}

	ban(ban: Ban): void {
		this.#bans.set(keyOf(ban), ban);
	}

	/** @param who What `ban` was given, or the nick at the time. */
	unban(who: string): Ban | undefined {
		const ban =
			parseBan(who) ??
			this.bans.find(each => each.kind === 'client' && each.nick === who);
		return ban !== undefined && this.#bans.delete(keyOf(ban)) ? ban : undefined;
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

	mute(mute: Mute): void {
		this.#muted.set(mute.id, mute);
	}

	/**
	 * @param who The nick at the time.
	 * @returns The client's public id; undefined if none was muted.
	 */
	unmute(who: string): string | undefined {
		const id = this.muted.find(({nick}) => nick === who)?.id;
		if (id !== undefined) {
			this.#muted.delete(id);
		}

		return id;
	}

	unmuteId(id: string): void {
		this.#muted.delete(id);
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
