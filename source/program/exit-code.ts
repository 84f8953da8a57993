/** The exit code of an ending, as shells expect it. */
import type {Ending} from '../chat/ending.js';
import {exitCodes} from '../options/exit-codes.js';

// POSIX has the numbers; asking Node for them loads a module at each start.
const numbers = {SIGHUP: 1, SIGINT: 2, SIGTERM: 15} as const;

/** A signal that asks us to leave. */
export type LeavingSignal = keyof typeof numbers;

export const leavingSignals = Object.keys(numbers) as readonly LeavingSignal[];

/** As shells report it, and by exiting: 130 for SIGINT, 143 for SIGTERM. */
export const endedBy = (signal: LeavingSignal): number => 128 + numbers[signal];

/** @param signals Those that came, in order. */
export const exitCodeOf = (
	{hasFailed, isLate, isUnfinished}: Ending,
	signals: readonly LeavingSignal[],
): number => {
	const signal = signals.at(-1);
	if (isLate) {
		return exitCodes.late;
	}

	// A second signal doesn't wait for the drain, which is then unfinished too.
	if (signal !== undefined && (isUnfinished || signals.length > 1)) {
		return endedBy(signal);
	}

	return hasFailed || isUnfinished ? exitCodes.failed : exitCodes.done;
};
