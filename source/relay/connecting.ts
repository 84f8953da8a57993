/** One connection to the engine after the other, for ever. */
import {SockchatError} from '../errors.js';
import type {Clock} from '../socket/clock.js';
import {trace} from '../trace.js';
import {engineLost} from './failures.js';
import type {Session} from './session.js';

export type ConnectingOptions = {
	/** The engine's, for people. */
	readonly url: string;
	readonly clock: Pick<Clock, 'setTimer'>;
	readonly open: () => Promise<Session>;
	/** Begins to work with one. @throws {SockchatError} If it can't be used. */
	readonly work: (session: Session) => Promise<void>;
	/** Whether the one that has ended could be used for all that we do. */
	readonly wasOpen: () => boolean;
	/** One has ended. */
	readonly onEnded: () => void;
	/** There is none, and another is tried. */
	readonly onAway: (why: SockchatError) => void;
};

const firstRetryMs = 250;
const longestRetryMs = 2000;

export class Connecting {
	readonly #options: ConnectingOptions;
	#session: Session | undefined;
	#isClosing = false;

	/** @param session The first, if the engine has been reached. */
	constructor(options: ConnectingOptions, session: Session | undefined) {
		this.#options = options;
		this.#session = session;
	}

	get session(): Session | undefined {
		return this.#session;
	}

	/** Settles once none is tried any more. */
	async run(): Promise<void> {
		const {clock, wasOpen, onAway} = this.#options;
		let failures = 0;
		while (!this.#isClosing) {
			// eslint-disable-next-line no-await-in-loop -- one at a time
			const error = await this.#workOnOne();
			failures = wasOpen() ? 0 : failures + 1;
			const session = this.#session;
			this.end();
			// eslint-disable-next-line no-await-in-loop -- one at a time
			await session?.close();
			if (this.#isClosing) {
				break;
			}

			onAway(error);
			const ms = Math.min(firstRetryMs * 2 ** failures, longestRetryMs);
			// eslint-disable-next-line no-await-in-loop -- one at a time
			await new Promise<void>(resolve => {
				clock.setTimer(resolve, ms * (0.5 + Math.random() / 2));
			});
		}
	}

	/** No other is tried after this one. */
	last(): void {
		this.#isClosing = true;
	}

	/** Nothing more is done with this one. */
	end(): void {
		this.#session = undefined;
		this.#options.onEnded();
	}

	/** @returns Why it has ended, or there is none. */
	async #workOnOne(): Promise<SockchatError> {
		const {url, open, work} = this.#options;
		try {
			const session = this.#session ?? (await open());
			this.#session = session;
			if (!this.#isClosing) {
				await work(session);
				return await session.closed;
			}

			// The end came while it was being opened.
			return engineLost(url);
		} catch (error) {
			trace('relay: %o', error);
			return error instanceof SockchatError
				? error
				: engineLost(url, error as Error);
		}
	}
}
