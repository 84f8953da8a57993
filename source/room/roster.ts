/**
 * Who is in the room, here and on other servers, and under which nick: no two
 * members have nicks that look alike, and the nick of a dropped connection is
 * reserved for a while.
 */
import type {SockchatError} from '../errors.js';
import {maxListedNames, type MemberList} from '../protocol/frame.js';
import {
	foldNick,
	parseNick,
	suggestNick,
	type Nick,
	type NickBearer,
} from '../protocol/nick.js';
import {nickReserved, nickTaken} from '../protocol/room-refusals.js';
import {listMembers} from './member-list.js';
import type {Elsewhere} from './order.js';
import {ReservedNicks} from './reserved-nicks.js';
import type {Member} from './results.js';

export class Roster {
	/** In the order in which they joined. */
	readonly #byId = new Map<string, Member>();
	readonly #byKey = new Map<string, Member>();
	/** Members on other servers, by the key of their nick. */
	#elsewhere: ReadonlyMap<string, Elsewhere> = new Map();
	/** Members here whose join waits for the order, by id. */
	#unshared: ReadonlySet<string> = new Set();
	readonly #reservedNicks = new ReservedNicks();
	/** The names of the member list as JSON; undefined after they changed. */
	#listJson: string | undefined;

	/** How many members are connected to this server. */
	get countHere(): number {
		return this.#byId.size;
	}

	/** On all servers. */
	get count(): number {
		return this.#byId.size + this.#elsewhere.size;
	}

	/** Counts all members and names the first 200. */
	list(): MemberList {
		return listMembers(this.count, this.#byId.values(), this.elsewhere, id =>
			this.#unshared.has(id),
		);
	}

	/** Members on other servers. */
	get elsewhere(): Iterable<Elsewhere> {
		return this.#elsewhere.values();
	}

	/** `list()` but for its count as JSON; cached, as every join needs it. */
	get listJson(): string {
		if (this.#listJson === undefined) {
			const {count, ...list} = this.list();
			this.#listJson = JSON.stringify(list);
		}

		return this.#listJson;
	}

	/** The first members of this server to join, at most so many. */
	*members(most = Infinity): Generator<Member> {
		let left = most;
		for (const member of this.#byId.values()) {
			if (left-- === 0) {
				return;
			}

			yield member;
		}
	}

	/** The member of this server with a public id. */
	get(id: string): Member | undefined {
		return this.#byId.get(id);
	}

	/** The member of this server with a nick. */
	named(nick: string): Member | undefined {
		return this.#byKey.get(foldNick(nick));
	}

	elsewhereNamed(nick: string): Elsewhere | undefined {
		return this.#elsewhere.get(foldNick(nick));
	}

	/** The member of another server with a public id. */
	elsewhereWithId(id: string): Elsewhere | undefined {
		for (const member of this.#elsewhere.values()) {
			if (member.id === id) {
				return member;
			}
		}

		return undefined;
	}

	/** Whether a nick is reserved for a client that dropped. */
	hasReservation(id: string): boolean {
		return this.#reservedNicks.hasFor(id);
	}

	/** @param members Those on other servers, each under another nick. */
	setElsewhere(members: readonly Elsewhere[]): void {
		this.#elsewhere = new Map(
			members.map(member => [foldNick(member.nick), member]),
		);
		this.#listJson = undefined;
	}

	/** @param ids Those of members here whose join waits for the order. */
	setUnshared(ids: ReadonlySet<string>): void {
		this.#unshared = ids;
		this.#listJson = undefined;
	}

	/** @param member Its nick comes from `claim()`. */
	add(member: Member): void {
		this.#byId.set(member.id, member);
		this.#give(member);
		// Those on other servers are listed after all that are here.
		if (this.countHere <= maxListedNames) {
			this.#listJson = undefined;
		}
	}

	remove({id, nick}: Member): void {
		this.#byId.delete(id);
		this.#byKey.delete(foldNick(nick));
		this.#listJson = undefined;
	}

	/** Reserves the nick of a member that was removed. */
	reserve({id, nick}: Member, at: number): void {
		this.#reservedNicks.reserve(foldNick(nick), id, at);
	}

	/**
	 * @param nick It comes from `claim()` or `otherNick()`.
	 * @returns The member as it is now.
	 */
	rename(before: Member, nick: Nick): Member {
		const member = {...before, nick};
		this.#byKey.delete(foldNick(before.nick));
		this.#give(member);
		this.#byId.set(before.id, member);
		this.#listJson = undefined;
		return member;
	}

	/** @returns The nick as the room writes it, or why a client can't have it. */
	claim(
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

	/** A free nick like a member's own, but not that one. */
	otherNick({id, nick}: Member, at: number): Nick {
		return suggestNick(
			nick as Nick,
			key =>
				key === foldNick(nick) ||
				this.#whyTaken(nick, key, id, at) !== undefined,
		);
	}

	/** Gives a member its nick, and ends any reservation of it. */
	#give(member: Member): void {
		const key = foldNick(member.nick);
		this.#byKey.set(key, member);
		this.#reservedNicks.release(key);
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
