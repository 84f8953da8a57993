/** What listens on a port, from one reading to the next. Pure. */
import type {PortEvent} from '../../event/port-event.js';
import type {TcpRow} from '../../socket/tcp-table.js';
import {between} from '../../tcp/step-time.js';
import type {StepTime} from '../../tcp/tcp.js';
import {asStep, inferredCall} from './call-steps.js';
import type {PortReading} from './port-reading.js';

type Listener = {
	row: TcpRow;
	backlog: number | undefined;
	/** Readings since its row was there. */
	missed: number;
};

export class Listeners {
	readonly #places: ReadonlySet<string>;
	readonly #listeners = new Map<string, Listener>();
	/** One whose row no reading has had, and how many readings ago that was. */
	#unseen: {readings: number} | undefined;

	/** @param places All addresses at which a connection can be accepted. */
	constructor(places: ReadonlySet<string>) {
		this.#places = places;
	}

	get all(): readonly Listener[] {
		return [...this.#listeners.values()];
	}

	/** The rows of those that listen. */
	rowsIn(rows: readonly TcpRow[]): readonly TcpRow[] {
		return rows.filter(
			({socket}) => socket.state === 'LISTEN' && this.#places.has(socket.local),
		);
	}

	/** @param since When the reading before this one began. */
	take(
		{rows, tableAt, figures}: PortReading,
		since: number | undefined,
	): Readonly<Record<'begun' | 'over', readonly PortEvent[]>> {
		const time = between(since ?? 0, tableAt);
		const begun: PortEvent[] = [];
		const over: PortEvent[] = [];
		const step = (state: 'LISTEN' | 'CLOSED') =>
			asStep({
				kind: 'state',
				end: 'local',
				state,
				evidence: 'read',
				peer: undefined,
				...time,
			});
		const there = new Map(
			this.rowsIn(rows!).map(row => [row.socket.local, row] as const),
		);
		for (const [place, listener] of this.#listeners) {
			const row = there.get(place);
			listener.missed = row ? 0 : listener.missed + 1;
			// A table that changes while being read may miss a row once.
			if (!(listener.missed > 1 || (row && row.inode !== listener.row.inode))) {
				continue;
			}

			this.#listeners.delete(place);
			(row ? begun : over).push(step('CLOSED'));
		}

		for (const [place, row] of there) {
			const known = this.#listeners.get(place);
			const backlog = figures?.backlogs.get(place) ?? known?.backlog;
			this.#listeners.set(place, {row, backlog, missed: 0});
			if (known) {
				continue;
			}

			if (this.#unseen) {
				// That was said before a connection of it.
				this.#unseen = undefined;
				continue;
			}

			const called =
				since === undefined ? [] : callsToListen(time, between(0, tableAt));
			begun.push(...called, step('LISTEN'));
		}

		if (this.#unseen && ++this.#unseen.readings > 2) {
			this.#unseen = undefined;
			over.push(step('CLOSED'));
		}

		return {begun, over};
	}

	/**
	 * Whoever connects, somebody listens: a table that changes while being read may
	 * have the connection and not the listener, which may be gone by the next one.
	 * Call it if a connection is new that no listener was seen for.
	 */
	infer({tableAt}: PortReading, since: number): readonly PortEvent[] {
		if (this.#unseen !== undefined || this.#listeners.size > 0) {
			return [];
		}

		this.#unseen = {readings: 0};
		const time = between(since, tableAt);
		return [
			...callsToListen(time, between(0, tableAt)),
			asStep({
				kind: 'state',
				end: 'local',
				state: 'LISTEN',
				evidence: 'inferred',
				peer: undefined,
				...time,
			}),
		];
	}
}

/** @param earlier A socket that doesn't listen yet is in no table. */
const callsToListen = (
	time: StepTime,
	earlier: StepTime,
): readonly PortEvent[] => [
	inferredCall('socket()', earlier),
	inferredCall('bind()', earlier),
	inferredCall('listen()', time),
];
