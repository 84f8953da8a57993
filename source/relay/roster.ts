/**
 * Who is in the room by its log, whichever server they are on.
 *
 * A server that died logs no leaves: a member that the log has and no server
 * names is a ghost, and one of the servers logs its leave.
 */
import type {Entry, LeaveReason, Left} from '../protocol/frame.js';

export type Present = {
	readonly id: string;
	readonly nick: string;
	readonly oneShot?: true;
	/** Of the entry that brought it in. */
	readonly seq: number;
};

// Joins are logged in rooms of up to 200. As many that left are known.
const mostPresent = 1000;

/** The key of a ghost's leave: the same, whichever server logs it. */
export const goneKey = ({seq}: Present): string => `gone:${seq}`;

const goneKeyPattern = /^gone:(\d{1,15})$/;

/** What nobody does who wants to leave. */
const unintended: ReadonlySet<LeaveReason> = new Set([
	'closed',
	'reset',
	'timeout',
	'shutdown',
]);

const setNewest = <Value>(
	kept: Map<string, Value>,
	id: string,
	value: Value,
): void => {
	kept.delete(id);
	kept.set(id, value);
	if (kept.size > mostPresent) {
		kept.delete(kept.keys().next().value!);
	}
};

export class Roster {
	readonly #present = new Map<string, Present>();
	/** When those left that did not want to; ms since the epoch, by id. */
	readonly #dropped = new Map<string, number>();

	get present(): Iterable<Present> {
		return this.#present.values();
	}

	get(id: string): Present | undefined {
		return this.#present.get(id);
	}

	has(id: string): boolean {
		return this.#present.has(id);
	}

	/** Whether it is present, or left unintended at a time or later. */
	wasHere(id: string, since: number): boolean {
		return this.has(id) || (this.#dropped.get(id) ?? -Infinity) >= since;
	}

	/**
	 * Whether a key is of the leave of a ghost that has joined again since: the
	 * member that such a leave would take away is here.
	 */
	isOutdated(key: string | undefined, id: string): boolean {
		const [, seq] = goneKeyPattern.exec(key ?? '') ?? [];
		return seq !== undefined && Number(seq) < (this.get(id)?.seq ?? 0);
	}

	/** Takes those that a log ends with, and the last leaves of others. */
	restore(
		present: Iterable<Present>,
		left: Iterable<Pick<Left, 'id' | 'at' | 'reason'>> = [],
	): void {
		for (const member of present) {
			this.#set(member);
		}

		for (const each of left) {
			this.#noteLeft(each);
		}
	}

	take(entry: Entry): void {
		const {id, seq} = entry;
		switch (entry.type) {
			case 'joined': {
				const {nick, oneShot} = entry;
				this.#set({id, nick, seq, ...(oneShot && {oneShot})});
				break;
			}

			case 'left': {
				this.#present.delete(id);
				this.#noteLeft(entry);
				break;
			}

			case 'renamed': {
				const present = this.#present.get(id);
				if (present) {
					this.#present.set(id, {...present, nick: entry.to});
				}

				break;
			}

			case 'message': {
				break;
			}
		}
	}

	#set(member: Present): void {
		this.#dropped.delete(member.id);
		setNewest(this.#present, member.id, member);
	}

	#noteLeft({id, at, reason}: Pick<Left, 'id' | 'at' | 'reason'>): void {
		this.#dropped.delete(id);
		if (unintended.has(reason)) {
			setNewest(this.#dropped, id, at);
		}
	}
}
