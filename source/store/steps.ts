/**
 * The timeline's memory: the newest steps, each state once. Pure.
 */
import {canReach} from '../tcp/tcp-end.js';
import type {Step} from '../tcp/tcp.js';

type StateStep = Extract<Step, {kind: 'state'}>;

/** Calls with which a connection begins; what came before was another one. */
const firstCalls = new Set(['connect()', 'accept()']);

const isOfSameEnd = (step: Step, {end, peer}: StateStep): step is StateStep =>
	step.kind === 'state' && step.end === end && step.peer === peer;

/** The places of what is known of the same end, the latest first. */
const placesOf = (steps: readonly Step[], added: StateStep): number[] => {
	const places: number[] = [];
	for (let place = steps.length - 1; place >= 0; place--) {
		const step = steps[place]!;
		if (isOfSameEnd(step, added)) {
			places.push(place);
		} else if (
			step.kind === 'call' &&
			step.peer === added.peer &&
			firstCalls.has(step.call)
		) {
			break;
		}
	}

	return places;
};

/** A read state in the place of the inferred one, and without those it denies. */
const confirm = (
	steps: readonly Step[],
	places: readonly number[],
	added: StateStep,
): readonly Step[] => {
	const denied = new Set<number>();
	const withoutDenied = (all: readonly Step[]) =>
		all.filter((_step, place) => !denied.has(place));
	for (const place of places) {
		const {state, evidence, at} = steps[place] as StateStep;
		if (state === added.state && evidence === 'inferred') {
			// It was then that it happened; only the proof is new.
			return withoutDenied(steps.with(place, {...added, at}));
		}

		if (evidence === 'read' || canReach(state, added.state)) {
			break;
		}

		denied.add(place);
	}

	return [...withoutDenied(steps), added];
};

/**
 * Adds a step at the end.
 *
 * A state that an end is in already is not added again; one that was inferred
 * and is now read takes the place of the inferred one and keeps its time.
 *
 * @param limit How many to keep, the newest.
 */
export const appendStep = (
	steps: readonly Step[],
	step: Step,
	limit: number,
): readonly Step[] => {
	if (step.kind !== 'state') {
		return [...steps, step].slice(-limit);
	}

	const places = placesOf(steps, step);
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
