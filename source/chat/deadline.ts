/** --timeout: how long connecting and requests may take. */
import {SockchatError} from '../errors.js';
import type {Clock} from '../socket/clock.js';

export type DeadlineOptions = {
	/** Undefined for no deadline. */
	readonly timeoutMs: number | undefined;
	/** How much of it has passed already. */
	readonly elapsedMs?: number;
	readonly clock: Clock;
	/** What has not happened yet, as a sentence start; undefined if done. */
	readonly missing: () => string | undefined;
	/** What to do now, if it isn't to wait longer. */
	readonly advice?: () => string | undefined;
	readonly onLate: (error: SockchatError) => void;
};

/** @returns A function that cancels it. */
export const startDeadline = ({
	timeoutMs,
	elapsedMs = 0,
	clock,
	missing,
	advice = () => undefined,
	onLate,
}: DeadlineOptions): (() => void) =>
	timeoutMs === undefined
		? () => undefined
		: clock.setTimer(() => {
				const what = missing();
				if (what !== undefined) {
					onLate(
						new SockchatError(
							'ERR_TIMEOUT',
							`${what} within ${timeoutMs / 1000} s. ${advice() ?? 'A longer --timeout may help.'}`,
						),
					);
				}
			}, timeoutMs - elapsedMs);
