/**
 * Which servers the room has, and who is on each: from their beats.
 *
 * A server whose last beat is too old is gone. Ages are compared with the newest
 * beat of any server, our own included, as it comes back from the engine: an
 * engine that delivers nothing makes nobody old.
 */
import {foldNick} from '../protocol/nick.js';
import {maxOffers} from '../protocol/offered-commands.js';
import type {Elsewhere} from '../room/order.js';
import type {Owed, OwnOffer} from '../room/relay.js';
import {offerIn, type OtherOffer} from './commands.js';
import {isRequestName} from './errand.js';

export const beatMs = 2000;

/** Three beats, as for the members' own heartbeat. */
export const expiryMs = 3 * beatMs;

export type BeatMember = {
	readonly id: string;
	readonly nick: string;
	readonly agent?: true;
	/** It is the host of its server. */
	readonly host?: true;
	/** When it took this nick; milliseconds since the epoch. */
	readonly since: number;
};

/** What a server says of itself. */
export type Beat = {
	readonly server: string;
	/** Of this process. */
	readonly run: string;
	readonly machine: string;
	readonly members: readonly BeatMember[];
	/** The commands that its bots offer; unset if none do. */
	readonly commands?: readonly OwnOffer[];
	/** Answers that its bots owe members of other servers; unset if none do. */
	readonly owed?: Owed;
	/** The ids of those whose leaves wait there; unset if none do. */
	readonly leaving?: readonly string[];
	/** It has just come, and wants to hear the others. */
	readonly isNew?: true;
};

export type Heard = Beat & {
	/** Monotonic milliseconds. */
	readonly at: number;
};

/** What a server has to do about its own members. */
export type Clashes = {
	/** Another has the nick by right: take another one. */
	readonly losers: readonly BeatMember[];
	/** The client has connected to another server since. */
	readonly moved: readonly BeatMember[];
};

/** Whether a member has a nick by right: who took it first, then the lower id. */
const isFirst = (a: BeatMember, b: BeatMember): boolean =>
	a.since < b.since || (a.since === b.since && a.id < b.id);

type Placed = BeatMember & Elsewhere;

/** Of one client on two servers, the connection that counts. */
const isLater = (
	a: Pick<Placed, 'since' | 'server'>,
	b: Pick<Placed, 'since' | 'server'>,
): boolean => a.since > b.since || (a.since === b.since && a.server < b.server);

export class Presence {
	readonly #self: string;
	readonly #heard = new Map<string, Heard>();
	#newestAt = 0;

	/** @param self The id of this server. */
	constructor(self: string) {
		this.#self = self;
	}

