/** `connect()` of the public API: a member's connection to a room. */
import {type SockchatError} from '../errors.js';
import {parseNick} from '../protocol/nick.js';
import type {Token} from '../protocol/token.js';
import type {ClientEvent} from '../event/event.js';
import {requireLoopback, type Address} from '../socket/address.js';
import {connectionFailed, dial} from '../socket/dial.js';
import {Client} from './client.js';

export type ConnectOptions = {
	/** Of this machine; anything else is refused. */
	readonly address: Address;
	/** At most 24 columns wide; letters, digits, `-`, `_` and `.`. */
	readonly nick: string;
	/** The room's; the server has to prove that it knows it too. */
	readonly token?: Token;
	/** Comes back after a loss, with full jitter up to 10 s. Default: true. */
	readonly isRetrying?: boolean;
	/** A port to bind first; by default the kernel chooses. */
	readonly localPort?: number;
	readonly onEvent?: (event: ClientEvent) => void;
};

/**
 * Connects to a room and says hello. What is said before the welcome waits.
 *
 * @returns At once; the outcome comes as events, its end as `closed`.
 * @throws {SockchatError} `ERR_NICK_INVALID`; before anything is dialled
 * `ERR_NOT_LOOPBACK`, `ERR_PORT_RANGE` or `ERR_SOCKET_PATH`.
 */
export const connect = ({
	address: wanted,
	nick,
	isRetrying = true,
	localPort,
	token,
	onEvent = () => undefined,
}: ConnectOptions): Client => {
	const address = requireLoopback(wanted);
	const parsed = parseNick(nick);
	if (!parsed.ok) {
		throw parsed.error;
	}

	return new Client({
		dial: () => dial(address, localPort),
		describe: (cause): SockchatError =>
			connectionFailed(address, localPort, cause),
		nick: parsed.nick,
		isNickFlexible: false,
		isRetrying,
		token,
		onEvent,
	});
};
