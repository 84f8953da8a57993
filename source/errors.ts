/**
 * Every failure in sockchat has a stable code.
 *
 * Each code has a builder next to the code that fails. The builder has the
 * wording: what happened, the value seen, the limit, what to do. Switch on
 * `code`, never on the text. Expected outcomes, such as a nick that is taken,
 * are returned, not thrown.
 */
import process from 'node:process';

/** The codes and their meanings; docs/protocol.md has a table of them. */
export const errorCodes = {
	ERR_USAGE: 'the command line is wrong',
	ERR_CONFIG: 'the config file is wrong',
	ERR_NOT_LOOPBACK: 'the host is not a loopback address',
	ERR_PORT_RANGE: 'the port is not a whole number in the range',
	ERR_PORT_TAKEN: 'another process listens on the port',
	ERR_PORT_FORBIDDEN: 'this user may not use the port',
	ERR_SOCKET_PATH:
		"the Unix domain socket can't be created or found at the path, or something else is there",
	ERR_SOCKET_TAKEN: 'another server is at the path',
	ERR_ADDRESS_UNAVAILABLE: "the address can't be bound",
	ERR_PROXY_FULL: 'the proxy has as many connections as it may',
	ERR_TOO_FEW_FILES: 'the limit on open files is too low for a server',
	ERR_REFUSED: 'nobody listens at the address',
	ERR_TIMEOUT: '--timeout has passed',
	ERR_CONNECT_TIMEOUT: 'connect() got no answer in time',
	ERR_HANDSHAKE_TIMEOUT: 'no hello or welcome came in time',
	ERR_NOT_SOCKCHAT: 'the peer speaks another protocol',
	ERR_VERSION: 'the peer speaks another version of the protocol',
	ERR_TLS: 'TLS failed, or ended without close_notify',
	ERR_WEBSOCKET: 'the peer speaks no WebSocket, or broke its rules',
	ERR_DATAGRAM: 'too many bytes for a datagram, or datagrams were lost here',
	ERR_LOST: 'the peer closed the connection (in TCP: FIN)',
	ERR_RESET: 'the connection was reset (in TCP: RST)',
	ERR_SILENT: 'nothing was received for three heartbeats',
	ERR_SHUTDOWN: 'the server has shut down',
	ERR_REPLACED: 'the same client has connected again',
	ERR_NOT_STORED: 'it is unknown whether a message was stored',
	ERR_ROOM_FULL: 'the room has reached its limit of members',
	ERR_NICK_TAKEN: 'the nick, or one that looks like it, is taken',
	ERR_NICK_INVALID: 'the nick is not valid',
	ERR_NICK_RATE: 'the nick was changed too often in a short time',
	ERR_LINE_TOO_LONG: 'a line is longer than the limit for a frame',
	ERR_TEXT_TOO_LONG: 'a text is longer than the limit; it was not cut',
	ERR_TEXT_EMPTY: 'the text is empty',
	ERR_RATE: 'the client sends faster than the limit; it is read more slowly',
	ERR_SHARE: 'one sender has filled its share of what the room keeps',
	ERR_OTHER_USER: 'the room is only for the user who opened it',
	ERR_BANNED: 'the host has banned this client, user or address',
	ERR_KICKED: 'the host has removed this client',
	ERR_AGENT_RATE: 'an agent has sent as many messages as it may in a minute',
	ERR_REPEATED: 'an agent sent one text three times in a row',
	ERR_ROOM_LOCKED: 'the host has locked the room',
	ERR_MUTED: 'the host has muted this client',
	ERR_TOKEN_FILE: "the token file can't be read, or is not safe",
	ERR_TOKEN_NEEDED: 'the room needs a token',
	ERR_TOKEN_WRONG: "the token is not the room's",
	ERR_TOKEN_UNPROVEN: 'the server did not prove that it knows the token',
	ERR_TEXT_INVALID: 'the text contains a NUL, or the line is not valid UTF-8',
	ERR_FRAME_TIMEOUT: 'a frame was not completed in time',
	ERR_BAD_FRAME: 'a line is not a frame of the protocol',
	ERR_BUSY: 'an earlier request is still in progress',
	ERR_NO_SUCH_MEMBER: 'no member has that nick',
	ERR_COMMAND_INVALID: "a bot's command has a name or help that is not valid",
	ERR_COMMAND_TAKEN: 'another bot has a command of that name, or sockchat',
	ERR_COMMAND_LIMIT: 'there are as many commands of bots as may be',
	ERR_NO_SUCH_COMMAND: 'no bot offers that command',
	ERR_COMMAND_GONE: 'the bot left, or may not answer',
	ERR_NO_BOTS: 'the server is too old for commands of bots',
	ERR_HISTORY: "the room's history can't be opened or read",
	ERR_HISTORY_TAKEN: 'another server uses the history file',
	ERR_HISTORY_WRITE:
		"the history can't be written; nobody was shown the messages",
	ERR_RELAY: "the relay's engine, its stream or its credentials can't be used",
	ERR_RELAY_AWAY:
		"the relay's engine or another server of the room can't be reached, or too much waits for it",
	ERR_PATTERN: 'a regular expression takes too long for a text',
	ERR_BAD_INPUT: 'a line of stdin is not a request',
	ERR_NOT_SENT: 'not all that was read was sent',
	ERR_EXPECT: 'an --expect was not met',
	ERR_SLOW_PEER: 'a peer of --broker has read nothing for too long',
	ERR_CAPTURE_FILE: "the packets can't be written to the file",
	ERR_RECORDING: "a recording can't be written or read",
	ERR_LOG: "the log of --log can't be written",
	ERR_NO_TABLES: "the kernel's tables of sockets can't be read",
	ERR_OUTPUT: "stdout can't be written",
	ERR_NO_PYTHON:
		"python3, which plays the other side of a lesson, can't be run",
	ERR_INTERNAL: 'a bug in sockchat',
} as const;

