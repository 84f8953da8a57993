/**
 * Undo and redo, for anything with a text and a caret.
 *
 * Changes of one kind in a row are undone together: a typed word, a run of
 * deletions, the presses of Tab. A caret that moved ends the run.
 */
import type {Line} from './line.js';

export type Snapshot = Pick<Line, 'text' | 'caret'>;

/** Changes that belong together; undefined: each stands alone. */
export type Run = 'typing' | 'deleting' | 'completing' | undefined;

export type Changes = {
	/** Oldest first. */
	readonly past: readonly Snapshot[];
	/** What was undone; the next to redo is last. */
	readonly future: readonly Snapshot[];
	readonly run: Run;
};

export type Changing = Snapshot & {readonly changes: Changes};

export const noChanges: Changes = {past: [], future: [], run: undefined};

/** How many steps can be undone. */
const maxSteps = 100;

// UTF-16 units in all steps: each has its own copy of a pasted text.
const maxUnits = 4 * 1024 * 1024;

const bounded = (past: readonly Snapshot[]): readonly Snapshot[] => {
	let first = Math.max(0, past.length - maxSteps);
	let units = 0;
	for (let index = past.length - 1; index >= first; index--) {
		units += past[index]!.text.length;
		if (units > maxUnits) {
			first = index + 1;
		}
	}

	return first === 0 ? past : past.slice(first);
};

const snapshotOf = ({text, caret}: Snapshot): Snapshot => ({text, caret});

/**
 * `next`, with the way back to what was before.
 *
 * @param isNewRun Whether it stays apart from what was before it.
 */
export const changed = <T extends Changing>(
	before: T,
	next: T,
	run?: Run,
	isNewRun = false,
): T => {
	const {past, future, run: last} = before.changes;
	if (next.text === before.text) {
		return next.caret === before.caret || last === undefined
			? next
			: {...next, changes: {past, future, run: undefined}};
	}

	const isContinued = run !== undefined && run === last && !isNewRun;
	return {
		...next,
		changes: {
			past: isContinued ? past : bounded([...past, snapshotOf(before)]),
			future: [],
			run,
		},
	};
};

export const undo = <T extends Changing>(line: T): T => {
	const {past, future} = line.changes;
	const last = past.at(-1);
	return last === undefined
		? line
		: {
				...line,
				...last,
				changes: {
					past: past.slice(0, -1),
					future: [...future, snapshotOf(line)],
					run: undefined,
				},
			};
};

export const redo = <T extends Changing>(line: T): T => {
	const {past, future} = line.changes;
	const next = future.at(-1);
	return next === undefined
		? line
		: {
				...line,
				...next,
				changes: {
					past: [...past, snapshotOf(line)],
					future: future.slice(0, -1),
					run: undefined,
				},
			};
};
