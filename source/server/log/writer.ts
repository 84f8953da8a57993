/**
 * Writes the room's log to the history: the entries of a turn as one group,
 * which members are shown once it is stored. The next group collects while one
 * is written, so a slow disk makes larger groups, not a longer queue. A group
 * that can't be stored is taken back, and its senders get an error.
 */
import {SockchatError} from '../../errors.js';
import type {History} from '../../history/history.js';
import {turn} from '../../history/turn.js';
import type {Unshown} from '../../room/log.js';
import type {Room} from '../../room/room.js';
import type {TakenBack} from '../../room/message-numbers.js';
import {Rounds} from '../../rounds.js';

export type LogWriterOptions = {
	readonly room: Room;
	readonly history: History;
	/** Members may be sent more. */
	readonly onShown: () => void;
	/** Entries that were not stored are gone from the log. */
	readonly onTakenBack: (
		taken: readonly TakenBack[],
		error: SockchatError,
	) => void;
	/** The history has failed; without an error, it works again. */
	readonly onTrouble: (error: SockchatError | undefined) => void;
};

export class LogWriter {
	readonly #options: LogWriterOptions;
	#isFailing = false;
	#waiting: Array<() => void> = [];
	readonly #rounds = new Rounds(async () => this.#writeAll());

	constructor(options: LogWriterOptions) {
		this.#options = options;
	}

	/** Writes what waits in the log, if anything does. */
	post(): void {
		void this.#rounds.request();
	}

	/** Settles once everything that was appended is stored or taken back. */
	async settled(): Promise<void> {
		return this.#rounds.request();
	}

	/** Settles once the entry with that seq, if there is one, is shown or gone. */
	async shown(seq: number): Promise<void> {
		const {log} = this.#options.room;
		while (log.shownHead < seq && seq <= log.head) {
			// eslint-disable-next-line no-await-in-loop -- group by group
			await new Promise<void>(resolve => {
				this.#waiting.push(resolve);
			});
		}
	}

	async #writeAll(): Promise<void> {
		const {room} = this.#options;
		for (
			let unshown = room.log.unshown();
			unshown;
			unshown = room.log.unshown()
		) {
			// One group at a time, in order. The turn between two lets sockets be read
			// first, which makes the next group larger: 0.134 µs of CPU per delivery to
			// 100 members, 0.141 without.
			// eslint-disable-next-line no-await-in-loop -- the order is the point
			await this.#append(unshown);
			const waiting = this.#waiting;
			this.#waiting = [];
			for (const resolve of waiting) {
				resolve();
			}

			// eslint-disable-next-line no-await-in-loop -- sockets are read first
			await turn();
		}
	}

	async #append(unshown: Unshown): Promise<void> {
		const {room, history, onShown, onTakenBack, onTrouble} = this.#options;
		const {entries, head} = unshown;
		try {
			await history.append(entries, () => ({
				logId: room.logId,
				head,
				clients: room.clientsAt(head),
			}));
		} catch (error) {
			if (!(error instanceof SockchatError)) {
				throw error;
			}

			const taken = room.rollBack();
			if (!this.#isFailing) {
				this.#isFailing = true;
				onTrouble(error);
			}

			onTakenBack(taken, error);
			return;
		}

		room.show(unshown);
		if (this.#isFailing) {
			this.#isFailing = false;
			onTrouble(undefined);
		}

		onShown();
	}
}
