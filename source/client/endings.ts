/** How a member's connection ended, and whether it dials again. */
import type {Connection} from '../connection/connection.js';
import {SockchatError, type ErrorCode} from '../errors.js';
import type {ServerBye} from '../protocol/frame.js';
import {banned} from '../protocol/room-refusals.js';
import {endsWithFin, type Link} from '../socket/link.js';

// Reconnecting would not help.
const finalCodes: ReadonlySet<ErrorCode> = new Set([
	'ERR_NICK_INVALID',
	'ERR_NICK_TAKEN',
	'ERR_NOT_SOCKCHAT',
	'ERR_VERSION',
	'ERR_REPLACED',
	'ERR_OTHER_USER',
	'ERR_KICKED',
	'ERR_BANNED',
	'ERR_TOKEN_NEEDED',
	'ERR_TOKEN_WRONG',
	'ERR_TOKEN_UNPROVEN',
]);

/**
 * Nobody listens, or a server that is about to end or has just begun. One that
 * drains doesn't know yet whether a new peer understands its bye.
 */
export const absentCodes: ReadonlySet<ErrorCode> = new Set([
	'ERR_REFUSED',
	'ERR_RESET',
	'ERR_SHUTDOWN',
	'ERR_LOST',
]);

// Somebody who waits for a server wants it soon after it listens.
const awaitMs = 500;

export type RetryOptions = {
	/** Whether to reconnect after a loss; a failed first attempt is final. */
	readonly isRetrying: boolean;
	/** Whether to try until somebody listens; by default that fails at once. */
	readonly isWaiting?: boolean | undefined;
	/**
	 * Asked after a loss that isn't final: whether to give up, or in how many
	 * milliseconds to try again; by default the back-off decides.
	 */
	readonly afterLoss?:
		((cause: SockchatError) => 'give-up' | number | undefined) | undefined;
};

/**
 * What follows a loss.
 *
 * @param hasBeenOpen Whether a welcome has come, on any connection.
 * @returns Whether to give up, or in how many milliseconds to try again;
 * undefined if the back-off decides.
 */
export const nextAttempt = (
	cause: SockchatError,
	hasBeenOpen: boolean,
	{isRetrying, isWaiting = false, afterLoss}: RetryOptions,
): 'give-up' | number | undefined => {
	if (isWaiting && !hasBeenOpen && absentCodes.has(cause.code)) {
		return awaitMs;
	}

	const isFinal = !isRetrying || !hasBeenOpen || finalCodes.has(cause.code);
	return isFinal ? 'give-up' : afterLoss?.(cause);
};

export const notSockchat = (seen: string) => {
	const what = `This is not a sockchat server: instead of a welcome it sent ${JSON.stringify(seen.slice(0, 60))}.`;
	return new SockchatError(
		'ERR_NOT_SOCKCHAT',
		`${what} To talk to it anyway, use --raw.`,
		{api: `${what} Is it the right port?`},
	);
};

/** /close. */
export const closedByHand = () =>
	new SockchatError('ERR_LOST', 'You closed the connection.');

/** Describes what the server did, from its bye or the end of what it sent. */
export const closedBy = (
	bye: ServerBye | undefined,
	phase: Connection['phase'],
	link: Link,
): SockchatError => {
	const fin = endsWithFin(link) ? ' (FIN)' : '';
	switch (bye?.reason) {
		case 'shutdown': {
			return new SockchatError('ERR_SHUTDOWN', 'The server has shut down.');
		}

		case 'replaced': {
			return new SockchatError(
				'ERR_REPLACED',
				'This client has connected again, which replaced this connection.',
			);
		}

		case 'kicked': {
			return new SockchatError(
				'ERR_KICKED',
				'The host has removed you from the room.',
			);
		}

		case 'banned': {
			return banned();
		}

		default: {
			if (phase !== 'handshaking') {
				return new SockchatError(
					'ERR_LOST',
					`The server closed the connection${fin}.`,
				);
			}

			const what = `The connection was closed${fin} before a welcome came. The server may be shutting down`;
			return new SockchatError(
				'ERR_LOST',
				`${what}; if it is not a sockchat server, use --raw.`,
				{api: `${what}, or it is not a sockchat server.`},
			);
		}
	}
};
