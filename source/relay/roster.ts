/**
 * Who is in the room by its log, whichever server they are on.
 *
 * A server that died logs no leaves: a member that the log has and no server
 * names is a ghost, and one of the servers logs its leave.
 */
import type {Entry} from '../protocol/frame.js';

export type Present = {
	readonly id: string;
	readonly nick: string;
	readonly oneShot?: true;
	/** Of the entry that brought it in. */
	readonly seq: number;
};

// Joins are logged in rooms of up to 200.
const mostPresent = 1000;

/** The key of a ghost's leave: the same, whichever server logs it. */
export const goneKey = ({seq}: Present): string => `gone:${seq}`;

export class Roster {
	readonly #present = new Map<string, Present>();

	get present(): Iterable<Present> {
		return this.#present.values();
	}

	has(id: string): boolean {
		return this.#present.has(id);
	}

	/** Takes those that a log ends with. */
	restore(present: Iterable<Present>): void {
		for (const member of present) {
			this.#set(member);
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
		this.#present.delete(member.id);
		this.#present.set(member.id, member);
		if (this.#present.size > mostPresent) {
			this.#present.delete(this.#present.keys().next().value!);
		}
	}
}
