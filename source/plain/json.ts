/**
 * Events as JSON lines, for scripts: everything on stdout, one object a line.
 *
 * Frames of the room stand as they came on the wire. A line is made safe for a
 * terminal as well: controls that JSON leaves alone are escaped.
 */
import type {Buffer} from 'node:buffer';
import {explain} from '../tcp/explain.js';
import {assertNever, type SockchatError} from '../errors.js';
import {jsonSafe} from '../protocol/display.js';
import type {ChatEvent} from '../event/event.js';

const causeOf = (cause: SockchatError | undefined) =>
	cause && {code: cause.code, message: cause.message};

/** The object that an event is printed as; undefined keys are left out. */
const objectOf = (event: ChatEvent): object | undefined => {
	switch (event.type) {
		case 'connection': {
			const {at, connection, local, remote} = event;
			const {phase} = connection;
			return {
				type: 'state',
				phase,
				at,
				local,
				remote,
				attempt: 'attempt' in connection ? connection.attempt : undefined,
				retryInMs:
					phase === 'waiting'
						? connection.retryAt - connection.since
						: undefined,
				cause: 'cause' in connection ? causeOf(connection.cause) : undefined,
			};
		}

		case 'listening': {
			const {state, place} = event;
			const {phase} = state;
			const cause = phase === 'closed' ? causeOf(state.cause) : undefined;
			return {type: 'state', phase, ...place, cause};
		}

		case 'frame': {
			const {frame} = event;
			// An error of one message is told with its mark.
			return frame.type === 'bye' ? undefined : frame;
		}

		case 'queued':
		case 'sent':
		case 'stored': {
			const {at, n, type} = event;
			return {type: 'mark', n, mark: type, at};
		}

		case 'failed': {
			const {at, n, error} = event;
			return {type: 'mark', n, mark: 'failed', at, cause: causeOf(error)};
		}

		case 'chunk': {
			const {at, direction, peer, bytes} = event;
			const buffer = bytes as Buffer;
			return {
				type: 'chunk',
				direction,
				peer,
				at,
				bytes: bytes.length,
				hex: buffer.toString('hex'),
				text: buffer.toString(),
			};
		}

		case 'step': {
			const {step} = event;
			return {type: 'step', ...step, explain: explain(step)};
		}

		case 'kernel': {
			const {at, pair} = event;
			return {type: 'kernel', at, isReadable: pair !== undefined, ...pair};
		}

		case 'wire': {
			const {at, direction, peer, bytes, length} = event;
			const hex = (bytes as Buffer).toString('hex');
			return {type: 'wire', at, direction, peer, bytes: length, hex};
		}

		case 'peers': {
			// Milliseconds of a monotonic clock mean nothing to another process.
			const rows = event.rows.map(({since, ...row}) => row);
			return {...event, rows};
		}

		case 'history': {
			return 'error' in event
				? {...event, error: undefined, message: event.error.message}
				: event;
		}

		case 'rtt': {
			const {at, type, rttMs} = event;
			// The clock knows no more than microseconds.
			return {type, at, rttMs: Math.round(rttMs * 1000) / 1000};
		}

		case 'accepted':
		case 'ended':
		case 'foreign':
		case 'traffic':
		case 'notice': {
			return event;
		}

		case 'clear':
		case 'forget-past': {
			return undefined;
		}

		default: {
			return assertNever(event);
		}
	}
};

const line = (object: object): string =>
	`${jsonSafe(JSON.stringify(object))}\n`;

export const jsonLine = (event: ChatEvent): string | undefined => {
	const object = objectOf(event);
	return object && line(object);
};

/** A failure that is no event of the connection: wrong usage, a port taken. */
export const jsonError = ({code, message}: SockchatError): string =>
	line({type: 'error', code, message});
