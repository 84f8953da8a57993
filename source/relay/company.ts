/**
 * The other servers of the room, and who is on each: what this server beats,
 * hears and does about it.
 */
import {plainN} from '../protocol/frame.js';
import type {RelaySite} from '../room/relay.js';
import type {Clock} from '../socket/clock.js';
import {settleOffers} from './commands.js';
import type {Session} from './session.js';
import type {Waiting} from './outgoing.js';
import {
	beatMs,
	expiryMs,
	maxLeaving,
	parseBeat,
	parseGone,
	Presence,
	type Beat,
	type BeatMember,
	type Heard,
} from './presence.js';
import {goneKey, type Present, type Roster} from './roster.js';

export type CompanyOptions = {
	readonly site: RelaySite;
	readonly roster: Roster;
	readonly server: string;
	/** Of this process. */
	readonly run: string;
	/** As people call it. */
	readonly machine: string;
	readonly clock: Clock;
	/** The ids of those whose leaves wait here for the engine. */
	readonly leaving: () => ReadonlySet<string>;
	/** Sends the leave of one that no server has any more. */
	readonly offerLeave: (leave: Waiting) => void;
	/** Other servers need to hear what stands: one of them, or this, has come. */
	readonly onStanding: () => void;
	/** Another process has the id of this server. */
	readonly onTwin: (machine: string) => void;
};

// Each beat names all members of this server, so many of them come less often.
const namesPerSecond = 10_000;

export class Company {
	readonly #options: CompanyOptions;
	readonly #presence: Presence;
	/** Undefined while the log isn't whole. */
	#session: Session | undefined;
	#openedAt = 0;
	#awayAt: number | undefined = 0;
	#beatAt = 0;
	#isBeatDue = false;
	/** The members elsewhere at the last comparison, as JSON. */
	#elsewhere = '[]';
	/** The same of the commands of bots. */
	#offersElsewhere = '[]';
	/** The process of each server, as heard last. */
	#runs = new Map<string, string>();
	/** When each member took its nick, by id. */
	#nicks = new Map<string, BeatMember>();
	/**
	 * Since when each has been in the log and on no server. Who was on one that
	 * fell silent has been so since its last beat.
	 */
	#ghosts = new Map<string, number>();
	/** The end of the log when it was whole for the first time. */
	#wholeAt: number | undefined;
	/** Another process with the id of this server. */
	#twin = {run: '', since: 0, isTold: false};

	constructor(options: CompanyOptions) {
		this.#options = options;
		this.#presence = new Presence(options.server);
	}

	/** How many servers are heard, this one included. */
	get count(): number {
		return this.#presence.servers.length;
	}

	begin(session: Session): void {
		this.#session = session;
		this.#openedAt = this.#now;
		this.#wholeAt ??= this.#options.site.room.log.head;
		this.#awayAt = undefined;
		this.#ghosts = new Map();
		this.#logGhosts([]);
		this.#beat(true);
		// Those that were here all the time have not heard of the outage.
		this.#options.onStanding();
	}

	end(): void {
		this.#session = undefined;
		this.#awayAt ??= this.#now;
	}

	/** Others need not wait until this server is silent. */
	sayGone(): void {
		const {server} = this.#options;
		this.#session?.beat(JSON.stringify({server, isGone: true}));
	}

