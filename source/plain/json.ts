/**
 * Events as JSON lines for scripts: everything goes to stdout, one object per
 * line.
 *
 * Frames keep the form that they have on the wire. Control characters that JSON
 * allows are escaped, to make each line safe on a terminal.
 */
import type {Buffer} from 'node:buffer';
import {explain} from '../tcp/explain.js';
import type {KernelSocket, Step} from '../tcp/tcp.js';
import {assertNever, type SockchatError} from '../errors.js';
import {jsonSafe} from '../protocol/display.js';
import type {ChatEvent} from '../event/event.js';
import {ChunkObjects} from '../recording/chunk-objects.js';

const causeOf = (cause: SockchatError | undefined) =>
	cause && {code: cause.code, message: cause.message};

/** It is for the ladder; a reader has the order of the lines. */
const withoutOrder = ({order, ...call}: Extract<Step, {kind: 'call'}>) => call;

type Typed = {readonly type: string; readonly [key: string]: unknown};

/** The object to print for an event; JSON drops undefined keys. */
const objectOf = (
	event: ChatEvent,
	chunks: ChunkObjects,
): Typed | undefined => {
	switch (event.type) {
		case 'connection': {
			const {at, connection, local, remote, link} = event;
			const {phase} = connection;
			return {
				type: 'state',
				phase,
				at,
				local,
				remote,
				link,
				attempt: 'attempt' in connection ? connection.attempt : undefined,
				retryInMs:
					phase === 'waiting'
						? connection.retryAt - connection.since
						: undefined,
				cause: 'cause' in connection ? causeOf(connection.cause) : undefined,
			};
		}

		case 'listening': {
			const {state, place, tookOverFrom, link} = event;
			const {phase} = state;
			const cause = phase === 'closed' ? causeOf(state.cause) : undefined;
			return {type: 'state', phase, ...place, link, tookOverFrom, cause};
		}

		case 'frame': {
			const {frame, isReplay} = event;
			if (isReplay) {
				return {...frame, replay: true};
			}

			// Errors of one message are part of its mark.
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
			return chunks.objectOf(event);
		}

		case 'step': {
			const {step} = event;
			return {
				type: 'step',
				...(step.kind === 'call' ? withoutOrder(step) : step),
				explain: explain(step),
			};
		}

		case 'kernel': {
			const {at, pair} = event;
			return {type: 'kernel', at, isReadable: pair !== undefined, ...pair};
		}

		case 'wire': {
			const {at, direction, peer, bytes, length, frame} = event;
			const hex = (bytes as Buffer).toString('hex');
			return {type: 'wire', at, direction, peer, frame, bytes: length, hex};
		}

		case 'peers': {
			// `since` is from a monotonic clock, useless to another process.
			const rows = event.rows.map(({since, ...row}) => row);
			return {...event, rows};
		}

		case 'history': {
			return 'error' in event
				? {...event, error: undefined, message: event.error.message}
				: event;
		}

		case 'relay': {
			const {error, isNews, ...state} = event;
			return {...state, cause: causeOf(error)};
		}

		case 'control': {
			const {type, direction, peer, at, frame} = event;
			return frame === 'close'
				? {
						type,
						direction,
						peer,
						at,
						frame,
						code: event.code,
						reason: event.reason,
					}
				: {type, direction, peer, at, frame, ...sizeOf(event.bytes)};
		}

		case 'rtt': {
			const {at, type, rttMs} = event;
			// The clock's resolution is a microsecond.
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
		case 'hide':
		case 'asked':
		case 'reading':
		case 'look':
		case 'sending':
		case 'forget-past': {
			return undefined;
		}

		default: {
			return assertNever(event);
		}
	}
};

const sizeOf = (bytes: Uint8Array) => ({
	bytes: bytes.length,
	base64: (bytes as Buffer).toString('base64'),
});

const line = (object: object): string =>
	`${jsonSafe(JSON.stringify(object))}\n`;

/** The echo of our own message is its receipt. */
const receiptOf = (event: ChatEvent, id: string) =>
	event.type === 'frame' &&
	event.frame.type === 'message' &&
	event.frame.id === id
		? {type: 'mark', n: event.frame.n, mark: 'stored', at: event.at}
		: undefined;

/** Without its mark, a refused message still says why. */
const refusalOf = (
	event: ChatEvent,
	isWanted: (type: string) => boolean,
): Typed | undefined =>
	event.type === 'failed' && !isWanted('mark')
		? {type: 'error', n: event.n, at: event.at, ...causeOf(event.error)}
		: undefined;

/** Without its state, a connection that failed still says why. */
const failureOf = (
	event: ChatEvent,
	isWanted: (type: string) => boolean,
): Typed | undefined => {
	if (event.type !== 'connection' || isWanted('state')) {
		return undefined;
	}

	const {at, connection} = event;
	return connection.phase === 'closed' && connection.cause
		? {type: 'error', at, ...causeOf(connection.cause)}
		: undefined;
};

/**
 * @param id The member's own public id.
 * @param isWanted Whether to print events of a type.
 * @param chunks What the chunks before have left of a character.
 */
export const jsonLine = (
	event: ChatEvent,
	id = '',
	isWanted: (type: string) => boolean = () => true,
	chunks = new ChunkObjects(),
): string | undefined => {
	const objects = [
		objectOf(event, chunks),
		receiptOf(event, id),
		refusalOf(event, isWanted),
		failureOf(event, isWanted),
	];
	const lines = objects
		.filter(object => object !== undefined)
		.filter(({type}) => isWanted(type))
		.map(object => line(object));
	return lines.length === 0 ? undefined : lines.join('');
};

/** What is left in the kernel; undefined if that can't be read. */
export const jsonRemains = (
	at: number,
	sockets: readonly KernelSocket[] | undefined,
): string =>
	line({type: 'remains', at, isReadable: sockets !== undefined, sockets});

/**
 * A failure outside the connection: wrong usage, a port that is taken.
 *
 * @param number Of the line of stdin that it is about.
 */
export const jsonError = (
	{code, message}: SockchatError,
	number?: number,
): string => line({type: 'error', code, message, line: number});
