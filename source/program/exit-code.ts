/** The exit code of an ending, as shells expect it. */
import {constants} from 'node:os';
import type {Ending} from '../chat/ending.js';
import {exitCodes} from '../options/exit-codes.js';

/** As shells report it, and by exiting: 130 for SIGINT, 143 for SIGTERM. */
export const endedBy = (signal: NodeJS.Signals): number =>
	128 + constants.signals[signal];

/** @param signals Those that came, in order. */
export const exitCodeOf = (
	{hasFailed, isLate, isUnfinished}: Ending,
	signals: readonly NodeJS.Signals[],
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
