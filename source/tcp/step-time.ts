/**
 * When a step happened: a time, or the bounds of one. The time at which it was
 * seen is never shown as the time at which it happened.
 */
import type {StepTime} from './tcp.js';

/** Only the time of a step. */
export const timeOf = (step: StepTime): StepTime =>
	step.at === undefined
		? {notBefore: step.notBefore, seenAt: step.seenAt}
		: {at: step.at};

/** The same step at another time. */
export const withTime = <T extends StepTime>(
	{at: _at, notBefore: _notBefore, seenAt: _seenAt, ...step}: T,
	time: StepTime,
) => ({...step, ...timeOf(time)});

/**
 * Something that happened after one time and was seen at another. A wall clock
 * that was set back must not put the first bound after the second.
 */
export const between = (notBefore: number, seenAt: number): StepTime =>
	notBefore < seenAt ? {notBefore, seenAt} : {at: seenAt};

/** The time by which it had happened. */
export const seenBy = ({at, seenAt}: StepTime): number => at ?? seenAt;

/** Whether a step whose time has bounds can only have come after another one. */
export const isAfter = ({notBefore}: StepTime, other: StepTime): boolean =>
	notBefore !== undefined && notBefore > seenBy(other);

/** What two observations of the same event tell about its time. */
export const narrowed = (first: StepTime, second: StepTime): StepTime => {
	if (first.at !== undefined) {
		return {at: first.at};
	}

	return second.at === undefined
		? between(
				Math.max(first.notBefore, second.notBefore),
				Math.min(first.seenAt, second.seenAt),
			)
		: {at: second.at};
};
