/**
 * Every failure that sockchat knows, by a stable code.
 *
 * A builder for each, beside what fails, holds its wording: what happened, the
 * value seen, the limit, what to do next. Switch on `code`, never on the text.
 * What is expected to happen (a nick is taken) is a returned value carrying
 * one of these, not a throw.
 */

/** The codes, and what each means; docs/protocol.md lists them from here. */
export const errorCodes = {
	ERR_USAGE: 'the command line is wrong',
	ERR_NOT_LOOPBACK: 'the host is not a loopback address',
	ERR_PORT_RANGE: 'that is not a port',
	ERR_PORT_TAKEN: 'somebody listens on the port already',
	ERR_PORT_FORBIDDEN: 'the system does not let this user have the port',
	ERR_SOCKET_PATH: "a Unix domain socket can't be made or found at the path",
	ERR_ADDRESS_UNAVAILABLE: "the address can't be bound",
	ERR_TOO_FEW_FILES: 'the process may open too few files for a server',
	ERR_REFUSED: 'nobody listens there',
	ERR_TIMEOUT: '--timeout has passed',
	ERR_CONNECT_TIMEOUT: 'connect() got no answer',
	ERR_HANDSHAKE_TIMEOUT: 'no hello, or no welcome, came in time',
	ERR_NOT_SOCKCHAT: 'the other side speaks something else',
	ERR_VERSION: 'the other side speaks another version of the wire',
	ERR_LOST: 'the connection ended (FIN)',
	ERR_RESET: 'the connection was reset (RST)',
	ERR_SILENT: 'nothing was heard for three heartbeats',
	ERR_SHUTDOWN: 'the server has shut down',
	ERR_REPLACED: 'the same client came in over another connection',
	ERR_NOT_STORED: 'what became of a message is not known',
	ERR_ROOM_FULL: 'the room has as many members as it takes',
	ERR_NICK_TAKEN: 'the nick, or one that looks like it, is taken',
	ERR_NICK_INVALID: "that can't be a nick",
	ERR_NICK_RATE: 'the nick was changed too often in a short time',
	ERR_LINE_TOO_LONG: 'a line is longer than a frame may be',
	ERR_TEXT_TOO_LONG: 'a text is longer than it may be; it was not cut',
	ERR_TEXT_EMPTY: 'there is nothing to send',
	ERR_RATE: 'more is sent than the room takes; it is read more slowly',
	ERR_SHARE: 'one sender has filled its share of what the room keeps',
	ERR_OTHER_USER: 'the room is for another user',
	ERR_BANNED: 'the host has banned this client, user or address',
	ERR_KICKED: 'the host has sent this client away',
	ERR_ROOM_LOCKED: 'the host lets nobody else in',
	ERR_MUTED: 'the host lets this client not speak',
	ERR_TOKEN_FILE: 'the token is not fit, or not safe where it stands',
	ERR_TOKEN_NEEDED: 'the room asks for a token',
	ERR_TOKEN_WRONG: "the token is not the room's",
	ERR_TOKEN_UNPROVEN: "the server can't prove that it knows the token",
	ERR_TEXT_INVALID: 'the text holds a NUL, or the line bytes that are no UTF-8',
	ERR_FRAME_TIMEOUT: 'a frame was begun and did not end in time',
	ERR_BAD_FRAME: 'a line is not a frame of this protocol',
	ERR_BUSY: 'what was asked for before is still under way',
	ERR_NO_SUCH_MEMBER: 'nobody here has that nick',
	ERR_HISTORY: "the room's history can't be opened or read",
	ERR_HISTORY_TAKEN: 'another server keeps its history in that file',
	ERR_HISTORY_WRITE: 'the history took no more; nobody was shown the messages',
	ERR_NOT_SENT: 'not all of stdin was sent',
	ERR_OUTPUT: 'stdout took no more',
	ERR_INTERNAL: 'a fault of sockchat itself',
} as const;

export type ErrorCode = keyof typeof errorCodes;

export class SockchatError extends Error {
	override readonly name = 'SockchatError';
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}
}

/** Makes a switch over a union complete at compile time. */
export const assertNever = (value: never): never => {
	throw new SockchatError(
		'ERR_INTERNAL',
		`Reached a case that should not exist: ${JSON.stringify(value)}.`,
	);
};
