/** --timeout: how long a chat may take to come about. */
import {SockchatError} from '../errors.js';
import type {Clock} from '../socket/clock.js';

export type DeadlineOptions = {
	/** Undefined: there is none. */
	readonly timeoutMs: number | undefined;
	readonly clock: Clock;
	/** What is still missing when it has passed; undefined if nothing is. */
	readonly missing: () => string | undefined;
	readonly onLate: (error: SockchatError) => void;
};

/** @returns A way to call it off. */
export const startDeadline = ({
	timeoutMs,
	clock,
	missing,
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
							`${what} within ${timeoutMs / 1000} s. A longer --timeout may help.`,
						),
					);
				}
			}, timeoutMs);
