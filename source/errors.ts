/**
 * Every failure that sockchat knows, by a stable code.
 *
 * One builder per failure holds its wording: what happened, the value seen,
 * the limit, what to do next. Switch on `code`, never on the text. What is
 * expected to happen (a nick is taken) is a returned value carrying one of
 * these, not a throw.
 */

export type ErrorCode =
	| 'ERR_USAGE'
	| 'ERR_NOT_LOOPBACK'
	| 'ERR_PORT_RANGE'
	| 'ERR_PORT_TAKEN'
	| 'ERR_PORT_FORBIDDEN'
	| 'ERR_SOCKET_PATH'
	| 'ERR_ADDRESS_UNAVAILABLE'
	| 'ERR_REFUSED'
	| 'ERR_TIMEOUT'
	| 'ERR_CONNECT_TIMEOUT'
	| 'ERR_HANDSHAKE_TIMEOUT'
	| 'ERR_NOT_SOCKCHAT'
	| 'ERR_VERSION'
	| 'ERR_LOST'
	| 'ERR_RESET'
	| 'ERR_SILENT'
	| 'ERR_SHUTDOWN'
	| 'ERR_REPLACED'
	| 'ERR_NOT_STORED'
	| 'ERR_ROOM_FULL'
	| 'ERR_NICK_TAKEN'
	| 'ERR_NICK_INVALID'
	| 'ERR_LINE_TOO_LONG'
	| 'ERR_TEXT_TOO_LONG'
	| 'ERR_TEXT_EMPTY'
	| 'ERR_BAD_FRAME'
	| 'ERR_NO_SUCH_MEMBER'
	| 'ERR_INTERNAL';

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