	/**
	 * Call when who is here has changed; all changes of a turn make one beat, and
	 * of a longer time if there are many members.
	 */
	membersChanged(): void {
		if (this.#isBeatDue) {
			return;
		}

		this.#isBeatDue = true;
		const beat = () => {
			this.#isBeatDue = false;
			this.#beat();
		};

		const pauseMs = (this.#nicks.size * 1000) / namesPerSecond;
		const waitMs = this.#beatAt + pauseMs - this.#now;
		if (waitMs < 1) {
			setImmediate(beat);
		} else {
			this.#options.clock.setTimer(beat, waitMs);
		}
	}

	hear(text: string): void {
		const {server, onStanding} = this.#options;
		const gone = parseGone(text);
		if (gone !== undefined && gone !== server) {
			this.#presence.forget(gone);
			this.#compare();
		}

		const beat = gone === undefined ? parseBeat(text) : undefined;
		if (!beat) {
			return;
		}

		if (beat.server === server && beat.run !== this.#options.run) {
			this.#hearTwin(beat);
			return;
		}

		const before = this.#presence.heard(beat.server);
		const isOther = this.#presence.hear(beat, this.#now);
		if (beat.server === server) {
			return;
		}

		if (isOther || beat.isNew) {
			onStanding();
		}

		if (beat.isNew) {
			this.membersChanged();
		}

		this.#compare();
		if (before && before.run !== beat.run) {
			this.#logKilled(before);
		}

		this.#tellHeard(beat);
	}

	/** Whether the log has members that no server has named yet. */
	hasUnheard(): boolean {
		const {roster, site} = this.#options;
		for (const {id} of roster.present) {
			if (!site.room.has(id) && !site.room.isElsewhere(id)) {
				return true;
			}
		}

		return false;
	}

	/** Call several times a second. */
	tick(): void {
		if (this.#awayAt !== undefined) {
			if (this.#now - this.#awayAt > expiryMs && this.count > 0) {
				this.#presence.clear();
				this.#compare();
			}

			return;
		}

		if (this.#now - this.#beatAt >= beatMs) {
			this.#beat();
			const gone = this.#presence.expire();
			if (gone.length > 0) {
				this.#compare();
			}

			this.#logGhosts(gone);
		}
	}

	/**
	 * Call before the join of a member here is offered. If it was in the room when
	 * its server was killed, nobody has logged its leave.
	 */
	beforeJoin(id: string): void {
		const {site, roster, offerLeave} = this.#options;
		const present = roster.get(id);
		const wholeAt = this.#wholeAt ?? Infinity;
		// In a later outage it may have moved here, and its server logs the leave.
		const isUnknown = this.#wholeAt !== undefined && this.#awayAt !== undefined;
		if (
			present &&
			present.seq <= wholeAt &&
			!isUnknown &&
			!site.room.isElsewhere(id) &&
			!this.#leaving().has(id)
		) {
			offerLeave(this.#leaveOf(present));
		}
	}

	get #now(): number {
		return this.#options.clock.monotonicMs();
	}

	/** The process before this one sends nothing any more; the engine may be late. */
	#hearTwin({run, machine}: Beat): void {
		if (this.#twin.run !== run) {
			this.#twin = {run, since: this.#now, isTold: false};
		} else if (
			!this.#twin.isTold &&
			this.#now - this.#twin.since >= beatMs / 2
		) {
			this.#twin.isTold = true;
			this.#options.onTwin(machine);
		}
	}

	/** Those whose leaves wait, here or on another server. */
	#leaving(): ReadonlySet<string> {
		return new Set([...this.#options.leaving(), ...this.#presence.leaving()]);
	}

	#members(): readonly BeatMember[] {
		const {site, clock} = this.#options;
		const nicks = new Map<string, BeatMember>();
		for (const {id, nick, agent} of site.room.members()) {
			const known = this.#nicks.get(id);
			const since = known?.nick === nick ? known.since : clock.wallMs();
			const host = site.room.isHost(id);
			nicks.set(id, {
				id,
				nick,
				...(agent && {agent}),
				...(host && {host}),
				since,
			});
		}

		this.#nicks = nicks;
		return [...nicks.values()];
	}

	#beat(isNew = false): void {
		// Also while it can't be sent: a member has its nick from now on.
		const members = this.#members();
		if (!this.#session) {
			return;
		}

		this.#beatAt = this.#now;
		const {server, run, machine, site} = this.#options;
		const commands = site.offers();
		const owed = site.owed();
		const leaving = [...this.#options.leaving()].slice(0, maxLeaving);
		const beat: Beat = {
			server,
			run,
			machine,
			members,
			...(commands.length > 0 && {commands}),
			...(Object.keys(owed).length > 0 && {owed}),
			...(leaving.length > 0 && {leaving}),
			...(isNew && {isNew}),
		};
		this.#session.beat(JSON.stringify(beat));
	}

