/** How long TIME-WAIT still lasts at the ends that are in it. Pure. */
import type {Step} from '../../tcp/tcp.js';
import {formatLeft, untilLessMs} from '../text/format.js';

/** What is left at each end that is in TIME-WAIT, by the step that led to it. */
export type TimesLeft = ReadonlyMap<Step, string>;

/** The steps of ends that are in TIME-WAIT, and what is left of it. */
const waiting = (
	steps: readonly Step[],
	wallNow: number,
): ReadonlyArray<readonly [step: Step, leftMs: number]> => {
	const ends = new Map<string, Step>();
	for (const step of steps) {
		if (step.kind === 'state') {
			ends.set(`${step.end} ${step.peer ?? ''}`, step);
		}
	}

	return [...ends.values()].flatMap(step =>
		step.kind === 'state' && step.endsAt !== undefined && step.endsAt > wallNow
			? [[step, step.endsAt - wallNow] as const]
			: [],
	);
};

export const timesLeft = (steps: readonly Step[], wallNow: number): TimesLeft =>
	new Map(
		waiting(steps, wallNow).map(([step, leftMs]) => [step, formatLeft(leftMs)]),
	);

/** When one of them reads differently, in milliseconds since the epoch. */
export const timesLeftChangeAt = (
	steps: readonly Step[],
	wallNow: number,
): number =>
	Math.min(
		...waiting(steps, wallNow).map(
			([, leftMs]) => wallNow + Math.min(untilLessMs(leftMs), leftMs),
		),
	);
