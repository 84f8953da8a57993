/**
 * State machines as tables.
 *
 * A cell says what an event does in a phase, and to which phases it may lead. The
 * diagrams in docs/states.md are drawn from the cells that run. An event without a
 * cell is ignored in that phase.
 */
import {SockchatError} from '../errors.js';

type Tagged<Tag extends string> = Readonly<Record<Tag, string>>;

/** The next state and the effects to perform. */
export type Transition<State, Effect> = readonly [State, ...Effect[]];

export type Table<
	State extends Tagged<'phase'>,
	Event extends Tagged<'type'>,
	Effect,
> = {
	readonly [Phase in State['phase']]: {
		readonly [Type in Event['type']]?: {
			readonly to: ReadonlyArray<State['phase']>;
			readonly run: (
				state: Extract<State, {phase: Phase}>,
				event: Extract<Event, {type: Type}>,
			) => Transition<State, Effect>;
		};
	};
};

type AnyCell<State extends Tagged<'phase'>, Event, Effect> = {
	readonly to: ReadonlyArray<State['phase']>;
	readonly run: (state: State, event: Event) => Transition<State, Effect>;
};

/** The pure transition function of a table. */
export const createTransition =
	<State extends Tagged<'phase'>, Event extends Tagged<'type'>, Effect>(
		table: Table<State, Event, Effect>,
	) =>
	(state: State, event: Event): Transition<State, Effect> => {
		// TypeScript can't see that the row of a phase takes the state of that phase.
		const row = table[state.phase as State['phase']] as Partial<
			Record<string, AnyCell<State, Event, Effect>>
		>;
		const cell = row[event.type];
		if (!cell) {
			return [state];
		}

		const transition = cell.run(state, event);
		const [{phase}] = transition;
		if (!cell.to.includes(phase)) {
			throw new SockchatError(
				'ERR_INTERNAL',
				`${event.type} led from ${state.phase} to ${phase}, which is not in the table.`,
			);
		}

		return transition;
	};

export type Arrow = {
	readonly from: string;
	readonly event: string;
	readonly to: string;
};

/** The part of a table that a diagram needs. */
export type DrawnTable = Readonly<
	Record<
		string,
		Readonly<Record<string, {readonly to: readonly string[]} | undefined>>
	>
>;

/** Every arrow of a table's diagram, in table order. */
export const arrowsOf = (table: DrawnTable): readonly Arrow[] =>
	Object.entries(table).flatMap(([from, row]) =>
		Object.entries(row).flatMap(([event, cell]) =>
			(cell?.to ?? []).map(to => ({from, event, to})),
		),
	);
