/**
 * State machines as tables.
 *
 * A cell says what an event does in a phase, and to which phases it may lead.
 * The diagrams in the README are drawn from the same cells that run; an event
 * without a cell is ignored in that phase.
 */
import {SockchatError} from '../errors.js';

type Tagged<Tag extends string> = Readonly<Record<Tag, string>>;

export type Step<State, Effect> = readonly [State, ...Effect[]];

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
			) => Step<State, Effect>;
		};
	};
};

type AnyCell<State extends Tagged<'phase'>, Event, Effect> = {
	readonly to: ReadonlyArray<State['phase']>;
	readonly run: (state: State, event: Event) => Step<State, Effect>;
};

/** The pure step function of a table. */
export const createTransition =
	<State extends Tagged<'phase'>, Event extends Tagged<'type'>, Effect>(
		table: Table<State, Event, Effect>,
	) =>
	(state: State, event: Event): Step<State, Effect> => {
		// TypeScript can't follow that the row of a phase takes its state.
		const row = table[state.phase as State['phase']] as Partial<
			Record<string, AnyCell<State, Event, Effect>>
		>;
		const cell = row[event.type];
		if (!cell) {
			return [state];
		}

		const step = cell.run(state, event);
		if (!cell.to.includes(step[0].phase)) {
			throw new SockchatError(
				'ERR_INTERNAL',
				`${event.type} led from ${state.phase} to ${step[0].phase}, which the table does not draw.`,
			);
		}

		return step;
	};

export type Arrow = {
	readonly from: string;
	readonly event: string;
	readonly to: string;
};

/** What a drawing needs of a table. */
export type DrawnTable = Readonly<
	Record<
		string,
		Readonly<Record<string, {readonly to: readonly string[]} | undefined>>
	>
>;

/** Every arrow that a table draws, in its order. */
export const arrowsOf = (table: DrawnTable): readonly Arrow[] =>
	Object.entries(table).flatMap(([from, row]) =>
		Object.entries(row).flatMap(([event, cell]) =>
			(cell?.to ?? []).map(to => ({from, event, to})),
		),
	);
