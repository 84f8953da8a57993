/** Failures in the words of the API instead of the command line's. */
import {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import {tokenNeeded} from '../protocol/token.js';

/** Any event of a room that a program is told. */
export type AnyEvent = ChatEvent;

// Over the wire comes what the server says to people.
const wordsOf = (error: SockchatError): SockchatError =>
	(error.code === 'ERR_TOKEN_NEEDED' ? tokenNeeded() : error).inApiWords();

/** The same event; an error in it gives the API's advice. */
export const inApiWords = <E extends AnyEvent>(event: E): E => {
	switch (event.type) {
		case 'failed': {
			return {...event, error: wordsOf(event.error)};
		}

		case 'connection': {
			const {connection} = event;
			return 'cause' in connection && connection.cause
				? {
						...event,
						connection: {...connection, cause: wordsOf(connection.cause)},
					}
				: event;
		}

		case 'history': {
			return event.state === 'failing' && event.error instanceof SockchatError
				? {...event, error: wordsOf(event.error)}
				: event;
		}

		default: {
			return event;
		}
	}
};

/**
 * Runs what a program asked for.
 *
 * @throws {SockchatError} With the API's advice.
 */
export const withApiWords = async <T>(work: () => Promise<T>): Promise<T> => {
	try {
		return await work();
	} catch (error) {
		throw error instanceof SockchatError ? wordsOf(error) : error;
	}
};
