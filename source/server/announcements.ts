/**
 * What members are sent at intervals: how many there are, and which commands
 * bots offer. A change makes it due; many changes make it due once.
 */
import {frameLine} from '../protocol/codec.js';
import {offeredCommands} from './bots/actions.js';
import type {Peer, PeerHub} from './peer.js';

// Less often in a room where that would be more frames per second than these.
const shortestIntervalMs = 1000;
const framesPerSecond = 2000;

export class Announcements {
	readonly #hub: PeerHub;
	readonly #members: ReadonlyMap<string, Peer>;
	#isCountDue = false;
	#countedAt = 0;
	#areOffersDue = false;
	/** Other servers don't know yet what bots here offer. */
	#areOwnOffersNew = false;
	#offersSentAt = 0;

	/** @param members The connections of all members, as they come and go. */
	constructor(hub: PeerHub, members: ReadonlyMap<string, Peer>) {
		this.#hub = hub;
		this.#members = members;
	}

	get areDue(): boolean {
		return this.#isCountDue || this.#areOffersDue;
	}

	/** Members have come or gone, and no entry says so. */
	countChanged(): void {
		this.#isCountDue = true;
	}

	/** Other commands are offered than before. */
	offersChanged(): void {
		this.#areOffersDue = true;
	}

	/** Bots here offer other commands than before: other servers hear it, too. */
	ownOffersChanged(): void {
		this.#areOffersDue = true;
		this.#areOwnOffersNew = true;
	}

	/**
	 * Sends what is due.
	 *
	 * @param at Monotonic milliseconds.
	 */
	sweep(at: number): void {
		if (this.#isCountDue && at - this.#countedAt >= this.#intervalMs) {
			this.#isCountDue = false;
			this.#countedAt = at;
			this.#sendCount();
		}

		if (this.#areOffersDue && at - this.#offersSentAt >= this.#offersMs) {
			this.#areOffersDue = false;
			this.#offersSentAt = at;
			this.#sendOffers();
		}
	}

	get #intervalMs(): number {
		const {memberCount} = this.#hub.room;
		return Math.max(shortestIntervalMs, (memberCount * 1000) / framesPerSecond);
	}

	/** A bot that offers and withdraws on and on costs all others no more. */
	get #offersMs(): number {
		return this.#offersSentAt === 0 ? 0 : this.#intervalMs;
	}

	#sendCount(): void {
		const {room, relay} = this.#hub;
		const {heartbeatMs} = room;
		const {count, ...list} = room.memberList();
		const line = frameLine({
			type: 'members',
			count,
			...(room.isListing ? list : {names: []}),
			heartbeatMs,
			...(relay && {head: room.log.shownHead}),
		});
		for (const member of this.#members.values()) {
			member.writeIfFramed(line);
		}
	}

	#sendOffers(): void {
		if (this.#areOwnOffersNew) {
			this.#areOwnOffersNew = false;
			this.#hub.relay?.membersChanged();
		}

		const line = frameLine(offeredCommands(this.#hub));
		for (const member of this.#members.values()) {
			if (member.hearsCommands) {
				member.writeIfFramed(line);
			}
		}
	}
}
