/**
 * Waiting in tests: until a condition holds, never for a fixed time.
 *
 * Only this file under test/ may use a timer. A wait that fails reports what was
 * there instead, so a failure on somebody else's machine can be understood without
 * running it again.
 */
import {setTimeout as delay} from 'node:timers/promises';

export type Falsy = false | undefined;

export type Until = {
	/** Completes 'Waited for …'. */
	readonly what: string;
	/** What is there instead; called once, at the deadline. */
	readonly seen?: (() => string) | undefined;
	/** Default 10,000. */
	readonly deadlineMs?: number | undefined;
};

// Short compared with a frame (33 ms), long compared with a turn of the loop.
const pollMs = 5;

/**
 * Resolves with the first value of `condition` that is neither false nor
 * undefined.
 *
 * @throws {Error} At the deadline, even if the promise of the condition never
 * settles. An error thrown by the condition ends the wait: throw if there is
 * nothing to wait for.
 */
export const until = async <T>(
	condition: () => T | Falsy | Promise<T | Falsy>,
	{what, seen, deadlineMs = 10_000}: Until,
): Promise<T> => {
	const settled = new AbortController();
	const deadline = delay(deadlineMs, undefined, {signal: settled.signal});
	// It is rejected by our own abort, after the value was found.
	deadline.catch(() => undefined);

	const poll = async (): Promise<T | undefined> => {
		while (!settled.signal.aborted) {
			// Sequential on purpose: each check follows a wait.

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
