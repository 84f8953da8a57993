/**
 * What gets no place in the stream: it waits no longer, and who said it reads
 * why. The host reads it of those who have left.
 */
import type {SockchatError} from '../errors.js';
import type {Message} from '../protocol/frame.js';
import type {RelaySite} from '../room/relay.js';
import {
	entryDropped,
	entryNotTaken,
	entryOfLeftTooLong,
	entryTooLong,
} from './failures.js';
import type {Keeping} from './keeping.js';
import type {Outgoing, Waiting} from './outgoing.js';
import type {Session} from './session.js';

export type GivingUpOptions = {
	readonly site: Pick<RelaySite, 'room' | 'refuse'>;
	readonly outgoing: Outgoing;
	readonly keeping: Keeping;
	/** Nobody else is here to read it. */
	readonly onLost: (error: SockchatError) => void;
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
			this.#refuse(waiting, entryTooLong(why));
			return true;
		}

		this.#settle(waiting);
		const {type, from} = JSON.parse(waiting.text) as Message;
		if (type === 'message') {
			onLost(entryOfLeftTooLong(from, why));
		}

		return true;
	}

	/** The stream had it, and nobody here has read it. */
	dropped(waiting: Waiting): void {
		this.#refuse(waiting, entryDropped());
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
				this.#refuse(waiting, entryNotTaken());
			}
		}

		const renumbered = outgoing.renumber(isLogged);
		if (renumbered.length > 0) {
			keeping.settle(renumbered);
			void keeping.keep();
		}
	}

	#refuse(waiting: Waiting, error: SockchatError): void {
		this.#settle(waiting);
		this.#options.site.refuse(waiting.id, waiting.n, error);
	}

	#settle({key}: Waiting): void {
		const {outgoing, keeping} = this.#options;
		outgoing.remove(key);
		keeping.settle([key]);
	}
}
