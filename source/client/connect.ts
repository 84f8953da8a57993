/** `connect()` of the public API: a member's connection to a room. */
import {type SockchatError} from '../errors.js';
import {parseNick} from '../protocol/nick.js';
import type {Token} from '../protocol/token.js';
import type {ClientEvent} from '../event/event.js';
import {requireLoopback, type Address} from '../socket/address.js';
import {connectionFailed, dial} from '../socket/dial.js';
import {Client} from './client.js';

export type ConnectOptions = {
	/** A loopback address or a socket path; anything else is refused. */
	readonly address: Address;
	/** At most 24 columns wide; letters, digits, `-`, `_` and `.`. */
	readonly nick: string;
	/** The room's token; the server has to prove that it knows it too. */
	readonly token?: Token;
	/** Whether to reconnect after a loss; waits grow to 10 s, with full jitter. Default: true. */
	readonly isRetrying?: boolean;
	/** A port to bind first; by default the kernel chooses. */
	readonly localPort?: number;
	readonly onEvent?: (event: ClientEvent) => void;
};

/**
 * Connects to a room and says hello. Messages said before the welcome wait.
 *
 * @returns At once; the outcome comes as events, the end as `closed`.
 * @throws {SockchatError} `ERR_NICK_INVALID`; before any connection
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
