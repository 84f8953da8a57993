/**
 * The host's rules: who is banned, who is muted, whether the room is locked.
 *
 * They hold as long as the server runs. A ban by client or by mute holds only
 * for that client's secret, which a program can throw away: uid and address
 * can't be, but all of one user's programs have them in common.
 */
import {isIP} from 'node:net';
import type {SockchatError} from '../errors.js';
import type {PeerUid} from '../socket/peer-uid.js';
import {banned, muted, roomLocked} from '../protocol/room-refusals.js';

export type Ban =
	| {readonly kind: 'client'; readonly value: string; readonly nick?: string}
	| {readonly kind: 'uid' | 'address'; readonly value: string};

/** What is known of who wants to be a member. */
export type Candidate = {
	/**
	 * The host of its address, or 'unknown'; undefined on a Unix domain socket.
	 */
	readonly host: string | undefined;
	/** Undefined where nobody has asked for it. */
	readonly uid: PeerUid | undefined;
	/** Undefined for a plain peer. */
	readonly id: string | undefined;
	/** Whether it is in the room already, on a connection that dropped. */
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
	return isIP(host) === 0 ? undefined : {kind: 'address', value: host};
};

export const banText = (ban: Ban): string =>
	ban.kind === 'client' && ban.nick !== undefined
		? `client:${ban.value} (${ban.nick})`
		: ban.kind === 'address'
			? ban.value
			: keyOf(ban);

export class Rules {
	isLocked = false;
	readonly #bans = new Map<string, Ban>();
	/** The nick at the time, by public id. */
	readonly #muted = new Map<string, string>();

	get bans(): readonly Ban[] {
		return [...this.#bans.values()];
	}

	get mutedNicks(): readonly string[] {
		return [...this.#muted.values()];
	}

	/** Whether anybody may be a member. */
	get areNone(): boolean {
		return !this.isLocked && this.#bans.size === 0;
	}

	/** Whether a peer's uid matters, so that it has to be asked for. */
	get isByUid(): boolean {
		return this.#has('uid');
	}

	ban(ban: Ban): void {
		this.#bans.set(keyOf(ban), ban);
	}

	/** @param who As it was banned, or the nick at the time. */
	unban(who: string): boolean {
		const ban =
			parseBan(who) ??
			this.bans.find(each => each.kind === 'client' && each.nick === who);
		return ban !== undefined && this.#bans.delete(keyOf(ban));
	}

	/** Who is unknown may be anybody, so also whoever is banned. */
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
	refusal(candidate: Candidate): SockchatError | undefined {
		if (this.isBanned(candidate)) {
			return banned();
		}

		return this.isLocked && !candidate.isMember ? roomLocked() : undefined;
	}

	mute(id: string, nick: string): void {
		this.#muted.set(id, nick);
	}

	/** @param who A nick, as it was then. */
	unmute(who: string): boolean {
		const found = [...this.#muted].find(([, nick]) => nick === who);
		return found !== undefined && this.#muted.delete(found[0]);
	}

	#has(kind: Ban['kind']): boolean {
		return this.bans.some(ban => ban.kind === kind);
	}

	/** The nick that a muted client had, and has to keep; undefined if it may choose. */
	keptNick(id: string): string | undefined {
		return this.#muted.get(id);
	}

	/** Why a member may not speak; undefined if it may. */
	silence(id: string): SockchatError | undefined {
		return this.#muted.has(id) ? muted() : undefined;
	}
}
