/** Failures in the words of the API instead of the command line's. */
import {SockchatError} from '../errors.js';
import type {ChatEvent} from '../event/event.js';
import type {ServerFrame} from '../protocol/frame.js';

/** Any event of a room that a program gets. */
export type AnyEvent = ChatEvent;

// What a server says, it says to people: only the text comes over the wire.
const advice: ReadonlyArray<readonly [ofCommandLine: string, ofApi: string]> = [
	[
		'give it with --token-file FILE, or in SOCKCHAT_TOKEN',
		'connect with {token: new Token(secret)}',
	],
	['a higher --max-members', 'a higher maxMembers'],
	['a higher --max-per-user', 'a higher maxPerUser'],
	['with --rate off', "with {rate: 'off'}"],
	['--raw sends any bytes', 'connectRaw() sends any bytes'],
	['use --raw', 'use connectRaw()'],
	[
		'in a file, --relay-credentials FILE, or in SOCKCHAT_RELAY_CREDENTIALS.',
		'as `relay.credentials`.',
	],
	['in --relay as', 'in `relay.url` as'],
	['too many for --relay-replicas', 'too many as `relay.replicas`'],
	['another --room', 'another `name`'],
	['another --history', 'another `history`'],
	[
		'To open the room without it for now: --relay-optional',
		'To open the room without it for now: {isOptional: true} of `relay`',
	],
	['/nick takes another', '`rename()` takes another'],
	['/who lists the names', '`members` lists the names'],
	['/help lists the commands', '`commands` lists them'],
];

/** A text of a server, with the advice that a program can follow. */
export const apiWords = (text: string): string => {
	let words = text;
	for (const [ofCommandLine, ofApi] of advice) {
		words = words.replace(ofCommandLine, ofApi);
	}

	return words;
};

/** The same failure, with the advice that a program can follow. */
export const wordsOf = (error: SockchatError): SockchatError => {
	const own = error.inApiWords();
	const {code, cause, message} = own;
	const words = apiWords(message);
	return words === message
		? own
		: new SockchatError(code, words, cause === undefined ? {} : {cause});
};

/** The room's own sentences; what members and bots say stays as it is. */
const frameInApiWords = (frame: ServerFrame): ServerFrame => {
	switch (frame.type) {
		case 'error':
		case 'offered': {
			const {message} = frame;
			return message === undefined
				? frame
				: {...frame, message: apiWords(message)};
		}

		case 'answered': {
			return frame.from === undefined
				? {...frame, text: apiWords(frame.text)}
				: frame;
		}

		default: {
			return frame;
		}
	}
};

/** The same event; an error in it gives the API's advice. */
export const inApiWords = <E extends AnyEvent>(event: E): E => {
	switch (event.type) {
		case 'frame': {
			const frame = frameInApiWords(event.frame);
			return frame === event.frame ? event : {...event, frame};
		}

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

		case 'relay': {
			return event.error ? {...event, error: wordsOf(event.error)} : event;
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