export type ErrorCode = keyof typeof errorCodes;

export type SockchatErrorOptions = ErrorOptions & {
	/** The message for a program that uses the API, if its advice differs. */
	readonly api?: string;
};

export class SockchatError extends Error {
	override readonly name = 'SockchatError';
	readonly code: ErrorCode;
	readonly #api: string | undefined;

	/**
	 * @param message For a person at a command line.
	 * @internal
	 */
	constructor(
		code: ErrorCode,
		message: string,
		{api, ...options}: SockchatErrorOptions = {},
	) {
		super(message, options);
		this.code = code;
		this.#api = api;
	}

	/**
	 * The same failure with the advice that a program can follow.
	 *
	 * @internal
	 */
	inApiWords(): SockchatError {
		const {code, cause} = this;
		return this.#api === undefined
			? this
			: new SockchatError(code, this.#api, cause === undefined ? {} : {cause});
	}
}

/** Whether an error of Node's says that no file can be opened any more. */
const isOutOfFiles = (error: unknown): boolean => {
	const {code, message} = error as NodeJS.ErrnoException;
	// The loader of modules keeps only the text.
	return (
		code === 'EMFILE' ||
		code === 'ENFILE' ||
		message.includes('too many open files')
	);
};

/** The limit, read without opening a file. */
const fileLimit = (): string => {
	const {userLimits} = process.report.getReport() as {
		userLimits?: {open_files?: {soft?: number | string}};
	};
	const soft = userLimits?.open_files?.soft;
	return soft === undefined ? '' : ` of ${soft}`;
};

/** @returns Undefined if it failed for another reason. */
export const outOfFiles = (cause: unknown): SockchatError | undefined =>
	isOutOfFiles(cause)
		? new SockchatError(
				'ERR_TOO_FEW_FILES',
				`This process has reached its limit${fileLimit()} open files, and needs more. Raise the limit first, such as: ulimit -n 1024`,
				{cause},
			)
		: undefined;

/** The message of another's error, for a sentence of ours to end with. */
export const clause = (message: string): string =>
	message.replace(/[\s.]+$/u, '');

const unreadableReasons: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file (ENOENT)',
	ENOTDIR: 'a part of its path is not a folder (ENOTDIR)',
	EACCES: 'permission denied (EACCES)',
};

/** Why a file can't be read, for a sentence. */
export const whyUnreadable = (error: unknown): string => {
	const {code = '', message} = error as NodeJS.ErrnoException;
	return unreadableReasons[code] ?? message;
};

/** A count of bytes, in a sentence. */
export const bytesOf = (count: number): string =>
	count === 1 ? '1 byte' : `${count} bytes`;

/** The same as a subject, with its verb. */
export const bytesWere = (count: number): string =>
	`${bytesOf(count)} ${count === 1 ? 'was' : 'were'}`;

const maxShownCharacters = 80;

/** A value as a sentence shows it: in quotes, and cut if it is very long. */
export const quoted = (value: string): string =>
	value.length > maxShownCharacters
		? `"${value.slice(0, maxShownCharacters)}⋯"`
		: `"${value}"`;

/** Checks at compile time that a switch covers its whole union. */
export const assertNever = (value: never): never => {
	throw new SockchatError(
		'ERR_INTERNAL',
		`Reached an impossible case: ${JSON.stringify(value)}.`,
	);
};

/** A file of the program is missing, or isn't JavaScript. */
export const notLoaded = (error: unknown): string => {
	const [why] = (error as Error).message.split('\n', 1);
	return `sockchat can't be loaded: ${why!}. Install it again.`;
};
