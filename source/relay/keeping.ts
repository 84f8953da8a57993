/**
 * What waits for the engine: kept in the outbox first, then shown to members:
 * messages as pending, who has come as not yet shared.
 */
import type {Joined, Renamed} from '../protocol/frame.js';
import type {RelaySite} from '../room/relay.js';
import {trace} from '../trace.js';
import type {Outbox} from './outbox.js';
import {messageStart, type Outgoing, type Waiting} from './outgoing.js';

type Shows = Pick<RelaySite, 'showPending' | 'showUnshared' | 'showRenamed'>;

/** Of an entry that is a join. */
export const joinedStart = '{"type":"joined",';
const renamedStart = '{"type":"renamed",';

/** As a frame of its own; none for a join or a leave. */
const pendingLine = ({text}: Waiting): string[] =>
	text.startsWith(messageStart)
		? [`{"type":"pending",${text.slice(messageStart.length)}\n`]
		: [];

export class Keeping {
	readonly #outgoing: Outgoing;
	readonly #outbox: Outbox | undefined;
	readonly #shows: Shows;
	/** The ids of those whose joins are kept, by the key of the join. */
	readonly #joins = new Map<string, Joined['id']>();
	#kept: Promise<void> = Promise.resolve();

	/** @param outbox Undefined if it is kept in memory only. */
	constructor(outgoing: Outgoing, outbox: Outbox | undefined, shows: Shows) {
		this.#outgoing = outgoing;
		this.#outbox = outbox;
		this.#shows = shows;
	}

	/** The frames of all that waits and is kept. */
	lines(): readonly string[] {
		return this.#outgoing.kept.flatMap(waiting => pendingLine(waiting));
	}

	/** Keeps and shows what waits. Settles once it is kept. */
	async keep(): Promise<void> {
		const late = this.#outgoing.takeUnkept();
		if (late.length > 0) {
			this.#kept = this.#keepAfter(this.#kept, late);
		}

		return this.#kept;
	}

	/** Whether anything is kept, or shown as not yet shared. */
	get isWaiting(): boolean {
		return this.#joins.size > 0 || this.#outbox?.isEmpty === false;
	}

	/** They wait no longer. */
	settle(keys: readonly string[]): void {
		this.#outbox?.done(keys);
		const joins = keys.filter(key => this.#joins.delete(key));
		if (joins.length > 0) {
			this.#listUnshared();
		}
	}

	async close(): Promise<void> {
		await this.keep();
		await this.#outbox?.close();
	}

	async #keepAfter(
		before: Promise<void>,
		late: readonly Waiting[],
	): Promise<void> {
		await before;
		try {
			await this.#outbox?.keep(late);
		} catch (error) {
			// It is tried again; what isn't kept isn't shown.
			trace('outbox: %o', error);
			this.#outgoing.untake(late);
			return;
		}

		this.#showAll(late.filter(({key}) => this.#outgoing.has(key)));
	}

	#showAll(kept: readonly Waiting[]): void {
		const lines = kept.flatMap(waiting => pendingLine(waiting));
		if (lines.length > 0) {
			this.#shows.showPending(lines);
		}

		const comings = kept.filter(({text}) => !text.startsWith(messageStart));
		for (const {key, id, text} of comings) {
			if (text.startsWith(joinedStart)) {
				this.#joins.set(key, id);
			} else if (text.startsWith(renamedStart)) {
				const {to} = JSON.parse(text) as Renamed;
				this.#shows.showRenamed(id, to);
			}
		}

		if (comings.length > 0) {
			this.#listUnshared();
		}
	}

	#listUnshared(): void {
		this.#shows.showUnshared(new Set(this.#joins.values()));
	}
}
