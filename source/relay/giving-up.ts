/**
 * What gets no place in the stream: it waits no longer, and who said it reads
 * why, as do the members here that were shown it. The host reads it of those who
 * have left.
 */
import type {SockchatError} from '../errors.js';
import {frameLine} from '../protocol/codec.js';
import type {Message} from '../protocol/frame.js';
import type {RelaySite} from '../room/relay.js';
import {
	entryDropped,
	entryNotShared,
	entryNotTaken,
	entryOfLeftTooLong,
	entryOvertaken,
	entryTooLong,
} from './failures.js';
import type {Keeping} from './keeping.js';
import type {Outgoing, Waiting} from './outgoing.js';
import type {Roster} from './roster.js';
import type {Session} from './session.js';

export type GivingUpOptions = {
	readonly site: Pick<RelaySite, 'room' | 'refuse' | 'showDropped'>;
	readonly outgoing: Outgoing;
	readonly keeping: Keeping;
	/** Nobody else is here to read it. */
	readonly onLost: (error: SockchatError) => void;
};

type Said = Omit<Message, 'type' | 'seq'>;

/** Undefined if it is no message. */
const messageIn = ({text: json}: Waiting): Said | undefined => {
	const {type, at, from, id, n, text} = JSON.parse(json) as Message;
	return type === 'message' ? {at, from, id, n, text} : undefined;
};

export class GivingUp {
	readonly #options: GivingUpOptions;

	constructor(options: GivingUpOptions) {
		this.#options = options;
	}

	/** @returns Whether it can't go out, so that it waits no longer. */
	isTooLong(session: Session, waiting: Waiting): boolean {
		const why = session.tooLong(waiting.text);
		if (!why) {
			return false;
		}

		const {site, onLost} = this.#options;
		if (site.room.has(waiting.id)) {
			this.#refuse(waiting, entryTooLong(why), entryNotShared(why));
			return true;
		}

		this.#settle(waiting);
		const message = messageIn(waiting);
		if (message) {
			onLost(entryOfLeftTooLong(message.from, why));
			this.#tell(message, entryNotShared(why));
		}

		return true;
	}

	/** The stream had it, and nobody here has read it. */
	dropped(waiting: Waiting): void {
		this.#refuse(waiting, entryDropped(), entryDropped());
	}

	/**
	 * Messages that would be taken for repeats, as the log has a later one of the
	 * same client. The engine refused one and took the next, or has dropped it
	 * since; or the client left them here and has spoken on another server.
	 */
	async dropLate(session: Session): Promise<void> {
		const {site, outgoing, keeping} = this.#options;
		const {room} = site;
		const isLogged = (id: string, n: number) => room.isLogged(id, n);
		const late = outgoing
			.late(isLogged)
			.filter(waiting => !this.isTooLong(session, waiting));
		const taken = await session.taken(late);
		for (const waiting of late.filter(({key}) => outgoing.has(key))) {
			if (taken.has(waiting)) {
				this.dropped(waiting);
			} else if (room.has(waiting.id)) {
				this.#refuse(waiting, entryNotTaken(), entryOvertaken());
			}
		}

		const renumbered = outgoing.renumber(isLogged);
		if (renumbered.length > 0) {
			keeping.settle(renumbered);
			void keeping.keep();
		}
	}

	/** Leaves of ghosts that have joined again, on whatever server. */
	dropOutdated(roster: Roster): void {
		for (const leave of this.#options.outgoing.leaves()) {
			if (roster.isOutdated(leave.key, leave.id)) {
				this.#settle(leave);
			}
		}
	}

	/** @param toOthers The same for those who didn't say it. */
	#refuse(
		waiting: Waiting,
		error: SockchatError,
		toOthers: SockchatError,
	): void {
		this.#settle(waiting);
		this.#options.site.refuse(waiting.id, waiting.n, error);
		const message = messageIn(waiting);
		if (message) {
			this.#tell(message, toOthers);
		}
	}

	#tell(said: Said, {code, message}: SockchatError): void {
		const line = frameLine({...said, type: 'dropped', code, message});
		this.#options.site.showDropped(line);
	}

	#settle({key}: Waiting): void {
		const {outgoing, keeping} = this.#options;
		outgoing.remove(key);
		keeping.settle([key]);
	}
}
