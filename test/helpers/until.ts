/**
 * Waiting, for tests: until a condition holds, never for a length of time.
 *
 * The only place under test/ that may use a timer. A condition that fails to
 * come about tells what was there instead, so that a red test on somebody
 * else's machine can be read without being run again.
 */
import {setTimeout as delay} from 'node:timers/promises';

export type Falsy = false | undefined;

export type Until = {
	/** Completes 'Waited for …'. */
	readonly what: string;
	/** What is there instead; asked once, at the deadline. */
	readonly seen?: (() => string) | undefined;
	/** Default 10,000. */
	readonly deadlineMs?: number | undefined;
};

// Short beside a frame (33 ms), long beside a turn of the event loop.
const pollMs = 5;

/**
 * Resolves with the first value of `condition` that is neither false nor
 * undefined.
 *
 * @throws {Error} At the deadline, also when the condition's own promise never
 * settles. What the condition throws passes through at once: throw in it where
 * waiting on makes no sense.
 */
export const until = async <T>(
	condition: () => T | Falsy | Promise<T | Falsy>,
	{what, seen, deadlineMs = 10_000}: Until,
): Promise<T> => {
	const settled = new AbortController();
	const deadline = delay(deadlineMs, undefined, {signal: settled.signal});
	// Its rejection is our own abort, after the value was found.
	deadline.catch(() => undefined);

	const poll = async (): Promise<T | undefined> => {
		while (!settled.signal.aborted) {
			// One after the other is the point: each look follows a wait.

			const value = await condition();
			if (value !== undefined && value !== false) {
				return value;
			}

			await delay(pollMs);
		}

		return undefined;
	};

	try {
		const value = await Promise.race([poll(), deadline]);
		if (value !== undefined) {
			return value;
		}
	} finally {
		settled.abort();
	}

	const instead = seen === undefined ? '' : ` What was there:\n${seen()}`;
	throw new Error(`Waited ${deadlineMs} ms for ${what} in vain.${instead}`);
};
