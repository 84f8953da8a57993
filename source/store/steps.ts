/**
 * The timeline's memory: the newest steps, each state once. Pure.
 */
import {canReach} from '../tcp/tcp-end.js';
import {narrowed, withTime} from '../tcp/step-time.js';
import {nameOfCall, type CallName, type Step} from '../tcp/tcp.js';

type StateStep = Extract<Step, {kind: 'state'}>;

/** The first call of a connection: earlier steps are about another one. */
const firstCalls = new Set<CallName>(['connect', 'accept']);

const isOfSameEnd = (step: Step, {end, peer}: StateStep): step is StateStep =>
	step.kind === 'state' && step.end === end && step.peer === peer;

/** The kernel opens a connection before accept() returns it. */
const placesBefore = (
	steps: readonly Step[],
	call: number,
	added: StateStep,
): number[] => {
	const places: number[] = [];
	for (let place = call - 1; place >= 0; place--) {
		const step = steps[place]!;
		if (
			step.kind !== 'state' ||
			step.peer !== added.peer ||
			step.state !== 'ESTABLISHED'
		) {
			break;
		}

		if (step.end === added.end) {
			places.push(place);
		}
	}

	return places;
};

/** The indexes of the states of the same end, latest first. */
const indexesOf = (steps: readonly Step[], added: StateStep): number[] => {
	const places: number[] = [];
	for (let place = steps.length - 1; place >= 0; place--) {
		const step = steps[place]!;
		if (isOfSameEnd(step, added)) {
			places.push(place);
		} else if (
			step.kind === 'call' &&
			// A client's server accepts what is open at both ends already.
			!(step.end === 'remote' && step.call === 'accept()') &&
			step.peer === added.peer &&
			firstCalls.has(nameOfCall(step.call))
		) {
			return [...places, ...placesBefore(steps, place, added)];
		}
	}

	return places;
};

/** Replaces an inferred state by the read one, and drops those it disproves. */
const confirm = (
	steps: readonly Step[],
	places: readonly number[],
	added: StateStep,
): readonly Step[] => {
	const disproved = new Set<number>();
	const withoutDisproved = (all: readonly Step[]) =>
		all.filter((_step, place) => !disproved.has(place));
	for (const place of places) {
		const {state, evidence, ...time} = steps[place] as StateStep;
		if (state === added.state && evidence === 'inferred') {
			// It happened at that time; only the evidence is new.
			return withoutDisproved(
				steps.with(place, withTime(added, narrowed(time, added))),
			);
		}

		if (evidence === 'read' || canReach(state, added.state)) {
			break;
		}

		disproved.add(place);
	}

	return [...withoutDisproved(steps), added];
};

/** An RST that refused a connection is what connect() failed with. */
const withRefusal = (steps: readonly Step[], added: Step): readonly Step[] => {
	if (added.kind !== 'segment' || added.errno !== 'ECONNREFUSED') {
		return steps;
	}

	const place = steps.findLastIndex(
		step =>
			step.kind === 'call' &&
			nameOfCall(step.call) === 'connect' &&
			step.peer === added.peer,
	);
	const call = steps[place];
	return call?.kind === 'call'
		? steps.with(place, {...call, errno: added.errno})
		: steps;
};

/**
 * Adds a step at the end.
 *
 * A state that an end is already in is not added again. One that was inferred
 * and is now read replaces the inferred one and keeps its time.
 *
 * @param limit How many steps to keep.
 */
export const appendStep = (
	steps: readonly Step[],
	step: Step,
	limit: number,
): readonly Step[] => {
	if (step.kind !== 'state') {
		return [...withRefusal(steps, step), step].slice(-limit);
	}

	const places = indexesOf(steps, step);
	const last = places[0] === undefined ? undefined : steps[places[0]];
	const {state, evidence}: Partial<StateStep> = (last ?? {}) as StateStep;
	if (
		state === step.state &&
		(evidence === 'read' || step.evidence !== 'read')
	) {
		return steps;
	}

	return step.evidence === 'read'
		? confirm(steps, places, step).slice(-limit)
		: [...steps, step].slice(-limit);
};

type Kept = {
	readonly steps: readonly Step[];
	/** How many older ones were dropped. */
	readonly droppedSteps: number;
};

/** The same, counting what was dropped. */
export const addStep = (kept: Kept, step: Step, limit: number): Kept => {
	const before = kept.steps;
	const steps = appendStep(before, step, limit);
	// The oldest gave way to the one that was added.
	const hasDropped =
		before.length === limit && steps.length === limit && steps[0] === before[1];
	return {steps, droppedSteps: kept.droppedSteps + (hasDropped ? 1 : 0)};
};