	/** Every server heard, this one included once its beat came back. */
	get servers(): readonly Heard[] {
		return [...this.#heard.values()];
	}

	/** Whether this is the server that acts for those that are gone. */
	get isFirst(): boolean {
		return this.isFirstBeside(this.#self);
	}

	/** The same for those of a server that has started again: it knows of none. */
	isFirstBeside(started: string): boolean {
		for (const server of this.#heard.keys()) {
			if (server < this.#self && server !== started) {
				return false;
			}
		}

		return true;
	}

	/** A server as it was heard last. */
	heard(server: string): Heard | undefined {
		return this.#heard.get(server);
	}

	/**
	 * @param at Monotonic milliseconds.
	 * @returns Whether the server is new, or another process.
	 */
	hear(beat: Beat, at: number): boolean {
		const before = this.#heard.get(beat.server);
		this.#newestAt = Math.max(this.#newestAt, at);
		this.#heard.set(beat.server, {...beat, at});
		return before?.run !== beat.run;
	}

	/** A server has ended in good order. */
	forget(server: string): void {
		this.#heard.delete(server);
	}

	/** The ids of those whose leaves wait on some server. */
	leaving(): ReadonlySet<string> {
		return new Set(this.servers.flatMap(({leaving = []}) => leaving));
	}

	/** The engine is away: nobody is known to be there. */
	clear(): void {
		this.#heard.clear();
	}

	/** @returns The servers that are gone now, each with its last beat. */
	expire(): readonly Heard[] {
		const gone = this.servers.filter(({at}) => this.#newestAt - at > expiryMs);
		for (const {server} of gone) {
			this.#heard.delete(server);
		}

		return gone;
	}

	/**
	 * The members of other servers, each client once and each nick once.
	 *
	 * @param own This server's.
	 */
	elsewhere(own: readonly BeatMember[]): readonly Elsewhere[] {
		const byKey = new Map<string, Placed>();
		for (const member of this.#newest(own).values()) {
			const key = foldNick(member.nick);
			const before = byKey.get(key);
			if (!before || isFirst(member, before)) {
				byKey.set(key, member);
			}
		}

		return [...byKey.values()].map(({since, ...member}) => member);
	}

	/**
	 * The commands of bots on other servers; a client that has moved offers those
	 * of its newest connection.
	 */
	offersElsewhere(own: readonly BeatMember[]): readonly OtherOffer[] {
		if (this.#others.every(({commands}) => commands === undefined)) {
			return [];
		}

		const newest = this.#newest(own);
		return this.#others.flatMap(({server, machine, commands = []}) =>
			commands.flatMap(offer => {
				const bot = newest.get(offer.bot);
				return bot?.server === server
					? [{...offer, server, machine, from: bot.nick}]
					: [];
			}),
		);
	}

	/** Compares this server's members with all the others. */
	clashes(own: readonly BeatMember[]): Clashes {
		const byKey = new Map<string, BeatMember[]>();
		for (const {members} of this.#others) {
			for (const member of members) {
				const key = foldNick(member.nick);
				const list = byKey.get(key);
				if (list) {
					list.push(member);
				} else {
					byKey.set(key, [member]);
				}
			}
		}

		const newest = this.#newest([]);
		const moved = own.filter(({id, since}) => {
			const other = newest.get(id);
			return other && isLater(other, {since, server: this.#self});
		});
		const losers = own.filter(
			member =>
				!moved.includes(member) &&
				byKey
					.get(foldNick(member.nick))
					?.some(other => other.id !== member.id && isFirst(other, member)),
		);
		return {losers, moved};
	}

	/** The members of other servers by id, each where it came last. */
	#newest(own: readonly BeatMember[]): ReadonlyMap<string, Placed> {
		const byId = new Map<string, Placed>();
		const ownIds = new Set(own.map(({id}) => id));
		for (const {server, machine, members} of this.#others) {
			for (const member of members) {
				const before = byId.get(member.id);
				const placed = {...member, server, machine};
				if (!ownIds.has(member.id) && (!before || isLater(placed, before))) {
					byId.set(member.id, placed);
				}
			}
		}

		return byId;
	}

	get #others(): readonly Heard[] {
		return [...this.#heard.values()].filter(
			({server}) => server !== this.#self,
		);
	}
}

const offersIn = (values: unknown): readonly OwnOffer[] =>
	Array.isArray(values)
		? values.slice(0, maxOffers).flatMap(value => offerIn(value) ?? [])
		: [];

// No more servers than this share a room, and no server owes more answers.
const maxOwing = 1000;
const maxOwed = 2048;

const owedIn = (value: unknown): Owed => {
	const owed: Record<string, readonly string[]> = {};
	for (const [server, requests] of Object.entries(value ?? {}).slice(
		0,
		maxOwing,
	)) {
		if (Array.isArray(requests)) {
			owed[server] = requests
				.slice(0, maxOwed)
				.filter(request => isRequestName(request));
		}
	}

	return owed;
};

// As many as a roster has.
export const maxLeaving = 1000;

const leavingIn = (values: unknown): readonly string[] =>
	Array.isArray(values)
		? values
				.slice(0, maxLeaving)
				.filter(
					(id): id is string =>
						typeof id === 'string' && /^[\da-f]{16}$/.test(id),
				)
		: [];

const memberIn = (value: unknown): BeatMember | undefined => {
	const {id, nick, agent, host, since} = (value ?? {}) as Record<
		string,
		unknown
	>;
	return typeof id === 'string' &&
		/^[\da-f]{16}$/.test(id) &&
		typeof nick === 'string' &&
		nick.length > 0 &&
		nick.length <= 64 &&
		nick.isWellFormed() &&
		Number.isSafeInteger(since)
		? {
				id,
				nick,
				...(agent === true && {agent}),
				...(host === true && {host}),
				since: since as number,
			}
		: undefined;
};

/** @returns Undefined if one is none. */
const membersIn = (values: unknown): readonly BeatMember[] | undefined => {
	if (!Array.isArray(values)) {
		return undefined;
	}

	const members = values.flatMap(value => memberIn(value) ?? []);
	return members.length === values.length ? members : undefined;
};

// As long as Linux lets a host name be.
const maxMachine = 64;

/** A machine's name, as a list of members has room for it. */
const machineIn = (value: unknown, server: string): string | undefined => {
	if (typeof value !== 'string' || value.length > 255) {
		return undefined;
	}

	const name = [...value.trim().toWellFormed()].slice(0, maxMachine).join('');
	return name === '' ? server.slice(0, 8) : name;
};

/** @returns Undefined if it isn't a beat. */
export const parseBeat = (text: string): Beat | undefined => {
	try {
		const value = JSON.parse(text) as Record<string, unknown>;
		const {server, run, isNew} = value;
		if (
			typeof server !== 'string' ||
			!/^[\da-f]{16}$/.test(server) ||
			typeof run !== 'string' ||
			!/^[\da-f]{8}$/.test(run)
		) {
			return undefined;
		}

		const machine = machineIn(value['machine'], server);
		const members = membersIn(value['members']);
		if (machine === undefined || members === undefined) {
			return undefined;
		}

		const {commands, owed, leaving} = value;
		return {
			server,
			run,
			machine,
			members,
			...(commands !== undefined && {commands: offersIn(commands)}),
			...(owed !== undefined && {owed: owedIn(owed)}),
			...(leaving !== undefined && {leaving: leavingIn(leaving)}),
			...(isNew === true && {isNew}),
		};
	} catch {
		return undefined;
	}
};

/** @returns The server that has ended in good order, if it is such a beat. */
export const parseGone = (text: string): string | undefined => {
	if (!text.includes('"isGone"')) {
		return undefined;
	}

	try {
		const {server, isGone} = JSON.parse(text) as Record<string, unknown>;
		return isGone === true && typeof server === 'string' ? server : undefined;
	} catch {
		return undefined;
	}
};
