/** A program's room on several machines; see docs/relay.md. */
import {mostReplicas, parseRelayUrl} from '../chat/relay-url.js';
import {quoted, SockchatError} from '../errors.js';
import type {ServerEvent} from '../event/event.js';
import type {RoomRelay} from '../room/relay.js';
import {systemClock} from '../socket/clock.js';
import type {HistoryPlace} from '../server/history-place.js';

export type RelayOptions = {
	/**
	 * The NATS server: `nats://HOST:PORT`, or `tls://HOST:PORT` for TLS; of a
	 * cluster several, with commas between. It may be on another machine.
	 */
	readonly url: string;
	/**
	 * What a `.creds` file has, or `USER:PASSWORD`, or a token. A function is
	 * called before each connection, as credentials may be renewed.
	 */
	readonly credentials?: string | (() => string | Promise<string>) | undefined;
	/** Whether the room opens although the NATS server can't be reached. */
	readonly isOptional?: boolean | undefined;
	/** How many nodes of a cluster keep a stream that is created; 1 by default. */
	readonly replicas?: number | undefined;
};

const wrong = (message: string) => new SockchatError('ERR_RELAY', message);

const urlOf = (text: string): string => {
	const parsed = parseRelayUrl(text);
	switch (parsed.kind) {
		case 'url': {
			return parsed.url;
		}

		case 'credentials': {
			throw wrong(
				'A relay takes no credentials in its url; use `credentials`.',
			);
		}

		case 'wrong': {
			throw wrong(
				`A relay's url is nats://HOST:PORT or tls://HOST:PORT, or several of a cluster with commas between; got ${quoted(parsed.part)}.`,
			);
		}
	}
};

/**
 * @param name The room's.
 * @throws {SockchatError} `ERR_RELAY` or `ERR_RELAY_AWAY`.
 */
export const openRelay = async (
	{url: given, credentials, isOptional = false, replicas = 1}: RelayOptions,
	{
		name,
		history,
		onEvent,
	}: {
		readonly name: string | undefined;
		readonly history: HistoryPlace | undefined;
		readonly onEvent: (event: ServerEvent) => void;
	},
): Promise<RoomRelay> => {
	const url = urlOf(given);
	if (name === undefined) {
		throw wrong('A relay needs the `name` of the room that is shared.');
	}

	if (
		!Number.isSafeInteger(replicas) ||
		replicas < 1 ||
		replicas > mostReplicas
	) {
		throw wrong(
			`A relay has from 1 to ${mostReplicas} replicas; got ${replicas}.`,
		);
	}

	const {linkRoom} = await import('../chat/relay.js');
	return linkRoom(
		{
			url,
			isOptional,
			replicas,
			readCredentials: async () =>
				typeof credentials === 'function' ? credentials() : credentials,
		},
		{room: name, history, clock: systemClock, onEvent},
	);
};
