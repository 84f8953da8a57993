/** A member's looks into the log, one at a time: each may read much of the disk. */
import {SockchatError} from '../errors.js';
import type {ReadPast, Search} from '../protocol/frame.js';
import {checkSearch} from '../protocol/text.js';
import type {PeerSession} from './peer-session.js';

const lookFailed = (cause: Error) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history can't be read: ${cause.message}.`,
		{cause},
	);

const stillLooking = () =>
	new SockchatError(
		'ERR_BUSY',
		'Your last look into the log is still under way; wait for its answer.',
	);

export class Lookout {
	readonly #session: PeerSession;
	#isLooking = false;

	constructor(session: PeerSession) {
		this.#session = session;
	}

	async look(frame: Search | ReadPast): Promise<void> {
		if (this.#isLooking) {
			this.#session.refuse(stillLooking());
			return;
		}

		const error = frame.type === 'search' ? checkSearch(frame.text) : undefined;
		if (error) {
			this.#session.refuse(error);
			return;
		}

		this.#isLooking = true;
		const answer = await this.#ask(frame);
		// First, since who has the answer may ask again at once.
		this.#isLooking = false;
		if (answer instanceof SockchatError) {
			this.#session.refuse(answer);
		} else {
			this.#session.tell(answer);
		}
	}

	async #ask(frame: Search | ReadPast): Promise<string | SockchatError> {
		try {
			return await this.#session.sessions.look(frame);
		} catch (error) {
			return error instanceof SockchatError
				? error
				: lookFailed(error as Error);
		}
	}
}
