/**
 * What the log says of who comes, goes and takes another nick: all of it, up to
 * a number of members; beyond, they are only counted.
 */
import type {LeaveReason, Left} from '../protocol/frame.js';
import type {Nick} from '../protocol/nick.js';
import {findAbsent} from './absent.js';
import type {Appender, RestoredLog} from './appender.js';
import type {Member} from './results.js';
import type {Roster} from './roster.js';

/** What a leave may have besides. */
export type LeftFacts = Pick<Left, 'notBefore' | 'unix'>;

/** Joins and leaves are logged up to this many members. */
export const maxAnnouncedMembers = 200;

export class Comings {
	readonly #appender: Appender;
	readonly #roster: Roster;

	constructor(appender: Appender, roster: Roster) {
		this.#appender = appender;
		this.#roster = roster;
	}

	/** Whether all members are listed by name. */
	get isListing(): boolean {
		return this.#roster.count <= maxAnnouncedMembers;
	}

	/** Whether the log says it; false if there are too many. */
	get isAnnouncing(): boolean {
		return this.isListing && !this.#appender.isPresenceFilled;
	}

	joined({nick, id, ...marks}: Member, at: number): void {
		if (this.isAnnouncing) {
			const seq = this.#appender.nextSeq;
			this.#appender.append({type: 'joined', seq, at, nick, id, ...marks});
		}
	}

	left(
		{id, nick, oneShot}: Member,
		reason: LeaveReason,
		at: number,
		facts: LeftFacts = {},
	): void {
		this.#appender.append({
			type: 'left',
			seq: this.#appender.nextSeq,
			at,
			nick,
			id,
			reason,
			...(oneShot && {oneShot}),
			...facts,
		});
	}

	renamed({id, nick: from}: Member, to: Nick, at: number): void {
		if (this.isAnnouncing) {
			const seq = this.#appender.nextSeq;
			this.#appender.append({type: 'renamed', seq, at, from, to, id});
		}
	}

	/**
	 * Those of the server before are gone. In a log where all have left, it appends
	 * nothing.
	 */
	endPast({tail}: RestoredLog, now: number): void {
		if (tail.length === 0) {
			return;
		}

		// Beyond this many the log has no joins or leaves either: they were counted.
		const {members, at: last} = findAbsent(tail, maxAnnouncedMembers);
		const at = Math.max(now, last);
		for (const member of members) {
			this.left(member, 'shutdown', at, at > last ? {notBefore: last} : {});
		}
	}
}
