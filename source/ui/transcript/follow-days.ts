/**
 * Says which day it is: at the start, and at midnight.
 *
 * A timer is late after the machine slept or its clock was set, so it looks
 * every hour; an hour in which no day begins says nothing.
 */
import type {ChatEvent} from '../../event/event.js';
import {dayOf, nextDay} from '../../store/days.js';

export type DayClock = {
	readonly wallMs: () => number;
	readonly setTimer: (callback: () => void, delayMs: number) => () => void;
};

const hourMs = 3_600_000;

/** @returns Stops it. */
export const followDays = (
	{wallMs, setTimer}: DayClock,
	dispatch: (event: ChatEvent) => void,
): (() => void) => {
	let known: string | undefined;
	let cancel = () => {};
	const look = () => {
		const at = wallMs();
		const day = dayOf(at);
		if (day !== known) {
			known = day;
			dispatch({type: 'reading', at, what: {kind: 'day'}});
		}

		cancel = setTimer(look, Math.max(1, Math.min(hourMs, nextDay(at) - at)));
	};

	look();
	return () => {
		cancel();
	};
};
