/**
 * What waits for the engine: kept in the outbox first, then shown to members as
 * pending.
 */
import {trace} from '../trace.js';
import type {Outbox} from './outbox.js';
import type {Outgoing, Waiting} from './outgoing.js';

const messageStart = '{"type":"message",';

/** As a frame of its own; none for a join or a leave. */
const pendingLine = ({text}: Waiting): string[] =>
	text.startsWith(messageStart)
		? [`{"type":"pending",${text.slice(messageStart.length)}\n`]
		: [];

export class Keeping {
	readonly #outgoing: Outgoing;
	readonly #outbox: Outbox | undefined;
	readonly #show: (lines: readonly string[]) => void;
	#kept: Promise<void> = Promise.resolve();

	/** @param outbox Undefined if it is kept in memory only. */
	constructor(
		outgoing: Outgoing,
		outbox: Outbox | undefined,
		show: (lines: readonly string[]) => void,
	) {
		this.#outgoing = outgoing;
		this.#outbox = outbox;
		this.#show = show;
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

	/** They wait no longer. */
	settle(keys: readonly string[]): void {
		this.#outbox?.done(keys);
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

		const lines = late
			.filter(({key}) => this.#outgoing.has(key))
			.flatMap(waiting => pendingLine(waiting));
		if (lines.length > 0) {
			this.#show(lines);
		}
	}
}
