/** `connect()`: a member of a room, for a program. */
import {Client as Member} from '../client/client.js';
import {freshIdentity} from '../client/identity.js';
import type {Connection} from '../connection/connection.js';
import type {SockchatError} from '../errors.js';
import type {ClientEvent} from '../event/event.js';
import {parseNick} from '../protocol/nick.js';
import type {Token} from '../protocol/token.js';
import type {Address} from '../socket/address.js';
import {connectionFailed, dial} from '../socket/dial.js';
import {onAbort} from './abort.js';
import {Conversation, type MissedEvents} from './conversation.js';
import {RoomMember, type Membership} from './membership.js';
import {readLocalPort, readPlace, type PlaceOptions} from './place.js';
import {withApiWords, wordsOf} from './words.js';

export type ConnectOptions = PlaceOptions & {
	/** At most 24 columns wide; letters, digits, `-`, `_` and `.`. */
	readonly nick: string;
	/** The room's token; the server has to prove that it knows it too. */
	readonly token?: Token | undefined;
	/**
	 * Whether to reconnect after a loss; waits grow to 10 s, with full jitter. True
	 * by default. The first attempt is never repeated.
	 */
	readonly isRetrying?: boolean | undefined;
	/** A port to bind first; by default the kernel chooses. */
	readonly localPort?: number | undefined;
	/**
	 * How many messages from before it joined to get, each with `isReplay`; 100 by
	 * default.
	 */
	readonly last?: number | undefined;
	/** Instead of `last`: everything after this seq. */
	readonly since?: number | undefined;
	/**
	 * Before the welcome it ends the attempt, afterwards the member leaves; in both
	 * cases what is waited for rejects with the signal's reason.
	 */
	readonly signal?: AbortSignal | undefined;
	/**
	 * Called with each event as it happens, from the first attempt on. What it
	 * throws is an uncaught exception of your program.
	 */
	readonly onEvent?: ((event: ClientEvent) => void) | undefined;
};

export type Client = Membership & {
	/** The phase of the connection, with its times in monotonic milliseconds. */
	readonly connection: Connection;
	/** All that happens, as for `onEvent`; bounded like `messages()`. */
	readonly events: () => AsyncIterableIterator<
		ClientEvent | MissedEvents,
		undefined
	>;
	/** Says bye and ends the connection, as disposing does; settles when closed. */
	readonly leave: () => Promise<void>;
	/** Settles when closed for good: with the cause, or without one if it left. */
	readonly closed: Promise<SockchatError | undefined>;
};

class ConnectedMember extends RoomMember<ClientEvent> implements Client {
	readonly address: Address;
	readonly closed: Promise<SockchatError | undefined>;

	constructor(
		address: Address,
		member: Member,
		conversation: Conversation<ClientEvent>,
		closed: Promise<SockchatError | undefined>,
	) {
		super(member, conversation);
		this.address = address;
		this.closed = closed;
	}

	get connection(): Connection {
		return this.member.connection;
	}

	readonly leave = async (): Promise<void> => {
		this.member.leave();
		await this.closed;
	};

	async [Symbol.asyncDispose](): Promise<void> {
		return this.leave();
	}
}

/**
 * Joins a room.
 *
 * @returns Settles with the server's welcome. Only the first attempt is made;
 * for a deadline, pass `AbortSignal.timeout(ms)`.
 * @throws {SockchatError} Before any socket is opened `ERR_NOT_LOOPBACK`,
 * `ERR_PORT_RANGE`, `ERR_SOCKET_PATH` or `ERR_NICK_INVALID`; then what ended the
 * attempt, such as `ERR_REFUSED` or `ERR_NICK_TAKEN`. After an abort, the signal's
 * reason.
 */
export const connect = async (options: ConnectOptions): Promise<Client> =>
	withApiWords(async () => {
		const {nick, token, isRetrying = true, last, since} = options;
		const {signal, onEvent} = options;
		signal?.throwIfAborted();
		const address = readPlace(options, 1);
		const localPort = readLocalPort(options.localPort);
		const parsed = parseNick(nick);
		if (!parsed.ok) {
			throw parsed.error;
		}

		const identity = freshIdentity();
		const conversation = new Conversation<ClientEvent>(
			identity.id,
			onEvent,
			() => member,
		);
		const member: Member = new Member({
			dial: () => dial(address, localPort),
			describe: cause => connectionFailed(address, localPort, cause),
			nick: parsed.nick,
			isNickFlexible: false,
			isRetrying,
			last,
			since,
			token,
			isHearingCommands: true,
			identity,
			onEvent: conversation.take,
		});
		const stop = onAbort(signal, reason => {
			conversation.abort(reason);
			member.leave();
		});
		const closed = member.closed.then(cause => {
			stop();
			const told = cause && wordsOf(cause);
			conversation.end(told);
			return told;
		});
		await conversation.welcomed;
		return new ConnectedMember(address, member, conversation, closed);
	});
