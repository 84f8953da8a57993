/** Dials until somebody listens, or once. */
import {clearTimeout, setTimeout} from 'node:timers';
import {setTimeout as wait} from 'node:timers/promises';
import {connectTimeoutMs} from '../connection/lifecycle.js';
import type {OuterLink} from '../socket/link.js';

export type ReachOptions = {
	readonly dial: () => OuterLink;
	/** Whether to dial again while nobody listens. */
	readonly isWaiting: boolean;
	/** How long connect() may take; 10 s by default. */
	readonly connectTimeoutMs?: number | undefined;
	/** Gives up; the link is then undefined. */
	readonly signal?: AbortSignal | undefined;
};

// At least once a second, and soon enough for a script that has just started one.
const againMs = 250;

// Nobody listens there yet: no socket, or a file without a server.
const absentCodes = new Set(['ECONNREFUSED', 'ENOENT']);

const codeOf = (error: unknown): string =>
	(error as NodeJS.ErrnoException).code ?? '';

/** @throws {Error} Why it isn't connected. */
export const connected = async (
	link: OuterLink,
	signal?: AbortSignal,
	patienceMs = connectTimeoutMs,
): Promise<void> =>
	new Promise((resolve, reject) => {
		const {stream} = link;
		const timer = setTimeout(() => {
			stream.destroy(link.tooLate(patienceMs));
		}, patienceMs);
		const abort = () => {
			stream.destroy(new Error('left'));
		};

		const done = () => {
			clearTimeout(timer);
			signal?.removeEventListener('abort', abort);
		};

		const fail = (error: Error) => {
			done();
			reject(error);
		};

		signal?.addEventListener('abort', abort);
		stream.once('error', fail);
		stream.once('connect', () => {
			stream.off('error', fail);
			done();
			resolve();
		});
		stream.once('close', () => {
			fail(new Error('closed'));
		});
	});

/**
 * @returns Undefined if it was given up.
 * @throws {Error} Why it can't be connected.
 */
export const reach = async ({
	dial,
	isWaiting,
	connectTimeoutMs: patienceMs,
	signal,
}: ReachOptions): Promise<OuterLink | undefined> => {
	while (!signal?.aborted) {
		const link = dial();
		try {
			// eslint-disable-next-line no-await-in-loop -- one attempt after the other
			await connected(link, signal, patienceMs);
			return link;
		} catch (error) {
			if (signal?.aborted) {
				break;
			}

			if (!isWaiting || !absentCodes.has(codeOf(error))) {
				throw error;
			}

			// eslint-disable-next-line no-await-in-loop -- as above
			await wait(againMs, undefined, {signal}).catch(() => undefined);
		}
	}

	return undefined;
};
