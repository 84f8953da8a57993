/** A member's queries about the log, one at a time: each may read much of the disk. */
import {SockchatError} from '../../errors.js';
import type {ReadPast, Search} from '../../protocol/frame.js';
import {checkSearch} from '../../protocol/text.js';
import type {Peer} from '../peer.js';

const queryFailed = (cause: Error) =>
	new SockchatError(
		'ERR_HISTORY',
		`The history can't be read: ${cause.message}.`,
		{cause},
	);

const queryRunning = () =>
	new SockchatError(
		'ERR_BUSY',
		'Your earlier query of the log is still in progress; wait for its answer.',
	);

export class LogQueries {
	readonly #peer: Peer;
	#isRunning = false;

	constructor(peer: Peer) {
		this.#peer = peer;
	}

	async answer(frame: Search | ReadPast): Promise<void> {
		if (this.#isRunning) {
			this.#peer.sendError(queryRunning());
			return;
		}

		const error = frame.type === 'search' ? checkSearch(frame.text) : undefined;
		if (error) {
			this.#peer.sendError(error);
			return;
		}

		this.#isRunning = true;
		const answer = await this.#run(frame);
		// Before the answer goes out: the client may ask again as soon as it has it.
		this.#isRunning = false;
		if (answer instanceof SockchatError) {
			this.#peer.sendError(answer);
		} else {
			this.#peer.writeIfFramed(answer);
		}
	}

	async #run(frame: Search | ReadPast): Promise<string | SockchatError> {
		try {
			return await this.#peer.hub.query(frame);
		} catch (error) {
			return error instanceof SockchatError
				? error
				: queryFailed(error as Error);
		}
	}
}