	#compare(): void {
		const {room, elsewhereChanged, giveOtherNick, replace} = this.#options.site;
		const own = this.#members();
		const {losers, moved} = this.#presence.clashes(own);
		const elsewhere = this.#presence.elsewhere(own);
		const words = JSON.stringify(elsewhere);
		if (words !== this.#elsewhere) {
			this.#elsewhere = words;
			room.setElsewhere(elsewhere);
			elsewhereChanged();
		}

		for (const {id} of moved) {
			replace(id);
		}

		for (const {id} of losers) {
			giveOtherNick(id);
		}

		this.#settleOffers(own);
		this.#tellGone();
	}

	#settleOffers(own: readonly BeatMember[]): void {
		const {offers, setOffersElsewhere, takeOffer} = this.#options.site;
		const others = this.#presence.offersElsewhere(own);
		const {elsewhere, lost} = settleOffers(offers(), others);
		const words = JSON.stringify(elsewhere);
		if (words !== this.#offersElsewhere) {
			this.#offersElsewhere = words;
			setOffersElsewhere(elsewhere);
		}

		for (const {offer, why} of lost) {
			takeOffer(offer, why);
		}
	}

	#tellHeard({server, members, owed}: Beat): void {
		const {site, server: self} = this.#options;
		const ids = new Set(members.map(({id}) => id));
		const requests = new Set(owed?.[self]);
		site.serverHeard({
			server,
			has: id => ids.has(id),
			owes: request => requests.has(request),
		});
	}

	/** Says which servers, or processes of them, aren't heard any more. */
	#tellGone(): void {
		const {site, server: self} = this.#options;
		const before = this.#runs;
		this.#runs = new Map(
			this.#presence.servers.map(({server, run}) => [server, run]),
		);
		for (const [server, run] of before) {
			if (server !== self && this.#runs.get(server) !== run) {
				site.serverGone(server);
			}
		}
	}

	/** Logs the leaves of a server's former process, which nobody waits for. */
	#logKilled({server, members}: Heard): void {
		const {site, roster, offerLeave} = this.#options;
		const {room} = site;
		if (!room.isListing || !this.#presence.isFirstBeside(server)) {
			return;
		}

		const known = this.#leaving();
		for (const {id} of members) {
			const present = roster.get(id);
			if (present && !room.has(id) && !room.isElsewhere(id) && !known.has(id)) {
				offerLeave(this.#leaveOf(present));
			}
		}
	}

	/**
	 * Logs the leaves of those that are in the log and on no server.
	 *
	 * @param silent Servers that are gone now.
	 */
	#logGhosts(silent: readonly Heard[]): void {
		const {site, roster, offerLeave} = this.#options;
		const {room} = site;
		const silentSince = new Map(
			silent.flatMap(({members, at}) =>
				members.map(({id}) => [id, at] as const),
			),
		);
		const before = this.#ghosts;
		this.#ghosts = new Map();
		if (!this.#presence.isFirst || !room.isListing) {
			return;
		}

		// Other servers may come back from the same outage a little later.
		const isSure = this.#now - this.#openedAt >= expiryMs;

		const known = this.#leaving();
		for (const present of roster.present) {
			if (room.has(present.id) || room.isElsewhere(present.id)) {
				continue;
			}

			const key = goneKey(present);
			const since = before.get(key) ?? silentSince.get(present.id) ?? this.#now;
			this.#ghosts.set(key, since);
			if (isSure && this.#now - since >= expiryMs && !known.has(present.id)) {
				offerLeave(this.#leaveOf(present));
			}
		}
	}

	#leaveOf(present: Present): Waiting {
		const {id, nick, oneShot} = present;
		const at = this.#options.clock.wallMs();
		const leave = {
			type: 'left',
			at,
			nick,
			id,
			reason: 'timeout',
			...(oneShot && {oneShot}),
		};
		return {
			key: goneKey(present),
			id,
			n: plainN,
			text: JSON.stringify(leave),
			since: this.#now,
		};
	}
}
